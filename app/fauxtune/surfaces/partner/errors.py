"""From the core's errors to the service's: always JSON, `{"error":{"code","message"}}`, for Microsoft's client in Java
reads the body before it looks at the status.
"""

from __future__ import annotations

from typing import Any

from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fauxtune.core import errors

#: Status and code of each error; the first match counts.
TABLE: tuple[tuple[type[Exception], int, str], ...] = (
    (errors.NotFound, 404, "NotFound"),
    (errors.Conflict, 409, "Conflict"),
    (errors.Unauthenticated, 401, "Unauthorized"),
    (errors.NotAllowed, 403, "Forbidden"),
    (errors.NotEmulated, 501, "NotImplemented"),
    (errors.Unavailable, 503, "ServiceUnavailable"),
    (errors.Invalid, 400, "BadRequest"),
)


def refuse(request: Request, error: Exception) -> Response:
    """Return the refusal of a request. The activity id is the client's, by which it finds the call again."""
    for kind, status, code in TABLE:
        if isinstance(error, kind):
            return _answer(request, status, code=code, message=str(error))
    if isinstance(error, HTTPException):
        code = "RequestEntityTooLarge" if error.status_code == 413 else "BadRequest"
        return _answer(request, error.status_code, code=code, message=str(error.detail))
    message = "Something went wrong inside the emulator; its log has the details."
    return _answer(request, 500, code="InternalServerError", message=message)


def _answer(request: Request, status: int, *, code: str, message: str) -> Response:
    document: dict[str, Any] = {"error": {"code": code, "message": message}}
    return JSONResponse(document, status, headers=activity(request))


def activity(request: Request) -> dict[str, str]:
    """Return the header that repeats the client's id of the call."""
    given = request.headers.get("client-request-id", "")
    return {"client-request-id": given} if given.isascii() and 0 < len(given) <= 100 and given.isprintable() else {}
