"""The check of permissions, and the record of their use.

Which permissions each operation needs stands at its route (`surfaces/graph/needed_permissions.py` has the tuples).
Any one of an operation's permissions suffices; the first in its reference is the least privileged. A user's token is
judged by its scopes as an application's is by its roles. The record of their use is in memory and empty when the server
starts: it reports what a test run used, and is no audit.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from fauxtune.core.errors import NotAllowed
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.permissions import Permissions
from fauxtune.operations.runtime.access_tokens import Principal

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Use:
    """The calls of one operation by one application, and those without a permission: in all (`refused`), and of these
    with a user's token (`refused_users`).
    """

    needs: tuple[str, ...]
    calls: int = 0
    refused: int = 0
    refused_users: int = 0


@dataclass(slots=True)
class PermissionCheck:
    """Checks permissions and records their use: (tenant, application) -> (verb, path) -> use."""

    mode: Permissions = Permissions.ENFORCE
    _used: dict[tuple[TenantId, str], dict[tuple[str, str], Use]] = field(default_factory=dict)

    def check(self, principal: Principal, operation: tuple[str, str], *, needs: tuple[str, ...]) -> None:
        """Raise NotAllowed, naming the missing permissions, if the mode enforces them. `operation`: verb and path
        template.
        """
        use = self._used.setdefault((principal.tenant_id, principal.client_id), {}).setdefault(operation, Use(needs))
        use.calls += 1
        if not needs or not principal.permissions.isdisjoint(needs):
            return
        use.refused += 1
        use.refused_users += principal.user_id is not None
        missing = (
            f"'{principal.client_id}' needs one of these permissions: {', '.join(needs)}. It has: "
            f"{', '.join(sorted(principal.permissions)) or 'none'}."
        )
        if self.mode is Permissions.ENFORCE:
            raise NotAllowed(f"Insufficient privileges to complete the operation. The application {missing}")
        if self.mode is Permissions.WARN:
            log.warning("%s %s is let through, though the application %s", *operation, missing)

    def used(self, tenant_id: TenantId) -> dict[str, dict[tuple[str, str], Use]]:
        """Return the use of each of a tenant's applications since the server started, by client id."""
        return {client: operations for (tenant, client), operations in self._used.items() if tenant == tenant_id}
