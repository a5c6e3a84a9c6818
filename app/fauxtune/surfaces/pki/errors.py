"""From the core's errors to plain HTTP: PKI clients read a status and at most a sentence.

NDES refuses in the same way what no CertRep can answer. Expired RA certificates are a 500: the application of NDES does
not start with them. A connector that is off line is a 503, as an application pool that is stopped. Unverified: both are
what administrators report, not what a document says.
"""

from __future__ import annotations

from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fauxtune.connector.refusals import RaCertificateExpired
from fauxtune.core import errors

#: The status of each error; the first match counts.
TABLE: tuple[tuple[type[Exception], int], ...] = (
    (RaCertificateExpired, 500),
    (errors.NotFound, 404),
    (errors.NotAllowed, 403),
    (errors.Conflict, 409),
    (errors.Unavailable, 503),
    (errors.NotEmulated, 501),
    (errors.Invalid, 400),
    (RequestValidationError, 400),
)


def refuse(_request: Request, error: Exception) -> Response:
    """Return the refusal of a request."""
    if isinstance(error, HTTPException):
        return PlainTextResponse(f"{error.detail}\n", error.status_code)
    for kind, status in TABLE:
        if isinstance(error, kind):
            return PlainTextResponse(f"{error}\n", status)
    return PlainTextResponse("Something went wrong inside the emulator; its log has the details.\n", 500)
