"""An item: one thing that a device should hold, and what the ledger says of it.

The *key* says what it is on the device, not who asked for it: `root/<sha256>/<store>`, `imported/<thumbprint>`,
`pkcs/<profile id>`, `scep/<profile id>`, `email/<profile id>`. One item may be wanted by several profiles, is installed
once, and goes when the last stops wanting it. The *fingerprint* says when the device must be given it again: of a root
and an imported certificate the bytes, of a PKCS certificate the serial number of the one that is current, of an e-mail
account its settings and the fingerprints of the certificates that it names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.model.accounts import Account
from fauxtune.core.model.ids import ItemKey, ProfileId
from fauxtune.core.model.states import Authority, ItemState, Source

#: `errorCode` of Graph for a failed item: 0x87D1FDE8, "remediation failed", as a signed 32-bit number
#: (the number that the documented tables give for a setting that could not be applied).
REMEDIATION_FAILED = -2016281112
#: `errorCode` for a profile that names no certificate template of its authority: 0x87D11010. The connector's other
#: refusals are numbered in the same way (`connector.refusals`).
TEMPLATE_UNKNOWN = 0x87D11010 - (1 << 32)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something failed: Graph's number, and words."""

    code: int
    message: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Who wants an item: a profile, through one of its assignments."""

    profile: ProfileId
    assignment: str


@dataclass(frozen=True, slots=True)
class Order:
    """What the connector is asked for a PKCS item: a certificate of this template with this name.

    `names` are pairs (subjectAlternativeNameType, value). `days` is the validity that the profile asks for.
    """

    authority_host: str
    authority_name: str
    template: str
    subject: str
    names: tuple[tuple[str, str], ...]
    extended_key_usages: tuple[str, ...]
    days: int | None
    renew_percent: int
    #: As the authority is called here. None: no authority is known by that host and name.
    authority: str | None = "issuing"


@dataclass(frozen=True, slots=True)
class Need:
    """A certificate that an item names: that of another profile, through a navigation. `key` is the item that it is on
    the device, once that is known.
    """

    navigation: str
    profile: ProfileId
    name: str
    key: ItemKey | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a device should hold. A `problem` means that it cannot be given as things are."""

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
    needs_root: str | None = None  # SHA-256 of the root that must be on the device first
    account: Account | None = None
    needs: tuple[Need, ...] = ()  # certificates that must be on the device first
    slot: str | None = None  # what a device has one of: the first item takes it
    personal: bool = True  # of a PKCS certificate: it names the device's user
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What we delivered to one device and what it answered, for one item."""

    key: ItemKey
    source: Source
    state: ItemState
    fingerprint: str | None = None
    installed_fingerprint: str | None = None
    user_id: str | None = None
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
