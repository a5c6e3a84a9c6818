"""A tenant: one isolated organisation, to which everything else belongs; its edition, licences and logs.

An edition is the year of Intune whose rules a tenant follows (its setting `edition`), for Microsoft's documents have
changed since 2020: which devices can be wiped or retired, what is removed and revoked, which connectors there are, what
a variable stands for. Every rule that has changed since April 2020 depends on it. The differences are data beside the
rule that uses them, with the document and date of each side.

Licences are of one product, Intune Plan 1. Graph: subscribedSku. Microsoft: "Product names and service plan
identifiers for licensing" has the names and the ids.

Each entry of a log has the next number of its log, so that counting costs nothing: when a number passes a multiple of
`STEP`, the oldest entries go that are beyond the most, in the transaction that adds the new ones. No log grows beyond
its most and one `STEP`. Differs from Intune: audit events are kept for a year there, however many they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar

from fauxtune.core.clock import TenantClock
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.scep import server_address

T = TypeVar("T")


class Edition(StrEnum):
    """The state of Microsoft's documentation that a tenant follows.

    `2020-04` is the month of the S/MIME overview of 2020-04-20, with the pages that were public then. `current` is the
    documentation as it was read on 2026-11-26.
    """

    APRIL_2020 = "2020-04"
    CURRENT = "current"


@dataclass(frozen=True, slots=True)
class Stated(Generic[T]):
    """A rule in one edition: the value for the code, the rule in words, the document with its date."""

    value: T
    says: str
    source: str


@dataclass(frozen=True, slots=True)
class Changed(Generic[T]):
    """A rule that is not the same in all editions. `subject` names it for readers."""

    subject: str
    stated: Mapping[Edition, Stated[T]]

    def of(self, edition: Edition) -> T:
        """The value in this edition."""
        return self.stated[edition].value


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
class Deterministic:
    """What makes a tenant deterministic: the number that all of its chance comes from, and by how much its clock moves
    with each request of a client or a device.
    """

    number: int
    tick: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant. `settings` contains only the values that differ from the defaults; `keys` and `deterministic` never
    change.
    """

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
    deterministic: Deterministic | None = None

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


#: INTUNE_A: the licence that lets a user's devices be managed.
INTUNE_SKU = "061f9ace-7d42-4136-88ac-31dc755f143f"
#: The number of licences. Differs from Intune: they do not run out.
PREPAID = 1_000_000


def _plan(name: str, plan_id: str, *, applies_to: str) -> dict[str, Any]:
    return {
        "appliesTo": applies_to,
        "provisioningStatus": "Success",
        "servicePlanId": plan_id,
        "servicePlanName": name,
    }


#: The products by their ids: the name, and the service plans in it.
SKUS: dict[str, tuple[str, tuple[dict[str, Any], ...]]] = {
    INTUNE_SKU: (
        "INTUNE_A",
        (
            _plan("INTUNE_A", "c1ec4a95-1f05-45b3-a911-aa3fa01094f5", applies_to="User"),
            _plan("EXCHANGE_S_FOUNDATION", "113feb6c-3fe4-4440-bddc-54d774bf0318", applies_to="Company"),
        ),
    ),
}


#: An entry has some hundred bytes.
MOST_JOURNAL = 1_000_000
MOST_CONNECTOR_EVENTS = 100_000
#: An event may hold old and new values of what a request changed: usually some thousand bytes, of each value 4,096
#: characters at most (`operations/insight/audit.py`).
MOST_AUDIT = 100_000
STEP = 1_000


def surplus(last: int, *, added: int, most: int) -> int:
    """Return up to which number entries go, now that so many were added of which `last` is the last; 0: none goes."""
    if last // STEP == (last - added) // STEP:
        return 0
    return max(0, last - most)
