"""The errors that faults let Graph answer with, in the bodies of the real service.

Sources: Graph, "Microsoft Graph error responses and resource types", "Microsoft Graph throttling guidance" (the body of
429), "Use delta query to track changes" (410 with Location); Intune, "Use Multi Admin Approval with the Microsoft Graph
API" (403 `ApprovalRequired` and its header); live tenants for Intune's nested message, and for the expired page of the
directory (microsoftgraph/microsoft-graph-docs-contrib #3968, 2021; msgraph-sdk-dotnet #2254, 2023).
Unverified: the sentences of 412, 502 and 504; what Intune answers to an expired page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from fauxtune.core.errors import Invalid, NotFound, Unauthenticated
from fauxtune.core.faults.effects import STATUSES
from fauxtune.core.model.addresses import GRAPH
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.policies.tenant_administration import CODE
from fauxtune.surfaces.graph import errors
from fauxtune.surfaces.graph.call import (
    Answer,
    ApprovalRequired,
    ExpiredPageToken,
    Handler,
    Message,
    ResyncRequired,
    Sender,
)
from fauxtune.surfaces.graph.errors import inner_error, nested_message, refusal
from fauxtune.surfaces.graph.faulty_pages import is_delta

_EXPIRED = "Access token has expired or is not yet valid."
#: Of a token whose time is over, as Graph writes it (s1t5/mail-archiver #267).
_LIFETIME = "Lifetime validation failed, the token is expired."
_PAGE_EXPIRED = "The specified page token value has expired and can no longer be included in your request."
_CHANGES_EXPIRED = "The changes since this link are not known any more: begin again without a token."
#: Plain sentences: of Graph's own front end, and of the directory.
_SENTENCES = {
    HTTPStatus.PRECONDITION_FAILED: "The precondition given in one of the request headers evaluated to false.",
    HTTPStatus.TOO_MANY_REQUESTS: "Please retry again later.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "An internal server error occurred. The operation failed.",
    HTTPStatus.BAD_GATEWAY: "Bad gateway.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The service is temporarily unavailable. Please retry the request.",
    HTTPStatus.GATEWAY_TIMEOUT: "The gateway did not receive a response in time.",
}
#: Errors that come from Intune itself, with its nested message.
_INTUNES = (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE)


def error_answer(
    status: int, *, message: Message, sender: Sender, retry_after: str | None, approval: Callable[[], str]
) -> Answer:
    """Return the error with this status. `approval` returns the id of a new request for approval."""
    headers: dict[str, str] = {} if retry_after is None else {"retry-after": retry_after}
    if status == HTTPStatus.UNAUTHORIZED:
        return _unauthenticated(_EXPIRED, message=message, sender=sender, headers=headers)
    if status == HTTPStatus.NOT_FOUND:
        return Answer(status, not_found(message, sender).document, headers=headers)
    if status == HTTPStatus.FORBIDDEN:
        code = approval()
        return Answer(
            status, refusal(ApprovalRequired(code), message=message, sender=sender).document, headers={CODE: code}
        )
    sentence = _SENTENCES[HTTPStatus(status)]
    return Answer(status, _envelope(status, sentence, message=message, sender=sender), headers=headers)


def ended_token(message: Message, sender: Sender) -> Answer:
    """Return the error for a token whose time is over."""
    return _unauthenticated(_LIFETIME, message=message, sender=sender, headers={})


def expired_link(message: Message, sender: Sender, *, route: Route[Handler]) -> Answer:
    """Return the error for a link to a next page that is too old: of changes, where to begin again."""
    error: Invalid = ExpiredPageToken(_PAGE_EXPIRED)
    if is_delta(route):
        location = f"{sender.origin}/{message.version.value}/{route.template}?$deltatoken="
        error = ResyncRequired(_CHANGES_EXPIRED, location=location)
    return refusal(error, message=message, sender=sender)


def _unauthenticated(sentence: str, *, message: Message, sender: Sender, headers: dict[str, str]) -> Answer:
    response = refusal(Unauthenticated(sentence), message=message, sender=sender)
    challenge = f'Bearer realm="", authorization_uri="{sender.origin}/common/oauth2/authorize", client_id="{GRAPH}"'
    return replace(response, headers={**headers, "www-authenticate": challenge})


def not_found(message: Message, sender: Sender) -> Answer:
    """Return the error for something that is not there."""
    key = unquote(message.path).rstrip("/").rpartition("/")[2]
    missing = "does not exist or one of its queried reference-property objects are not present."
    return refusal(NotFound(f"Resource '{key}' {missing}"), message=message, sender=sender)


def _envelope(status: int, sentence: str, *, message: Message, sender: Sender) -> dict[str, Any]:
    """Return Graph's envelope."""
    is_intune = errors.is_intune(message.path)
    client = message.headers.get("client-request-id") or sender.request_id
    inner: dict[str, Any] = inner_error(
        at=sender.emulator.runner.clock.now(), request_id=sender.request_id, client_request_id=client
    )
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        inner = {"code": "429", **inner, "message": "Please retry after", "status": "429"}
    if is_intune and status in _INTUNES:
        url = f"{sender.origin}/{message.version.value}{message.path}"
        sentence = nested_message("An error has occurred", client_request_id=client, url=url)
    return {"error": {"code": STATUSES[status][is_intune], "message": sentence, "innerError": inner}}
