"""AADSTS errors: the refusals of these endpoints. Sources: Entra ID "error codes"; RFC 6749 5.2; RFC 8628 3.5.

`{"error","error_description","error_codes","timestamp","trace_id","correlation_id","error_uri"}`: RFC 6749's error for
programs, AADSTS's code and text for people. A browser gets the text as a page.
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
from fauxtune.core.model.addresses import MANAGED
from fauxtune.surfaces.http import emulator_of, origin
from fauxtune.surfaces.identity.pages import message_page

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


#: The end of the path of App Service's endpoint, whose refusals have a form of their own.
APP_SERVICE = "/msi/token"
_PAGES = ("/authorize", "/deviceauth")


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """An error of RFC 6749 with AADSTS's code and the HTTP status."""

    error: str
    code: int
    status: int = 400
    suberror: str | None = None


MISSING_PARAMETER = ErrorCode("invalid_request", 900144)
BAD_REQUEST = ErrorCode("invalid_request", 9002313)
TENANT_NOT_FOUND = ErrorCode("invalid_request", 90002)
UNSUPPORTED_GRANT = ErrorCode("unsupported_grant_type", 70003)
APPLICATION_NOT_FOUND = ErrorCode("unauthorized_client", 700016)
NO_PRINCIPAL = ErrorCode("invalid_client", 7000229)
SECRET_MISSING = ErrorCode("invalid_request", 7000216)
SECRET_WRONG = ErrorCode("invalid_client", 7000215, 401)
ASSERTION_MALFORMED = ErrorCode("invalid_request", 50027)
ASSERTION_OF_ANOTHER = ErrorCode("invalid_client", 700021, 401)
ASSERTION_AUDIENCE = ErrorCode("invalid_client", 700023, 401)
ASSERTION_EXPIRED = ErrorCode("invalid_client", 700024, 401)
ASSERTION_SIGNATURE = ErrorCode("invalid_client", 700027, 401)
FEDERATED_ISSUER = ErrorCode("invalid_client", 700211, 401)
FEDERATED_AUDIENCE = ErrorCode("invalid_client", 700212, 401)
FEDERATED_SUBJECT = ErrorCode("invalid_client", 700213, 401)
# Unverified: the status and the error; the number and the beginning of the text are those that clients report.
ISSUER_SILENT = ErrorCode("invalid_request", 50166)
SCOPE_NOT_DEFAULT = ErrorCode("invalid_scope", 1002012)
SCOPE_INVALID = ErrorCode("invalid_scope", 70011)
CONSENT_REQUIRED = ErrorCode("invalid_grant", 65001, suberror="consent_required")
# For a browser: OpenID Connect Core 3.1.2.6 has errors for a request that must not show a page; Entra ID sends the
# first one. Differs from Entra ID: there is no page that asks for consent, so the second says that it was not given.
CONSENT_NEEDS_A_PAGE = ErrorCode("interaction_required", 65001)
CONSENT_NOT_GIVEN = ErrorCode("access_denied", 65001)
USER_NOT_FOUND = ErrorCode("invalid_grant", 50034)
USER_DISABLED = ErrorCode("invalid_grant", 50057)
PASSWORD_WRONG = ErrorCode("invalid_grant", 50126)
MANY_RESOURCES = ErrorCode("invalid_request", 28000)
GRANT_INVALID = ErrorCode("invalid_grant", 9002313)
GRANT_EXPIRED = ErrorCode("invalid_grant", 700082)
GRANT_REVOKED = ErrorCode("invalid_grant", 50173)
NEEDS_TENANT = ErrorCode("invalid_request", 50059)
CODE_USED = ErrorCode("invalid_grant", 54005)
CODE_EXPIRED = ErrorCode("invalid_grant", 70008)
REDIRECT_DIFFERS = ErrorCode("invalid_client", 500112, 401)
VERIFIER_WRONG = ErrorCode("invalid_grant", 501481)
CHALLENGE_WRONG = ErrorCode("invalid_request", 50147)
REDIRECT_NOT_ALLOWED = ErrorCode("invalid_request", 50011)
RESPONSE_TYPE = ErrorCode("unsupported_response_type", 70005)
RESPONSE_MODE = ErrorCode("invalid_request", 70007)
LOGIN_REQUIRED = ErrorCode("login_required", 50058)
SIGN_IN_DISABLED = ErrorCode("access_denied", 50057)
SIGN_IN_DECLINED = ErrorCode("access_denied", 65004)
TICKET_EXPIRED = ErrorCode("invalid_request", 50089)
DEVICE_PENDING = ErrorCode("authorization_pending", 70016)
# Unverified: the codes of slow_down and of a declined sign-in; RFC 8628 and Entra ID's page give the errors only.
DEVICE_TOO_FAST = ErrorCode("slow_down", 70016)
DEVICE_DECLINED = ErrorCode("authorization_declined", 65004)
DEVICE_CODE_WRONG = ErrorCode("bad_verification_code", 70018)
DEVICE_CODE_EXPIRED = ErrorCode("expired_token", 70020)

#: The codes of the core's errors that have no more precise one above. The first match counts.
WORDS: tuple[tuple[type[FauxtuneError], ErrorCode], ...] = (
    (NotFound, TENANT_NOT_FOUND),
    (Conflict, ErrorCode("invalid_request", 90014, 409)),
    (Invalid, BAD_REQUEST),
    (Unauthenticated, ErrorCode("invalid_client", 70002, 401)),
    (NotAllowed, ErrorCode("access_denied", 65001, 403)),
    (Unavailable, ErrorCode("temporarily_unavailable", 90033, 503)),
    (NotEmulated, ErrorCode("unsupported_grant_type", 70003, 501)),
)
_BY_STATUS = {
    404: ErrorCode("invalid_request", 90023, 404),
    405: ErrorCode("invalid_request", 900561, 405),
    413: ErrorCode("invalid_request", 90014, 413),
    501: ErrorCode("unsupported_grant_type", 70003, 501),
    503: ErrorCode("temporarily_unavailable", 90033, 503),
}


class Aadsts(HTTPException):
    """A refusal with an AADSTS code and text."""

    def __init__(self, word: ErrorCode, message: str) -> None:
        super().__init__(word.status, writable(message))
        self.word = word


def missing(parameter: str) -> Aadsts:
    """Return the refusal of a request without this parameter."""
    return Aadsts(MISSING_PARAMETER, f"The request body must contain the following parameter: '{parameter}'.")


def tenant_not_found(tenant: str) -> Aadsts:
    """Return the refusal of a request for an unknown tenant."""
    return Aadsts(
        TENANT_NOT_FOUND,
        f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant.",
    )


def refuse(request: Request, error: Exception) -> Response:
    """Return the refusal of a request, in the envelope of this surface."""
    word, message = _worded(error)
    if request.url.path.startswith(f"{MANAGED}/"):
        return _of_managed(request, word, message=message)
    response = _envelope(request, word, message=message, now=emulator_of(request).runner.clock.now())
    response.headers.update(getattr(error, "headers", None) or {})
    return response


def _of_managed(request: Request, word: ErrorCode, *, message: str) -> Response:
    """Return the refusal of an endpoint of managed identity. Never a 404, which clients repeat for half a minute."""
    status = 400 if word.status == 404 else word.status
    if request.url.path.rstrip("/").endswith(APP_SERVICE):
        return JSONResponse({"statusCode": status, "message": message}, status)
    return JSONResponse({"error": word.error, "error_description": message}, status)


def _worded(error: Exception) -> tuple[ErrorCode, str]:
    match error:
        case Aadsts():
            return error.word, error.detail
        case FauxtuneError():
            return next(word for kind, word in WORDS if isinstance(error, kind)), error.message
        case HTTPException():
            default = ErrorCode(
                "server_error" if error.status_code >= 500 else "invalid_request", 90014, error.status_code
            )
            return _BY_STATUS.get(error.status_code, default), str(error.detail)
        case RequestValidationError():
            return BAD_REQUEST, "The request is malformed or invalid."
        case _:
            return ErrorCode(
                "server_error", 50000, 500
            ), "There was an error issuing a token or an issue with signing in."


def described(request: Request, error: Aadsts) -> str:
    """Return the text for people, with the ids that identify the refusal."""
    return _text(request, error.word, message=error.detail, now=emulator_of(request).runner.clock.now())


def _text(request: Request, word: ErrorCode, *, message: str, now: datetime) -> str:
    trace = request.state.request_id
    timestamp = f"{now:%Y-%m-%d %H:%M:%S}Z"
    return (
        f"AADSTS{word.code}: {message} Trace ID: {trace} Correlation ID: {_correlation(request)} Timestamp: {timestamp}"
    )


def _correlation(request: Request) -> str:
    client_id = request.headers.get("client-request-id", "")
    return client_id.lower() if _GUID.fullmatch(client_id) else str(request.state.request_id)


def _envelope(request: Request, word: ErrorCode, *, message: str, now: datetime) -> Response:
    text = _text(request, word, message=message, now=now)
    # Java's own HTTP client accepts HTML too, so only the paths of pages answer with one.
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
