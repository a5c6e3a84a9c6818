"""A tenant: one isolated organisation, to which everything else belongs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from fauxtune.core.clock import TenantClock
from fauxtune.core.model.editions import Edition
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.scep import server_address

#: The settings of a tenant, each with its default and its effect. Unknown names are refused.
SETTINGS: dict[str, tuple[bool | int | str, str]] = {
    "requireTrustedRoot": (True, "a PKCS certificate waits for its authority's root on the same device"),
    "edition": (
        Edition.CURRENT.value,
        (
            'the state of Microsoft\'s documentation that the tenant follows: "2020-04" or "current". It decides '
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
    "windows.rootPaths": (
        False,
        "this tenant answers at the Windows paths without a tenant, if the user's name does not contain one",
    ),
    "windows.pathAliases": (False, "Windows enrolment works also at the paths that are built into Fleet's test client"),
    "windows.laxIdentity": (
        False,
        "a Windows device is accepted by its DeviceID without proof, and an Entra token without its signature",
    ),
    "ndes.strict": (False, "NDES refuses SCEP messages that use SHA-1 or single DES (failInfo badAlg)"),
    "ndes.approval": (
        False,
        "a SCEP request that the service has validated waits until somebody approves it (fauxtune scep request)",
    ),
    "ndes.signatureTemplate": (
        "SmimeSigning",
        "the certificate template by which NDES has requests issued whose key only signs",
    ),
    "ndes.encryptionTemplate": (
        "SmimeEncryption",
        "the certificate template by which NDES has requests issued whose key only encrypts",
    ),
    "ndes.generalPurposeTemplate": (
        "SmimeBoth",
        "the certificate template by which NDES has requests issued whose key does both",
    ),
    "compliance.secureByDefault": (
        False,
        "a device that no compliance policy reaches is not compliant (Graph: deviceManagement.settings)",
    ),
    "compliance.checkinThresholdDays": (
        30,
        "a device that was not in contact for so many days, 1 to 120, is not compliant",
    ),
    "compliance.scheduledActions": (
        True,
        "the scheduled actions of compliance policies are done: mails, locks, the list of devices to retire",
    ),
    "compliance.judged": (
        False,
        "devices are judged by compliance policies; the first policy that is created switches it on",
    ),
    "enrollment.judged": (
        False,
        "enrolments are compared with restrictions and corporate identifiers; the first of them switches it on",
    ),
    "apps.processed": (
        False,
        "uploaded and new apps are published by the clock; the first one that is being processed switches it on",
    ),
    "approvals.required": (
        False,
        "changes that approval policies guard wait for another administrator; the first policy switches it on",
    ),
    "approvals.preconditionFailed": (
        False,
        "what needs an approval is answered 412 BadRequest, as scripts of 2026 report, not 403 ApprovalRequired",
    ),
    "labs.played": (
        False,
        "what was reached of a lab is looked at before the next change; the first lab that is started switches it on",
    ),
    "catalog.strict": (
        False,
        "settings of the catalog and values of group policy whose definition is not known here are refused",
    ),
    "agent.works": (
        False,
        "the management agents of PCs and Macs ask for work; the first assigned script or app for them switches it on",
    ),
    "identityValidity": ("P3650D", "how long an enrolment's identity certificate is valid (ISO 8601 duration)"),
}


class KeyOrigin(StrEnum):
    """Where the private keys of a tenant's authorities, connector and issued certificates come from.

    `own`: they are made for it, and nobody else has them. `shared`: a test tenant takes them from a few keys that all
    test tenants of the server share, which costs no time; its private keys may be exported.
    """

    OWN = "own"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant. `settings` contains only the values that differ from the defaults; `keys` never changes."""

    id: TenantId
    name: str
    domain: str
    created_at: datetime
    ca_host: str
    ca_name: str
    public_http_url: str
    clock: TenantClock = field(default_factory=TenantClock)
    settings: dict[str, bool | int | str] = field(default_factory=dict)
    keys: KeyOrigin = KeyOrigin.OWN

    def setting(self, name: str) -> bool | int | str:
        """The value of a setting: this tenant's, else the default. Raises KeyError for an unknown name."""
        return self.settings.get(name, SETTINGS[name][0])

    @property
    def is_test_tenant(self) -> bool:
        """Whether it shares its private keys with other tenants, so that they are no secrets."""
        return self.keys is KeyOrigin.SHARED

    @property
    def judges_devices(self) -> bool:
        """Whether devices are judged by compliance policies: one was created, or devices without one do not comply."""
        return bool(self.setting("compliance.judged") or self.setting("compliance.secureByDefault"))

    @property
    def has_agents(self) -> bool:
        """Whether management agents of its devices ask for work: a script or an app for them was assigned."""
        return bool(self.setting("agent.works"))

    @property
    def scep_server(self) -> str:
        """The address of its own SCEP server, below the plain HTTP address that stands in certificates too."""
        return server_address(self.public_http_url, tenant=self.name)

    @property
    def edition(self) -> Edition:
        """The state of Microsoft's documentation that this tenant follows."""
        return Edition(str(self.setting("edition")))
