"""AADSTS errors: how these endpoints say no. Sources: Entra ID "error codes"; RFC 6749 5.2; RFC 8628 3.5.

`{"error","error_description","error_codes","timestamp","trace_id","correlation_id","error_uri"}`: RFC 6749's word for
programs, AADSTS's number and sentence for people. Where a browser is, it gets the sentence as a page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fauxtune.core.errors import (
    Conflict,
    FauxtuneError,
    Invalid,
    NotAllowed,
    NotEmulated,
    NotFound,
    Unauthenticated,
    Unavailable,
    writable,
)
from fauxtune.surfaces.http import emulator_of, origin
from fauxtune.surfaces.identity.pages import message_page

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


_PAGES = ("/authorize", "/deviceauth")


@dataclass(frozen=True, slots=True)
class Word:
    """RFC 6749's word, AADSTS's number, and the status that goes with them."""

    error: str
    code: int
    status: int = 400
    suberror: str | None = None


MISSING_PARAMETER = Word("invalid_request", 900144)
BAD_REQUEST = Word("invalid_request", 9002313)
TENANT_NOT_FOUND = Word("invalid_request", 90002)
UNSUPPORTED_GRANT = Word("unsupported_grant_type", 70003)
APPLICATION_NOT_FOUND = Word("unauthorized_client", 700016)
SECRET_MISSING = Word("invalid_request", 7000216)
SECRET_WRONG = Word("invalid_client", 7000215, 401)
ASSERTION_MALFORMED = Word("invalid_request", 50027)
ASSERTION_OF_ANOTHER = Word("invalid_client", 700021, 401)
ASSERTION_AUDIENCE = Word("invalid_client", 700023, 401)
ASSERTION_EXPIRED = Word("invalid_client", 700024, 401)
ASSERTION_SIGNATURE = Word("invalid_client", 700027, 401)
SCOPE_NOT_DEFAULT = Word("invalid_scope", 1002012)
SCOPE_INVALID = Word("invalid_scope", 70011)
CONSENT_REQUIRED = Word("invalid_grant", 65001, suberror="consent_required")
# Where a browser is: OpenID Connect Core 3.1.2.6 has words for a request that must not show a page; Entra ID sends the
# first one. Differs from Entra ID: there is no page that asks for consent, so the second says that none was given.
CONSENT_NEEDS_A_PAGE = Word("interaction_required", 65001)
CONSENT_NOT_GIVEN = Word("access_denied", 65001)
USER_NOT_FOUND = Word("invalid_grant", 50034)
USER_DISABLED = Word("invalid_grant", 50057)
PASSWORD_WRONG = Word("invalid_grant", 50126)
MANY_RESOURCES = Word("invalid_request", 28000)
GRANT_INVALID = Word("invalid_grant", 9002313)
GRANT_EXPIRED = Word("invalid_grant", 700082)
GRANT_REVOKED = Word("invalid_grant", 50173)
NEEDS_TENANT = Word("invalid_request", 50059)
CODE_USED = Word("invalid_grant", 54005)
CODE_EXPIRED = Word("invalid_grant", 70008)
REDIRECT_DIFFERS = Word("invalid_client", 500112, 401)
VERIFIER_WRONG = Word("invalid_grant", 501481)
CHALLENGE_WRONG = Word("invalid_request", 50147)
REDIRECT_NOT_ALLOWED = Word("invalid_request", 50011)
RESPONSE_TYPE = Word("unsupported_response_type", 70005)
RESPONSE_MODE = Word("invalid_request", 70007)
LOGIN_REQUIRED = Word("login_required", 50058)
SIGN_IN_DISABLED = Word("access_denied", 50057)
SIGN_IN_DECLINED = Word("access_denied", 65004)
TICKET_EXPIRED = Word("invalid_request", 50089)
DEVICE_PENDING = Word("authorization_pending", 70016)
# Unverified: the numbers of slow_down and of a declined sign-in; RFC 8628 and Entra ID's page give the words alone.
DEVICE_TOO_FAST = Word("slow_down", 70016)
DEVICE_DECLINED = Word("authorization_declined", 65004)
DEVICE_CODE_WRONG = Word("bad_verification_code", 70018)
DEVICE_CODE_EXPIRED = Word("expired_token", 70020)

#: The core's errors, for whatever is not said more exactly above. The first class that fits counts.
WORDS: tuple[tuple[type[FauxtuneError], Word], ...] = (
    (NotFound, TENANT_NOT_FOUND),
    (Conflict, Word("invalid_request", 90014, 409)),
    (Invalid, BAD_REQUEST),
    (Unauthenticated, Word("invalid_client", 70002, 401)),
    (NotAllowed, Word("access_denied", 65001, 403)),
    (Unavailable, Word("temporarily_unavailable", 90033, 503)),
    (NotEmulated, Word("unsupported_grant_type", 70003, 501)),
)
_BY_STATUS = {
    404: Word("invalid_request", 90023, 404),
    405: Word("invalid_request", 900561, 405),
    413: Word("invalid_request", 90014, 413),
    501: Word("unsupported_grant_type", 70003, 501),
    503: Word("temporarily_unavailable", 90033, 503),
}


class Aadsts(HTTPException):
    """A refusal in Entra ID's own words."""

    def __init__(self, word: Word, message: str) -> None:
        super().__init__(word.status, writable(message))
        self.word = word


def missing(parameter: str) -> Aadsts:
    """A parameter that the request must have."""
    return Aadsts(MISSING_PARAMETER, f"The request body must contain the following parameter: '{parameter}'.")


def tenant_not_found(tenant: str) -> Aadsts:
    """There is no such tenant."""
    return Aadsts(
        TENANT_NOT_FOUND,
        f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant.",
    )


def refuse(request: Request, error: Exception) -> Response:
    """The envelope of this surface for any error that leaves it."""
    word, message = _worded(error)
    response = _envelope(request, word, message=message, now=emulator_of(request).runner.clock.now())
    response.headers.update(getattr(error, "headers", None) or {})
    return response


def _worded(error: Exception) -> tuple[Word, str]:
    match error:
        case Aadsts():
            return error.word, error.detail
        case FauxtuneError():
            return next(word for kind, word in WORDS if isinstance(error, kind)), error.message
        case HTTPException():
            default = Word("server_error" if error.status_code >= 500 else "invalid_request", 90014, error.status_code)
            return _BY_STATUS.get(error.status_code, default), str(error.detail)
        case RequestValidationError():
            return BAD_REQUEST, "The request is malformed or invalid."
        case _:
            return Word("server_error", 50000, 500), "There was an error issuing a token or an issue with signing in."


def described(request: Request, error: Aadsts) -> str:
    """The sentence for people, with what finds the refusal again."""
    return _text(request, error.word, message=error.detail, now=emulator_of(request).runner.clock.now())


def _text(request: Request, word: Word, *, message: str, now: datetime) -> str:
    trace = request.state.request_id
    timestamp = f"{now:%Y-%m-%d %H:%M:%S}Z"
    return (
        f"AADSTS{word.code}: {message} Trace ID: {trace} Correlation ID: {_correlation(request)} Timestamp: {timestamp}"
    )


def _correlation(request: Request) -> str:
    given = request.headers.get("client-request-id", "")
    return given.lower() if _GUID.fullmatch(given) else str(request.state.request_id)


def _envelope(request: Request, word: Word, *, message: str, now: datetime) -> Response:
    text = _text(request, word, message=message, now=now)
    # Java's own HTTP client asks for HTML too, so only pages answer with one.
    if request.url.path.lower().endswith(_PAGES) and "text/html" in request.headers.get("accept", ""):
        return message_page("Sorry, that did not work", text, status=word.status)
    return JSONResponse(
        {
            "error": word.error,
            "error_description": text,
            "error_codes": [word.code],
            "timestamp": f"{now:%Y-%m-%d %H:%M:%S}Z",
            "trace_id": request.state.request_id,
            "correlation_id": _correlation(request),
            "error_uri": f"{origin(request)}/error?code={word.code}",
            **({} if word.suberror is None else {"suberror": word.suberror}),
        },
        status_code=word.status,
        headers={"cache-control": "no-store", "pragma": "no-cache"},
    )
