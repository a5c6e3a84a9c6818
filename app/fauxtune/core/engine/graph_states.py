"""Graph's names for the states of certificates and settings on devices.

A certificate by its source and its state in the ledger: certificateIssuanceStates, certificateRevocationStatus,
keyUsages (beta). The members are documented only by their names. Unverified: which of them the real service shows when.

A profile's settings: deviceConfigurationSettingState, one for each item that the profile gives. Unverified: the words
of `setting` and `settingName`, which are not documented. A setting of a restriction profile is a property of it.
Differs from Intune: one of any other profile is a certificate or an account.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fauxtune.core.engine.planning.reported_items import ProfileOutcome
from fauxtune.core.engine.planning.setting_conflicts import ITEM_STATUSES, SettingOutcome, setting_outcomes
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import LedgerRow, Problem, setting_key
from fauxtune.core.model.settings import Asking, Unit, Wishes
from fauxtune.core.model.states import ItemState, ProfileStatus, Source
from fauxtune.core.profiles.catalog import kind
from fauxtune.core.profiles.kind_words import words_of

#: The sources of items that are a certificate of the device's user.
SOURCES = (Source.PKCS, Source.IMPORTED, Source.SCEP)

#: certificateIssuanceState. A combination that is not here cannot occur, and is `unknown`.
ISSUANCE: dict[tuple[Source, ItemState], str] = {
    # The connector, or the trusted root, is awaited.
    (Source.PKCS, ItemState.WANTED): "issuePending",
    (Source.PKCS, ItemState.SENT): "issued",
    (Source.PKCS, ItemState.INSTALLED): "installed",
    (Source.PKCS, ItemState.FAILED): "issueFailed",
    (Source.PKCS, ItemState.REMOVING): "removedFromCollection",
    (Source.PKCS, ItemState.KEPT): "removedFromCollection",
    (Source.PKCS, ItemState.REMOVED): "deleted",
    # Nothing is issued: the connector is asked for the file, encrypted for this device.
    (Source.IMPORTED, ItemState.WANTED): "requested",
    (Source.IMPORTED, ItemState.SENT): "issued",
    (Source.IMPORTED, ItemState.INSTALLED): "installed",
    (Source.IMPORTED, ItemState.FAILED): "responseProcessingFailed",
    (Source.IMPORTED, ItemState.REMOVING): "removedFromCollection",
    (Source.IMPORTED, ItemState.KEPT): "removedFromCollection",
    (Source.IMPORTED, ItemState.REMOVED): "deleted",
    # The trusted root is awaited, or the profile has a problem; then the challenge decides: see CHALLENGED.
    (Source.SCEP, ItemState.WANTED): "issuePending",
    (Source.SCEP, ItemState.SENT): "issuePending",
    (Source.SCEP, ItemState.INSTALLED): "installed",
    (Source.SCEP, ItemState.FAILED): "challengeIssueFailed",
    (Source.SCEP, ItemState.REMOVING): "removedFromCollection",
    (Source.SCEP, ItemState.KEPT): "removedFromCollection",
    (Source.SCEP, ItemState.REMOVED): "deleted",
}
#: certificateIssuanceState of a certificate that a device requests by SCEP, by the state of its last challenge.
CHALLENGED = {
    "given": "challengeIssued",
    "validated": "challengeValidationSucceeded",
    "refused": "challengeValidationFailed",
    "issued": "issued",
    "failed": "issueFailed",
}
#: The states of the last challenge that a failed item shows; with any other one it is REFUSED_BY_DEVICE.
NOT_GRANTED = ("refused", "failed")
#: certificateIssuanceState of a certificate that the device was offered and refused.
REFUSED_BY_DEVICE = "installFailed"
#: certificateIssuanceState while a device has a certificate and its successor is requested.
RENEWING = "renewalRequested"
OTHERWISE = "unknown"

#: certificateRevokeStatus of certificates on the CRL, and of all others. Revoking takes no time here: none is pending.
REVOKED, NOT_REVOKED = "revoked", "none"

#: The members of `certificateKeyUsage`, lowest bit first, as flags are written; it knows no others.
KEY_USAGES = ("keyEncipherment", "digitalSignature")
#: The bits of the number `certificateKeyUsages`: those of the extension's first byte (RFC 5280 4.2.1.3), as Windows
#: counts them. Unverified: that the service's number is this one.
KEY_USAGE_BITS = {
    "digitalSignature": 0x80,
    "nonRepudiation": 0x40,
    "keyEncipherment": 0x20,
    "dataEncipherment": 0x10,
    "keyAgreement": 0x08,
}

#: The names of a setting by the source of its items: the end of `setting`, and `settingName`.
_WORDS: dict[Source, tuple[str, str]] = {
    Source.ROOT: ("trustedRootCertificate", "Trusted root certificate"),
    Source.PKCS: ("pkcsCertificate", "PKCS certificate"),
    Source.IMPORTED: ("importedPfxCertificate", "Imported PFX certificate"),
    Source.SCEP: ("scepCertificate", "SCEP certificate"),
    Source.EMAIL: ("emailAccount", "E-mail account"),
    Source.SETTING: ("settings", "Settings"),
}


@dataclass(frozen=True, slots=True)
class SettingState:
    """One setting on one device. `instance` distinguishes those of the same kind; `value` is what the device has;
    `sources`: the profiles that ask for it.
    """

    setting: str
    name: str
    status: ProfileStatus
    instance: str | None = None
    value: str | None = None
    problem: Problem | None = None
    sources: tuple[ProfileId, ...] = ()
    address: str | None = None


def states_of_settings(
    kind_name: str, profile: ProfileId, *, wishes: Wishes, rows: Iterable[LedgerRow]
) -> tuple[SettingState, ...]:
    """A state for each setting that a profile asks for."""
    return tuple(_state(kind_name, setting_outcome) for setting_outcome in setting_outcomes(profile, wishes, rows=rows))


@dataclass(frozen=True, slots=True)
class SettingSummary:
    """One setting in the whole tenant: the number of devices by its status."""

    setting: str
    name: str
    devices: Mapping[str, int]


def summaries_of_settings(
    kind_name: str,
    profile: ProfileId,
    *,
    wishes: Wishes,
    counted: Iterable[tuple[LedgerRow, int]],
    total: int,
) -> list[SettingSummary]:
    """The settings of a profile that reaches `total` devices. `counted`: rows of ledgers that are alike, and how many
    devices have them; what is in no ledger is to come.
    """
    numbers: dict[tuple[str, str], dict[str, int]] = {}
    rows = list(counted)
    for state in states_of_settings(kind_name, profile, wishes=wishes, rows=()):
        numbers[state.setting, state.name] = {state.status.value: total}
    for row, devices in rows:
        own = Wishes(tuple(wish for wish in wishes.settings if setting_key(wish.unit) == row.key))
        for state in states_of_settings(kind_name, profile, wishes=own, rows=[row]):
            by_status = numbers[state.setting, state.name]
            by_status[ProfileStatus.PENDING.value] -= devices
            by_status[state.status.value] = by_status.get(state.status.value, 0) + devices
    return [SettingSummary(setting, name, by_status) for (setting, name), by_status in numbers.items()]


def conflicts_in(counted: Iterable[tuple[LedgerRow, int]]) -> Mapping[str, tuple[tuple[Asking, ...], int]]:
    """The settings in conflict, by address: who asks for them, and on how many devices."""
    conflicts: dict[str, tuple[tuple[Asking, ...], int]] = {}
    for row, devices in counted:
        settings = Unit.decode(row.payload or b"[]").settings if row.state in ITEM_STATUSES else ()
        for setting in settings:
            if setting.in_conflict or setting.below:
                by, number = conflicts.get(setting.address, ((), 0))
                conflicts[setting.address] = (tuple(sorted({*by, *setting.by})), number + devices)
    return conflicts


def _state(kind_name: str, outcome: SettingOutcome) -> SettingState:
    return SettingState(
        setting=f"{kind_name}.{outcome.name}",
        name=words_of(outcome.name),
        status=outcome.status,
        value=None if outcome.value is None else value_text(outcome.value),
        problem=outcome.problem,
        sources=outcome.sources,
        address=outcome.address,
    )


def value_text(value: object) -> str:
    """A value of a setting, as Graph shows it."""
    return value if isinstance(value, str) else json.dumps(value)


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
