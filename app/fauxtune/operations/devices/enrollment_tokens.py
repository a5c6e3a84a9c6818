"""Enrolment tokens: an admin makes one for a user, and devices enrol for that user with it."""

from __future__ import annotations

from datetime import timedelta

from fauxtune.core.errors import Invalid, NotFound, NotLicensed, Unauthenticated
from fauxtune.core.model.ids import UserId
from fauxtune.operations.devices.credentials import digest
from fauxtune.operations.devices.licence import check_licensed
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import enrolling as queries
from fauxtune.storage.rows.devices import EnrollmentTokenRow
from fauxtune.storage.rows.directory import UserRow

TOKEN_SECONDS = 86400
#: So many devices enrol with one token unless another number is given.
TOKEN_USES = 1
_LONGEST_TOKEN = 365 * 86400


def create_token(tx: Transaction, upn: str, *, seconds: int = TOKEN_SECONDS, uses: int = TOKEN_USES) -> str:
    """Create a token with which devices enrol for this user; return it. Raises NotFound for an unknown user, Invalid
    for a lifetime or a number of uses that is out of range.
    """
    user = directory_queries.user_by_key(tx.connection, tx.tenant.id, key=upn)
    if user is None:
        raise NotFound(f"There is no user '{upn}' to enrol a device for.")
    if not 1 <= seconds <= _LONGEST_TOKEN:
        raise Invalid(f"expiresIn is 1 to {_LONGEST_TOKEN} seconds.", target="expiresIn")
    if uses < 1:
        raise Invalid("uses is at least 1.", target="uses")
    token = tx.ids.token(24)
    row = EnrollmentTokenRow(
        digest=digest(token),
        tenant_id=tx.tenant.id,
        user_id=user.id,
        expires_at=tx.now + timedelta(seconds=seconds),
        uses_left=uses,
    )
    queries.add_token(tx.connection, row)
    return token


def redeem(tx: Transaction, token: str) -> UserRow:
    """Take a use from the token; return its user. Raises Unauthenticated for a token that is unknown, expired or used
    up, NotLicensed for a user without licence.
    """
    user = _user(tx, queries.use_token(tx.connection, tx.tenant.id, digest=digest(token), now=tx.now))
    tx.holds_tenant = True  # the token's row is locked
    return user


def token_holder(tx: Transaction, token: str) -> UserRow:
    """Return the token's user, and take no use from it. Raises as `redeem`."""
    return _user(tx, queries.token_user(tx.connection, tx.tenant.id, digest=digest(token), now=tx.now))


def _user(tx: Transaction, user_id: UserId | None) -> UserRow:
    if user_id is None:
        raise Unauthenticated("The enrolment token is unknown, expired, or was used already.")
    user = directory_queries.user(tx.connection, tx.tenant.id, user_id=user_id)
    if user is None:
        raise NotLicensed("The user for whom this enrolment token was made no longer exists.")
    check_licensed(user)
    return user
