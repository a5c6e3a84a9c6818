"""The simulated devices that this server holds: listed, added, and changed by their owners."""

from __future__ import annotations

from fauxtune.operations.runtime import device_host
from fauxtune.surfaces.control.access import Here, calls
from fauxtune.surfaces.control.answers import Listed
from fauxtune_labs.control.hosted_device_messages import HostedDevice, HostedDeviceChange, NewHostedDevice
from fauxtune_labs.operations import hosted_devices
from fauxtune_labs.operations.hosted_devices import DeviceChange

router = calls("/tenants/{tenant}/hosted-devices", tag="devices")


@router.get("", summary="List the simulated devices that this server holds")
async def list_hosted_devices(here: Here) -> Listed[HostedDevice]:
    """In the order of their enrolments. Devices of fauxtune-sim and of tests are not among them."""
    return Listed(value=[_view(each) for each in await here.emulator.device_host.devices(here.tenant.id)])


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
    scripts = None if body.scripts is None else {name: each.model_dump() for name, each in body.scripts.items()}
    change = DeviceChange(online=body.online, refuses=body.refuses, facts=body.facts, scripts=scripts)
    return _view(await hosted_devices.change_device(here.emulator, here.tenant, name=device, change=change))


@router.post("/{device:path}/check-in", summary="Let a simulated device check in now")
async def check_in_hosted_device(here: Here, device: str) -> HostedDevice:
    """Answered when it has done so."""
    return _view(await hosted_devices.check_in(here.emulator, here.tenant, name=device))


def _view(device: device_host.HostedDevice) -> HostedDevice:
    return HostedDevice(
        name=device.name,
        platform=device.platform,
        mode=device.mode,
        user_principal_name=device.user,
        enrollment=device.enrollment,
        ended=device.ended,
        online=device.is_online,
        refuses=sorted(device.refuses),
    )
