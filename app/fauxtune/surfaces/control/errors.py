"""From the core's errors to the control surface's envelope: `{"error":{"code","message"}}`."""

from __future__ import annotations

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fauxtune.core import errors

#: Status and code of each error; the first match counts.
TABLE: tuple[tuple[type[Exception], int, str], ...] = (
    (errors.NotFound, 404, "NotFound"),
    (errors.Conflict, 409, "Conflict"),
    (errors.Unauthenticated, 401, "Unauthenticated"),
    (errors.NotAllowed, 403, "NotAllowed"),
    (errors.NotEmulated, 501, "NotEmulated"),
    (errors.Unavailable, 503, "Unavailable"),
    (errors.Invalid, 400, "Invalid"),
)
_HTTP = {
    400: "Invalid",
    404: "NotFound",
    405: "MethodNotAllowed",
    413: "TooLarge",
    415: "UnsupportedMediaType",
    421: "Misdirected",
    431: "TooLarge",
    503: "Unavailable",
}


def refuse(request: Request, error: Exception) -> Response:
    """The refusal."""
    if isinstance(error, errors.GraphRefused):
        graph = {"status": error.status, "body": error.document}
        return _answer(422, code="GraphRefused", message=error.message, graph=graph)
    if isinstance(error, errors.DocumentRefused):
        mistakes = [{"pointer": place, "message": sentence} for place, sentence in error.mistakes]
        return _answer(400, code="Invalid", message=error.message, mistakes=mistakes)
    for kind, status, code in TABLE:
        if isinstance(error, kind):
            return _answer(status, code=code, message=str(error))
    if isinstance(error, RequestValidationError):
        return _answer(400, code="Invalid", message=errors.writable(_what_is_wrong(error)))
    if isinstance(error, HTTPException):
        message = str(error.detail)
        if error.status_code in (404, 405):
            message = f"There is no call {request.method} {request.url.path}."
        answer = _answer(error.status_code, code=_HTTP.get(error.status_code, "Broken"), message=message)
        answer.headers.update(error.headers or {})
        return answer
    return _answer(500, code="Broken", message="Something went wrong inside the emulator; its log has the details.")


def _what_is_wrong(error: RequestValidationError) -> str:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return f"The body is not JSON: {first['ctx']['error']}."
    where = ".".join(str(part) for part in first["loc"][1:]) or "the body"
    if first["type"] == "extra_forbidden":
        return f"{where}: there is no such member."
    return f"{where}: {str(first['msg']).removeprefix('Value error, ').rstrip('.')}."


def _answer(status: int, *, code: str, message: str, **more: object) -> Response:
    headers = {"www-authenticate": "Bearer"} if status == 401 else None
    return JSONResponse({"error": {"code": code, "message": message, **more}}, status, headers=headers)
