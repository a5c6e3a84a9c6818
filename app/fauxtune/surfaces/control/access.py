"""Who may call the control surface, and the beginning of every call: the check, the emulator, and the path's tenant.

It opens to the control token, or if none is set to this machine only; and to the password of a seat of a classroom,
which opens only this seat's tenant. Bodies must be JSON, but for whole messages of mail; a POST without a body says
that it would be JSON, too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, ClassVar, Concatenate, ParamSpec, TypeVar

from fastapi import APIRouter, Depends, Path, Request
from starlette.exceptions import HTTPException

from fauxtune.core.errors import Unauthenticated
from fauxtune.core.formats.json_text import MOST_IN_REQUEST, MOST_IN_SEED
from fauxtune.core.language.catalogue import Language, preferred
from fauxtune.core.model.certificates import Marks
from fauxtune.core.model.classrooms import PASSWORD
from fauxtune.core.model.mail_accounts import MESSAGE
from fauxtune.core.model.tenants import Tenant
from fauxtune.extensions import before_a_change
from fauxtune.internals.fastapi_routes import BoundedRoute
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import LABS, Transaction
from fauxtune.operations.tenants.seats import check_opens, seat_with
from fauxtune.storage.database import Connection
from fauxtune.surfaces.http import (
    bearer_token,
    caller_of,
    check_is_no_notification,
    check_local,
    emulator_of,
    is_token,
    peer_of,
)

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


T = TypeVar("T")
P = ParamSpec("P")
#: Parts of the paths that look at labs themselves, or change nothing that a lab is about.
_OF_LABS = {"labs", "settle"}


def calls(prefix: str, *, tag: str, route_class: type[GuardedRoute] = GuardedRoute) -> APIRouter:
    """Return a router whose routes check the caller's access."""
    return APIRouter(prefix=prefix, tags=[tag], route_class=route_class)


async def _emulator(request: Request) -> Emulator:
    """The emulator of this request, as a dependency. (FastAPI would call a plain function in a worker thread.)"""
    return emulator_of(request)


@dataclass(frozen=True, slots=True)
class TenantCall:
    """A call about one tenant. `language`: the one that the caller prefers, of those that some texts have."""

    emulator: Emulator
    tenant: Tenant
    language: Language = Language.ENGLISH

    async def run(self, operation: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run an operation of this tenant."""
        return await self.emulator.runner.run(self.tenant, operation, *args, **kwargs)

    async def read(self, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a named query."""
        return await self.emulator.runner.read(query, *args, **kwargs)

    async def marks(self) -> Marks:
        """Return the marks of the tenant's certificates by now."""
        return await self.emulator.runner.marks.of(self.tenant)


async def tenant_call(
    request: Request, tenant: Annotated[str, Path(description="id, name or domain of a tenant")]
) -> TenantCall:
    """The tenant of the path, as a dependency. Raises NotFound if it does not exist."""
    emulator = emulator_of(request)
    here = caller_of(request).tenant = await emulator.runner.tenant(tenant)
    if request.method != "GET" and here.setting(LABS) and not _OF_LABS & {*request.url.path.split("/")}:
        await before_a_change(emulator, here)
    return TenantCall(emulator, here, preferred(request.headers.get("accept-language", "")))


Anyone = Annotated[Emulator, Depends(_emulator)]
Here = Annotated[TenantCall, Depends(tenant_call)]
