"""Profiles in words: whom one is assigned to, and what its status on a device means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.model.states import ProfileStatus
from fauxtune.core.profiles.kind_words import words_of
from fauxtune.storage.rows.configuration import AssignmentRow

#: data. A status -> its word, and the class of its symbol.
STATUSES: dict[ProfileStatus, tuple[str, str]] = {
    ProfileStatus.COMPLIANT: ("installed", "good"),
    ProfileStatus.PENDING: ("pending", "wait"),
    ProfileStatus.ERROR: ("error", "bad"),
    ProfileStatus.CONFLICT: ("conflict", "bad"),
    ProfileStatus.NOT_APPLICABLE: ("not applicable", "off"),
}


@dataclass(frozen=True, slots=True)
class Assigned:
    """One assignment. `words`: such as "All Staff" or "all users"; `leaves_out`: a group that does not get the profile;
    `group_id`: the group that is meant; `filtered`: the filter in words, or "".
    """

    words: str
    leaves_out: bool
    group_id: str | None
    filtered: str


def property_words(name: str) -> str:
    """Return a property's name in words, such as "certificate template name"."""
    words = (word if word.isupper() else word.lower() for word in words_of(name).split())
    return " ".join(words)


def assigned(
    rows: Sequence[AssignmentRow], *, groups: Mapping[str, str], filters: Mapping[str, str] | None = None
) -> list[Assigned]:
    """Return assignments in words: those that bring the profile first. `groups` and `filters`: names by id."""
    listed = [_assigned(row, groups=groups, filters=filters or {}) for row in rows]
    return sorted(listed, key=lambda each: each.leaves_out)


def _assigned(row: AssignmentRow, *, groups: Mapping[str, str], filters: Mapping[str, str]) -> Assigned:
    match row.kind:
        case TargetKind.ALL_USERS:
            words = "all users"
        case TargetKind.ALL_DEVICES:
            words = "all devices"
        case TargetKind.COLLECTION:
            words = "a Configuration Manager collection"
        case _:
            words = groups.get(row.group_id or "", "a group that was deleted")
    filtered = ""
    if row.filter_id is not None:
        how = "does not fit" if row.filter_type == "exclude" else "fits"
        filtered = f"where the filter “{filters.get(row.filter_id, 'that was chosen')}” {how}"
    leaves_out = row.kind is TargetKind.EXCLUSION or row.intent == "remove"
    return Assigned(words, leaves_out, row.group_id, filtered)


def assigned_words(listed: Sequence[Assigned]) -> str:
    """Return assignments as one text: "All Staff; not SMIME Pilot"."""
    return "; ".join(f"not {each.words}" if each.leaves_out else each.words for each in listed)
