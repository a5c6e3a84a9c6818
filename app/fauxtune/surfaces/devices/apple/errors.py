"""From the core's errors to what an Apple device, a SCEP client or a browser reads: a status and a sentence.

Apple: "Device Management", Error Responses. A device that is answered 401, or 403 with `com.apple.unrecognized.device`,
unenrols itself. So on the addresses that devices call there is never a 401, and that 403 only if the enrolment has
ended. Other errors are 400, and 503 if a later attempt may succeed. NanoMDM answers the same way.
"""

from __future__ import annotations

import json

from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fauxtune.core import errors
from fauxtune.core.formats import plist
from fauxtune.surfaces.devices.apple import messages

#: For devices; the first entry that matches.
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
#: For a person with a browser or curl, who opens the enrolment profile.
_FOR_PEOPLE: tuple[tuple[type[Exception], int], ...] = ((errors.Unauthenticated, 401), (errors.NotAllowed, 403))
#: How the paths end that no device calls with its identity.
_PATHS_WITHOUT_IDENTITY = ("/apple/enroll", "/manifest.plist")
_MESSAGE = "This device is no longer managed."


def refuse(request: Request, error: Exception) -> Response:
    """Return the refusal of a request."""
    for_people = request.scope["path"].rstrip("/").endswith(_PATHS_WITHOUT_IDENTITY)
    if isinstance(error, errors.EnrollmentEnded) and not for_people:
        return _unrecognized(request, str(error))
    if isinstance(error, HTTPException):
        return _sentence(str(error.detail), error.status_code)
    for kind, status in (*_FOR_PEOPLE, *TABLE) if for_people else TABLE:
        if isinstance(error, kind):
            text = "The request's parameters are not as documented." if kind is RequestValidationError else str(error)
            return _sentence(text, status)
    return _sentence("Something went wrong inside the emulator; its log has the details.", 500)


def _unrecognized(request: Request, description: str) -> Response:
    """In JSON if Accept asks for it, else a property list."""
    document = messages.unrecognized(description, message=_MESSAGE)
    if "json" in request.headers.get("accept", "").lower():
        return Response(json.dumps(document), 403, media_type="application/json")
    return Response(plist.write(document), 403, media_type="application/xml")


def _sentence(text: str, status: int) -> Response:
    return PlainTextResponse(f"{text}\n", status)
