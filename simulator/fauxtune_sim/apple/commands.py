"""What an Apple device does when its MDM server tells it to (Apple: "Commands and Queries").

A command that needs a right the server was not given fails with 12007, one that the device does not know with 12021.
A locked iPhone or iPad answers NotNow to some of them, and the server keeps the command. Apple, "Handling NotNow status
responses" (and the archived MDM Protocol Reference), lists what it never puts off: DeviceInformation, DeviceLock,
EraseDevice, ProfileList, CertificateList and others that are not here. CertificateList is put off all the same from
iOS 15.4 on until the first unlock since the device started (Apple, "Certificate List"). InstallProfile and SecurityInfo
are put off while it is locked (Apple Developer Forums, thread 747460). Unverified: RemoveProfile too.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from fauxtune_sim.apple.enrollment import AppleEnrollment, Right
from fauxtune_sim.apple.facts import query_responses, security_info
from fauxtune_sim.apple.faults import Code, Fault
from fauxtune_sim.apple.install import Installer, Staged
from fauxtune_sim.apple.keychain import CERTIFICATE, IDENTITY
from fauxtune_sim.apple.messages import Command
from fauxtune_sim.apple.profiles import read_profile
from fauxtune_sim.apple.store import HeldProfile, ProfileStore
from fauxtune_sim.apple.system import System
from fauxtune_sim.device import Device

_PIN = re.compile(r"[0-9]{6}")


class NotNow(Exception):
    """The device is locked."""


class Malformed(Exception):
    """The command lacks something; the text says what."""


class Ends(StrEnum):
    """How a command ends the enrolment, once it is acknowledged."""

    RETIRED = "the server removed the MDM profile"
    ERASED = "factory reset"


@dataclass(slots=True)
class Outcome:
    """What a command did: what answers it, what was installed and removed, and whether the enrolment ends with it.

    `renewed` is the MDM profile that came to replace the present one.
    """

    answer: dict[str, Any] = field(default_factory=dict)
    installed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    ends: Ends | None = None
    renewed: Staged | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A command, with the device that it is for."""

    command: Command
    device: Device
    system: System
    enrollment: AppleEnrollment
    installer: Installer

    @property
    def store(self) -> ProfileStore:
        """The device's profiles."""
        assert isinstance(self.device.state, ProfileStore)
        return self.device.state

    @property
    def wants_managed_only(self) -> bool:
        """ManagedOnly of the lists."""
        return self.command.parameters.get("ManagedOnly") is True

    def check_unlocked(self) -> None:
        """NotNow on an iPhone or iPad that is locked."""
        if self.device.condition.locked and not self.system.is_mac:
            raise NotNow

    def check_unlocked_once(self) -> None:
        """NotNow where certificates are not listed before the first unlock since the device started."""
        if not self.device.condition.unlocked_since_boot and not self.system.lists_certificates_before_unlock:
            raise NotNow


async def obey(told: Told) -> Outcome:
    """Do it; the device is not saved. Fault, NotNow or Malformed say why it was not done."""
    if not told.command.request_type:
        raise Malformed("the command has no RequestType")
    known = _COMMANDS.get(told.command.request_type)
    if known is None:
        raise Fault(Code.REQUEST_UNKNOWN, f"this device does not know the command {told.command.request_type}")
    right, command = known
    if right is not None and not told.enrollment.may(right):
        raise Fault(Code.NOT_AUTHORIZED, f"the server may not {told.command.request_type}: AccessRights lack {right}")
    return await command(told)


async def _install_profile(told: Told) -> Outcome:
    data = told.command.parameters.get("Payload")
    if not isinstance(data, bytes):
        raise Malformed("InstallProfile has no Payload")
    told.check_unlocked()
    try:
        profile = read_profile(data, identity=told.enrollment.identity(), managed=True)
    except Fault as cause:
        raise Fault(Code.INSTALL_FAILED, "the profile could not be installed", cause=cause) from cause
    staged = await told.installer.prepare(profile)
    return Outcome(installed=told.installer.install(staged), renewed=staged if staged.mdm is not None else None)


async def _remove_profile(told: Told) -> Outcome:
    identifier = told.command.text("Identifier")
    if not identifier:
        raise Malformed("RemoveProfile has no Identifier")
    if identifier == told.enrollment.profile:
        return Outcome(ends=Ends.RETIRED)
    told.check_unlocked()
    held = told.store.profiles.get(identifier)
    if held is None or not held.managed:
        raise Fault(Code.NOT_MANAGED, f"the profile {identifier} is not one that this server manages")
    told.installer.remove(identifier)
    return Outcome(removed=[held.display_name or identifier])


async def _profile_list(told: Told) -> Outcome:
    profiles = [one for one in told.store.profiles.values() if one.managed or not told.wants_managed_only]
    return Outcome({"ProfileList": [_profile(one, told.system) for one in profiles]})


def _profile(held: HeldProfile, system: System) -> dict[str, Any]:
    """What ProfileList tells of a profile: never what its payloads say."""
    described: dict[str, Any] = {
        "PayloadIdentifier": held.identifier,
        "PayloadUUID": held.uuid,
        "PayloadVersion": held.version,
        "PayloadDisplayName": held.display_name,
        "PayloadOrganization": held.organization,
        "PayloadDescription": held.description,
        "PayloadRemovalDisallowed": held.removal_disallowed,
        "HasRemovalPasscode": held.has_removal_passcode,
        "IsEncrypted": held.encrypted,
        "IsManaged": None if system.is_mac else held.managed,
        "SignerCertificates": [base64.b64decode(one) for one in held.signers],
        "PayloadContent": [
            _present(
                {
                    "PayloadType": one.type,
                    "PayloadVersion": one.version,
                    "PayloadIdentifier": one.identifier,
                    "PayloadUUID": one.uuid,
                    "PayloadDisplayName": one.display_name,
                }
            )
            for one in held.payloads
        ],
    }
    return _present(described)


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


async def _certificate_list(told: Told) -> Outcome:
    told.check_unlocked_once()
    keys, listed = told.device.keystore, []
    managed = {one.identifier for one in told.store.profiles.values() if one.managed}
    wanted = {
        (one.kind, one.name) for one in told.store.claims if one.profile in managed or not told.wants_managed_only
    }
    listed += [_certificate(der) for sha256, der in keys.trusted.items() if (CERTIFICATE, sha256) in wanted]
    listed += [
        _certificate(one.certificate, is_identity=True)
        for one in keys.entries.values()
        if (IDENTITY, one.alias) in wanted
    ]
    # The identity that the device manages itself with is one of its identities too.
    listed.append(_certificate(told.enrollment.identity_certificate, is_identity=True))
    return Outcome({"CertificateList": listed})


def _certificate(der: bytes, *, is_identity: bool = False) -> dict[str, Any]:
    subject = x509.load_der_x509_certificate(der).subject
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    common = str(names[0].value) if names else subject.rfc4514_string()
    return {"CommonName": common, "IsIdentity": is_identity, "Data": der}


async def _device_information(told: Told) -> Outcome:
    queries = told.command.parameters.get("Queries")
    if not isinstance(queries, list):
        raise Malformed("DeviceInformation has no Queries")
    named = [one for one in queries if isinstance(one, str)]
    responses = query_responses(told.device, named, rights=Right(told.enrollment.access_rights))
    return Outcome({"QueryResponses": responses})


async def _security_info(told: Told) -> Outcome:
    told.check_unlocked()
    return Outcome({"SecurityInfo": security_info(told.device)})


async def _device_lock(told: Told) -> Outcome:
    pin = told.command.parameters.get("PIN")
    if told.system.is_mac and pin is not None:
        if not isinstance(pin, str) or not _PIN.fullmatch(pin):
            raise Fault(Code.REQUEST_MALFORMED, "the PIN of DeviceLock is six digits")
        told.device.condition.passcode = pin
    told.device.condition.lock(True)
    says = {"Message", "PhoneNumber"} & told.command.parameters.keys()
    return Outcome({"MessageResult": "Success"} if says and not told.system.is_mac else {})


async def _erase_device(told: Told) -> Outcome:
    return Outcome(ends=Ends.ERASED)


_COMMANDS: dict[str, tuple[Right | None, Callable[[Told], Awaitable[Outcome]]]] = {
    "InstallProfile": (Right.CHANGE_PROFILES, _install_profile),
    "RemoveProfile": (Right.CHANGE_PROFILES, _remove_profile),
    "ProfileList": (Right.INSPECT_PROFILES, _profile_list),
    "CertificateList": (Right.INSPECT_PROFILES, _certificate_list),
    # Each of its queries needs a right of its own.
    "DeviceInformation": (None, _device_information),
    "SecurityInfo": (Right.SECURITY, _security_info),
    "DeviceLock": (Right.LOCK, _device_lock),
    "EraseDevice": (Right.ERASE, _erase_device),
}
