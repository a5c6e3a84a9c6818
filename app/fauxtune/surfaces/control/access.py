"""Access to the control surface: by the control token, or if none is set from this machine only; and by the password of
a seat of a classroom, which opens this seat's tenant alone.

Bodies must be JSON, but for whole messages of mail; a POST without a body says that it would be JSON, too.
"""

from __future__ import annotations

from typing import ClassVar

from fastapi import Request
from starlette.exceptions import HTTPException

from fauxtune.core.errors import Unauthenticated
from fauxtune.core.model.classrooms import PASSWORD
from fauxtune.core.model.json_limits import MOST_IN_REQUEST, MOST_IN_SEED
from fauxtune.core.model.mail import MESSAGE
from fauxtune.core.model.tenants import Tenant
from fauxtune.surfaces.access import check_is_no_notification, check_local, is_token
from fauxtune.surfaces.http import bearer_token, caller_of, emulator_of, peer_of
from fauxtune.surfaces.routers import BoundedRoute

JSON = "application/json"


class GuardedRoute(BoundedRoute):
    """A route that checks the caller's access first."""

    most_elements = MOST_IN_REQUEST
    #: The media types of its bodies.
    media_types: ClassVar[tuple[str, ...]] = (JSON,)

    async def admit(self, request: Request) -> None:
        """Raise as `check`, and NotAllowed for a seat that calls about something else than its own tenant."""
        seat = await check(request, media_types=self.media_types)
        if seat is not None:
            from fauxtune.operations.tenants.seats import check_opens

            await check_opens(emulator_of(request), seat, key=request.path_params.get("tenant"))
            caller_of(request).seat = seat


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


async def check(request: Request, *, media_types: tuple[str, ...] = (JSON,)) -> Tenant | None:
    """Return the seat whose password the caller has; None for whoever may call about everything.

    Raises Unauthenticated, NotAllowed, or HTTPException 415 for a request without access or with another media type.
    """
    check_is_no_notification(request)
    emulator, token, seat = emulator_of(request), bearer_token(request), None
    # A server without classrooms imports nothing for this: nobody sends such a token.
    if PASSWORD.fullmatch(token):
        from fauxtune.operations.tenants.seats import seat_with

        seat = await seat_with(emulator, token, source=peer_of(request))
    elif emulator.control_token is not None:
        _check_token(token, emulator.control_token)
    else:
        check_local(request)
    # A POST says it without a body as well: what programs are made to send, such as notifications, says something else.
    has_body = (
        request.method == "POST"
        or request.headers.get("content-length", "0") != "0"
        or "transfer-encoding" in request.headers
    )
    media = media_type(request)
    if has_body and media not in media_types:
        allowed = " or ".join(media_types)
        raise HTTPException(
            415, f"The Content-Type must be {allowed}, not '{media or 'missing'}'; a POST without a body has one, too."
        )
    return seat


def _check_token(sent: str, token: str) -> None:
    if not is_token(sent, token):
        raise Unauthenticated(
            "The control surface demands its token: send Authorization: Bearer <FAUXTUNE_CONTROL_TOKEN>."
        )
