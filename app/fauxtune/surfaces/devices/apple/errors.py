"""Facts to what an Apple device, a SCEP client or a browser reads: a status, and a sentence.

Apple: "Device Management", Error Responses. A device that is answered 401, or 403 with `com.apple.unrecognized.device`,
unenrols itself. So on the addresses that devices call there is never a 401, and that 403 only where the enrolment is
over. Whatever else is wrong is 400; what may be right later is 503. NanoMDM answers the same way.
"""

from __future__ import annotations

import json

from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fauxtune.core import errors
from fauxtune.surfaces.devices.apple import messages, plist

#: The first that matches, where a device calls.
TABLE: tuple[tuple[type[Exception], int], ...] = (
    (errors.EnrollmentEnded, 403),
    (errors.NotAllowed, 400),
    (errors.NotFound, 404),
    (errors.Conflict, 400),
    (errors.Unavailable, 503),
    (errors.NotEmulated, 501),
    (errors.Invalid, 400),
    (RequestValidationError, 400),
)
#: Where a person calls, with a browser or curl: the enrolment profile.
_FOR_PEOPLE: tuple[tuple[type[Exception], int], ...] = ((errors.Unauthenticated, 401), (errors.NotAllowed, 403))
#: The paths that devices never call.
_PEOPLES_PATH = "/apple/enroll"
_MESSAGE = "This device is no longer managed."


def refuse(request: Request, error: Exception) -> Response:
    """The refusal."""
    for_people = request.scope["path"].rstrip("/").endswith(_PEOPLES_PATH)
    if isinstance(error, errors.EnrollmentEnded) and not for_people:
        return _unrecognized(request, str(error))
    if isinstance(error, HTTPException):
        return _sentence(str(error.detail), error.status_code)
    for kind, status in (*_FOR_PEOPLE, *TABLE) if for_people else TABLE:
        if isinstance(error, kind):
            words = "The request's parameters are not as documented." if kind is RequestValidationError else str(error)
            return _sentence(words, status)
    return _sentence("Something went wrong here; the server's log says what.", 500)


def _unrecognized(request: Request, description: str) -> Response:
    """In JSON for who asks for it, else as a property list; the Content-Type says which."""
    said = messages.unrecognized(description, message=_MESSAGE)
    if "json" in request.headers.get("accept", "").lower():
        return Response(json.dumps(said), 403, media_type="application/json")
    return Response(plist.write(said), 403, media_type="application/xml")


def _sentence(words: str, status: int) -> Response:
    return PlainTextResponse(f"{words}\n", status)
