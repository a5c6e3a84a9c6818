"""What the parts of the test library share: people and groups, what was waited for, what a part knows of a tenant and
its server; requests of an administrator, singly or as one batch, and to the control surface; and an event loop in a
thread of its own, on which the simulated devices of this process live.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from fauxtune.core.administration.requests import AdminRequest, Service
from fauxtune_client.endpoints import Refused
from fauxtune_client.http import Client

if TYPE_CHECKING:
    from azure.identity import ClientSecretCredential

    from fauxtune_sim.hosting.pool import DevicePool


class NotReached(AssertionError):
    """What a test waited for did not come to be in time."""


@dataclass(frozen=True, slots=True)
class User:
    """A user of a tenant. `name` is the userPrincipalName."""

    id: str
    name: str
    mail: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Group:
    """A group of a tenant."""

    id: str
    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Waiting:
    """A device that has not settled: its name, and what it waits for."""

    device: str
    why: str


class Serving(Protocol):
    """A tenant's server: see `fauxtune.testing.Server`."""

    url: str
    ca_file: Path | None
    ssl_context: ssl.SSLContext

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request."""
        ...

    @property
    def background(self) -> Background:
        """The thread in which devices live."""
        ...

    @property
    def pool(self) -> DevicePool:
        """The simulated devices."""
        ...

    def client(self, *, tenant: str, client_id: str = "", client_secret: str = "") -> Client:
        """Return a client that signs in to a tenant as an application."""
        ...


class Tenancy(Protocol):
    """A tenant, as its parts use it: see `fauxtune.testing.Tenant`."""

    server: Serving
    id: str
    graph_url: str
    user_password: str

    @property
    def credential(self) -> ClientSecretCredential:
        """A credential of azure-identity for the tenant's application."""
        ...

    def token(self) -> str:
        """Return an access token for Graph."""
        ...

    def person(self, user: str | User) -> User:
        """Return the user of this name."""
        ...

    def group(self, name: str, members: Iterable[str | User] = ()) -> Group:
        """Return the group of this name, made if missing, with these members added."""
        ...


T = TypeVar("T")
_LONGEST_END = 10.0


class Background:
    """Runs coroutines for callers that block. The thread starts with the first one and ends with `close`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, work: Coroutine[Any, Any, T], *, seconds: float = 120.0) -> T:
        """Return the result of the coroutine. Raises TimeoutError after so many seconds.

        It may be called in a test that is itself a coroutine: the devices have a loop of their own.
        """
        future = asyncio.run_coroutine_threadsafe(work, self._started())
        try:
            return future.result(seconds)
        except TimeoutError:
            future.cancel()
            raise

    def close(self) -> None:
        """End the thread."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(_LONGEST_END)
            loop.close()

    def _started(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name="fauxtune devices", daemon=True)
                self._thread.start()
            return self._loop


#: Graph takes no more requests in one batch.
_MOST = 20
#: Seconds beyond what the server itself was told to wait.
_MARGIN = 15.0


class Calls:
    """Requests about one tenant. All of them raise `Refused`, with the server's reason, if the server refuses."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def send(self, request: AdminRequest) -> Any:
        """Send one request and return its answer."""
        if request.service is Service.GRAPH:
            return self.client.graph(request.method, request.path, json=request.body)
        return self.client.control(request.method, request.path, json=request.body)

    def send_all(self, requests: Iterable[AdminRequest]) -> list[Any]:
        """Send requests to Graph as batches of up to twenty, and return the answers in their order."""
        rest = iter(requests)
        answers: list[Any] = []
        while part := list(islice(rest, _MOST)):
            answers += self._send_batch(part)
        return answers

    def _send_batch(self, requests: Sequence[AdminRequest]) -> list[Any]:
        if len(requests) == 1:
            return [self.send(requests[0])]
        items = [
            {"id": str(number), "method": request.method, "url": request.path}
            | ({} if request.body is None else {"body": request.body, "headers": {"Content-Type": "application/json"}})
            for number, request in enumerate(requests)
        ]
        answer = self.client.graph("POST", "/$batch", json={"requests": items})
        answers = {int(response["id"]): response for response in answer["responses"]}
        return [_checked(request, answers[number]) for number, request in enumerate(requests)]

    def control(
        self, method: str, path: str, *, json: Any = None, params: dict[str, str] | None = None, waits: float = 0.0
    ) -> Any:
        """Return the control surface's answer; `path` is below the tenant, `waits` the time that it may take."""
        return self.client.control(method, path, json=json, params=params, seconds=30.0 + waits + _MARGIN)


def _checked(request: AdminRequest, answer: dict[str, Any]) -> Any:
    status, body = int(answer["status"]), answer.get("body")
    if 200 <= status < 300:
        return body
    error = body.get("error", {}) if isinstance(body, dict) else {}
    reason = str(error.get("message", "no reason was given"))
    raise Refused(f"{request.method} {request.path} was refused ({status}): {reason}", status=status, reason=reason)
