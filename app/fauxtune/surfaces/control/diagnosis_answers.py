"""The control surface's answers about problems: certificates with findings, and the chain to a device."""

from __future__ import annotations

from typing import Any, Literal

from fauxtune.surfaces.control.answers import Answer, DeviceId, ManagedDeviceId, NoDeviceId

#: `notApplicable`: the device takes no profiles of this kind, so that nothing of it will come.
LinkStatus = Literal["ok", "broken", "notApplicable", "waiting"]


class Finding(Answer):
    """One thing that is wrong: `code` stands in docs/diagnosis.md, `evidence` shows it, `fix` would put it right.

    `certificate` (thumbprint), `device` and `profile` are what it is about. Evidence with an `errorCode` has beside it
    `error`: the number in hexadecimal, whose it is, and what it means.
    """

    code: str
    severity: Literal["error", "warning"]
    message: str
    evidence: dict[str, Any]
    fix: str
    certificate: str | None
    device: NoDeviceId
    managed_device_id: ManagedDeviceId
    profile: str | None


class HeldBy(Answer):
    """A device that has a certificate; `kept`: it is no longer assigned, and nothing removes it."""

    device: DeviceId
    managed_device_id: ManagedDeviceId
    device_name: str | None
    state: Literal["installed", "kept"]


class OwnedCertificate(Answer):
    """A certificate of the user. `source` null: from the CA's counter, and not imported. What its file alone says
    is null where one of another authority was imported, until the connector has opened it for a first device. `usage`:
    what the key usage allows.
    """

    thumbprint: str
    source: Literal["pkcs", "imported", "scep"] | None
    serial: str | None
    subject: str | None
    issuer: str | None
    template: str | None
    intended_purpose: str | None
    usage: Literal["signing", "encryption", "both", "other"] | None
    key_usage: list[str] | None
    extended_key_usages: list[str] | None
    email_addresses: list[str] | None
    not_before: str | None
    not_after: str | None
    status: Literal["good", "revoked", "expired", "notYetValid"]
    revoked_date_time: str | None
    reason: str | None
    device: NoDeviceId
    managed_device_id: ManagedDeviceId
    profile: str | None
    profile_name: str | None
    provider_name: str | None
    key_name: str | None
    holders: list[HeldBy]
    findings: list[Finding]


class UserNamed(Answer):
    """The user of the certificates; `mail` is the primary SMTP address."""

    id: str
    user_principal_name: str
    mail: str | None
    licensed: bool


class CertificateHistory(Answer):
    """A user's certificates, oldest first. `findings`: all of them, those about certificates too."""

    user: UserNamed
    value: list[OwnedCertificate]
    findings: list[Finding]


class Link(Answer):
    """One link of the chain. `findings`: the codes of what belongs to it, also warnings, which do not break it."""

    link: str
    status: LinkStatus
    message: str
    fix: str | None
    findings: list[str]


class DeviceNamed(Answer):
    """The device of a chain."""

    id: DeviceId
    managed_device_id: ManagedDeviceId
    device_name: str | None
    variant: str


class ProfileNamed(Answer):
    """The profile of a chain, or the app."""

    id: str
    display_name: str
    kind: str


class Chain(Answer):
    """The path of one profile, or one app, to one device, link by link. `status`: that of its worst link. `brokenAt`:
    the first link that is broken, and why.
    """

    user: str | None
    device: DeviceNamed | None
    profile: ProfileNamed
    status: LinkStatus
    broken_at: str | None
    why: str | None
    fix: str | None
    links: list[Link]


class Diagnosis(Answer):
    """`healthy`: no link is broken, and no finding is an error. `devicesLeftOut`: so many were not looked at."""

    healthy: bool
    chains: list[Chain]
    findings: list[Finding]
    devices_left_out: int
