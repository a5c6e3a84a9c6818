"""Profiles: the list with counts of devices by status; one with its settings, assignments, status on devices."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from fastapi import Response

from fauxtune.core.errors import NotFound
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.states import ProfileStatus
from fauxtune.core.model.words.device_words import VARIANTS
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import Version
from fauxtune.core.profiles.catalog import APP_CONFIGURATION_KINDS, kind
from fauxtune.core.profiles.kind_words import kind_words
from fauxtune.core.profiles.references import NAMES
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import filters_and_tags as filter_queries
from fauxtune.storage.queries.insight import groups_and_profiles as group_queries
from fauxtune.storage.queries.insight import overview as overview_queries
from fauxtune.storage.queries.insight import statuses as status_queries
from fauxtune.storage.queries.insight.groups_and_profiles import ProfileDeviceRow
from fauxtune.storage.queries.visits import waiting
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune_console.call import TenantCall
from fauxtune_console.holdings import Chip, chip
from fauxtune_console.paging import Choice, offset, paging
from fauxtune_console.profiles.choices import STATUSES, Assigned, assigned
from fauxtune_console.profiles.facts import facts

_SIZE = 50
#: What tells the profiles of one task apart: their platform, in brackets behind the name.
_PLATFORM = re.compile(r"(?<=\S) \([^()]+\)$")
#: data. The columns of the table: the word of the address, the heading, the statuses that are counted.
COLUMNS: tuple[tuple[str, str, tuple[ProfileStatus, ...]], ...] = (
    ("installed", "Installed", (ProfileStatus.COMPLIANT,)),
    ("pending", "Pending", (ProfileStatus.PENDING,)),
    ("error", "Error", (ProfileStatus.ERROR, ProfileStatus.CONFLICT)),
    ("not-applicable", "Not applicable", (ProfileStatus.NOT_APPLICABLE,)),
)


@dataclass(frozen=True, slots=True)
class ListedProfile:
    """One row of the list. `counts`: the number of devices for each column."""

    id: ProfileId
    name: str
    kind: str
    assigned: tuple[Assigned, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ProfileGroup:
    """Profiles of one name and kind, each for a platform of its own. `name` and `kind`: without the platform."""

    name: str
    kind: str
    profiles: tuple[ListedProfile, ...]

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of devices for each column."""
        return tuple(map(sum, zip(*(profile.counts for profile in self.profiles), strict=True)))

    @property
    def assigned(self) -> tuple[Assigned, ...]:
        """To whom one or several of them are assigned."""
        return tuple(dict.fromkeys(each for profile in self.profiles for each in profile.assigned))


def _by_name(listed: Sequence[ListedProfile]) -> list[ProfileGroup]:
    """Return these profiles, which stand by name, in groups."""

    def key(profile: ListedProfile) -> tuple[str, str]:
        return _PLATFORM.sub("", profile.name), _family(profile.kind)

    return [ProfileGroup(*words, tuple(those)) for words, those in groupby(sorted(listed, key=key), key)]


def _family(kind_in_words: str) -> str:
    """Return the kind of a profile without its platform."""
    return kind_in_words.partition(" for ")[0]


async def profiles(call: TenantCall) -> Response:
    """Show a page of profiles: so many lines, each with all profiles of its name."""
    start = offset(call, size=_SIZE)
    names = await call.read(group_queries.profile_names, call.tenant.id, text=call.query("text").strip()[:100])
    together: dict[tuple[str, str], list[ProfileId]] = {}
    for id_, type_name, name in names:
        together.setdefault((_PLATFORM.sub("", name).casefold(), _family(kind_words(type_name))), []).append(id_)
    lines = list(together.values())
    groups_here = lines[start : start + _SIZE]
    pages = paging(call, start=start, length=len(groups_here), total=len(lines), size=_SIZE)
    before, here = sum(map(len, lines[:start])), sum(map(len, groups_here))
    pages = replace(pages, first=min(before + 1, len(names)), last=before + here, total=len(names))
    groups = await call.read(_groups, call, groups_here=groups_here)
    return call.page("profiles.html", groups=groups, paging=pages, text=call.query("text"), columns=COLUMNS)


def _groups(
    connection: Connection, call: TenantCall, *, groups_here: Sequence[Sequence[ProfileId]]
) -> list[ProfileGroup]:
    tenant_id = call.tenant.id
    ids = [id_ for those in groups_here for id_ in those]
    rows = configuration_queries.profiles_by_id(connection, tenant_id, ids=ids)
    assignments = configuration_queries.assignments_by_profile(connection, tenant_id, ids=ids)
    named = {
        assignment.group_id
        for each_profile in assignments.values()
        for assignment in each_profile
        if assignment.group_id
    }
    groups = group_queries.group_names(connection, tenant_id, ids=named)
    waiting_devices = waiting(connection, tenant_id, profile_ids=ids)
    counts = status_queries.device_counts_of_each(connection, tenant_id, waiting_devices=waiting_devices)
    listed = {
        row.id: ListedProfile(
            row.id,
            str(row.document["displayName"]),
            kind_words(row.kind, row.document),
            tuple(assigned(assignments[row.id], groups=groups)),
            by_column(counts[row.id]),
        )
        for row in rows.values()
    }
    return [group for those in groups_here for group in _by_name([listed[id_] for id_ in those if id_ in listed])]


def by_column(counts: dict[str, int]) -> tuple[int, ...]:
    """Return the number of devices for each column, from the numbers by status."""
    return tuple(sum(counts.get(status.value, 0) for status in statuses) for _word, _title, statuses in COLUMNS)


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
        counts=counts,
    )
    referring = configuration_queries.referring(
        connection, tenant_id, profile_id=row.id, navigations=NAMES, limit=_MOST_REFERRING
    )
    names = configuration_queries.names(connection, tenant_id, ids=set(row.navigations.values()))
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
    row = configuration_queries.profile(connection, call.tenant.id, profile_id=call.request.path_params["profile"])
    if row is None:
        raise NotFound("There is no such profile. It may have been deleted meanwhile.")
    return row


def assignments_in_words(connection: Connection, call: TenantCall, *, profile_id: ProfileId) -> list[Assigned]:
    """Return the assignments of a profile in words."""
    rows = configuration_queries.assignments_of(connection, call.tenant.id, profile_id=profile_id)
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
