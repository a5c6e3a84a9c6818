"""An item: one thing that a device should hold, and its row in the ledger; and an order, which is what a certificate
connector is asked to make for one device.

The *key* names the thing on the device, not the profile that wants it: `root/<sha256>/<store>`,
`imported/<thumbprint>`, `pkcs/<profile id>`, `scep/<profile id>`, `email/<profile id>`, `setting/<unit>` of settings
that the device takes as one. Several profiles may want one item, which is installed once, and removed when no profile
wants it any more. When the *fingerprint* changes, the device is offered the item again: for a root and an imported
certificate it stands for the bytes, for a PKCS certificate it is the serial number of the current one, for one by SCEP
it covers the settings and the thumbprint of its predecessor, for an e-mail account the settings and the fingerprints of
the certificates in them, for settings their values.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.model.ids import ItemKey, ProfileId, UserId
from fauxtune.core.model.made_often import made_often
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.scep import ScepRequest
from fauxtune.core.model.settings import Setting
from fauxtune.core.model.states import Authority, ItemState, Source

#: `errorCode` of Graph for a failed item: 0x87D1FDE8, "remediation failed", as a signed 32-bit number
#: (the number that the documented tables give for a setting that could not be applied).
REMEDIATION_FAILED = -2016281112
#: `errorCode` for a profile that names an unknown certificate template of its authority: 0x87D11010. The connector's
#: other refusals are numbered in the same way (`connector.refusals`).
TEMPLATE_UNKNOWN = 0x87D11010 - (1 << 32)


@dataclass(frozen=True, slots=True)
class Problem:
    """The reason of a failure: Graph's number, and a message."""

    code: int
    message: str


@made_often
@dataclass(frozen=True, slots=True)
class Claim:
    """A profile's claim on an item, through one of its assignments."""

    profile: ProfileId
    assignment: str


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a PKCS certificate from the connector: its template and its names.

    `names` are pairs (subjectAlternativeNameType, value). `days` is the validity that the profile requests.
    """

    authority_host: str
    authority_name: str
    template: str
    subject: str
    names: tuple[tuple[str, str], ...]
    extended_key_usages: tuple[str, ...]
    days: int | None
    renew_percent: int
    #: The authority's name in the emulator. None: no authority has that host and name.
    authority: str | None = "issuing"


@dataclass(frozen=True, slots=True)
class Need:
    """An item's reference to the certificate of another profile, through a navigation. `key` is that certificate's item
    on the device, once it is known.
    """

    navigation: str
    profile: ProfileId
    name: str
    key: ItemKey | None = None


@made_often
@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a device should hold. With a `problem`, it cannot be given at present."""

    key: ItemKey
    source: Source
    claims: tuple[Claim, ...] = ()
    fingerprint: str | None = None
    purpose: str | None = None
    thumbprint: str | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    payload: bytes | None = None
    order: Order | None = None
    request: ScepRequest | None = None  # what the device is to request by SCEP
    needs_root: str | None = None  # SHA-256 of the root that must be on the device first
    account: Account | None = None
    needs: tuple[Need, ...] = ()  # certificates that must be on the device first
    slot: str | None = None  # a thing of which a device has only one: the first item takes it
    personal: bool = True  # of a certificate of only this device: it names the device's user
    settings: tuple[Setting, ...] = ()
    problem: Problem | None = None


@made_often
@dataclass(frozen=True, slots=True)
class LedgerRow:
    """The delivery of one item to one device, and the device's answer.

    `installed_fingerprint` is what the device has, `fingerprint` what it should have. `thumbprint` of a certificate by
    SCEP is that of the last one that the device reported. `revoked`: the tenant's own CA has revoked it, or will.
    """

    key: ItemKey
    source: Source
    state: ItemState
    fingerprint: str | None = None
    installed_fingerprint: str | None = None
    user_id: UserId | None = None
    purpose: str | None = None
    thumbprint: str | None = None
    serial: str | None = None
    renew_at: datetime | None = None
    not_after: datetime | None = None
    claims: tuple[Claim, ...] = ()
    problem: Problem | None = None
    waits_for: str | None = None
    payload: bytes | None = None
    authority: Authority = Authority.MICROSOFT
    revoked: bool = False


def root_key(sha256: str, store: str = "trusted") -> ItemKey:
    """The key of a trusted root or intermediate in one of the device's stores."""
    return ItemKey(f"root/{sha256}/{store}")


def pkcs_key(profile: ProfileId) -> ItemKey:
    """The key of this device's own certificate of a PKCS profile."""
    return ItemKey(f"pkcs/{profile}")


def scep_key(profile: ProfileId) -> ItemKey:
    """The key of this device's own certificate of a SCEP profile."""
    return ItemKey(f"scep/{profile}")


def email_key(profile: ProfileId) -> ItemKey:
    """The key of the account of an e-mail profile."""
    return ItemKey(f"email/{profile}")


def imported_key(thumbprint: str) -> ItemKey:
    """The key of an imported certificate."""
    return ItemKey(f"imported/{thumbprint}")


def setting_key(unit: str) -> ItemKey:
    """The key of the settings that a device takes as one."""
    return ItemKey(f"setting/{unit}")


def key_source(key: str) -> Source:
    """The source of the item with this key."""
    return Source(key.partition("/")[0])


def key_name(key: str) -> str:
    """What a key names within its source: a profile, a thumbprint, a unit of settings, or a root with its store."""
    return key.partition("/")[2]


def key_profile(key: str) -> ProfileId | None:
    """The only profile that the item with this key belongs to; None for an item that several profiles may want."""
    return ProfileId(key_name(key)) if key_source(key) in _OF_ONE_PROFILE else None


_OF_ONE_PROFILE = frozenset({Source.PKCS, Source.SCEP, Source.EMAIL})


@dataclass(frozen=True, slots=True)
class ImportedCertificateOrder:
    """The password of a user's imported certificate, encrypted again for the device."""

    user_id: UserId
    thumbprint: str


@dataclass(frozen=True, slots=True)
class AccountOrder:
    """An e-mail account with the certificates that it carries, encrypted for the device of this user."""

    user_id: UserId | None
    account: Account


RequestOrder = Order | ImportedCertificateOrder | AccountOrder
