"""The value of a setting that counts where several policies ask for it, and what each of them gets.

Two policies with one address and equal values give one setting; with different values they are in conflict, and neither
is applied. A value of a compliance policy goes before those of all others, and of several the strictest counts.

The outcome of each setting that a profile asks for on one device is read from the device's ledger. A profile's own
outcome is the worst of them; settings without a word on the wire do not count, unless there are no others.

Intune for Education: "Avoiding policy conflicts"; Intune: "Common questions, answers, and scenarios with policies and
profiles". Unverified: the name of the state of what gives way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

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

IN_CONFLICT = "Policies ask for different values of the setting: none of them is applied."
GIVES_WAY = "A compliance policy asks for another value of the setting, and goes before."

#: The status of an item by its state in the ledger. An item in any other state does not count for the profile.
ITEM_STATUSES: dict[ItemState, ProfileStatus] = {
    ItemState.WANTED: ProfileStatus.PENDING,
    ItemState.SENT: ProfileStatus.PENDING,
    ItemState.INSTALLED: ProfileStatus.COMPLIANT,
    ItemState.FAILED: ProfileStatus.ERROR,
}
#: What a setting that is to come counts among those that are there: a profile is not compliant before all are.
_WORST_FIRST = (ProfileStatus.ERROR, ProfileStatus.CONFLICT, ProfileStatus.PENDING, ProfileStatus.COMPLIANT)


#: The strictest of the values of compliance policies. `shortest`: 0 is no limit.
_STRICTEST: Mapping[str, Callable[[Any], Any]] = {
    "most": lambda value: -value,
    "least": lambda value: value,
    "shortest": lambda value: value or math.inf,
}


def merged(settings: Iterable[Setting]) -> tuple[Setting, ...]:
    """The settings of all policies, each address once, in the order of their addresses."""
    known: dict[str, list[Setting]] = {}
    for setting in settings:
        known.setdefault(setting.address, []).append(setting)
    return tuple(_merged(known[address]) for address in sorted(known))


def _merged(settings: list[Setting]) -> Setting:
    """The setting that these, which have one address, give."""
    by = _askings(settings)
    first = min(
        (setting for setting in settings if setting.stricter),
        key=lambda setting: (_STRICTEST[setting.stricter](setting.value), setting.text),
        default=settings[0],
    )
    others = [setting for setting in settings if (setting.form, setting.text) != (first.form, first.text)]
    if others and not first.stricter:
        form = min(setting.form for setting in settings)
        return Setting(first.address, form, None, by=by, in_conflict=True)
    return replace(first, by=by, below=_askings(each for each in others if not each.stricter))


def _askings(settings: Iterable[Setting]) -> tuple[Asking, ...]:
    return tuple(sorted({one for setting in settings for one in setting.by}))


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
