"""Profiles: the list, with kind, assignments and counts of devices by status."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from fastapi import Response

from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.states import ProfileStatus
from fauxtune.core.profiles.kind_words import kind_words
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries.insight import groups_and_profiles as group_queries
from fauxtune.storage.queries.insight import statuses as status_queries
from fauxtune.storage.queries.visits import waiting
from fauxtune_console.call import TenantCall
from fauxtune_console.paging import offset, paging
from fauxtune_console.profiles.words import Assigned, assigned

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
    for id_, kind, name in names:
        together.setdefault((_PLATFORM.sub("", name).casefold(), _family(kind_words(kind))), []).append(id_)
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
