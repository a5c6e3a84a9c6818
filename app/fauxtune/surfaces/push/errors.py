"""From the core's errors to the push channel's envelope: `{"error":{"code","message"}}`."""

from __future__ import annotations

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fauxtune.core import errors

#: Status and code of each error; the first match counts.
TABLE: tuple[tuple[type[Exception], int, str], ...] = (
    (errors.NotFound, 404, "BadDeviceToken"),
    (errors.NotAllowed, 403, "Forbidden"),
    (errors.Conflict, 409, "Conflict"),
    (errors.Unavailable, 503, "ServiceUnavailable"),
    (errors.NotEmulated, 501, "NotEmulated"),
    (errors.Invalid, 400, "BadRequest"),
    (RequestValidationError, 400, "BadRequest"),
)


def refuse(_request: Request, error: Exception) -> Response:
    """Return the refusal of a request."""
    message = str(error)
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        message = f"{'.'.join(str(part) for part in first['loc'][1:])}: {first['msg']}."
    for kind, status, code in TABLE:
        if isinstance(error, kind):
            return JSONResponse({"error": {"code": code, "message": message}}, status)
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = (
        error.detail
        if isinstance(error, HTTPException)
        else "Something went wrong inside the emulator; its log has the details."
    )
    return JSONResponse({"error": {"code": "Refused", "message": str(detail)}}, status)
