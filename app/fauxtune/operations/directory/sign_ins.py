"""Sign-ins under way: an authorization code waits to be redeemed, a device waits for its user. RFC 6749 4.1, RFC 8628.

They are rows, so they outlive a restart; of the codes that tokens are got with only digests are stored (the one that a
person types gets none). A code is good once: whoever changes the row's state first has it. Times are the system's
(arguments), for clients judge them by their own watch.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from fauxtune.core.model.ids import TenantId
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import sign_ins as queries

Row = dict[str, Any]

CODE_LIFETIME = timedelta(minutes=10)
DEVICE_LIFETIME = timedelta(minutes=15)
#: Seconds between two questions of a device.
INTERVAL = 5
#: A device's watch is not ours.
_LENIENCY = 1
#: Ended ones are remembered for a while, so that clients are told what happened.
_REMEMBERED = timedelta(hours=1)
#: Sign-ins of one tenant that are kept: a device begins one without proof of anything. The newest push the oldest out.
_MOST = 1000
#: RFC 8628 6.1: no vowels, so that no words come out.
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_CODE_LENGTH = 9


class Standing(StrEnum):
    """How a sign-in stands, for whoever comes with its code."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    PENDING = "pending"
    TOO_FAST = "too fast"
    DECLINED = "declined"
    APPROVED = "approved"
    REDEEMED = "redeemed"


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """What an authorization code is bound to."""

    client_id: str
    user_id: str
    redirect_uri: str
    scope: str
    challenge: str | None
    nonce: str | None


def add_code(tx: Transaction, request: CodeRequest, *, now: datetime) -> str:
    """A new authorization code."""
    code = tx.ids.token(48)
    _make_room(tx, now=now)
    queries.add_sign_in(
        tx.connection,
        tx.tenant.id,
        digest=_digest(code),
        client_id=request.client_id,
        state=Standing.APPROVED.value,
        scope=request.scope,
        any_tenant=False,
        user_tenant_id=tx.tenant.id,
        user_id=request.user_id,
        redirect_uri=request.redirect_uri,
        challenge=request.challenge,
        nonce=request.nonce,
        expires_at=now + CODE_LIFETIME,
    )
    return code


def add_device(tx: Transaction, client_id: str, *, scope: str, any_tenant: bool, now: datetime) -> tuple[str, str]:
    """A device begins: its own code, and the one that its user types in."""
    device_code = tx.ids.token(48)
    number = int.from_bytes(hashlib.sha256(tx.ids.token(32).encode()).digest())
    user_code = "".join(_LETTERS[number // len(_LETTERS) ** place % len(_LETTERS)] for place in range(_CODE_LENGTH))
    _make_room(tx, now=now)
    queries.add_sign_in(
        tx.connection,
        tx.tenant.id,
        digest=_digest(device_code),
        client_id=client_id,
        state=Standing.PENDING.value,
        scope=scope,
        any_tenant=any_tenant,
        user_code=user_code,
        expires_at=now + DEVICE_LIFETIME,
    )
    return device_code, user_code


def _make_room(tx: Transaction, *, now: datetime) -> None:
    queries.forget_sign_ins(tx.connection, tx.tenant.id, before=now - _REMEMBERED, most=_MOST - 1)


def look(connection: Connection, code: str, *, device: bool, now: datetime) -> tuple[Standing, Row]:
    """How an authorization code or a device code stands, and its row (empty for an unknown one). Changes nothing."""
    row = queries.sign_in(connection, digest=_digest(code))
    if row is None or (row["user_code"] is not None) != device:
        return Standing.UNKNOWN, {}
    standing = Standing(row["state"])
    if standing is not Standing.REDEEMED and row["expires_at"] <= now:
        return Standing.EXPIRED, row
    return standing, row


def waiting_device(connection: Connection, user_code: str, *, now: datetime) -> tuple[Standing, Row]:
    """The device whose code a person typed, in any case, with or without blanks and hyphens."""
    typed = "".join(each for each in user_code.upper() if each.isalnum())
    row = queries.sign_in_by_user_code(connection, user_code=typed)
    if row is None:
        return Standing.UNKNOWN, {}
    return (Standing.EXPIRED if row["expires_at"] <= now else Standing(row["state"])), row


def poll(connection: Connection, row: Row, *, now: datetime) -> Standing:
    """A device that waits asks again: PENDING, or TOO_FAST."""
    soonest = None if row["polled_at"] is None else row["polled_at"] + timedelta(seconds=INTERVAL - _LENIENCY)
    values = {"polled_at": now}
    queries.change_sign_in(connection, digest=row["digest"], state=Standing.PENDING.value, values=values)
    return Standing.TOO_FAST if soonest is not None and now < soonest else Standing.PENDING


def redeem(connection: Connection, digest: str) -> bool:
    """Use a code up. False: it was used already."""
    values = {"state": Standing.REDEEMED.value}
    return queries.change_sign_in(connection, digest=digest, state=Standing.APPROVED.value, values=values)


def decide(
    connection: Connection, digest: str, *, user_tenant_id: TenantId | None = None, user_id: str | None = None
) -> bool:
    """A person picked a user for a waiting device, or (without one) declined. False: it waits no longer."""
    state = Standing.DECLINED if user_id is None else Standing.APPROVED
    values = {"state": state.value, "user_tenant_id": user_tenant_id, "user_id": user_id}
    return queries.change_sign_in(connection, digest=digest, state=Standing.PENDING.value, values=values)


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
