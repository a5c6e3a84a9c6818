"""The channel of a connector to the service: HTTPS, outbound. Refusals become the errors of core.errors."""

from __future__ import annotations

from urllib.parse import quote

import httpx

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
from fauxtune.core.model.text import JsonObject
from fauxtune_client.endpoints import ClientError, Unreachable
from fauxtune_client.http import Client

_ERRORS: dict[int, type[FauxtuneError]] = {
    401: Unauthenticated,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    502: Unavailable,
    503: Unavailable,
}


class HttpChannel:
    """The channel of one connector, which authenticates with its credential.

    Its methods may be called from several threads. They raise the errors of core.errors; Unavailable also if the
    service does not answer.
    """

    def __init__(self, client: Client, *, credential: str) -> None:
        self._client = client
        self._credential = credential
        self._session = ""

    def start(self, hello: JsonObject) -> JsonObject:
        """Start a session; return the connector as the service knows it."""
        answer = self._call("POST", "/sessions", body=hello)
        self._session = str(answer["session"])
        connector: JsonObject = answer["connector"]
        return connector

    def lease(self, *, most: int, wait: float) -> JsonObject:
        """Lease work: `requests` and `revocations`. Waits up to `wait` seconds."""
        return self._call("POST", self._path("lease"), body={"most": most, "wait": wait})

    def certify(self, request_id: str, body: JsonObject) -> list[str]:
        """Return the certificates (base64). Raises ConnectorRefused if the authority refuses."""
        answer = self._call("POST", self._path("requests", request_id, "certificate"), body=body)
        certificates: list[str] = answer["certificates"]
        return certificates

    def deliver(self, request_id: str, result: JsonObject) -> bool:
        """Deliver the result of a request; return whether the service still needed it."""
        return bool(self._call("PUT", self._path("requests", request_id, "result"), body=result)["taken"])

    def revoke(self, serial: str) -> None:
        """Revoke a certificate at its authority."""
        self._call("PUT", self._path("revocations", serial))

    def stop(self) -> None:
        """End the session."""
        self._call("DELETE", self._path())

    def _path(self, *parts: str) -> str:
        return "/".join(("/sessions", *(quote(part, safe="") for part in (self._session, *parts))))

    def _call(self, method: str, path: str, *, body: JsonObject | None = None) -> JsonObject:
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
            raise ClientError(f"{answer.url} did not answer with a JSON object.") from None
        if answer.is_success:
            return document
        raise _refusal(answer, document)


def _refusal(answer: httpx.Response, document: JsonObject) -> FauxtuneError:
    error = document.get("error")
    error = error if isinstance(error, dict) else {}
    message = str(error.get("message") or answer.reason_phrase)
    if answer.status_code == 422 and isinstance(error.get("number"), int):
        refusal = ConnectorRefused(message, code=error["number"])
        if isinstance(error.get("diagnostic"), int):
            refusal.diagnostic = error["diagnostic"]
        return refusal
    return _ERRORS.get(answer.status_code, Invalid)(message)
