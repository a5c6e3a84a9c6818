"""The simulated devices that this server holds: another one, and what its owner does with it.

Everything else in the server treats them as any device: they enrol with a token, and check in over their own wire.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from fauxtune.core.errors import NotFound
from fauxtune.core.model.states import EnrollmentState
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.words.provider_states import DEVICES, REFUSALS
from fauxtune.operations.arrangement.devices import Kind, enroll, is_enrollment_of
from fauxtune.operations.arrangement.scene import scene_of
from fauxtune.operations.runtime.device_host import HostedDevice, NewDevice
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.turns import turn_of_state
from fauxtune.storage.rows.devices import EnrollmentRow

#: The name of the application in the audit log.
_CLIENT = "hosted device"
#: How an Android device is managed unless something else is said.
_USUAL_MODE = "work-profile"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceChange:
    """What the owner of a device changes; None: it stays. `refuses`: everything that the device refuses from now on.
    `scripts`: how these end, by name or id.
    """

    online: bool | None = None
    refuses: Collection[str] | None = None
    facts: Mapping[str, Any] | None = None
    scripts: Mapping[str, Mapping[str, Any]] | None = None


async def add_device(emulator: Emulator, tenant: Tenant, *, user: str, device: NewDevice) -> HostedDevice:
    """Enrol a simulated device for a user, whose name may lack the domain. Without a name the device is called "alice's
    iPhone", "alice's iPhone 2" and so on.

    Raises NotFound for an unknown user, Conflict for a name that is taken, Invalid if the enrolment is refused.
    """
    scene = scene_of(emulator, tenant, client=_CLIENT)
    mode = device.mode or (_USUAL_MODE if device.platform == "android" else None)
    async with emulator.turns.across(turn_of_state(tenant)):
        kind = Kind(scene.principal_name(user), device.platform, mode, _title(device.platform, mode))
        name = device.name or _free_name(kind, await emulator.device_host.devices(tenant.id))
        new = NewDevice(token="", platform=device.platform, mode=mode, name=name, facts=device.facts)
        return await enroll(scene, user=user, device=new)


async def hosted_device(emulator: Emulator, tenant: Tenant, *, name: str) -> HostedDevice:
    """Return the simulated device of this name. Raises NotFound."""
    devices = await emulator.device_host.devices(tenant.id)
    device = next((each for each in devices if each.name == name), None)
    if device is None:
        names = ", ".join(f"'{each.name}'" for each in devices) or "none"
        raise NotFound(f"This server holds no simulated device '{name}' of this tenant. It holds: {names}.")
    return device


async def device_of_enrollment(emulator: Emulator, tenant: Tenant, *, row: EnrollmentRow) -> HostedDevice | None:
    """Return the simulated device whose enrolment this is; None for a device that is elsewhere, or has ended."""
    if row.state is EnrollmentState.ENDED:
        return None
    devices = await emulator.device_host.devices(tenant.id)
    return next((device for device in devices if is_enrollment_of(device, row)), None)


async def change_device(emulator: Emulator, tenant: Tenant, *, name: str, change: DeviceChange) -> HostedDevice:
    """Do with a simulated device what its owner does. If it reports something else and is on line, it checks in.

    Raises NotFound for a device that this server does not hold, Invalid for a fact that the simulator does not know.
    """
    await _wait_for_turn(emulator, tenant)
    host, device = emulator.device_host, await hosted_device(emulator, tenant, name=name)
    if change.facts:
        await host.report(tenant.id, name, facts=change.facts)
    for script, outcome in (change.scripts or {}).items():
        await host.declare(tenant.id, name, script=script, outcome=outcome)
    if change.refuses is not None:
        for item in REFUSALS:
            if item in change.refuses and item not in device.refuses:
                await host.refuse(tenant.id, name, item=item)
            elif item in device.refuses and item not in change.refuses:
                await host.accept(tenant.id, name, item=item)
    online = device.is_online if change.online is None else change.online
    if device.is_online and not online:
        await host.take_offline(tenant.id, name)
    elif online and not device.is_online:
        await host.bring_online(tenant.id, name)
    elif online and change.facts:
        await host.check_in(tenant.id, name)
    return await hosted_device(emulator, tenant, name=name)


async def check_in(emulator: Emulator, tenant: Tenant, *, name: str) -> HostedDevice:
    """Let a simulated device check in now. Raises NotFound, Invalid for one that is not enrolled."""
    await _wait_for_turn(emulator, tenant)
    await hosted_device(emulator, tenant, name=name)
    await emulator.device_host.check_in(tenant.id, name)
    return await hosted_device(emulator, tenant, name=name)


async def _wait_for_turn(emulator: Emulator, tenant: Tenant) -> None:
    """Wait while the tenant's state is arranged or replaced: a restore takes its devices away and brings them back."""
    await emulator.turns.pass_by(turn_of_state(tenant))


def _free_name(kind: Kind, devices: Collection[HostedDevice]) -> str:
    names = {device.name for device in devices}
    number = 1
    while kind.name(number) in names:
        number += 1
    return kind.name(number)


def _title(platform: str, mode: str | None) -> str:
    """Return the word for such a device, as the sentences of provider states have it."""
    return next((title for *kind, title in DEVICES.values() if kind == [platform, mode]), "device")
