"""Access to the control surface: by the control token, or if none is set from this machine only.

Bodies must be JSON, but for whole messages of mail.
"""

from __future__ import annotations

from typing import ClassVar

from fastapi import Request
from starlette.exceptions import HTTPException

from fauxtune.core.errors import Unauthenticated
from fauxtune.core.model.json_limits import MOST_IN_REQUEST, MOST_IN_SEED
from fauxtune.core.model.mail import MESSAGE
from fauxtune.surfaces.access import check_local, is_token
from fauxtune.surfaces.http import BoundedRoute, bearer_token, emulator_of

JSON = "application/json"


class GuardedRoute(BoundedRoute):
    """A route that checks the caller's access first."""

    most_elements = MOST_IN_REQUEST
    #: The media types of its bodies.
    media_types: ClassVar[tuple[str, ...]] = (JSON,)

    def admit(self, request: Request) -> None:
        """Raise as `check`."""
        check(request, media_types=self.media_types)


class SeedRoute(GuardedRoute):
    """A route whose body may hold a seed with thousands of users."""

    most_elements = MOST_IN_SEED


class DocumentRoute(GuardedRoute):
    """A route whose body is a document of a tenant: its elements are counted where it is read, in a thread."""

    def has_elements(self, request: Request) -> bool:
        """Return False."""
        return False


class MailRoute(GuardedRoute):
    """A route whose body is JSON or a message, which is read as the bytes that it is."""

    media_types = (JSON, MESSAGE)

    def has_elements(self, request: Request) -> bool:
        """Whether the body is JSON."""
        return media_type(request) == JSON


def media_type(request: Request) -> str:
    """Return the media type of a request's body in lower case, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def check(request: Request, *, media_types: tuple[str, ...] = (JSON,)) -> None:
    """Raise Unauthenticated, NotAllowed, or HTTPException 415 for a request without access or with another media
    type.
    """
    emulator = emulator_of(request)
    if emulator.control_token is not None:
        _check_token(request, emulator.control_token)
    else:
        check_local(request)
    has_body = request.headers.get("content-length", "0") != "0" or "transfer-encoding" in request.headers
    media = media_type(request)
    if has_body and media not in media_types:
        allowed = " or ".join(media_types)
        raise HTTPException(415, f"The Content-Type of a body must be {allowed}, not '{media or 'missing'}'.")


def _check_token(request: Request, token: str) -> None:
    if not is_token(bearer_token(request), token):
        raise Unauthenticated(
            "The control surface demands its token: send Authorization: Bearer <FAUXTUNE_CONTROL_TOKEN>."
        )
