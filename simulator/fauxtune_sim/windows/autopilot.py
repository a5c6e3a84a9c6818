"""A PC before its set-up: its hardware hash, and the deployment profile that it asks for.

Microsoft: "Manually register devices with Windows Autopilot" (hash and serial number), "Windows Autopilot for existing
devices" (the names in a profile), "Configure Autopilot profiles" (templates of names). The messages of the deployment
service are not published: address and question are those of Fauxtune.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from random import Random
from urllib.parse import quote

import orjson

from fauxtune_sim.agent.agent import EnrollmentParameters
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import AnswerBroken, NotAllowedHere, ServerRefused
from fauxtune_sim.facts.windows import WindowsHardware
from fauxtune_sim.platforms import Platform
from fauxtune_sim.server.transport import Transport

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
