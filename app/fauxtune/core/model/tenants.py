"""A tenant: one isolated organisation. Everything belongs to one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from fauxtune.core.clock import TenantClock
from fauxtune.core.model.ids import TenantId

#: The switches of a tenant, each with its default and what it does. Unknown names are refused.
SETTINGS: dict[str, tuple[bool | int | str, str]] = {
    "requireTrustedRoot": (True, "a PKCS certificate waits for its authority's root on the same device"),
    "removalEdition": ("2024-04", 'the edition of the removal table: "2020-03" or "2024-04"'),
    "graph.faithfulQuery": (
        False,
        "query options that the real service ignores or refuses are ignored or refused here as well",
    ),
    "identityValidity": ("P3650D", "how long an enrolment's identity certificate lives (ISO 8601 duration)"),
}


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant as its row has it. `settings` holds only what differs from the default."""

    id: TenantId
    name: str
    domain: str
    created_at: datetime
    ca_host: str
    ca_name: str
    public_http_url: str
    clock: TenantClock = field(default_factory=TenantClock)
    settings: dict[str, bool | int | str] = field(default_factory=dict)

    def setting(self, name: str) -> bool | int | str:
        """The value of a switch: this tenant's, else the default. KeyError for a name that is none."""
        return self.settings.get(name, SETTINGS[name][0])
