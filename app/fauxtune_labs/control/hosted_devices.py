"""The simulated devices that this server holds: listed, added, and changed by their owners; the bodies and answers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, StrictBool, StrictInt

from fauxtune.core.model.text import JsonObject, Text
from fauxtune.operations.runtime import device_host
from fauxtune.operations.tenants.seed_further_parts import DeviceMode, DevicePlatform
from fauxtune.surfaces.control.access import Here, calls
from fauxtune.surfaces.control.bodies import Answer, Body, Listed
from fauxtune_labs.operations import hosted_devices
from fauxtune_labs.operations.hosted_devices import DeviceChange

Item = Literal["root", "pkcs", "imported", "scep", "email", "setting", "app"]


class NewHostedDevice(Body):
    """A simulated device; the members are those of a device in a seed."""

    user: Text = Field(examples=["alice"], description="the user for whom it is enrolled; the domain may be left out")
    platform: DevicePlatform
    mode: DeviceMode | None = Field(default=None, description="how an Android device is managed")
    name: Text | None = Field(default=None, description='without it such as "alice\'s iPhone"')
    facts: JsonObject = Field(
        default_factory=dict,
        examples=[{"isEncrypted": False}],
        description="what it reports, by the names of managedDevice",
    )


class ScriptOutcome(Body):
    """How a script ends. Of a remediation `exitCode` 1 is an issue, `remediation` the exit code of what follows it."""

    exit_code: StrictInt = 0
    output: Text = Field(default="", max_length=2048)
    error: Text = Field(default="", max_length=2048)
    remediation: StrictInt = 0
    fixes: StrictBool = Field(default=True, description="whether the issue is gone after the remediation")


class HostedDeviceChange(Body):
    """What its owner changes; other members stay."""

    online: StrictBool | None = Field(default=None, description="false: it does not check in until this is true again")
    refuses: list[Item] | None = Field(default=None, description="everything that it refuses from now on")
    facts: JsonObject | None = Field(default=None, examples=[{"isEncrypted": False}])
    scripts: dict[Text, ScriptOutcome] | None = Field(
        default=None,
        max_length=200,
        examples=[{"Map drives": {"exitCode": 1}}],
        description="how scripts end on it from now on, by their names or ids; their texts are never executed",
    )


class HostedDevice(Answer):
    """A simulated device of this server. `enrollment`: its name in its platform's protocol, null when it is not
    enrolled; `ended`: why its last enrolment ended.
    """

    name: str
    platform: str
    mode: str | None
    user_principal_name: str | None
    enrollment: str | None
    ended: str | None
    online: bool
    refuses: list[str]


router = calls("/tenants/{tenant}/hosted-devices", tag="devices")


@router.get("", summary="List the simulated devices that this server holds")
async def list_hosted_devices(here: Here) -> Listed[HostedDevice]:
    """In the order of their enrolments. Devices of fauxtune-sim and of tests are not among them."""
    return Listed(value=[_view(device) for device in await here.emulator.device_host.devices(here.tenant.id)])


@router.post("", status_code=201, summary="Add a simulated device, which this server holds")
async def add_hosted_device(here: Here, body: NewHostedDevice) -> HostedDevice:
    """It enrols with a token over its own wire, checks in and stays connected. 404 for an unknown user, 409 for a name
    that another simulated device of the tenant has, 400 if the enrolment is refused.
    """
    new = device_host.NewDevice(token="", platform=body.platform, mode=body.mode, name=body.name, facts=body.facts)
    return _view(await hosted_devices.add_device(here.emulator, here.tenant, user=body.user, device=new))


@router.patch("/{device:path}", summary="Do with a simulated device what its owner does")
async def change_hosted_device(here: Here, device: str, body: HostedDeviceChange) -> HostedDevice:
    """By its name. With other facts a device that is on line checks in."""
    scripts = None if body.scripts is None else {name: script.model_dump() for name, script in body.scripts.items()}
    change = DeviceChange(online=body.online, refuses=body.refuses, facts=body.facts, scripts=scripts)
    return _view(await hosted_devices.change_device(here.emulator, here.tenant, name=device, change=change))


@router.post("/{device:path}/check-in", summary="Let a simulated device check in now")
async def check_in_hosted_device(here: Here, device: str) -> HostedDevice:
    """Answered when it has done so."""
    return _view(await hosted_devices.check_in(here.emulator, here.tenant, name=device))


def _view(device: device_host.HostedDevice) -> HostedDevice:
    return HostedDevice.from_value(device, user_principal_name=device.user, refuses=sorted(device.refuses))
