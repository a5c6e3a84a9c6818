"""A connector's way to the service: its channel over HTTPS, outbound; answers become values, refusals facts."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx

from fauxtune.client.endpoints import ClientError
from fauxtune.client.http import Client, Unreachable
from fauxtune.core.errors import (
    Conflict,
    ConnectorRefused,
    FauxtuneError,
    Invalid,
    NotAllowed,
    NotFound,
    Unauthenticated,
    Unavailable,
)

Json = dict[str, Any]

_FACTS: dict[int, type[FauxtuneError]] = {
    401: Unauthenticated,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    502: Unavailable,
    503: Unavailable,
}


class HttpChannel:
    """The channel of one connector, which proves itself with its credential. Its methods may be called from several
    threads. They raise the facts of core.errors; Unavailable also where nobody answers.
    """

    def __init__(self, client: Client, *, credential: str) -> None:
        self._client = client
        self._credential = credential
        self._session = ""

    def start(self, greeting: Json) -> Json:
        """A new session: what the connector is to the service."""
        answer = self._call("POST", "/sessions", body=greeting)
        self._session = str(answer["session"])
        found: Json = answer["connector"]
        return found

    def lease(self, *, most: int, wait: float) -> Json:
        """Work: `requests` and `revocations`."""
        return self._call("POST", self._path("lease"), body={"most": most, "wait": wait})

    def certify(self, request_id: str, body: Json) -> list[str]:
        """The certificates, as text. ConnectorRefused where the authority says no."""
        found: list[str] = self._call("POST", self._path("requests", request_id, "certificate"), body=body)[
            "certificates"
        ]
        return found

    def bring(self, request_id: str, result: Json) -> bool:
        """Was it taken?"""
        return bool(self._call("PUT", self._path("requests", request_id, "result"), body=result)["taken"])

    def revoke(self, serial: str) -> None:
        """Have a certificate revoked."""
        self._call("PUT", self._path("revocations", serial))

    def stop(self) -> None:
        """The session ends."""
        self._call("DELETE", self._path())

    def _path(self, *parts: str) -> str:
        return "/".join(("/sessions", *(quote(each, safe="") for each in (self._session, *parts))))

    def _call(self, method: str, path: str, *, body: Json | None = None) -> Json:
        try:
            answer = self._client.channel(method, path, credential=self._credential, json=body)
        except Unreachable as error:
            raise Unavailable(str(error)) from None
        if answer.status_code == 204:
            return {}
        try:
            document = answer.json()
            if not isinstance(document, dict):
                raise ValueError("no object")
        except (ValueError, RecursionError):
            raise ClientError(f"{answer.url} answered with something that is no JSON object.") from None
        if answer.is_success:
            return document
        raise _refusal(answer, document)


def _refusal(answer: httpx.Response, document: Json) -> FauxtuneError:
    error = document.get("error")
    error = error if isinstance(error, dict) else {}
    message = str(error.get("message") or answer.reason_phrase)
    if answer.status_code == 422 and isinstance(error.get("number"), int):
        refusal = ConnectorRefused(message, code=error["number"])
        if isinstance(error.get("diagnostic"), int):
            refusal.diagnostic = error["diagnostic"]
        return refusal
    return _FACTS.get(answer.status_code, Invalid)(message)
