"""Configuration profiles (.mobileconfig): XML or binary, signed or not, encrypted to the device or not.

Apple: "Configuration Profile Reference", keys common to profiles and payloads. A profile is judged as a whole before
anything of it is installed. A signature is verified; who signed does not matter, as on a device that shows "not
verified" and installs.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.apple.faults import Code, Fault
from fauxtune_sim.apple.fields import Fields
from fauxtune_sim.apple.plist import read_any, read_plist, write_plist
from fauxtune_sim.apple.store import HeldPayload, HeldProfile
from fauxtune_sim.cms import open_envelope, verify
from fauxtune_sim.errors import AnswerBroken, CmsRefused
from fauxtune_sim.identity import DeviceIdentity


@dataclass(frozen=True, slots=True)
class Payload:
    """One payload: its names, all its keys, and the SHA-256 of everything that it says."""

    type: str
    version: int
    identifier: str
    uuid: str
    digest: str
    keys: Fields = field(repr=False)


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile that is sound as far as its own rules go. `target` is its TargetDeviceType, 0 for any."""

    held: HeldProfile
    payloads: tuple[Payload, ...]
    target: int = 0

    @property
    def identifier(self) -> str:
        """What it is replaced and removed by."""
        return self.held.identifier

    @property
    def title(self) -> str:
        """What a person would call it."""
        return self.held.display_name or self.held.identifier


def read_profile(data: bytes, *, identity: DeviceIdentity | None, managed: bool) -> Profile:
    """Read a profile; `identity` opens one that is encrypted to the device. Fault (MCProfileErrorDomain) if it is none.

    `managed` says whether MDM installs it.
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
    payloads = tuple(_payload(one, number) for number, one in enumerate(_content(keys, identity)))
    _check_unique(payloads)
    held = HeldProfile(
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
            HeldPayload(
                type=one.type,
                version=one.version,
                identifier=one.identifier,
                uuid=one.uuid,
                display_name=one.keys.optional("PayloadDisplayName", str),
                digest=one.digest,
            )
            for one in payloads
        ),
    )
    return Profile(held=held, payloads=payloads, target=keys.number("TargetDeviceType", 0))


def _unsigned(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The profile inside its signature, if it has one, with the certificates that came along (base64 of DER)."""
    # A DER SEQUENCE; neither an XML nor a binary property list begins with it.
    if not data.startswith(b"\x30"):
        return data, ()
    try:
        signature = verify(data)
    except CmsRefused as refused:
        raise Fault(Code.PROFILE_SIGNATURE, f"the profile's signature does not hold: {refused}") from refused
    signers = (signature.signer, *(one for one in signature.certificates if one != signature.signer))
    return signature.content, tuple(base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in signers)


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
        raise Fault(Code.PROFILE_CANNOT_DECRYPT, "the profile is encrypted, and this device has no identity to open it")
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
        # A binary list can hold what no payload may: UIDs, keys that are not texts.
        raise Fault(
            Code.PAYLOAD_MALFORMED, f"payload {number} holds what is no value of a payload: {broken}"
        ) from broken
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
    if (twice := _twice(one.uuid for one in payloads)) is not None:
        raise Fault(Code.PROFILE_SAME_UUIDS, f"two payloads have the PayloadUUID {twice}")
    if (twice := _twice(one.identifier for one in payloads)) is not None:
        raise Fault(Code.PROFILE_SAME_IDENTIFIERS, f"two payloads have the PayloadIdentifier {twice}")


def _twice(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
