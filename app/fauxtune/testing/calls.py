"""Requests of the test library: those of an administrator, singly or as one batch, and those to the control surface."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from fauxtune.core.administration.requests import AdminRequest, Service
from fauxtune_client.endpoints import Refused
from fauxtune_client.http import Client

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
        answers = {int(each["id"]): each for each in answer["responses"]}
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
