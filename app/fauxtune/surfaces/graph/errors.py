"""Errors in Graph's envelope: the one place that gives them status codes.

Graph has two dialects. The directory writes `Request_ResourceNotFound` and a plain sentence; Intune writes
`ResourceNotFound` and, in `message`, a JSON text whose `Message` has the sentence (seen in live tenants).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from fauxtune.core import errors
from fauxtune.core.odata.paths.table import NoSuchVerb, UnknownSegment
from fauxtune.core.policies.tenant_administration import CODE
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.surfaces.graph.call import (
    Answer,
    ApprovalPrecondition,
    ApprovalRequired,
    ExpiredPageToken,
    Message,
    ResyncRequired,
    Sender,
    UnsupportedMediaType,
    UnsupportedQuery,
)


@dataclass(frozen=True, slots=True)
class Word:
    """A status with the code of each dialect."""

    status: int
    directory: str
    intune: str


#: The first that matches.
TABLE: tuple[tuple[type[Exception], Word], ...] = (
    (UnsupportedMediaType, Word(415, "UnsupportedMediaType", "UnsupportedMediaType")),
    (UnsupportedQuery, Word(400, "Request_UnsupportedQuery", "BadRequest")),
    (ExpiredPageToken, Word(400, "Directory_ExpiredPageToken", "BadRequest")),
    (ResyncRequired, Word(410, "resyncRequired", "resyncRequired")),
    # Microsoft's article of 2026-05-19 has 403, scripts of users of that summer 412: a tenant chooses.
    (ApprovalPrecondition, Word(412, "BadRequest", "BadRequest")),
    (ApprovalRequired, Word(403, "ApprovalRequired", "ApprovalRequired")),
    (NoSuchVerb, Word(400, NoSuchVerb.code, NoSuchVerb.code)),
    (UnknownSegment, Word(400, "BadRequest", "BadRequest")),
    (errors.Unauthenticated, Word(401, "InvalidAuthenticationToken", "InvalidAuthenticationToken")),
    (errors.NotAllowed, Word(403, "Authorization_RequestDenied", "Forbidden")),
    (errors.NotFound, Word(404, "Request_ResourceNotFound", "ResourceNotFound")),
    (errors.UnderWay, Word(409, "Conflict", "Conflict")),
    # The directory answers 400 where a name is taken or a member is one already.
    (errors.Conflict, Word(400, "Request_BadRequest", "Conflict")),
    (errors.NotEmulated, Word(501, "NotImplemented", "NotImplemented")),
    (errors.TooSoon, Word(429, "TooManyRequests", "TooManyRequests")),
    (errors.Unavailable, Word(503, "ServiceUnavailable", "ServiceUnavailable")),
    (errors.Invalid, Word(400, "Request_BadRequest", "BadRequest")),
)
_BROKEN = Word(500, "InternalServerError", "InternalServerError")
#: What is refused before Graph is asked: by the router, or by the limits that every request must keep.
_HTTP_CODES = {
    400: "BadRequest",
    404: "ResourceNotFound",
    413: "RequestEntityTooLarge",
    421: "BadRequest",
    431: "RequestHeaderFieldsTooLarge",
    503: "ServiceUnavailable",
}


def word_of(error: Exception) -> Word:
    """Return the status and codes of an error."""
    return next((word for kind, word in TABLE if isinstance(error, kind)), _BROKEN)


def is_intune(path: str) -> bool:
    """Whether Intune's services answer this path, without a version: they have errors in a form of their own."""
    return path.strip("/").lower().startswith(("devicemanagement", "deviceappmanagement"))


def status_of(error: Exception, *, intune: bool) -> int:
    """Return the HTTP status of an error."""
    if isinstance(error, HTTPException):
        return error.status_code
    if isinstance(error, errors.Conflict) and intune:
        return 409
    return word_of(error).status


def document_of(
    error: Exception, *, intune: bool, at: datetime, request_id: str, client_request_id: str, url: str
) -> dict[str, Any]:
    """Return the envelope: `{"error":{"code","message","innerError":{...}}}`, with `details` where Graph gives them."""
    message, code = _words(error, intune=intune)
    if intune and isinstance(error, errors.FauxtuneError) and not _is_odata(error):
        message = nested_message(message, client_request_id=client_request_id, url=url)
    envelope: dict[str, Any] = {"code": code, "message": message}
    if isinstance(error, errors.Conflict) and not intune and error.target:
        envelope["details"] = [{"code": "ObjectConflict", "message": error.message, "target": error.target}]
    envelope["innerError"] = inner_error(at=at, request_id=request_id, client_request_id=client_request_id)
    return {"error": envelope}


def inner_error(*, at: datetime, request_id: str, client_request_id: str) -> dict[str, Any]:
    """Return the part of an envelope that is for those who look into a log."""
    return {
        "date": at.replace(tzinfo=None).isoformat(timespec="seconds"),
        "request-id": request_id,
        "client-request-id": client_request_id,
    }


def _words(error: Exception, *, intune: bool) -> tuple[str, str]:
    if isinstance(error, HTTPException):
        return str(error.detail), _HTTP_CODES.get(error.status_code, _BROKEN.intune)
    if isinstance(error, RequestValidationError):
        return str(error), "BadRequest"
    word = word_of(error)
    if not isinstance(error, errors.FauxtuneError):
        return "Something went wrong inside the emulator; its log says what.", word.intune
    return error.message, word.intune if intune else word.directory


def _is_odata(error: errors.FauxtuneError) -> bool:
    """Whether Graph's own front end refuses with this error, before Intune is asked: its sentences are plain."""
    plain = (UnknownSegment, NoSuchVerb, UnsupportedMediaType, errors.Unauthenticated, errors.NotEmulated)
    return isinstance(error, plain) or type(error) is ApprovalRequired


def nested_message(message: str, *, client_request_id: str, url: str) -> str:
    """Return Intune's message: a JSON text. The sentence comes first in its `Message`, so that people see it."""
    return json.dumps(
        {
            "_version": 3,
            "Message": (
                f"{message} - Operation ID (for customer support): 00000000-0000-0000-0000-000000000000 - "
                f"Activity ID: {client_request_id} - Url: {url}"
            ),
            "CustomApiErrorPhrase": "",
            "RetryAfter": None,
            "ErrorSourceService": "",
            "HttpHeaders": "{}",
        },
        indent=2,
    ).replace("\n", "\r\n")


def refusal(error: Exception, *, message: Message, sender: Sender) -> Answer:
    """Return the refusal of a sender's message in Graph's envelope."""
    return envelope(
        error,
        message=message,
        emulator=sender.emulator,
        origin=sender.origin,
        request_id=sender.request_id,
    )


def envelope(error: Exception, *, message: Message, emulator: Emulator, origin: str, request_id: str) -> Answer:
    """Return a refusal in Graph's envelope; the caller need not be known."""
    intune = is_intune(message.path)
    document = document_of(
        error,
        intune=intune,
        at=emulator.runner.clock.now(),
        request_id=request_id,
        client_request_id=message.headers.get("client-request-id") or request_id,
        url=f"{origin}/{message.version.value}{message.path}",
    )
    headers = {"location": error.location} if isinstance(error, ResyncRequired) else {}
    if isinstance(error, ApprovalRequired):
        headers = {CODE: error.code}
    return Answer(status_of(error, intune=intune), document, headers=headers)
