"""The errors of the real service that faults send.

Sources: Graph, "Microsoft Graph throttling guidance" (the body of 429); Intune, "Use Multi Admin Approval with the
Microsoft Graph API" (403 `ApprovalRequired` and its header); live tenants for Intune's nested message. Unverified: the
sentences of 412, 502 and 504.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from fauxtune.core.errors import NotFound, Unauthenticated
from fauxtune.core.faults.effects import STATUSES
from fauxtune.core.model.audiences import GRAPH
from fauxtune.core.policies.approvals import CODE
from fauxtune.surfaces.graph import errors
from fauxtune.surfaces.graph.call import Answer, ApprovalRequired, Message, Sender
from fauxtune.surfaces.graph.errors import inner_error, nested_message, refusal

#: The header that marks an answer which a fault has touched: the ids of the rules.
HEADER = "x-fauxtune-fault"
_EXPIRED = "Access token has expired or is not yet valid."
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
    status: int, *, message: Message, sender: Sender, retry_after: int | None, approval: Callable[[], str]
) -> Answer:
    """Return the error with this status. `approval` returns the id of a new request for approval."""
    headers: dict[str, str] = {} if retry_after is None else {"retry-after": str(retry_after)}
    if status == HTTPStatus.UNAUTHORIZED:
        response = refusal(Unauthenticated(_EXPIRED), message=message, sender=sender)
        challenge = f'Bearer realm="", authorization_uri="{sender.origin}/common/oauth2/authorize", client_id="{GRAPH}"'
        return Answer(status, response.document, headers={**headers, "www-authenticate": challenge})
    if status == HTTPStatus.NOT_FOUND:
        return Answer(status, not_found(message, sender).document, headers=headers)
    if status == HTTPStatus.FORBIDDEN:
        code = approval()
        return Answer(
            status, refusal(ApprovalRequired(code), message=message, sender=sender).document, headers={CODE: code}
        )
    sentence = _SENTENCES[HTTPStatus(status)]
    return Answer(status, _envelope(status, sentence, message=message, sender=sender), headers=headers)


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
