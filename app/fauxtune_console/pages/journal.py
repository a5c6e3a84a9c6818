"""What happened in the tenant, newest first: the journal, and the window on the wire with requests and answers."""

from __future__ import annotations

import re

from fastapi import Response
from starlette.responses import StreamingResponse

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.words.journal_words import TYPES
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import tenants as queries
from fauxtune_console.call import TenantCall, whole_number
from fauxtune_console.happenings import Group, Happening, grouped, happenings
from fauxtune_wire import recording as insight

_SIZE = 100
_LONGEST = 500


async def journal(call: TenantCall) -> Response:
    """Show a page of events, filtered by type, device (id of an enrolment or managedDevice) and user."""
    events = await call.read(_events, call)
    older = events[-1].number if len(events) > _SIZE else None
    each = call.query("each")[:1]
    filters = {name: call.query(name).strip()[:_LONGEST] for name in ("type", "device", "user")}
    return call.page(
        "journal.html",
        groups=grouped(events[:_SIZE]) if _folds(call) else [Group((event,), "") for event in events[:_SIZE]],
        folds=_folds(call),
        older=None if older is None else call.url("journal", **filters, each=each, before=events[_SIZE - 1].number),
        newest=call.url("journal", **filters, each=each) if call.query("before") else None,
        filters=filters,
        types=TYPES,
    )


def _folds(call: TenantCall) -> bool:
    """Whether events of one cause are one line: not if somebody looks for one type, or for each event."""
    return not call.query("type") and not call.query("each")


def _events(connection: Connection, call: TenantCall) -> list[Happening]:
    """Return the events of the page, and one more if there are older ones."""
    kind = call.query("type").strip()
    key = call.query("device").strip()[:_LONGEST]
    device = device_queries.enrollment_named(connection, call.tenant.id, key=key) if key else None
    rows = queries.newest_events(
        connection,
        call.tenant.id,
        before=call.number("before"),
        types=(kind,) if kind else (),
        device=(key if device is None else device.id) or None,
        user=call.query("user").strip()[:_LONGEST] or None,
        limit=_SIZE + 1,
    )
    return happenings(connection, call.tenant.id, rows=rows)


_LONGEST_SEARCH = 200
#: Ids, push tokens and the like.
_LONG = re.compile(r"[0-9a-fA-F-]{32,}|[\w-]{24,}")
_SHORT = 8
#: An id in a sentence, whose words may be long.
_GUID = re.compile(r"([0-9a-fA-F]{8})(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MOST_IN_ARCHIVE = 1000
#: data. The filters of the list: words of `fauxtune_wire.recording`, and what people call them.
SURFACES = (
    ("", "everything"), ("graph", "Graph"), ("identity", "sign-in"), ("devices", "all devices"), ("android", "Android"),
    ("apple", "Apple"), ("windows", "Windows"), ("agent", "management agents"), ("push", "push"),
    ("pki", "CRL, OCSP, CA certificates"), ("ndes", "SCEP"),
    ("blobs", "contents of apps, logs of devices"), ("connector", "connectors"),
    ("partner", "partners' authorities"), ("control", "control surface"),
)  # fmt: skip
STATUSES = (("", "any answer"), ("error", "refused or failed"), ("2xx", "2xx"), ("4xx", "4xx"), ("5xx", "5xx"))


async def wire(call: TenantCall) -> Response:
    """Show the newest exchanges, the request that began last first, filtered by surface, status, device and text."""
    filters = _filters(call)
    problem, page = None, insight.Page([], 0)
    try:
        wanted = _wanted(call, limit=_SIZE, waits=_shows_waits(call))
        page = await insight.page(call.emulator, call.tenant, wanted=wanted)
    except (Invalid, NotFound) as error:
        problem = error.message
    # Numbers count ends: a request that waits for news ends long after others that began later.
    newest = sorted(page.exchanges, key=lambda exchange: (exchange.time, exchange.number), reverse=True)
    return call.page(
        "wire.html",
        status=400 if problem else 200,
        exchanges=[
            (exchange, short_path(exchange.url.partition("?")[0]), _GUID.sub(r"\1…", exchange.refusal or ""))
            for exchange in newest
        ],
        stopped=page.stopped,
        waits=page.waits,
        shows_waits=_shows_waits(call),
        filters=filters,
        problem=problem,
        surfaces=SURFACES,
        statuses=STATUSES,
        kept=call.emulator.wire.bounds.exchanges,
    )


async def exchange(call: TenantCall) -> Response:
    """Show one exchange whole: who called, with which permission, and both messages decoded."""
    text = call.request.path_params["number"]
    number = whole_number(text)
    if number is None:
        raise NotFound(f"There is no exchange {text[:50]}.")
    whole = await insight.exchange(call.emulator, call.tenant, number=number)
    return call.page("exchange.html", whole=whole, exchange=whole.exchange)


async def archive(call: TenantCall) -> Response:
    """Return what the filters leave as an HTTP archive (HAR 1.2)."""
    pieces = await insight.har(call.emulator, call.tenant, wanted=_wanted(call, limit=_MOST_IN_ARCHIVE))
    name = f'attachment; filename="fauxtune-{call.tenant.id[:8]}.har"'
    return StreamingResponse(pieces, media_type="application/json", headers={"content-disposition": name})


async def clear(call: TenantCall) -> Response:
    """Forget every exchange of the tenant."""
    await call.form()
    await insight.clear(call.emulator, call.tenant)
    return call.back("wire", done="Everything on the wire until now is forgotten.")


def _shows_waits(call: TenantCall) -> bool:
    """Whether requests that wait for news are listed: devices send them without end, so only on demand."""
    return bool(call.query("waits")) or call.query("surface") == "push"


def _wanted(call: TenantCall, *, limit: int, waits: bool = True) -> insight.Wanted:
    filters = {name: value or None for name, value in _filters(call).items()}
    return insight.Wanted(
        before=whole_number(call.query("before")),
        surface=filters["surface"],
        status=filters["status"],
        device=filters["device"],
        text=filters["text"],
        limit=limit,
        waits=waits,
    )


def short_path(path: str) -> str:
    """Return a path with the first eight characters of each long identifier."""
    return _LONG.sub(lambda match: f"{match[0][:_SHORT]}…", path)


def _filters(call: TenantCall) -> dict[str, str]:
    return {name: call.query(name).strip()[:_LONGEST_SEARCH] for name in ("surface", "status", "device", "text")}
