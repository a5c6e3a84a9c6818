"""Configuration profiles (.mobileconfig): XML or binary, signed or not, encrypted to the device or not. And their
payloads that set something on a device, such as restrictions and rules for passcodes (Apple: Restrictions, Passcode,
FDEFileVault, Firewall): their keys, what is refused in them, and what the device does about them.

Apple: "Configuration Profile Reference", keys common to profiles and payloads. A profile is checked as a whole before
any of it is installed. A signature is verified, but any signer is accepted, as on a device that shows "not verified"
and installs.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.apple.faults import Code, Fault, Fields
from fauxtune_sim.apple.messages import read_any, read_plist, write_plist
from fauxtune_sim.apple.store import InstalledPayload, InstalledProfile
from fauxtune_sim.cms.envelope import open_envelope
from fauxtune_sim.cms.signed import verify
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import AnswerBroken, CmsRefused
from fauxtune_sim.keys.keystore import DeviceIdentity
from fauxtune_sim.platforms import Platform

PASSCODE, FILE_VAULT, RESTRICTIONS, FIREWALL = (
    "com.apple.mobiledevice.passwordpolicy",
    "com.apple.MCX.FileVault2",
    "com.apple.applicationaccess",
    "com.apple.security.firewall",
)
#: The keys of the firewall that a Mac shows as facts.
_FIREWALL_FACTS = {
    "EnableFirewall": "isFirewallEnabled",
    "BlockAllIncoming": "isFirewallBlockingAllIncoming",
    "EnableStealthMode": "isFirewallStealthModeEnabled",
}
#: The beginnings of payloads whose content is a key, an account or the management, and no setting.
_OTHERS = ("com.apple.security.", "com.apple.mdm", "com.apple.eas.", "com.apple.mail.", "com.apple.ews.")
_RANGES = {
    "maxFailedAttempts": (2, 11),
    "maxGracePeriod": (0, 240),
    "maxInactivity": (0, 60),
    "maxPINAgeInDays": (0, 730),
    "minComplexChars": (0, 4),
    "minLength": (0, 16),
    "pinHistory": (0, 50),
}
_PLAIN = (bool, int, float, str, list)


@dataclass(frozen=True, slots=True)
class Payload:
    """One payload: its names, all its keys, and the SHA-256 of its whole content."""

    type: str
    version: int
    identifier: str
    uuid: str
    digest: str
    keys: Fields = field(repr=False)


@dataclass(frozen=True, slots=True)
class Profile:
    """A well-formed profile; `installed` is its record once installed. `target` is its TargetDeviceType, 0 for any."""

    installed: InstalledProfile
    payloads: tuple[Payload, ...]
    target: int = 0

    @property
    def identifier(self) -> str:
        """The PayloadIdentifier, by which the profile is replaced and removed."""
        return self.installed.identifier

    @property
    def title(self) -> str:
        """The display name, or the identifier if it has none."""
        return self.installed.display_name or self.installed.identifier


def read_profile(data: bytes, *, identity: DeviceIdentity | None, managed: bool) -> Profile:
    """Read a profile; `identity` decrypts one that is encrypted to the device, `managed`: MDM installs it.

    Raises Fault (MCProfileErrorDomain) if it is not a well-formed profile.
    """
    if not data.strip():
        raise Fault(Code.PROFILE_EMPTY, "the profile is empty")
    plain, signers = _unsigned(data)
    try:
        document = read_plist(plain, what="the profile")
    except AnswerBroken as broken:
        raise Fault(Code.PROFILE_MALFORMED, str(broken)) from broken
    keys = Fields(document, "the profile", Code.PROFILE_FIELD_MISSING, Code.PROFILE_FIELD_TYPE)
    if keys.text("PayloadType") != "Configuration":
        raise Fault(Code.PROFILE_MALFORMED, f"PayloadType is {document['PayloadType']}, not Configuration")
    if keys.required("PayloadVersion", int) != 1:
        raise Fault(Code.PROFILE_VERSION, f"the profile's PayloadVersion is {document['PayloadVersion']}, not 1")
    payloads = tuple(_payload(value, number) for number, value in enumerate(_content(keys, identity)))
    _check_unique(payloads)
    installed = InstalledProfile(
        identifier=keys.text("PayloadIdentifier"),
        uuid=keys.text("PayloadUUID"),
        display_name=keys.optional("PayloadDisplayName", str),
        organization=keys.optional("PayloadOrganization", str),
        description=keys.optional("PayloadDescription", str),
        removal_disallowed=keys.flag("PayloadRemovalDisallowed"),
        has_removal_passcode=keys.flag("HasRemovalPasscode"),
        encrypted=keys.flag("IsEncrypted"),
        managed=managed,
        signers=signers,
        payloads=tuple(
            InstalledPayload(
                type=payload.type,
                version=payload.version,
                identifier=payload.identifier,
                uuid=payload.uuid,
                display_name=payload.keys.optional("PayloadDisplayName", str),
                digest=payload.digest,
                settings=settings_of(payload.type, payload.keys.document),
            )
            for payload in payloads
        ),
    )
    return Profile(installed=installed, payloads=payloads, target=keys.number("TargetDeviceType", 0))


def _unsigned(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The profile without its signature, if it has one, and the certificates of the signature (base64 of DER)."""
    # A DER SEQUENCE; neither an XML nor a binary property list begins with it.
    if not data.startswith(b"\x30"):
        return data, ()
    try:
        signature = verify(data)
    except CmsRefused as refused:
        raise Fault(Code.PROFILE_SIGNATURE, f"the profile's signature does not verify: {refused}") from refused
    others = (certificate for certificate in signature.certificates if certificate != signature.signer)
    ders = (certificate.public_bytes(Encoding.DER) for certificate in (signature.signer, *others))
    return signature.content, tuple(base64.b64encode(der).decode() for der in ders)


def _content(keys: Fields, identity: DeviceIdentity | None) -> list[Any]:
    if keys.flag("IsEncrypted"):
        content = _decrypted(keys.required("EncryptedPayloadContent", bytes), identity)
        if not isinstance(content, list):
            raise Fault(Code.PROFILE_FIELD_TYPE, "the profile's encrypted content is not an array")
    else:
        content = keys.required("PayloadContent", list)
    if not content:
        raise Fault(Code.PROFILE_EMPTY, "the profile has no payloads")
    return content


def _decrypted(envelope: bytes, identity: DeviceIdentity | None) -> Any:
    if identity is None:
        raise Fault(Code.PROFILE_CANNOT_DECRYPT, "the profile is encrypted, but this device has no identity yet")
    try:
        return read_any(open_envelope(envelope, [identity]).content, what="the profile's encrypted content")
    except (CmsRefused, AnswerBroken) as refused:
        raise Fault(Code.PROFILE_CANNOT_DECRYPT, f"the profile cannot be decrypted: {refused}") from refused


def _payload(value: Any, number: int) -> Payload:
    if not isinstance(value, dict):
        raise Fault(Code.PAYLOAD_MALFORMED, f"payload {number} is not a dictionary")
    keys = Fields(value, f"payload {number}")
    version = keys.required("PayloadVersion", int)
    if version != 1:
        raise Fault(Code.PAYLOAD_VERSION, f"the PayloadVersion of payload {number} is {version}, not 1")
    try:
        digest = hashlib.sha256(write_plist(value)).hexdigest()
    except (TypeError, ValueError, OverflowError, RecursionError) as broken:
        # A binary list can have values that a payload must not have: UIDs, keys that are not texts.
        raise Fault(Code.PAYLOAD_MALFORMED, f"payload {number} has a value that is not allowed: {broken}") from broken
    identifier = keys.text("PayloadIdentifier")
    return Payload(
        type=keys.text("PayloadType"),
        version=version,
        identifier=identifier,
        uuid=keys.text("PayloadUUID"),
        digest=digest,
        keys=Fields(value, f"the payload {identifier}"),
    )


def _check_unique(payloads: tuple[Payload, ...]) -> None:
    if (uuid := _duplicate(payload.uuid for payload in payloads)) is not None:
        raise Fault(Code.PROFILE_SAME_UUIDS, f"two payloads have the PayloadUUID {uuid}")
    if (identifier := _duplicate(payload.identifier for payload in payloads)) is not None:
        raise Fault(Code.PROFILE_SAME_IDENTIFIERS, f"two payloads have the PayloadIdentifier {identifier}")


def _duplicate(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def settings_of(kind: str, keys: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a payload; none if it is of another sort."""
    if kind.startswith(_OTHERS) and kind != FIREWALL:
        return {}
    return {key: value for key, value in keys.items() if not key.startswith("Payload") and isinstance(value, _PLAIN)}


def check(payload: InstalledPayload) -> None:
    """Raise Fault for a value that the device cannot take."""
    for key, value in payload.settings.items():
        if payload.type == RESTRICTIONS and key.startswith(("allow", "force")) and not isinstance(value, bool):
            raise Fault(Code.PAYLOAD_VALUE, f"{key} of {payload.type} is {value!r}, not true or false")
        least, most = _RANGES.get(key, (0, 0)) if payload.type == PASSCODE else (0, 0)
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if most and not (is_number and least <= value <= most):
            raise Fault(
                Code.PAYLOAD_VALUE, f"{key} of {payload.type} is {value!r}, not a number from {least} to {most}"
            )


def obey(device: Device, payloads: Iterable[InstalledPayload]) -> None:
    """Do what the settings ask for. Differs from a device: its user sets a passcode, and logs out of a Mac, at once."""
    for payload in payloads:
        settings = payload.settings
        asks = settings.get("forcePIN") is True or bool(settings.get("minLength"))
        if payload.type == PASSCODE and asks and device.platform is not Platform.MACOS:
            device.report(isPasscodePresent=True)
        if payload.type == FILE_VAULT and settings.get("Enable") == "On" and device.platform is Platform.MACOS:
            device.report(isEncrypted=True)
        if payload.type == FIREWALL and device.platform is Platform.MACOS:
            device.report(**{_FIREWALL_FACTS[key]: value for key, value in settings.items() if key in _FIREWALL_FACTS})
