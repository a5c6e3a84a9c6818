"""The window on the wire: the last requests of a tenant with their responses, decoded and without secrets."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import Depends, Query, Response
from starlette.responses import StreamingResponse

from fauxtune.core.clock import iso
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.surfaces.control.access import Anyone, Here, calls
from fauxtune.surfaces.control.resources.journal import LONGEST_WAIT
from fauxtune_wire import answers
from fauxtune_wire import exchanges as wire_exchanges
from fauxtune_wire import recording as wire

if TYPE_CHECKING:
    from fauxtune_wire.decoding.parts import Part

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
    200: {"description": "the exchanges; with format=har an HTTP archive", "model": answers.WireExchanges}
}


@router.get("/tenants/{tenant}/wire", summary="What was sent and answered, in order", responses=_ARCHIVE)
async def read_wire(here: Here, wanted: Wanted, wait: Wait = 0, format: Format = "json") -> Any:  # noqa: A002
    """The last requests of the tenant with their responses; what they say is in each one's details."""
    return await _listed(here.emulator, here.tenant, wanted, wait=wait, form=format)


@router.get("/tenants/{tenant}/wire/{number}", summary="One request and its response, decoded")
async def read_exchange(here: Here, number: int) -> answers.WholeWireExchange:
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
async def read_exchange_of_nobody(emulator: Anyone, number: int) -> answers.WholeWireExchange:
    """Headers and bodies without secrets. 404 if it is no longer kept."""
    return _whole(await wire.exchange(emulator, None, number=number))


@router.delete("/wire", status_code=204, summary="Forget what belongs to no tenant")
async def clear_wire_of_nobody(emulator: Anyone) -> Response:
    """Numbers continue."""
    await wire.clear(emulator, None)
    return Response(status_code=204)


async def _listed(
    emulator: Emulator, tenant: Tenant | None, wanted: wire.Wanted, *, wait: float, form: str
) -> answers.WireExchanges | Response:
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
    exchanges = [_view(each) for each in page.exchanges]
    return answers.WireExchanges(
        exchanges=exchanges, next=page.next, stopped_at=page.stopped, waits=page.waits, kept=kept
    )


def _view(exchange: wire_exchanges.Exchange) -> answers.WireExchange:
    return answers.WireExchange(**_members(exchange))


def _whole(whole: wire_exchanges.WholeExchange) -> answers.WholeWireExchange:
    return answers.WholeWireExchange(
        **_members(whole.exchange),
        request=_message(whole.request),
        response=_message(whole.response),
        as_curl=whole.as_curl,
    )


def _members(exchange: wire_exchanges.Exchange) -> dict[str, Any]:
    who = exchange.who
    names = ("number", "surface", "method", "url", "status", "milliseconds", "request_id", "refusal")
    return {
        **{name: getattr(exchange, name) for name in (*names, "request_length", "response_length")},
        "time": iso(exchange.time),
        "tenant_time": None if exchange.tenant_time is None else iso(exchange.tenant_time),
        "caller": answers.WireCaller(
            application=who.application,
            application_name=who.application_name,
            user=who.user,
            user_principal_name=who.user_name,
            device=who.device,
            device_name=who.device_name,
            managed_device_id=who.managed_device_id,
        ),
        "permissions": [
            answers.WirePermission(
                operation=each.operation,
                needs=list(each.needs),
                granted_by=list(each.granted_by),
                missing=each.is_missing,
            )
            for each in exchange.permissions
        ],
    }


def _message(message: wire_exchanges.Message) -> answers.WireMessage:
    return answers.WireMessage(
        headers=[answers.WireHeader(name=name, value=value) for name, value in message.headers],
        content_type=message.content_type,
        length=message.length,
        truncated=message.truncated,
        parts=[_part(each) for each in message.parts],
        head=[_part(each) for each in message.head],
    )


def _part(part: Part) -> answers.WirePart:
    return answers.WirePart(
        title=part.title,
        language=part.language,
        text=part.text,
        facts=[answers.WireFact(name=name, value=value) for name, value in part.facts],
        parts=[_part(each) for each in part.parts],
    )
