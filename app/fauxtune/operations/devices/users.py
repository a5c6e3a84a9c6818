"""The users of devices: their names."""

from __future__ import annotations

from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.rows.devices import EnrollmentRow


def user_name(tx: Transaction, enrollment: EnrollmentRow) -> str | None:
    """Return the userPrincipalName of the enrolment's user, while that user exists."""
    if enrollment.user_id is None:
        return None
    user = directory_queries.user(tx.connection, tx.tenant.id, user_id=enrollment.user_id)
    return None if user is None else str(user.document["userPrincipalName"])
