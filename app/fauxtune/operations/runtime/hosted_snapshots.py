"""The simulated devices of snapshots, with their private keys: in memory alone, for no private key enters a database.

They end with the server, as the devices of the host do.
"""

from __future__ import annotations

from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import TenantId

#: Bytes of all tenants: some thousand devices.
_LIMIT = 64 * 1024 * 1024


class HostedSnapshots:
    """What the host of simulated devices saved for each snapshot."""

    def __init__(self, *, limit: int = _LIMIT) -> None:
        """`limit`: bytes in all."""
        self._limit = limit
        self._saved: dict[tuple[TenantId, str], bytes] = {}

    def get(self, tenant: TenantId, name: str) -> bytes:
        """Return the devices of a snapshot; empty if it has none."""
        return self._saved.get((tenant, name), b"")

    def put(self, tenant: TenantId, name: str, *, saved: bytes) -> None:
        """Store the devices of a snapshot. Raises Invalid if there is no room for them."""
        others = sum(len(each) for key, each in self._saved.items() if key != (tenant, name))
        if others + len(saved) > self._limit:
            raise Invalid(
                f"The simulated devices of all snapshots must not take more than {self._limit // 1024 // 1024} MiB. "
                "Delete a snapshot that has devices."
            )
        if saved:
            self._saved[tenant, name] = saved
        else:
            self._saved.pop((tenant, name), None)

    def forget(self, tenant: TenantId, name: str | None = None) -> None:
        """Drop the devices of one snapshot, or of all snapshots of the tenant."""
        for key in [key for key in self._saved if key[0] == tenant and name in (None, key[1])]:
            del self._saved[key]
