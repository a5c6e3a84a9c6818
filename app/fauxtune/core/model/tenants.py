"""A tenant: one isolated organisation. Everything belongs to one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from fauxtune.core.clock import TenantClock
from fauxtune.core.model.editions import Edition
from fauxtune.core.model.ids import TenantId

#: The switches of a tenant, each with its default and what it does. Unknown names are refused.
SETTINGS: dict[str, tuple[bool | int | str, str]] = {
    "requireTrustedRoot": (True, "a PKCS certificate waits for its authority's root on the same device"),
    "edition": (
        Edition.CURRENT.value,
        (
            'the state of Microsoft\'s documentation that the tenant behaves like: "2020-04" or "current". It rules '
            "removal, profile kinds, device actions, connectors (those that the tenant has are reinstalled), variables "
            "and more"
        ),
    ),
    "digicert.host": (
        "pki-ws.symauth.com",
        "the base service FQDN of the tenant's DigiCert CA: what its PKCS profiles name as certificationAuthority",
    ),
    "graph.faithfulQuery": (
        False,
        "query options that the real service ignores or refuses are ignored or refused here as well",
    ),
    "apple.plainProfiles": (
        False,
        "profiles with certificates are sent to Apple devices in clear, for clients that cannot decrypt them",
    ),
    "windows.rootPaths": (False, "this tenant answers at the Windows paths without a tenant, where no user names one"),
    "windows.pathAliases": (False, "Windows enrolment also at the paths that Fleet's test client has built in"),
    "windows.laxIdentity": (
        False,
        "a Windows device that proves nothing is believed by its DeviceID, and an Entra token without its signature",
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

    @property
    def edition(self) -> Edition:
        """The state of Microsoft's documentation that this tenant behaves like."""
        return Edition(str(self.setting("edition")))
