"""Tokens with which devices enrol."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from fauxtune.core.model.ids import TenantId, UserId
from fauxtune.storage import writes
from fauxtune.storage.rows.devices import EnrollmentTokenRow
from fauxtune.storage.tables import enrollment_tokens


def add_token(connection: Connection, row: EnrollmentTokenRow) -> None:
    """Insert an enrolment token."""
    writes.add_row(connection, enrollment_tokens, row=row)


def use_token(connection: Connection, tenant_id: TenantId, *, digest: str, now: datetime) -> UserId | None:
    """Take one use from the token and return its user; None for a token that is unknown, expired or used up. Two
    callers never take the same use: the UPDATE is the check.
    """
    statement = (
        update(enrollment_tokens)
        .where(
            enrollment_tokens.c.tenant_id == tenant_id,
            enrollment_tokens.c.digest == digest,
            enrollment_tokens.c.expires_at > now,
            enrollment_tokens.c.uses_left > 0,
        )
        .values(uses_left=enrollment_tokens.c.uses_left - 1)
        .returning(enrollment_tokens.c.user_id)
    )
    user_id: UserId | None = connection.execute(statement).scalar_one_or_none()
    return user_id


def token_user(connection: Connection, tenant_id: TenantId, *, digest: str, now: datetime) -> UserId | None:
    """Return the user of a token that can be used; take no use from it."""
    statement = select(enrollment_tokens.c.user_id).where(
        enrollment_tokens.c.tenant_id == tenant_id,
        enrollment_tokens.c.digest == digest,
        enrollment_tokens.c.expires_at > now,
        enrollment_tokens.c.uses_left > 0,
    )
    user_id: UserId | None = connection.execute(statement).scalar_one_or_none()
    return user_id
