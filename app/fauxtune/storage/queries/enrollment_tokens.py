"""Tokens with which devices enrol."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, select, update

from fauxtune.core.model.ids import TenantId, UserId
from fauxtune.storage import writes
from fauxtune.storage.prepared import Prepared
from fauxtune.storage.rows.devices import EnrollmentTokenRow
from fauxtune.storage.tables import enrollment_tokens
from fauxtune.storage.tenancy import of_tenant

# What every enrolment asks, built once.
_CAN_BE_USED = (
    of_tenant(enrollment_tokens),
    enrollment_tokens.c.digest == bindparam("token"),
    enrollment_tokens.c.expires_at > bindparam("now"),
    enrollment_tokens.c.uses_left > 0,
)
_USER = Prepared(select(enrollment_tokens.c.user_id).where(*_CAN_BE_USED))
_USE = Prepared(
    update(enrollment_tokens)
    .where(*_CAN_BE_USED)
    .values(uses_left=enrollment_tokens.c.uses_left - 1)
    .returning(enrollment_tokens.c.user_id)
)


def add_token(connection: Connection, row: EnrollmentTokenRow) -> None:
    """Insert an enrolment token."""
    writes.add_row(connection, enrollment_tokens, row=row)


def use_token(connection: Connection, tenant_id: TenantId, *, digest: str, now: datetime) -> UserId | None:
    """Take one use from the token and return its user; None for a token that is unknown, expired or used up. Two
    callers never take the same use: the UPDATE is the check.
    """
    values = {"tenant": tenant_id, "token": digest, "now": now}
    user_id: UserId | None = _USE.scalar(connection, values)
    return user_id


def token_user(connection: Connection, tenant_id: TenantId, *, digest: str, now: datetime) -> UserId | None:
    """Return the user of a token that can be used; take no use from it."""
    values = {"tenant": tenant_id, "token": digest, "now": now}
    user_id: UserId | None = _USER.scalar(connection, values)
    return user_id
