"""From the core's errors to the refusals of the agents' channel."""

from __future__ import annotations

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from fauxtune.core import errors

#: Status and code of each error; the first match counts. A device whose enrolment has ended is known, and gone.
TABLE: tuple[tuple[type[Exception], int, str], ...] = (
    (errors.EnrollmentEnded, 410, "enrollmentEnded"),
    (errors.Unauthenticated, 401, "unauthenticated"),
    (errors.NotLicensed, 403, "notAllowed"),
    (errors.NotAllowed, 403, "notAllowed"),
    (errors.NotFound, 404, "notFound"),
    (errors.Conflict, 409, "conflict"),
    (errors.Invalid, 400, "invalid"),
    (errors.Unavailable, 503, "unavailable"),
    (errors.NotEmulated, 501, "notEmulated"),
)
_DEFECT = "Something went wrong inside the emulator; its log has the details."


def refuse(_request: Request, error: Exception) -> Response:
    """Return the refusal: a code and a sentence."""
    for kind, status, code in TABLE:
        if isinstance(error, kind):
            return _answer(status, code=code, message=str(error))
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "the body"
        return _answer(400, code="invalid", message=errors.writable(f"{where}: {first['msg']}."))
    if isinstance(error, HTTPException):
        return _answer(error.status_code, code="refused", message=str(error.detail))
    return _answer(500, code="defect", message=_DEFECT)


def _answer(status: int, *, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)
