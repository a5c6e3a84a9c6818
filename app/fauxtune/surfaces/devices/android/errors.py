"""From the core's errors to Android's error envelope (google.rpc.Status)."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fauxtune.core import errors
from fauxtune.surfaces.devices.android import messages

#: Status code and word of each error; the first match counts.
TABLE: tuple[tuple[type[Exception], int, str], ...] = (
    (errors.EnrollmentEnded, 404, "DEVICE_NOT_FOUND"),
    (errors.Unauthenticated, 401, "UNAUTHENTICATED"),
    (errors.NotLicensed, 403, "PERMISSION_DENIED"),
    (errors.NotAllowed, 403, "PERMISSION_DENIED"),
    (errors.NotFound, 404, "DEVICE_NOT_FOUND"),
    (errors.Conflict, 409, "ABORTED"),
    (errors.Invalid, 400, "INVALID_ARGUMENT"),
    (errors.Unavailable, 503, "UNAVAILABLE"),
    (errors.NotEmulated, 501, "UNIMPLEMENTED"),
)
_HTTP = {404: "NOT_FOUND"} | dict.fromkeys((405, 413, 421, 431), "INVALID_ARGUMENT")


def refuse(_request: Request, error: Exception) -> Response:
    """Return the refusal in the form of Google's APIs."""
    for kind, code, status in TABLE:
        if isinstance(error, kind):
            return _answer(code, status=status, message=str(error))
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        return _answer(400, status="INVALID_ARGUMENT", message=sentence(first["loc"][1:], problem=first["msg"]))
    if isinstance(error, HTTPException):
        status = _HTTP.get(error.status_code, "INTERNAL")
        return _answer(error.status_code, status=status, message=str(error.detail))
    return _answer(500, status="INTERNAL", message="Something went wrong inside the emulator; its log has the details.")


def sentence(where: Sequence[str | int], *, problem: str) -> str:
    """Return the text for a malformed message: the path of the member, and the problem without Pydantic's prefix."""
    path = ".".join(str(part) for part in where) or "the body"
    return errors.writable(f"{path}: {problem.removeprefix('Value error, ')}.")


def _answer(code: int, *, status: str, message: str) -> Response:
    return JSONResponse(messages.failure(code=code, status=status, message=message), code)
