"""The outcome of each setting that a profile asks for on one device, from the device's ledger.

A profile's own outcome is the worst of them; settings without a word on the wire do not count, unless there are no
others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from fauxtune.core.engine.planning.setting_conflicts import GIVES_WAY, IN_CONFLICT
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import REMEDIATION_FAILED, LedgerRow, Problem, setting_key
from fauxtune.core.model.settings import (
    MEMBER,
    Asking,
    Setting,
    Unit,
    WantedSetting,
    Wishes,
    joined,
    node_of,
)
from fauxtune.core.model.states import SEVERITY, ItemState, ProfileStatus, Source
from fauxtune.core.profiles.settings import MOBILECONFIG

#: The status of an item by its state in the ledger. An item in any other state does not count for the profile.
ITEM_STATUSES: dict[ItemState, ProfileStatus] = {
    ItemState.WANTED: ProfileStatus.PENDING,
    ItemState.SENT: ProfileStatus.PENDING,
    ItemState.INSTALLED: ProfileStatus.COMPLIANT,
    ItemState.FAILED: ProfileStatus.ERROR,
}
#: What a setting that is to come counts among those that are there: a profile is not compliant before all are.
_WORST_FIRST = (ProfileStatus.ERROR, ProfileStatus.CONFLICT, ProfileStatus.PENDING, ProfileStatus.COMPLIANT)
assert set(_WORST_FIRST) < set(SEVERITY)


@dataclass(frozen=True, slots=True)
class SettingOutcome:
    """One setting on one device. `value`: what the device has; `sources`: the profiles that ask for it."""

    name: str
    status: ProfileStatus
    address: str | None = None
    value: Any = None
    problem: Problem | None = None
    sources: tuple[ProfileId, ...] = ()


def setting_outcomes(profile: ProfileId, wishes: Wishes, *, rows: Iterable[LedgerRow]) -> tuple[SettingOutcome, ...]:
    """The outcomes, in the order of the profile's settings, then those that cannot be delivered. A list of which the
    profile asks for several members has one.
    """
    units = {row.key: row for row in rows if row.source is Source.SETTING and row.state in ITEM_STATUSES}
    decoded = {key: Unit.decode(row.payload or b"[]") for key, row in units.items()}
    outcomes, lists = [], dict[str, list[SettingOutcome]]()
    for setting in wishes.settings:
        key = setting_key(setting.unit)
        present = {one.address: one for one in decoded[key].settings} if key in decoded else {}
        outcome = _outcome(profile, setting, row=units.get(key), setting=present.get(setting.address))
        if setting.form == MEMBER:
            lists.setdefault(setting.name, []).append(outcome)
        else:
            outcomes.append(outcome)
    outcomes += map(_of_list, lists.values())
    own = (profile,)
    outcomes += [
        SettingOutcome(name, ProfileStatus.ERROR, problem=Problem(REMEDIATION_FAILED, why), sources=own)
        for name, why in wishes.unusable.items()
    ]
    outcomes += [SettingOutcome(name, ProfileStatus.NOT_APPLICABLE, sources=own) for name in wishes.without]
    return tuple(outcomes)


def _of_list(members: list[SettingOutcome]) -> SettingOutcome:
    first = worst(members) or members[0]
    values = sorted(str(member.value) for member in members if member.value is not None)
    sources = tuple(dict.fromkeys(one for member in members for one in member.sources))
    value = joined(values) if values else None
    return replace(first, address=node_of(first.address or ""), value=value, sources=sources)


def _outcome(
    profile: ProfileId, wanted: WantedSetting, *, row: LedgerRow | None, setting: Setting | None
) -> SettingOutcome:
    pending = SettingOutcome(wanted.name, ProfileStatus.PENDING, wanted.address, sources=(profile,))
    if row is None or setting is None or not any(one.profile == profile for one in setting.by):
        return pending
    is_there = row.state is ItemState.INSTALLED and wanted.form != MOBILECONFIG
    value, sources = setting.value if is_there else None, tuple(dict.fromkeys(one.profile for one in setting.by))
    gives_way = Asking(profile, wanted.name) in setting.below
    if setting.in_conflict or gives_way:
        problem = Problem(REMEDIATION_FAILED, GIVES_WAY if gives_way else IN_CONFLICT)
        return SettingOutcome(wanted.name, ProfileStatus.CONFLICT, wanted.address, value, problem, sources)
    if setting.value != wanted.value:
        return pending  # the profile has changed, and the device was not planned since
    return SettingOutcome(wanted.name, ITEM_STATUSES[row.state], wanted.address, value, row.problem, sources)


def worst(outcomes: Iterable[SettingOutcome]) -> SettingOutcome | None:
    """The outcome that counts for the profile; None, if it asks for nothing."""
    listed = list(outcomes)
    for status in _WORST_FIRST:
        for setting_outcome in listed:
            if setting_outcome.status is status:
                return setting_outcome
    return listed[0] if listed else None
