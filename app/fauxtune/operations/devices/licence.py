"""Whether a user may have managed devices: a licence for device management is needed."""

from __future__ import annotations

from fauxtune.core.errors import NotLicensed
from fauxtune.storage.rows.directory import UserRow


def check_licensed(user: UserRow) -> None:
    """Raise NotLicensed for a user without a licence for devices."""
    if not user.licensed:
        raise NotLicensed(
            f"{user.document['userPrincipalName']} has no licence for device management: assign one first."
        )
