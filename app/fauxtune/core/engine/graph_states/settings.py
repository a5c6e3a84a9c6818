"""The states of a profile's settings on a device: one setting for each item that the profile gives it.

Graph: deviceConfigurationSettingState. Unverified: the words of `setting` and `settingName`, which are not documented.
Differs from Intune: a setting is a certificate or an account, not a property of the profile.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fauxtune.core.engine.planning.report import ITEM_STATUSES, ProfileOutcome
from fauxtune.core.model.items import LedgerRow, Problem
from fauxtune.core.model.states import ItemState, ProfileStatus, Source
from fauxtune.core.profiles.catalog import kind

#: The names of a setting by the source of its items: the end of `setting`, and `settingName`.
_WORDS: dict[Source, tuple[str, str]] = {
    Source.ROOT: ("trustedRootCertificate", "Trusted root certificate"),
    Source.PKCS: ("pkcsCertificate", "PKCS certificate"),
    Source.IMPORTED: ("importedPfxCertificate", "Imported PFX certificate"),
    Source.SCEP: ("scepCertificate", "SCEP certificate"),
    Source.EMAIL: ("emailAccount", "E-mail account"),
}


@dataclass(frozen=True, slots=True)
class SettingState:
    """One setting on one device. `instance` distinguishes those of the same kind; `value` is what the device has."""

    setting: str
    name: str
    status: ProfileStatus
    instance: str | None = None
    value: str | None = None
    problem: Problem | None = None


def setting_of(kind_name: str) -> tuple[str, str]:
    """`setting` and `settingName` of the one kind of setting that profiles of this kind have."""
    known = kind(kind_name)
    if known is None or known.family.source is None:
        return kind_name, kind_name
    word, name = _WORDS[known.family.source]
    return f"{kind_name}.{word}", name


def setting_states(kind_name: str, rows: Iterable[LedgerRow], *, outcome: ProfileOutcome) -> tuple[SettingState, ...]:
    """A state for each item of the profile; one for the whole profile if it gives the device no item. `rows` are those
    that the profile claims.
    """
    setting, name = setting_of(kind_name)
    states = tuple(
        SettingState(
            setting=setting,
            name=name,
            status=ITEM_STATUSES[row.state] if row.problem is None else ProfileStatus.ERROR,
            instance=_instance(row),
            value=_value(row) if row.state is ItemState.INSTALLED else None,
            problem=row.problem,
        )
        for row in rows
        if row.state in ITEM_STATUSES
    )
    return states or (SettingState(setting, name, outcome.status, problem=outcome.problem),)


def _instance(row: LedgerRow) -> str | None:
    return row.key.split("/")[1] if row.source in (Source.ROOT, Source.IMPORTED) else None


def _value(row: LedgerRow) -> str | None:
    return _instance(row) or row.thumbprint
