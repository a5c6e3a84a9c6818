"""The journal: what happened in the tenant, newest first, live, with links to the things."""

from __future__ import annotations

from fastapi import Response

from fauxtune.core.model.words.journal_words import TYPES
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import tenants as queries
from fauxtune_console.call import TenantCall
from fauxtune_console.happenings import Group, Happening, grouped, happenings

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
