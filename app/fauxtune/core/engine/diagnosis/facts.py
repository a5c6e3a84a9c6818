"""What the rules judge: a user with all certificates, the devices with what reaches them, and what serves them.

Times are the tenant's. Nothing here is read from anywhere: the operations gather it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fauxtune.core.engine.diagnosis.approach import Approach
from fauxtune.core.engine.planning.ledger import NOT_WANTED
from fauxtune.core.model.editions import Edition
from fauxtune.core.model.ids import ItemKey, ProfileId
from fauxtune.core.model.items import LedgerRow, Order
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import EnrollmentState, ItemState, Source
from fauxtune.core.pki.template import Template
from fauxtune.core.profiles.catalog import kind
from fauxtune.core.profiles.world import Profile


@dataclass(frozen=True, slots=True)
class Person:
    """The user. `mail` is the primary SMTP address."""

    id: str
    name: str
    mail: str | None
    licensed: bool


@dataclass(frozen=True, slots=True)
class Contents:
    """What a certificate says. Usages None: it has no such extension, so that it may be used for anything."""

    subject: str
    issuer: str
    key_usage: frozenset[str] | None
    extended_usages: frozenset[str] | None
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Holding:
    """A device that has a certificate, or has kept it."""

    device: str
    state: ItemState


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """One certificate of the user. `contents` None: only its file has them, which no connector has opened yet.
    `source` None: issued at the authority's counter, and not imported.
    """

    thumbprint: str
    source: Source | None
    not_before: datetime | None
    not_after: datetime | None
    contents: Contents | None = None
    serial: str | None = None
    template: str | None = None
    purpose: str | None = None
    provider: str | None = None
    key_name: str | None = None
    device: str | None = None
    profile: ProfileId | None = None
    revoked_at: datetime | None = None
    reason: str | None = None
    holders: tuple[Holding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One enrolment. `profiles` reach it; `rows` is its ledger as its next check-in would find it, `ledger` as it is.
    `roots`: profile -> SHA-256 of the root that its certificate needs. `orders`: profile -> what it orders.
    `refused`: the items whose request a connector refused. `pending`: it has something to be told.
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
    profiles: tuple[Profile, ...] = ()
    rows: Mapping[ItemKey, LedgerRow] = field(default_factory=dict)
    ledger: Mapping[ItemKey, LedgerRow] = field(default_factory=dict)
    roots: Mapping[ProfileId, str] = field(default_factory=dict)
    orders: Mapping[ProfileId, Order] = field(default_factory=dict)
    refused: frozenset[ItemKey] = frozenset()

    def claimed(self, profile: ProfileId) -> list[LedgerRow]:
        """What the profile wants on it, as the next check-in would find it."""
        wanted = (row for row in self.rows.values() if row.state not in NOT_WANTED)
        return [row for row in wanted if any(claim.profile == profile for claim in row.claims)]

    def profile(self, profile: ProfileId) -> Profile | None:
        """The profile, if it reaches the device."""
        return next((each for each in self.profiles if each.id == profile), None)


@dataclass(frozen=True, slots=True)
class Connector:
    """A certificate connector; `waited`: why it does not answer, in words, if it does not."""

    name: str
    roles: frozenset[str]
    waited: str | None = None

    @property
    def online(self) -> bool:
        """Does it answer?"""
        return self.waited is None


@dataclass(frozen=True, slots=True)
class KnownProfile:
    """A profile of the tenant, whether or not it reaches anybody here. `mark`: a root's SHA-256, or the purpose of an
    imported PFX profile.
    """

    id: ProfileId
    kind: str
    name: str
    source: Source
    mark: str

    def applies_to(self, variant: Variant) -> bool:
        """Is it for devices of this kind?"""
        known = kind(self.kind)
        return known is not None and variant in known.variants


@dataclass(frozen=True, slots=True)
class Asked:
    """The profile that was asked about, and how it comes to each device; the key None: where there is no device."""

    profile: Profile
    approaches: Mapping[str | None, Approach] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything about one user, or one device without a user. `devices` are those in question, `device_count` is how
    many the user has. `targets`: profile -> its assignments, in words. `roles`: source -> the connector's role.
    `templates`: those of the tenant's own authority, by their names in lower case.
    """

    now: datetime
    edition: Edition
    user: Person | None = None
    certificates: tuple[Owned, ...] = ()
    devices: tuple[Device, ...] = ()
    device_count: int = 0
    connectors: tuple[Connector, ...] = ()
    keys: frozenset[tuple[str, str]] = frozenset()
    known: tuple[KnownProfile, ...] = ()
    names: Mapping[ProfileId, str] = field(default_factory=dict)
    targets: Mapping[ProfileId, tuple[str, ...]] = field(default_factory=dict)
    roles: Mapping[Source, str] = field(default_factory=dict)
    templates: Mapping[str, Template] = field(default_factory=dict)
    asked: Asked | None = None

    @property
    def active(self) -> list[Device]:
        """The devices that are managed."""
        return [each for each in self.devices if each.state is EnrollmentState.ACTIVE]

    def imported(self, purpose: str | None = None) -> list[Owned]:
        """The imported certificates, of this purpose."""
        found = [each for each in self.certificates if each.source is Source.IMPORTED]
        return [each for each in found if purpose in (None, each.purpose)]

    def owned(self, thumbprint: str | None) -> Owned | None:
        """The user's certificate with this thumbprint."""
        return next((each for each in self.certificates if each.thumbprint == thumbprint), None)

    def assigned(self, profile: ProfileId) -> str:
        """Whom the profile is assigned to, in words."""
        return ", ".join(self.targets.get(profile, ())) or "nobody"


def source_of(profile: Profile) -> Source | None:
    """What profiles of its kind give."""
    known = kind(profile.kind)
    return None if known is None else known.family.source


def name_of(profile: Profile) -> str:
    """What it is called."""
    return str(profile.document.get("displayName") or profile.id)


def purpose_of(profile: Profile) -> str:
    """What an imported PFX profile selects certificates by."""
    return str(profile.document.get("intendedPurpose") or "unassigned")


def device_name(device: Device) -> str:
    """What it is called, else its id."""
    return device.name or device.id
