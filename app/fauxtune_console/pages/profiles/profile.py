"""One profile: its settings in words, whom it is assigned to, and its status on each device."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from fastapi import Response

from fauxtune.core.errors import NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.words.device_words import VARIANTS
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import Version
from fauxtune.core.profiles.catalog import APP_CONFIGURATION_KINDS, kind
from fauxtune.core.profiles.kind_words import kind_words
from fauxtune.core.profiles.references import NAMES
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as queries
from fauxtune.storage.queries import filters_and_tags as filter_queries
from fauxtune.storage.queries.insight import groups_and_profiles as group_queries
from fauxtune.storage.queries.insight import overview as overview_queries
from fauxtune.storage.queries.insight import statuses as status_queries
from fauxtune.storage.queries.insight.groups_and_profiles import ProfileDeviceRow
from fauxtune.storage.queries.visits import waiting
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune_console.call import TenantCall
from fauxtune_console.holdings import Chip, chip
from fauxtune_console.pages.profiles.profiles import COLUMNS, by_column
from fauxtune_console.paging import Choice, offset, paging
from fauxtune_console.profiles.facts import facts
from fauxtune_console.profiles.words import STATUSES, Assigned, assigned

_SIZE = 50
#: Profiles that refer to this one, as far as the page names them.
_MOST_REFERRING = 20


@dataclass(frozen=True, slots=True)
class Line:
    """One device. `chips`: what it was given by this profile; `status` and `colour`: a word, and its symbol's class."""

    row: ProfileDeviceRow
    variant: str
    chips: tuple[Chip, ...]
    status: str
    colour: str


async def profile(call: TenantCall) -> Response:
    """Show a profile."""
    start = offset(call, size=_SIZE)
    values, length, total = await call.read(_read, call, start=start)
    pages = paging(call, start=start, length=length, total=total, size=_SIZE)
    return call.page("profile.html", **values, paging=pages, text=call.query("text"), chosen=call.query("status"))


def _read(connection: Connection, call: TenantCall, *, start: int) -> tuple[dict[str, Any], int, int]:
    tenant_id, row = call.tenant.id, profile_of(connection, call)
    among = next((statuses for word, _title, statuses in COLUMNS if word == call.query("status")), ())
    waiting_devices = waiting(connection, tenant_id, profile_ids=[row.id])
    counts = status_queries.device_counts_of_each(connection, tenant_id, waiting_devices=waiting_devices)[row.id]
    devices, total = status_queries.devices_of_profile(
        connection,
        tenant_id,
        profile_id=row.id,
        waiting_devices=waiting_devices[row.id],
        text=call.query("text").strip()[:100],
        among=among,
        offset=start,
        limit=_SIZE,
    )
    referring = queries.referring(connection, tenant_id, profile_id=row.id, navigations=NAMES, limit=_MOST_REFERRING)
    names = queries.names(connection, tenant_id, ids=set(row.navigations.values()))
    document = view(entity(row.kind), row.document, version=Version.BETA)
    values = {
        "profile": row,
        "name": str(row.document["displayName"]),
        "kind": kind_words(row.kind, row.document),
        "is_app_configuration": kind(row.kind) in APP_CONFIGURATION_KINDS,
        "facts": facts(row, names=names),
        "assigned": assignments_in_words(connection, call, profile_id=row.id),
        "referring": [(profile_row.id, str(profile_row.document["displayName"])) for profile_row in referring],
        "document": json.dumps(document, indent=2, ensure_ascii=False),
        "choices": _choices(call, row, counts=by_column(counts)),
        "lines": _lines(connection, call, devices=devices, profile_id=row.id),
    }
    return values, len(devices), total


def profile_of(connection: Connection, call: TenantCall) -> ProfileRow:
    """Return the profile that the address names. Raises NotFound."""
    row = queries.profile(connection, call.tenant.id, profile_id=call.request.path_params["profile"])
    if row is None:
        raise NotFound("There is no such profile. It may have been deleted meanwhile.")
    return row


def assignments_in_words(connection: Connection, call: TenantCall, *, profile_id: ProfileId) -> list[Assigned]:
    """Return the assignments of a profile in words."""
    rows = queries.assignments_of(connection, call.tenant.id, profile_id=profile_id)
    groups = group_queries.group_names(connection, call.tenant.id, ids={row.group_id for row in rows if row.group_id})
    ids = {row.filter_id for row in rows if row.filter_id}
    filters = filter_queries.filters_by_id(connection, call.tenant.id, ids=ids)
    names = {str(filter_row.id): str(filter_row.document["displayName"]) for filter_row in filters.values()}
    return assigned(rows, groups=groups, filters=names)


def _lines(
    connection: Connection, call: TenantCall, *, devices: list[ProfileDeviceRow], profile_id: ProfileId
) -> list[Line]:
    items = overview_queries.ledgers_of(connection, call.tenant.id, devices=[row.enrollment_id for row in devices])
    return [
        Line(
            row,
            VARIANTS[row.variant],
            tuple(
                chip(item, names={})
                for item in items.get(row.enrollment_id, [])
                if any(claim.profile == profile_id for claim in item.claims)
            ),
            *STATUSES[row.status],
        )
        for row in devices
    ]


def _choices(call: TenantCall, row: ProfileRow, *, counts: tuple[int, ...]) -> list[Choice]:
    chosen, text = call.query("status"), call.query("text")
    named = [
        Choice(title, number, call.url("profiles", row.id, status=word, text=text), word == chosen)
        for (word, title, _statuses), number in zip(COLUMNS, counts, strict=True)
    ]
    every = Choice("All devices", sum(counts), call.url("profiles", row.id, text=text), not chosen)
    return [every, *named]
