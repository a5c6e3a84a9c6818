"""What devices hold: the ledger of what each has, is to get and is to lose, whose items are made from rows and become
rows; the private keys that they held; the secrets that they escrowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import Index, text

from fauxtune.core.engine.planning.ledger import KeyChange
from fauxtune.core.model.actions import EscrowKind
from fauxtune.core.model.ids import DirectoryDeviceId, EnrollmentId, ItemKey, ProfileId, TenantId, UserId
from fauxtune.core.model.items import Claim, LedgerRow, Problem
from fauxtune.core.model.states import Authority, ItemState, Source
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.columns import Indexed, Key, table


class LedgerColumns:
    """The columns of the ledger. Its items are `LedgerRow`s: what no column can say, they say in several."""

    enrollment_id: Key[EnrollmentId]
    item_key: Key[ItemKey]
    tenant_id: TenantId
    source: Source
    state: ItemState
    fingerprint: Annotated[str | None, "of what the device should hold: another one means another delivery"]
    installed_fingerprint: str | None
    user_id: Annotated[UserId | None, "whose item it was when it was last wanted"]
    purpose: str | None
    thumbprint: Indexed[str | None]
    serial: str | None
    renew_at: datetime | None
    not_after: datetime | None
    wanted_by: Annotated[list[list[str]], "[[profile id, assignment id], ...]"]
    error_code: int | None
    message: Annotated[str | None, "why it waits or failed, in words"]
    payload: Annotated[bytes | None, "a trusted root's bytes"]
    changed_at: datetime


ledger = table(
    "ledger",
    LedgerColumns,
    Index("ix_ledger_tenant", "tenant_id", "enrollment_id"),
    # Only of the failed items (on SQLite: see `certificates`): a list of devices counts them, and nothing is written
    # here as long as all goes well.
    Index("ix_ledger_failed", "tenant_id", "enrollment_id", sqlite_where=text(f"state = '{ItemState.FAILED.value}'")),
)


def ledger_row(row: Mapping[Any, Any]) -> LedgerRow:
    """Return an item of the ledger from a row of its table; `authority`, where the statement joins it, is the name of
    the authority that issued its certificate.
    """
    failed = row["error_code"] is not None
    return LedgerRow(
        key=ItemKey(row["item_key"]),
        source=row["source"],
        state=row["state"],
        fingerprint=row["fingerprint"],
        installed_fingerprint=row["installed_fingerprint"],
        user_id=row["user_id"],
        purpose=row["purpose"],
        thumbprint=row["thumbprint"],
        serial=row["serial"],
        renew_at=row["renew_at"],
        not_after=row["not_after"],
        claims=tuple(
            Claim(profile=ProfileId(profile), assignment=assignment) for profile, assignment in row["wanted_by"]
        ),
        problem=Problem(row["error_code"], row["message"]) if failed else None,
        waits_for=None if failed else row["message"],
        payload=row["payload"],
        authority=_authority(row),
        revoked=row.get("revoked_at") is not None or row.get("revocation_state") in ("asked", "waiting"),
    )


def ledger_values(row: LedgerRow) -> dict[str, Any]:
    """Return the values of a ledger row, by column."""
    return {
        "item_key": row.key,
        "source": row.source,
        "state": row.state,
        "fingerprint": row.fingerprint,
        "installed_fingerprint": row.installed_fingerprint,
        "user_id": row.user_id,
        "purpose": row.purpose,
        "thumbprint": row.thumbprint,
        "serial": row.serial,
        "renew_at": row.renew_at,
        "not_after": row.not_after,
        "wanted_by": [[claim.profile, claim.assignment] for claim in row.claims],
        "error_code": row.problem.code if row.problem else None,
        "message": row.problem.message if row.problem else row.waits_for,
        "payload": row.payload,
    }


def _authority(row: Mapping[Any, Any]) -> Authority:
    """The kind of the authority of an item's certificate: a partner's is not in the register."""
    if row["source"] is Source.SCEP and row["thumbprint"] is not None and row.get("authority") is None:
        return Authority.PARTNER
    return Authority.named(row.get("authority"))


@dataclass(frozen=True, slots=True)
class KeyHoldingRow:
    """The time in which a device held a key: from one number of the journal to another, and from one moment to another.

    `cause` (of `Cause` or `Incident`): why the key is gone; of a key that is there, why it is to go, or stays on the
    device although it is not wanted any more.
    """

    enrollment_id: Key[EnrollmentId]
    item_key: Key[ItemKey]
    thumbprint: Key[str]
    # Numbers of the journal: a clock that is put back does not change their order.
    since_number: Key[int]
    since: Annotated[datetime, "when the device confirmed that it has the key"]
    tenant_id: TenantId
    until_number: Annotated[int | None, "null: it has the key still"]
    until: Annotated[datetime | None, "when the device confirmed that the key is gone"]
    cause: Annotated[str | None, "why it is gone, is to go, or is not wanted any more"]
    issuer_and_serial: Annotated[str, "of its certificate: serial number, hash of the issuer"]
    key_id: Annotated[str | None, "of its certificate: the subject key identifier"]


key_holdings = table(
    "key_holdings",
    KeyHoldingRow,
    Index("ix_key_holdings_recipient", "tenant_id", "issuer_and_serial"),
    Index("ix_key_holdings_key_id", "tenant_id", "key_id"),
)


@dataclass(frozen=True, slots=True)
class NotedKeyChange:
    """A change of what a device holds, to be written with its transaction. The two names are those of a certificate
    whose key comes. `has_keys`: whether the device may have had keys before the transaction.
    """

    enrollment_id: EnrollmentId
    change: KeyChange
    issuer_and_serial: str = ""
    key_id: str | None = None
    has_keys: bool = True


@dataclass(frozen=True, slots=True)
class EscrowedSecretRow:
    """One secret of a device. `sealed`: DER CMS."""

    tenant_id: Key[TenantId]
    id: Key[str]
    enrollment_id: EnrollmentId
    directory_device_id: DirectoryDeviceId
    kind: EscrowKind
    details: Annotated[JsonObject, "what is not secret: the volume, the account"]
    sealed: Annotated[bytes, "CMS for the authority of the devices"] = field(repr=False)
    created_at: datetime


escrowed_secrets = table(
    "escrowed_secrets",
    EscrowedSecretRow,
    Index("ix_escrowed_secrets_device", "tenant_id", "directory_device_id", "kind"),
)
