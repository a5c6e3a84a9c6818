"""The ledger: what each device has, is to get and is to lose; its items from and to rows of the table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import Index, text

from fauxtune.core.model.ids import EnrollmentId, ItemKey, ProfileId, TenantId, UserId
from fauxtune.core.model.items import Claim, LedgerRow, Problem
from fauxtune.core.model.states import Authority, ItemState, Source
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
