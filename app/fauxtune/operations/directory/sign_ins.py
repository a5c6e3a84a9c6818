"""Sign-ins under way: an authorization code waits to be redeemed, a device waits for its user. RFC 6749 4.1, RFC 8628.

They are rows, so they outlive a restart; codes that are exchanged for tokens are stored as digests only (the user code
of a device has none). A code is good once: the first change of the row's state takes it. Times are the system's
(arguments), because clients judge them by their own clocks.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fauxtune.core.model.ids import TenantId, UserId
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import applications as queries
from fauxtune.storage.rows.tenants import SignInRow

CODE_LIFETIME = timedelta(minutes=10)
DEVICE_LIFETIME = timedelta(minutes=15)
#: Seconds between two questions of a device.
INTERVAL = 5
#: Seconds that a device may come early: its clock is not ours.
_LENIENCY = 1
#: Ended ones are remembered for a while, so that clients learn what happened.
_REMEMBERED = timedelta(hours=1)
#: Sign-ins of one tenant that are kept: a device begins one without proof of anything. The newest push the oldest out.
_MOST = 1000
#: RFC 8628 6.1: no vowels, so that no words come out.
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
_CODE_LENGTH = 9


class Standing(StrEnum):
    """The state of a sign-in, as a client that presents its code learns it."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    PENDING = "pending"
    TOO_FAST = "too fast"
    DECLINED = "declined"
    APPROVED = "approved"
    REDEEMED = "redeemed"


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """The request that an authorization code belongs to."""

    client_id: str
    user_id: UserId
    redirect_uri: str
    scope: str
    challenge: str | None
    nonce: str | None


def add_code(tx: Transaction, request: CodeRequest, *, now: datetime) -> str:
    """Add an authorization code and return it."""
    code = tx.ids.token(48)
    _make_room(tx, now=now)
    row = SignInRow(
        digest=_digest(code),
        tenant_id=tx.tenant.id,
        client_id=request.client_id,
        state=Standing.APPROVED.value,
        scope=request.scope,
        user_code=None,
        any_tenant=False,
        user_tenant_id=tx.tenant.id,
        user_id=request.user_id,
        redirect_uri=request.redirect_uri,
        challenge=request.challenge,
        nonce=request.nonce,
        polled_at=None,
        expires_at=now + CODE_LIFETIME,
    )
    queries.add_sign_in(tx.connection, row)
    return code


def add_device(tx: Transaction, client_id: str, *, scope: str, any_tenant: bool, now: datetime) -> tuple[str, str]:
    """Add the sign-in of a device. Returns its device code, and the user code that its user types in."""
    device_code = tx.ids.token(48)
    number = int.from_bytes(hashlib.sha256(tx.ids.token(32).encode()).digest())
    user_code = "".join(_LETTERS[number // len(_LETTERS) ** place % len(_LETTERS)] for place in range(_CODE_LENGTH))
    _make_room(tx, now=now)
    row = SignInRow(
        digest=_digest(device_code),
        tenant_id=tx.tenant.id,
        client_id=client_id,
        state=Standing.PENDING.value,
        scope=scope,
        user_code=user_code,
        any_tenant=any_tenant,
        user_tenant_id=None,
        user_id=None,
        redirect_uri=None,
        challenge=None,
        nonce=None,
        polled_at=None,
        expires_at=now + DEVICE_LIFETIME,
    )
    queries.add_sign_in(tx.connection, row)
    return device_code, user_code


def _make_room(tx: Transaction, *, now: datetime) -> None:
    queries.forget_sign_ins(tx.connection, tx.tenant.id, before=now - _REMEMBERED, most=_MOST - 1)


def code_standing(
    connection: Connection, code: str, *, device: bool, now: datetime
) -> tuple[Standing, SignInRow | None]:
    """Return how an authorization code (or, for a `device`, a device code) stands, and its row; None if it is unknown.
    Changes nothing.
    """
    row = queries.sign_in(connection, digest=_digest(code))
    if row is None or (row.user_code is not None) != device:
        return Standing.UNKNOWN, None
    standing = Standing(row.state)
    if standing is not Standing.REDEEMED and row.expires_at <= now:
        return Standing.EXPIRED, row
    return standing, row


def waiting_device(connection: Connection, user_code: str, *, now: datetime) -> tuple[Standing, SignInRow | None]:
    """Return how the sign-in of the device with this user code stands, and its row; None if it is unknown. The code may
    be typed in any case, with or without blanks and hyphens.
    """
    typed = "".join(character for character in user_code.upper() if character.isalnum())
    row = queries.sign_in_by_user_code(connection, user_code=typed)
    if row is None:
        return Standing.UNKNOWN, None
    return (Standing.EXPIRED if row.expires_at <= now else Standing(row.state)), row


def poll(connection: Connection, row: SignInRow, *, now: datetime) -> Standing:
    """Note that a waiting device asked again. Returns PENDING, or TOO_FAST if the last time was too short ago."""
    soonest = None if row.polled_at is None else row.polled_at + timedelta(seconds=INTERVAL - _LENIENCY)
    queries.change_sign_in(connection, digest=row.digest, old_state=Standing.PENDING.value, polled_at=now)
    return Standing.TOO_FAST if soonest is not None and now < soonest else Standing.PENDING


def redeem(connection: Connection, digest: str) -> bool:
    """Use a code up. Returns False if it was used already."""
    return queries.change_sign_in(
        connection, digest=digest, old_state=Standing.APPROVED.value, state=Standing.REDEEMED.value
    )


def decide(
    connection: Connection, digest: str, *, user_tenant_id: TenantId | None = None, user_id: UserId | None = None
) -> bool:
    """Approve the sign-in of a waiting device for this user, or decline it without one. Returns False if the device no
    longer waits.
    """
    state = Standing.DECLINED if user_id is None else Standing.APPROVED
    return queries.change_sign_in(
        connection,
        digest=digest,
        old_state=Standing.PENDING.value,
        state=state.value,
        user_tenant_id=user_tenant_id,
        user_id=user_id,
    )


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
