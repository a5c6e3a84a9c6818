"""The window on the wire: the last requests of a tenant with their responses, decoded and without secrets."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Response
from pydantic import Field
from starlette.responses import StreamingResponse

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.surfaces.control.access import Anyone, Here, calls
from fauxtune.surfaces.control.answers import ManagedDeviceId, NoDeviceId
from fauxtune.surfaces.control.bodies import Answer
from fauxtune.surfaces.control.resources.journal import LONGEST_WAIT
from fauxtune_wire import exchanges as wire_exchanges
from fauxtune_wire import recording as wire
from fauxtune_wire.decoding.parts import Part


class WireCaller(Answer):
    """The sender of a request, as far as it is known. A refused request may name what it is not."""

    application: Annotated[str | None, Field(description="the client id")]
    application_name: str | None
    user: Annotated[str | None, Field(description="the user's id; for a device its primary user's")]
    user_principal_name: str | None
    device: NoDeviceId
    device_name: str | None
    managed_device_id: ManagedDeviceId


class WirePermission(Answer):
    """An operation of Graph that was tried. Any one permission of `needs` suffices."""

    operation: Annotated[str, Field(description="method and path template")]
    needs: list[str]
    granted_by: Annotated[list[str], Field(description="those of them that the token has")]
    missing: Annotated[bool, Field(description="the token has none of them")]


class WireExchange(Answer):
    """A request and its response, without headers and bodies."""

    number: int
    time: Annotated[str, Field(description="the system's time at the beginning of the request")]
    tenant_time: Annotated[str | None, Field(description="the tenant's time at that moment")]
    surface: str
    method: str
    url: Annotated[str, Field(description="path and query, without secrets")]
    status: Annotated[int | None, Field(description="null: the connection ended before a response")]
    milliseconds: float
    request_id: str
    caller: WireCaller
    permissions: list[WirePermission]
    refusal: Annotated[str | None, Field(description="why the request was refused")]
    request_length: int
    response_length: int


class WireHeader(Answer):
    """A header, without secrets."""

    name: str
    value: str


class WireFact(Answer):
    """A line about a part of a body."""

    name: str
    value: str


class WirePart(Answer):
    """A readable part of a body, without secrets. `parts`: what is inside it."""

    title: str
    language: Annotated[str, Field(description="json, xml, text or hex")]
    text: str
    facts: list[WireFact]
    parts: list[WirePart]


class WireMessage(Answer):
    """The headers and the decoded body of a request or a response. `head`: what the address and headers of a
    request say: its query in words, the claims of its token, who signed it.
    """

    headers: list[WireHeader]
    content_type: str
    length: Annotated[int, Field(description="bytes of the whole body")]
    truncated: Annotated[bool, Field(description="fewer bytes were read or kept: 64 KiB at most")]
    parts: list[WirePart]
    head: list[WirePart]


class WholeWireExchange(WireExchange):
    """A request and its response with headers and bodies."""

    request: WireMessage
    response: WireMessage
    as_curl: Annotated[str, Field(description="the request as a command of curl, with $TOKEN for the credential")]


class WireExchanges(Answer):
    """Recorded exchanges, oldest first. Continue with `after={next}`. If a search for a text stopped, this part of the
    exchanges was not searched: continue with `after={next}` if `after` was given, else with `before={stoppedAt}`.
    """

    exchanges: list[WireExchange]
    next: int
    stopped_at: Annotated[
        int | None,
        Field(description="the number at which a search for a text stopped, because messages take long to read"),
    ]
    waits: Annotated[int, Field(description="with waits=false: the requests that waited for news and are left out")]
    kept: Annotated[int, Field(description="how many exchanges of a tenant are kept; 0: recording is off")]


#: A text search lets others have their turn, so that a signal can come before the wait: look again after so long.
_GLANCE = 1.0

router = calls("", tag="wire")


async def _wanted(
    after: Annotated[int, Query(ge=0, le=2**53, description="the first ones after this number; 0: the newest")] = 0,
    before: Annotated[
        int | None, Query(ge=1, le=2**53, description="without `after`: the newest ones before this number")
    ] = None,
    surface: Annotated[str | None, Query(description="such as graph, identity, devices, apple, control")] = None,
    device: Annotated[str | None, Query(description="id of an enrolment or managedDevice, or a name")] = None,
    status: Annotated[str | None, Query(description="404, 4xx, 5xx or error")] = None,
    text: Annotated[str | None, Query(min_length=1, max_length=1000, description="in any case")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    waits: Annotated[bool, Query(description="false: without those that waited for news and were answered")] = True,
) -> wire.Wanted:
    """The filters, as a dependency."""
    return wire.Wanted(
        after=after, before=before, surface=surface, device=device, status=status, text=text, limit=limit, waits=waits
    )


Wanted = Annotated[wire.Wanted, Depends(_wanted)]
Wait = Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="seconds to wait for the first one")]
Format = Annotated[Literal["json", "har"], Query(description="har: an HTTP archive (HAR 1.2) with the bodies")]
_ARCHIVE: dict[int | str, dict[str, Any]] = {
    200: {"description": "the exchanges; with format=har an HTTP archive", "model": WireExchanges}
}


@router.get("/tenants/{tenant}/wire", summary="What was sent and answered, in order", responses=_ARCHIVE)
async def read_wire(here: Here, wanted: Wanted, wait: Wait = 0, format: Format = "json") -> Any:  # noqa: A002
    """The last requests of the tenant with their responses; what they say is in each one's details."""
    return await _listed(here.emulator, here.tenant, wanted, wait=wait, form=format)


@router.get("/tenants/{tenant}/wire/{number}", summary="One request and its response, decoded")
async def read_exchange(here: Here, number: int) -> WholeWireExchange:
    """Headers and bodies without secrets. 404 if it is no longer kept."""
    return _whole(await wire.exchange(here.emulator, here.tenant, number=number))


@router.delete("/tenants/{tenant}/wire", status_code=204, summary="Forget what was sent and answered")
async def clear_wire(here: Here) -> Response:
    """Numbers continue."""
    await wire.clear(here.emulator, here.tenant)
    return Response(status_code=204)


@router.get("/wire", summary="What was sent and belongs to no tenant", responses=_ARCHIVE)
async def read_wire_of_nobody(emulator: Anyone, wanted: Wanted, wait: Wait = 0, format: Format = "json") -> Any:  # noqa: A002
    """Requests at unknown paths, with unreadable tokens, or about tenants that do not exist."""
    return await _listed(emulator, None, wanted, wait=wait, form=format)


@router.get("/wire/{number}", summary="One request that belongs to no tenant, and its response")
async def read_exchange_of_nobody(emulator: Anyone, number: int) -> WholeWireExchange:
    """Headers and bodies without secrets. 404 if it is no longer kept."""
    return _whole(await wire.exchange(emulator, None, number=number))


@router.delete("/wire", status_code=204, summary="Forget what belongs to no tenant")
async def clear_wire_of_nobody(emulator: Anyone) -> Response:
    """Numbers continue."""
    await wire.clear(emulator, None)
    return Response(status_code=204)


async def _listed(
    emulator: Emulator, tenant: Tenant | None, wanted: wire.Wanted, *, wait: float, form: str
) -> WireExchanges | Response:
    if form == "har":
        return StreamingResponse(await wire.har(emulator, tenant, wanted=wanted), media_type="application/json")
    loop = asyncio.get_running_loop()
    ends = loop.time() + (wait if emulator.wire.is_on else 0)
    while True:
        page = await wire.page(emulator, tenant, wanted=wanted)
        left = ends - loop.time()
        if page.exchanges or page.stopped is not None or left <= 0:
            break
        wanted = replace(wanted, after=page.next)  # those that were read are not read again
        await emulator.signals.wait_for_wire(None if tenant is None else tenant.id, seconds=min(left, _GLANCE))
        if tenant is not None:
            await emulator.runner.tenant(tenant.id)  # it may be gone by now
    kept = emulator.wire.bounds.exchanges
    exchanges = [_view(exchange) for exchange in page.exchanges]
    return WireExchanges(exchanges=exchanges, next=page.next, stopped_at=page.stopped, waits=page.waits, kept=kept)


def _view(exchange: wire_exchanges.Exchange) -> WireExchange:
    return WireExchange.from_value(exchange, **_parties(exchange))


def _whole(whole: wire_exchanges.WholeExchange) -> WholeWireExchange:
    return WholeWireExchange.from_value(
        whole.exchange,
        **_parties(whole.exchange),
        request=_message(whole.request),
        response=_message(whole.response),
        as_curl=whole.as_curl,
    )


def _parties(exchange: wire_exchanges.Exchange) -> dict[str, Any]:
    """Return who sent it, and by which permissions."""
    return {
        "caller": WireCaller.from_value(exchange.who, user_principal_name=exchange.who.user_name),
        "permissions": [
            WirePermission.from_value(permission, missing=permission.is_missing) for permission in exchange.permissions
        ],
    }


def _message(message: wire_exchanges.Message) -> WireMessage:
    return WireMessage.from_value(
        message,
        headers=[WireHeader(name=name, value=value) for name, value in message.headers],
        parts=[_part(part) for part in message.parts],
        head=[_part(part) for part in message.head],
    )


def _part(part: Part) -> WirePart:
    return WirePart.from_value(
        part,
        facts=[WireFact(name=name, value=value) for name, value in part.facts],
        parts=[_part(inner) for inner in part.parts],
    )
