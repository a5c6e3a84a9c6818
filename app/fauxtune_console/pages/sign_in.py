"""The way in: the chooser of tenants; signing in with the control token or with a seat's password; leaving the seat."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Request, Response
from starlette.responses import RedirectResponse

from fauxtune.core.errors import Unauthenticated, Unavailable
from fauxtune.core.language.catalogue import Language
from fauxtune.core.model.classrooms import SeatEvent
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.tenants import seats
from fauxtune.storage.queries import tenants as queries
from fauxtune.surfaces.http import is_token, peer_of
from fauxtune_console.addresses import CLASSROOMS, LANGUAGE_COOKIE, PATH, SEATS
from fauxtune_console.call import Call
from fauxtune_console.session import SessionKey
from fauxtune_labs.operations.classrooms.opening import classrooms


async def choose(call: Call, seat: Tenant | None) -> Response:
    """Show the tenants and the classrooms; the only tenant at once. A seat is led to its labs."""
    if seat is not None:
        return RedirectResponse(f"{PATH}/{quote(seat.name, safe='')}/labs", 303)
    tenants = await call.emulator.runner.read(queries.all_tenants)
    rooms = await classrooms(call.emulator)
    seats = {row.tenant_id for room in rooms for row in room.seats}
    others = [tenant for tenant in tenants if tenant.id not in seats]
    if len(others) == 1 and not rooms and "all" not in call.request.query_params:
        return RedirectResponse(f"{PATH}/{quote(others[0].name, safe='')}", 303)
    clocks = {tenant.id: call.emulator.runner.now(tenant) for tenant in others}
    return call.page("tenants.html", tenants=others, clocks=clocks, rooms=rooms, address=CLASSROOMS)


#: Bytes of the form that anybody may send, who has no access yet.
_LARGEST = 16 * 1024
#: Seconds for which the choice of a language is kept.
_YEAR = 31_536_000


def address(request: Request) -> str:
    """Return the page that was asked for: a path of the console, never another site's."""
    path = request.url.path
    return path if path == PATH or path.startswith(f"{PATH}/") else PATH


async def sign_in(call: Call, key: SessionKey) -> Response:
    """Ask for the control token or a seat's password, or take it. What it opens is shown next."""
    request, token = call.request, call.emulator.control_token
    if request.method != "POST":
        return _page(call)
    form = await call.form(largest=_LARGEST)
    sent = str(form.get("token", ""))
    if token is not None and is_token(sent.encode().decode("latin-1"), token):
        to = address(request)
        return _begin(RedirectResponse(PATH if to == SEATS else to, 303), call, key=key, seat=None)
    try:
        tenant = await seats.seat_with(call.emulator, sent, source=peer_of(request))
    except (Unauthenticated, Unavailable) as error:
        return _page(call, wrong=error.message)
    await seats.note(call.emulator, tenant, event=SeatEvent.SIGNED_IN)
    return _begin(RedirectResponse(PATH, 303), call, key=key, seat=tenant.id)


async def leave(call: Call, key: SessionKey) -> Response:
    """End the session of a seat: somebody else may sit down."""
    await call.form(largest=_LARGEST)
    response = RedirectResponse(SEATS, 303)
    key.write(response, key.new(signed_in=False), request=call.request)
    return response


async def choose_language(call: Call) -> Response:
    """Keep the language that somebody has chosen, for a year, and show the page again."""
    form = await call.form(largest=_LARGEST)
    back = str(form.get("back", ""))
    response = RedirectResponse(back if f"{back}/".startswith(f"{PATH}/") else PATH, 303)
    chosen = str(form.get("to", ""))
    if chosen in Language.__members__.values():
        response.set_cookie(LANGUAGE_COOKIE, chosen, path=PATH, max_age=_YEAR, httponly=True, samesite="strict")
    return response


def _begin(response: Response, call: Call, *, key: SessionKey, seat: TenantId | None) -> Response:
    key.write(response, key.new(signed_in=seat is None, seat=seat), request=call.request)
    return response


def _page(call: Call, *, wrong: str = "") -> Response:
    of_seats = call.request.url.path.rstrip("/") == SEATS
    return call.page("sign_in.html", status=401, wrong=wrong, to=address(call.request), of_seats=of_seats)
