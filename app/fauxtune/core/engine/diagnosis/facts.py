"""The facts that the rules check: a user with all certificates, the devices with their profiles, and the connectors.

Times are the tenant's. The operations gather the facts; nothing is read from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from fauxtune.core.engine.compliance.states import DeviceState
from fauxtune.core.engine.planning.ledger import NOT_WANTED
from fauxtune.core.engine.planning.targeting import Reach
from fauxtune.core.model.connectors import SCEP_ROLE
from fauxtune.core.model.ids import ItemKey, ProfileId
from fauxtune.core.model.items import LedgerRow, Order
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.scep import is_same_server
from fauxtune.core.model.states import EnrollmentState, ItemState, Source
from fauxtune.core.model.tenants import Edition
from fauxtune.core.pki.contents import CertificateContents
from fauxtune.core.pki.template import Template
from fauxtune.core.profiles.catalog import kind
from fauxtune.core.profiles.family import Profile


@dataclass(frozen=True, slots=True)
class UserFacts:
    """The user. `mail` is the primary SMTP address."""

    id: str
    name: str
    mail: str | None
    licensed: bool


@dataclass(frozen=True, slots=True)
class Holder:
    """A device that has a certificate, or keeps it though it is not wanted there."""

    device: str
    state: ItemState


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCertificate:
    """One certificate of the user. `contents` is None as long as no connector has opened its file. `source` is None for
    one that an administrator had issued directly by the authority, and that was not imported.
    """

    thumbprint: str
    source: Source | None
    not_before: datetime | None
    not_after: datetime | None
    contents: CertificateContents | None = None
    serial: str | None = None
    template: str | None = None
    purpose: str | None = None
    provider: str | None = None
    key_name: str | None = None
    device: str | None = None
    profile: ProfileId | None = None
    revoked_at: datetime | None = None
    reason: str | None = None
    holders: tuple[Holder, ...] = ()


class Mismatch(StrEnum):
    """What was wrong with a refused SCEP request: it came too late or too early for its challenge, has other contents
    than the profile asks for, or a challenge that is not the device's.
    """

    LATE = "late"
    EARLY = "early"
    CONTENT = "content"
    CHALLENGE = "challenge"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScepTry:
    """The newest challenge that a device was given by a SCEP profile. `state`: given, validated, refused, issued or
    failed; `code` and `reason`: why it was refused, or what the authority reported. `is_pending`: the authority waits
    for an approval.
    """

    id: str
    given_at: datetime
    expires_at: datetime
    state: str
    code: str | None = None
    mismatch: Mismatch | None = None
    reason: str = ""
    url: str = ""
    is_pending: bool = False


@dataclass(frozen=True, slots=True)
class UnmetSetting:
    """A setting of a compliance policy (by its name) that a device does not meet, and the value that it reported."""

    policy: str
    setting: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Compliance:
    """Whether a device complies, as it was last judged. `grace_ends_at` is None outside a period of grace."""

    state: DeviceState
    unmet: tuple[UnmetSetting, ...] = ()
    grace_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceScript:
    """A script that reaches a device. `is_known`: the device's agent has asked since; `exit_code` and `output`: of its
    last run, None if it has not run as it is now; `failed`: that ended with an error or an issue that is still there.
    """

    id: str
    name: str
    is_known: bool
    needs_user: bool = False
    due_at: datetime | None = None
    exit_code: int | None = None
    output: str = ""
    failed: bool = False


class AppStanding(StrEnum):
    """How an app stands on a device."""

    INSTALLED = "installed"
    REMOVED = "removed"  # as its assignment asks
    LEFT_TO_USER = "leftToUser"
    WAITS = "waits"  # for the next check-in, or for the agent
    FAILED = "failed"
    UNFIT = "unfit"  # the device is not as the app needs it
    DEPENDENCY = "dependency"  # what it depends on cannot be there
    SUPERSEDED = "superseded"
    ELSEWHERE = "elsewhere"  # no assignment brings it to the device
    OTHER_PLATFORM = "otherPlatform"
    NOT_PUBLISHED = "notPublished"
    NAMELESS = "nameless"  # it says nothing by which a device knows it
    KEPT_ONLY = "keptOnly"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceApp:
    """An app that concerns a device. `why`: its standing in a sentence, or empty; `intent`: None if none reaches it."""

    id: str
    name: str
    standing: AppStanding
    why: str = ""
    intent: str | None = None
    version: str | None = None
    error_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One enrolment. `profiles` reach it; `rows` is its ledger as its next check-in would find it, `ledger` as it is.
    `roots`: profile -> SHA-256 of the root that its certificate needs. `orders`: profile -> the certificate that it
    orders. `refused`: the items whose request a connector refused. `challenges`: SCEP profile -> the newest challenge.
    `pending`: changes wait for its next check-in. `blocked_host`: a host of the service that a firewall keeps it from.
    `compliance` is None in a tenant that judges no device.
    """

    id: str
    name: str | None
    variant: Variant
    enrolled_at: datetime
    user_id: str | None = None
    state: EnrollmentState = EnrollmentState.ACTIVE
    cause: str | None = None
    last_checkin_at: datetime | None = None
    pending: bool = False
    blocked_host: str | None = None
    profiles: tuple[Profile, ...] = ()
    rows: Mapping[ItemKey, LedgerRow] = field(default_factory=dict)
    ledger: Mapping[ItemKey, LedgerRow] = field(default_factory=dict)
    roots: Mapping[ProfileId, str] = field(default_factory=dict)
    orders: Mapping[ProfileId, Order] = field(default_factory=dict)
    refused: frozenset[ItemKey] = frozenset()
    challenges: Mapping[ProfileId, ScepTry] = field(default_factory=dict)
    compliance: Compliance | None = None
    scripts: tuple[DeviceScript, ...] = ()
    apps: tuple[DeviceApp, ...] = ()

    def claimed(self, profile: ProfileId) -> list[LedgerRow]:
        """The items that the profile wants on the device, as the next check-in would find them."""
        wanted_rows = (row for row in self.rows.values() if row.state not in NOT_WANTED)
        return [row for row in wanted_rows if any(claim.profile == profile for claim in row.claims)]

    def profile(self, profile: ProfileId) -> Profile | None:
        """The profile, if it reaches the device."""
        return next((one for one in self.profiles if one.id == profile), None)


@dataclass(frozen=True, slots=True)
class Connector:
    """A certificate connector. `offline_reason`: why it does not answer, in words; None if it does. `remedy`: what
    makes it answer again.
    """

    name: str
    roles: frozenset[str]
    offline_reason: str | None = None
    remedy: str = ""

    @property
    def online(self) -> bool:
        """Whether the connector answers."""
        return self.offline_reason is None


@dataclass(frozen=True, slots=True)
class KnownProfile:
    """A profile of the tenant, whether or not it reaches one of the devices. `mark`: a root's SHA-256, or the purpose
    of an imported PFX profile.
    """

    id: ProfileId
    kind: str
    name: str
    source: Source
    mark: str

    def applies_to(self, variant: Variant) -> bool:
        """Whether the profile is for devices of this kind."""
        known = kind(self.kind)
        return known is not None and variant in known.variants


@dataclass(frozen=True, slots=True)
class SelectedProfile:
    """The profile that the diagnosis is about, and whether it reaches each device. The key is None without a device.
    `is_app`: it is an app in the form of a profile; `variants`: the kinds of device that it is for.
    """

    profile: Profile
    reaches: Mapping[str | None, Reach] = field(default_factory=dict)
    is_app: bool = False
    variants: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Unreached:
    """A profile for certificates or e-mail that gives a device nothing, although it has it in `reach`: it is for other
    kinds of device, or is assigned to nobody, or to others.
    """

    profile: Profile
    source: Source
    reach: Reach


@dataclass(frozen=True, slots=True)
class RefusedEnrollment:
    """The last refused enrolment of a device of this kind, in words (`system`), of which the user has enrolled none
    since. `stands`: the rules would refuse it now as well.
    """

    system: str
    refused_at: datetime
    sentence: str
    stands: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything about one user, or one device without a user. `devices` are those to diagnose; the user has
    `device_count` in all, of the `kinds_of_user`. `targets`: profile -> its assignments, in words; `options`: the
    same as options of a command, empty for one that is assigned to nobody. `roles`: source -> the connector's role.
    `templates`: those of the tenant's own authority, by their names in lower case. `intermediate`: SHA-256 of that
    authority's certificate, which the root signed. `scep_server`: the address of the tenant's own SCEP server, and
    `ra_expires_at` the end of its RA certificates; None if it has none yet. `unreached`: device -> the profiles that
    give it nothing; None unless the question is why a user or a device gets nothing.
    `refusals` likewise.
    """

    now: datetime
    edition: Edition
    user: UserFacts | None = None
    certificates: tuple[UserCertificate, ...] = ()
    devices: tuple[Device, ...] = ()
    device_count: int = 0
    connectors: tuple[Connector, ...] = ()
    keys: frozenset[tuple[str, str]] = frozenset()
    known_profiles: tuple[KnownProfile, ...] = ()
    names: Mapping[ProfileId, str] = field(default_factory=dict)
    targets: Mapping[ProfileId, tuple[str, ...]] = field(default_factory=dict)
    options: Mapping[ProfileId, str] = field(default_factory=dict)
    roles: Mapping[Source, str] = field(default_factory=dict)
    templates: Mapping[str, Template] = field(default_factory=dict)
    selected: SelectedProfile | None = None
    intermediate: str = ""
    scep_server: str = ""
    ra_expires_at: datetime | None = None
    unreached: Mapping[str, tuple[Unreached, ...]] | None = None
    kinds_of_user: frozenset[Variant] = frozenset()
    refusals: tuple[RefusedEnrollment, ...] = ()

    def is_own_server(self, url: str) -> bool:
        """Whether the address is that of the tenant's own SCEP server, in any of its spellings."""
        return bool(self.scep_server) and is_same_server(url, address=self.scep_server)

    def role_of(self, profile: Profile) -> str | None:
        """The role of the connector that the profile needs; None if it needs none."""
        source = source_of(profile)
        if source is Source.SCEP:
            urls = profile.document.get("scepServerUrls") or ()
            return SCEP_ROLE if any(self.is_own_server(str(url)) for url in urls) else None
        return None if source is None else self.roles.get(source)

    @property
    def active(self) -> list[Device]:
        """The devices that are managed."""
        return [device for device in self.devices if device.state is EnrollmentState.ACTIVE]

    def imported(self, purpose: str | None = None) -> list[UserCertificate]:
        """The imported certificates, or only those of one purpose."""
        imported = [certificate for certificate in self.certificates if certificate.source is Source.IMPORTED]
        return [certificate for certificate in imported if purpose in (None, certificate.purpose)]

    def owned(self, thumbprint: str | None) -> UserCertificate | None:
        """The user's certificate with this thumbprint, or None."""
        return next((certificate for certificate in self.certificates if certificate.thumbprint == thumbprint), None)

    def assigned(self, profile: ProfileId) -> str:
        """The profile's assignments, in words."""
        return ", ".join(self.targets.get(profile, ())) or "nobody"


def source_of(profile: Profile) -> Source | None:
    """The source of the items that profiles of this kind give; None for a kind that gives none."""
    known = kind(profile.kind)
    return None if known is None else known.family.source


def name_of(profile: Profile) -> str:
    """The profile's display name, or its id."""
    return str(profile.document.get("displayName") or profile.document.get("name") or profile.id)


def purpose_of(profile: Profile) -> str:
    """The purpose by which an imported PFX profile selects certificates."""
    return str(profile.document.get("intendedPurpose") or "unassigned")


def device_name(device: Device) -> str:
    """The device's name, or its id."""
    return device.name or device.id
