"""The users of devices: their names."""

from __future__ import annotations

from fauxtune.core.model.ids import UserId
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.rows.directory import UserRow


def user_of(tx: Transaction, user_id: UserId) -> UserRow | None:
    """Return the user with this id."""
    rows = tx.known(("user", user_id), lambda: [directory_queries.user(tx.connection, tx.tenant.id, user_id=user_id)])
    return rows[0]


def user_name(tx: Transaction, enrollment: EnrollmentRow) -> str | None:
    """Return the userPrincipalName of the enrolment's user, while that user exists."""
    user = None if enrollment.user_id is None else user_of(tx, enrollment.user_id)
    return None if user is None else str(user.document["userPrincipalName"])
