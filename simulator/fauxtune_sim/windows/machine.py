"""One Windows device during a session: the node tree over its stored state, its facts, and the ordered end."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from random import Random
from typing import TypeVar
from urllib.parse import quote

import orjson
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from fauxtune_sim.agent.agent import EnrollmentParameters
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.state_folder import position
from fauxtune_sim.errors import AnswerBroken, NotAllowedHere, ServerRefused
from fauxtune_sim.facts.device_facts import reported_facts
from fauxtune_sim.facts.table import FactValue
from fauxtune_sim.facts.windows import WindowsHardware
from fauxtune_sim.keys.keystore import KeyEntry
from fauxtune_sim.mail.accounts import MailAccount
from fauxtune_sim.platforms import Platform
from fauxtune_sim.server.transport import Transport
from fauxtune_sim.windows.nodes import FACT_NODES, PART_NODES, Path, is_phone, members
from fauxtune_sim.windows.state import AppJob, KeyPlace, RequestStatus, ScepRequest, WindowsEnrollment, WindowsState
from fauxtune_sim.windows.tree import Tree

Key = TypeVar("Key")
Item = TypeVar("Item")

_DATE = "%m/%d/%Y %H:%M:%S"


class EnrollmentEnd(StrEnum):
    """The action after the session that ends the enrolment or resets the device."""

    UNENROLL = "unenroll"
    RESET = "reset"
    RESET_KEEP_ENROLLMENT = "reset, the enrolment stays"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state that a failed Atomic must restore."""

    nodes: dict[Path, str | None]
    keys: dict[Path, KeyPlace]
    requests: dict[Path, ScepRequest]
    entries: dict[str, KeyEntry]
    trusted: dict[str, bytes]
    accounts: dict[str, MailAccount]


@dataclass(slots=True)
class Machine:
    """A device with its tree. `user`: whether the enrolled user is logged in; `now`: the time of its clock.

    `lost_accounts` are the nodes of mail accounts that were added twice in this session, and so were deleted;
    `archives` are those that are to be uploaded after it.
    """

    device: Device
    now: datetime
    user: bool = True
    end: EnrollmentEnd | None = None
    lost_accounts: set[Path] = field(default_factory=set)
    archives: list[LogArchive] = field(default_factory=list)
    tree: Tree = field(init=False)
    _reported: Mapping[str, FactValue] = field(init=False)

    def __post_init__(self) -> None:
        self._reported = reported_facts(self.device)
        self.tree = Tree(
            self.device.platform,
            self._fact,
            provider=self.enrollment.provider,
            user=self.user,
            nodes=self.state.nodes,
            members=members(self.facts),
        )

    @property
    def state(self) -> WindowsState:
        """The device's Windows state."""
        assert isinstance(self.device.state, WindowsState)
        return self.device.state

    @property
    def enrollment(self) -> WindowsEnrollment:
        """The device's enrolment."""
        assert isinstance(self.device.enrollment, WindowsEnrollment)
        return self.device.enrollment

    @property
    def facts(self) -> Mapping[str, FactValue]:
        """The facts that the device reports."""
        return self._reported

    @property
    def hardware(self) -> WindowsHardware:
        """The device's hardware."""
        assert isinstance(self.device.hardware, WindowsHardware)
        return self.device.hardware

    def snapshot(self) -> Snapshot:
        """Copy the state that `restore` can bring back."""
        device, state = self.device, self.state
        return Snapshot(
            dict(state.nodes),
            dict(state.keys),
            dict(state.requests),
            dict(device.keystore.entries),
            dict(device.keystore.trusted),
            dict(device.accounts),
        )

    def restore(self, before: Snapshot) -> None:
        """Restore the state of a snapshot."""
        device, state = self.device, self.state
        _refill(state.nodes, before.nodes)
        _refill(state.keys, before.keys)
        _refill(state.requests, before.requests)
        _refill(device.accounts, before.accounts)
        if device.keystore.entries != before.entries or device.keystore.trusted != before.trusted:
            pending = dict(device.keystore.pending)
            device.keystore.clear()
            device.keystore.pending.update(pending)
            for entry in before.entries.values():
                device.keystore.install(entry)
            device.keystore.trusted.update(before.trusted)

    def _fact(self, name: str, path: Path) -> str | None:
        if name in _OF_CERTIFICATES:
            return self._of_certificate(name, path)
        if name in {"PfxStatus", "PfxThumbprint"}:
            return self._of_import(name, path[:-1])
        if name in _OF_APPS:
            job = self.state.apps.get(path[:-1])
            return None if job is None else _OF_APPS[name](job)
        if name in _OF_REQUESTS or name == "ScepThumbprint":
            return self._of_request(name, path[:-1])
        if name in PART_NODES:
            return PART_NODES[name](self.facts, path)
        if name == "Asterisks":
            return "****" if path in self.state.nodes else None
        return FACT_NODES[name](self.facts) if name in FACT_NODES else _FACTS[name](self)

    def _of_certificate(self, name: str, path: Path) -> str | None:
        encoded = self.state.nodes.get((*path[:-1], "EncodedCertificate"))
        if encoded is None:
            return None
        return _OF_CERTIFICATES[name](x509.load_der_x509_certificate(base64.b64decode(encoded)))

    def _of_import(self, name: str, path: Path) -> str | None:
        if name == "PfxThumbprint":
            return self._thumbprint(path)
        if path in self.state.failed_imports:
            return _signed(self.state.failed_imports[path])
        return "0" if path in self.state.keys else None

    def _of_request(self, name: str, path: Path) -> str | None:
        if path not in self.state.nodes:
            return None
        if name == "ScepThumbprint":
            return self._thumbprint(path)
        return _OF_REQUESTS[name](self.state.requests.get(path, _NOT_REQUESTED))

    def _thumbprint(self, path: Path) -> str | None:
        """The thumbprint of the certificate whose key a node has installed."""
        place = self.state.keys.get(path)
        return None if place is None else self.device.keystore.entries[place.alias].sha1.upper()


def _signed(number: int) -> str:
    """A Windows error number as the nodes have it: HRESULTs are signed 32-bit numbers."""
    return str(number - (1 << 32) if number >= 1 << 31 else number)


def _refill(present: dict[Key, Item], former: dict[Key, Item]) -> None:
    present.clear()
    present.update(former)


def _common_name(name: x509.Name) -> str:
    common_names = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common_names[0].value) if common_names else name.rfc4514_string()


_NOT_REQUESTED = ScepRequest(RequestStatus.UNKNOWN)
_OF_REQUESTS: dict[str, Callable[[ScepRequest], str | None]] = {
    "ScepStatus": lambda request: str(request.status),
    "ScepErrorCode": lambda request: _signed(request.error),
    "ScepServer": lambda request: request.server or None,
}
_OF_APPS: dict[str, Callable[[AppJob], str | None]] = {
    "AppStatus": lambda job: str(job.status),
    "AppError": lambda job: _signed(job.error),
    "AppVersion": lambda job: job.version if not job.error else None,
}
_OF_CERTIFICATES: dict[str, Callable[[x509.Certificate], str | None]] = {
    "IssuedBy": lambda certificate: _common_name(certificate.issuer),
    "IssuedTo": lambda certificate: _common_name(certificate.subject),
    "ValidFrom": lambda certificate: certificate.not_valid_before_utc.strftime(_DATE),
    "ValidTo": lambda certificate: certificate.not_valid_after_utc.strftime(_DATE),
    "TemplateName": lambda certificate: None,
}


def _hardware_data(machine: Machine) -> str:
    return base64.b64encode(bytes.fromhex(machine.hardware.hardware_id)).decode()


def _mac(machine: Machine) -> str:
    return machine.hardware.wifi_mac_address.upper()


def _identity_made(machine: Machine) -> str:
    certificate = machine.enrollment.identity().certificate
    return certificate.not_valid_before_utc.strftime("%Y-%m-%dT%H:%M:%SZ")


def _device_id(machine: Machine) -> str:
    """DevId: on PCs the DeviceID of the enrolment, on phones derived from the IMEI."""
    if not is_phone(machine.device.platform):
        return machine.enrollment.device_id
    digest = hashes.Hash(hashes.SHA256())
    digest.update(machine.hardware.imei.encode())
    return "urn:uuid:" + digest.finalize().hex().upper()[:32]


def _channel(machine: Machine) -> str | None:
    """The push channel. Unverified: a PFN that is an address is used as the channel, as there is no WNS here."""
    node = ("Vendor", "MSFT", "DMClient", "Provider", machine.enrollment.provider, "Push", "PFN")
    name = machine.state.nodes.get(node)
    return name if name is not None and name.startswith(("https://", "http://")) else None


_PLATFORMS = {
    Platform.WINDOWS: "Windows 10 Pro",
    Platform.WINDOWS_10_MOBILE: "Windows 10 Mobile",
    Platform.WINDOWS_PHONE_81: "Windows Phone 8.1",
}


_FACTS: dict[str, Callable[[Machine], str | None]] = {
    "DevId": _device_id,
    "Man": lambda machine: machine.hardware.manufacturer,
    "Mod": lambda machine: machine.hardware.model,
    "ICCID": lambda machine: None,
    "DevTyp": lambda machine: "WindowsPhone" if is_phone(machine.device.platform) else "PC",
    "FwV": lambda machine: "1.14.0",
    "SwV": lambda machine: machine.hardware.os_version,
    "HwV": lambda machine: machine.hardware.model,
    "WLANMACAddress": _mac,
    "DeviceHardwareData": _hardware_data,
    "DeviceName": lambda machine: machine.device.name,
    "Latitude": lambda machine: str(position(machine.hardware.hardware_id)[0]),
    "Longitude": lambda machine: str(position(machine.hardware.hardware_id)[1]),
    "OSPlatform": lambda machine: _PLATFORMS[machine.device.platform],
    "Resolution": lambda machine: "1080x1920" if is_phone(machine.device.platform) else "1920x1080",
    "LocalTime": lambda machine: machine.now.strftime("%Y-%m-%dT%H:%M:%S.0000000Z"),
    "SMBIOSSerialNumber": lambda machine: machine.hardware.serial_number,
    # The SIM card's number: the simulated devices have no SIM card.
    "MobileID": lambda machine: None,
    "HWDevID": lambda machine: machine.hardware.hardware_id,
    "EnrollmentType": lambda machine: "Full",
    "CertRenewTimeStamp": _identity_made,
    "ChannelURI": _channel,
    "PushStatus": lambda machine: None if _channel(machine) is None else "0",
    "NewPINValue": lambda machine: machine.device.condition.passcode,
}


@dataclass(frozen=True, slots=True)
class LogArchive:
    """An archive, and the address to which it goes."""

    address: str = field(repr=False)
    content: bytes = field(repr=False)


#: Windows' hashes begin so; the rest of a real one describes the hardware.
_BEGINNING = b"OA3"
_LENGTH = 3000
_LONGEST_NAME = 15
_MACRO = re.compile(r"%SERIAL%|%RAND:([1-9][0-9]?)%", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Deployment:
    """What the deployment service tells a PC: its name, the profile, and the id by which the service knows the PC."""

    computer_name: str
    profile: str
    correlation_id: str
    is_self_deploying: bool


def hardware_hash(device: Device) -> str:
    """Return the PC's hardware hash, in base64. Raises NotAllowedHere for a device that has none."""
    if device.platform is not Platform.WINDOWS or not isinstance(device.hardware, WindowsHardware):
        raise NotAllowedHere(f"{device.name} is no PC: only those have a hardware hash")
    seed = f"{device.hardware.serial_number}/{device.hardware.hardware_id}".encode()
    content = b"".join(hashlib.sha256(seed + bytes([number])).digest() for number in range(_LENGTH // 32))
    return base64.b64encode(_BEGINNING + seed + content).decode()


async def ask(device: Device, transport: Transport, *, parameters: EnrollmentParameters) -> Deployment:
    """Ask for the deployment profile. Raises ServerRefused for a PC that is not registered, or has no profile."""
    url = f"{parameters.server}/mdm/{quote(parameters.tenant, safe='')}/windows/autopilot"
    serial = _serial(device)
    body = orjson.dumps({"serialNumber": serial, "hardwareHash": hardware_hash(device)})
    answer = await transport.send("POST", url, body=body, content_type="application/json")
    if answer.status != 200:
        why = answer.body.decode("utf-8", "replace").strip()
        raise ServerRefused(f"no deployment profile ({answer.status}): {why}", status=answer.status)
    content = answer.json()
    if not isinstance(content, dict) or not isinstance(content.get("ZtdCorrelationId"), str):
        raise AnswerBroken("the deployment service's answer has no ZtdCorrelationId")
    template = str(content.get("CloudAssignedDeviceName") or "")
    return Deployment(
        computer_name=computer_name(template, serial=serial) if template else device.name,
        profile=str(content.get("DeploymentProfileName") or ""),
        correlation_id=content["ZtdCorrelationId"],
        is_self_deploying=content.get("AutopilotMode") == 1,
    )


def computer_name(template: str, *, serial: str, random: Random | None = None) -> str:
    """Return a name by a template: %SERIAL% is the serial number, %RAND:x% are x digits; of the first 15 characters."""
    source = Random() if random is None else random  # noqa: S311 - a name is no secret

    def value(macro: re.Match[str]) -> str:
        return serial if macro[1] is None else "".join(source.choice("0123456789") for _ in range(int(macro[1])))

    return _MACRO.sub(value, template)[:_LONGEST_NAME]


def context_items(device: Device, deployment: Deployment | None) -> list[tuple[str, str]]:
    """Return what a PC tells of its make when it enrols, from 22H2 on, and which registered device it is.

    Unverified: the names, which MS-MDE2 does not have.
    """
    hardware = device.hardware
    if device.platform is not Platform.WINDOWS or not isinstance(hardware, WindowsHardware):
        return []
    items = [
        ("DeviceManufacturer", hardware.manufacturer),
        ("DeviceModel", hardware.model),
        ("SerialNumber", hardware.serial_number),
    ]
    known = items if _build(hardware.os_version) >= _FIRST_BUILD or deployment is not None else []
    return known if deployment is None else [*known, ("ZtdCorrelationId", deployment.correlation_id)]


#: Windows 10 22H2 ("Identify devices as corporate-owned").
_FIRST_BUILD = 19045


def _build(os_version: str) -> int:
    parts = os_version.split(".")
    return int(parts[2]) if len(parts) > 2 and parts[2].isdecimal() else 0


def _serial(device: Device) -> str:
    assert isinstance(device.hardware, WindowsHardware)
    return device.hardware.serial_number
