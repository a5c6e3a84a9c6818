"""From the core's errors to the channel's envelope: `{"error":{"code","message"}}`, with numbers for a refusal by the
authority.
"""

from __future__ import annotations

from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fauxtune.core import errors

#: Status and code of each error; the first match counts.
TABLE: tuple[tuple[type[Exception], int, str], ...] = (
    (errors.ConnectorRefused, 422, "Refused"),
    (errors.NotFound, 404, "NotFound"),
    (errors.Conflict, 409, "Conflict"),
    (errors.Unauthenticated, 401, "Unauthenticated"),
    (errors.NotAllowed, 403, "NotAllowed"),
    (errors.NotEmulated, 501, "NotEmulated"),
    (errors.Unavailable, 503, "Unavailable"),
    (errors.Invalid, 400, "Invalid"),
)


def refuse(_request: Request, error: Exception) -> Response:
    """Return the refusal of a request."""
    for kind, status, code in TABLE:
        if isinstance(error, kind):
            return _answer(status, {"code": code, "message": str(error), **_numbers(error)})
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "the body"
        message = f"{where}: {str(first['msg']).removeprefix('Value error, ').rstrip('.')}."
        return _answer(400, {"code": "Invalid", "message": errors.writable(message)})
    if isinstance(error, HTTPException):
        return _answer(error.status_code, {"code": "Invalid", "message": str(error.detail)})
    return _answer(
        500, {"code": "Broken", "message": "Something went wrong inside the emulator; its log has the details."}
    )


def _numbers(error: Exception) -> dict[str, Any]:
    if not isinstance(error, errors.ConnectorRefused):
        return {}
    return {"number": error.code, "diagnostic": error.diagnostic}


def _answer(status: int, error: dict[str, Any]) -> JSONResponse:
    headers = {"www-authenticate": "Bearer"} if status == 401 else None
    return JSONResponse({"error": error}, status, headers=headers)
