"""Facts to the control surface's envelope: `{"error":{"code","message"}}`."""

from __future__ import annotations

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fauxtune.core import errors

#: The first that matches.
TABLE: tuple[tuple[type[Exception], int, str], ...] = (
    (errors.NotFound, 404, "NotFound"),
    (errors.Conflict, 409, "Conflict"),
    (errors.Unauthenticated, 401, "Unauthenticated"),
    (errors.NotAllowed, 403, "NotAllowed"),
    (errors.NotEmulated, 501, "NotEmulated"),
    (errors.Unavailable, 503, "Unavailable"),
    (errors.Invalid, 400, "Invalid"),
)
_HTTP = {404: "NotFound", 405: "MethodNotAllowed", 413: "TooLarge", 415: "UnsupportedMediaType"}


def refuse(request: Request, error: Exception) -> Response:
    """The refusal."""
    for kind, status, code in TABLE:
        if isinstance(error, kind):
            return _answer(status, code=code, message=str(error))
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "the body"
        return _answer(400, code="Invalid", message=f"{where}: {first['msg']}.")
    if isinstance(error, HTTPException):
        message = str(error.detail)
        if error.status_code in (404, 405):
            message = f"There is no call {request.method} {request.url.path}."
        return _answer(error.status_code, code=_HTTP.get(error.status_code, "Broken"), message=message)
    return _answer(500, code="Broken", message="Something went wrong here; the server's log says what.")


def _answer(status: int, *, code: str, message: str) -> Response:
    return JSONResponse({"error": {"code": code, "message": message}}, status)
