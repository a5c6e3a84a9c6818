"""The probe on the network: one request after the other, slowly, within bounds, and cleaning up whatever happens.

Sources: "Microsoft Graph throttling guidance" (Retry-After is honoured), "Best practices for working with Microsoft
Graph".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

from fauxtune_client.endpoints import ClientError, tls_context
from fauxtune_client.http import read_whole, wanted_wait
from fauxtune_probe.core.checks import said
from fauxtune_probe.core.model import Answer, Expectation, Outcome, Request
from fauxtune_probe.core.trying import Run, cleaning, trying

R = TypeVar("R")

#: Bytes of one answer; $metadata of v1.0 is the largest that is read.
LARGEST_ANSWER = 16 * 1024 * 1024
_TIMEOUT_SECONDS, _LONGEST_ANSWER_SECONDS = 60.0, 180.0
_TRIES = 4
#: A service that asks to wait longer is not asked again in this run.
_LONGEST_WAIT_SECONDS = 300.0
#: Requests without an answer, one after the other, after which the run ends.
_MOST_LOST = 3
_PREFLIGHT = "/v1.0/organization?$select=id"


@dataclass(slots=True, kw_only=True)
class Prober:
    """Sends the probe's requests to one service. `rate`: requests a second at most; `log` gets a line for each wait."""

    graph: str
    token: str = field(repr=False)
    ca_file: Path | None = None
    rate: float = 4.0
    log: Callable[[str], None] = lambda _line: None
    sleep: Callable[[float], None] = lambda seconds: time.sleep(seconds)
    now: Callable[[], float] = time.monotonic
    sent: int = 0
    date: str = ""
    _lost: int = 0
    _next: float = 0.0
    _http: httpx.Client = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.graph = self.graph.rstrip("/")
        self._http = httpx.Client(verify=tls_context(self.ca_file), timeout=_TIMEOUT_SECONDS, trust_env=False)

    def __enter__(self) -> Prober:
        return self

    def __exit__(self, *_error: object) -> None:
        self._http.close()

    def check_service(self) -> None:
        """Ask one question first. Raises ClientError if this is not Graph, or does not accept the token."""
        answer = self.send(Request("GET", _PREFLIGHT))
        if answer.problem:
            raise ClientError(f"{self.graph} cannot be probed: {answer.problem}.")
        if not isinstance(answer.document, dict) or not {"value", "error"} & answer.document.keys():
            raise ClientError(
                f"{self.graph} does not answer like Microsoft Graph: {said(answer)}. Check the address of the service."
            )
        if answer.status == httpx.codes.UNAUTHORIZED:
            raise ClientError(f"{self.graph} does not accept the token: {said(answer)}.")

    def send(self, request: Request) -> Answer:
        """Return the answer to a request, after waits that the service asks for."""
        for tries_left in range(_TRIES, 0, -1):
            answer, seconds = self._exchange(request)
            if seconds is None or tries_left == 1:
                return answer
            if seconds > _LONGEST_WAIT_SECONDS:
                return Answer(0, problem=f"the service asks to wait for {seconds:g} seconds")
            self.log(f"The service answered {answer.status}. Trying again in {seconds:g} seconds.")
            self.sleep(seconds)
        raise AssertionError("the last try returns")

    def _exchange(self, request: Request) -> tuple[Answer, float | None]:
        """Return the answer, and the seconds after which the service wants to be asked again."""
        self._pace()
        headers = {"accept": "application/json", **request.headers}
        if request.signed:
            headers["authorization"] = f"Bearer {self.token}"
        content: dict[str, Any] = {} if request.body is None else {"json": request.body}
        if request.content is not None:
            content = {"content": request.content.encode()}
        self.sent += 1
        try:
            with self._http.stream(
                request.method, f"{self.graph}{request.path}", headers=headers, **content
            ) as streamed:
                whole = read_whole(streamed, largest=LARGEST_ANSWER, seconds=_LONGEST_ANSWER_SECONDS)
        except ClientError as error:
            self._lost = 0
            return Answer(0, problem=str(error).removeprefix(self.graph).rstrip(".")), None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            self._lost += 1
            return Answer(0, problem=f"no answer: {error or type(error).__name__}"), None
        self._lost = 0
        self.date = whole.headers.get("date", self.date)
        wait = wanted_wait(whole) if whole.status_code in (429, 503) else None
        return _answer(whole), wait

    @property
    def is_lost(self) -> bool:
        """Whether the service has not answered several times in a row."""
        return self._lost >= _MOST_LOST

    def _pace(self) -> None:
        wait = self._next - self.now()
        if wait > 0:
            self.sleep(wait)
        self._next = self.now() + 1 / self.rate

    def drive(self, trial: Generator[Request, Answer, R]) -> R:
        """Send what a generator of the probe asks for, and return its result."""
        try:
            request = next(trial)
            while True:
                request = trial.send(self.send(request))
        except StopIteration as end:
            result: R = end.value
            return result

    def outcomes(self, expectations: Iterable[Expectation], run: Run) -> Generator[Outcome, None, None]:
        """Try expectations in each of their versions. What was made is deleted, also when the run is interrupted."""
        try:
            for expectation in expectations:
                for version in expectation.versions:
                    yield self.drive(trying(expectation, version=version, run=run))
                    if self.is_lost and not run.refused:
                        run.refused = f"the service did not answer {_MOST_LOST} times in a row"
        finally:
            if run.creations:
                self.drive(cleaning(run))


def _answer(whole: httpx.Response) -> Answer:
    try:
        document = whole.json() if whole.content else None
    except (ValueError, RecursionError):
        document = None
    headers = {name.lower(): value for name, value in whole.headers.items()}
    return Answer(whole.status_code, headers, whole.text, document, str(whole.url))
