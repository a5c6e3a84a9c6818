"""Sentences on devices: simulated ones, enrolled by the host of this emulator."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fauxtune.core.administration import devices as tasks
from fauxtune.core.administration import directory
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.model.words.provider_state_words import Reading
from fauxtune.operations.arrangement import assigning, connectors
from fauxtune.operations.arrangement.scene import Scene
from fauxtune.operations.checkin import waiting_until_settled
from fauxtune.operations.devices import enrollment as enrollment_tokens
from fauxtune.operations.runtime.device_host import HostedDevice, NewDevice
from fauxtune.operations.runtime.in_order import outside
from fauxtune.operations.tenants.deletion import check_present
from fauxtune.operations.tenants.seats import seat_of
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.rows.devices import EnrollmentRow

_MOST = 50
#: Simulated devices of a tenant inside the server; of the tenant that is a seat of a classroom.
_MOST_HOSTED, _MOST_AT_SEAT = 1_000, 50
#: Seconds that a state waits for devices.
_PATIENCE = 20.0
#: Seconds in which a device that is on line waits for a push again after its check-in.
_CONNECTION_PATIENCE = 5.0
#: Whose device is meant where a sentence names nobody.
_SOMEBODY = "alice"
#: The words by which simulated devices record that they were reset, or that their users removed the management. Every
#: other end was a retirement.
_RESET, _BY_USER = "factory reset", "the user removed"


@dataclass(frozen=True, slots=True)
class Kind:
    """A user's devices of one kind: they are called "alice's iPhone", "alice's iPhone 2" and so on."""

    user: str
    platform: str
    mode: str | None
    title: str

    def name(self, number: int) -> str:
        """Return the name of the user's device of this number."""
        base = f"{self.user.partition('@')[0]}'s {self.title}"
        return base if number == 1 else f"{base} {number}"

    def has(self, device: HostedDevice) -> bool:
        """Whether a device is of this kind and this user, or was before its enrolment ended."""
        return (device.platform, device.mode) == (self.platform, self.mode) and (
            device.user == self.user if device.user is not None else device.name.startswith(self.name(1))
        )


async def has_device(scene: Scene, reading: Reading) -> None:
    """Have a device enrolled."""
    await one_device(scene, reading)


async def has_devices(scene: Scene, reading: Reading) -> None:
    """Have so many devices enrolled."""
    await _have(scene, _kind(scene, reading), enrolled=_number(reading))


async def has_devices_some_retired(scene: Scene, reading: Reading) -> None:
    """Have had so many devices, of which so many were retired."""
    wanted, retired = _number(reading), reading.number("part")
    if retired > wanted:
        raise Invalid("No more devices can be retired than there are.", target="state")
    kind = _kind(scene, reading)
    missing = max(0, retired - sum(_was_retired(device) for device in await _devices(scene, kind)))
    enrolled = await _have(scene, kind, enrolled=wanted - retired + missing)
    for device in enrolled[:missing]:
        await _end(scene, device, request=tasks.retire_device)


async def is_off_line(scene: Scene, reading: Reading) -> None:
    """Take the device off line."""
    device = await one_device(scene, reading)
    if device.is_online:
        await scene.do(scene.emulator.device_host.take_offline(scene.tenant.id, device.name))


async def is_on_line(scene: Scene, reading: Reading) -> None:
    """Bring the device on line."""
    device = await one_device(scene, reading)
    if not device.is_online:
        await scene.do(scene.emulator.device_host.bring_online(scene.tenant.id, device.name))


async def was_retired(scene: Scene, reading: Reading) -> None:
    """Have the device retired."""
    await _have_ended(scene, reading, is_done=_was_retired, request=tasks.retire_device)


async def was_wiped(scene: Scene, reading: Reading) -> None:
    """Have the device wiped."""
    await _have_ended(scene, reading, is_done=_was_wiped, request=tasks.wipe_device)


async def refuses(scene: Scene, reading: Reading) -> None:
    """Make the device refuse deliveries of a kind."""
    device, item = await one_device(scene, reading), reading.delivery()
    if item not in device.refuses:
        await scene.do(scene.emulator.device_host.refuse(scene.tenant.id, device.name, item=item))


async def accepts_everything(scene: Scene, reading: Reading) -> None:
    """Make the device accept everything."""
    device = await one_device(scene, reading)
    if device.refuses:
        await scene.do(scene.emulator.device_host.accept(scene.tenant.id, device.name))


async def reports(scene: Scene, reading: Reading) -> None:
    """Have the device report a value, and check in."""
    device, fact, text = await one_device(scene, reading), reading.words["fact"], reading.words["value"]
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    record = await record_of(scene, device)
    if record is None or record.get(fact, ...) != value:
        await scene.do(scene.emulator.device_host.report(scene.tenant.id, device.name, facts={fact: value}))
        await scene.do(scene.emulator.device_host.check_in(scene.tenant.id, device.name))


async def waits_for_connector(scene: Scene, reading: Reading) -> None:
    """Assign a certificate to the device's user while the connectors are off line."""
    device = await one_device(scene, reading)
    await connectors.connectors_are_off_line(scene, reading)
    target = await scene.target("all users")
    await assigning.assign_pkcs(scene, target, name=assigning.SIGNING, template="SmimeSigning")
    if not device.is_online:
        await scene.do(scene.emulator.device_host.bring_online(scene.tenant.id, device.name))


async def settle(scene: Scene) -> None:
    """Wait until the hosted devices have carried out what was changed, if the tenant has some that are on line, and
    wait for a push again.
    """
    host, signals = scene.emulator.device_host, scene.emulator.signals
    hosted = await host.devices(scene.tenant.id)
    if any(device.is_online for device in hosted):
        lost = [device for device in hosted if not device.is_online]
        away = await _enrollments_of(scene, lost) if lost else []
        await waiting_until_settled.settle(scene.emulator, scene.tenant, seconds=_PATIENCE, away=away)
        await host.finish_check_ins(scene.tenant.id)
        devices = [device for device in await host.devices(scene.tenant.id) if device.is_online]
        awaited = await _enrollments_of(scene, devices)
        await outside(
            lambda: asyncio.gather(
                *(signals.wait_for_connection(enrollment, seconds=_CONNECTION_PATIENCE) for enrollment in awaited)
            )
        )


async def _enrollments_of(scene: Scene, devices: Sequence[HostedDevice]) -> list[EnrollmentId]:
    """Return the present enrolments of hosted devices."""
    live = await scene.read(queries.live_enrollments, scene.tenant.id)
    rows = (await scene.read(queries.enrollments_by_id, live)).values()
    return [row.id for row in rows if any(is_enrollment_of(device, row) for device in devices)]


def is_enrollment_of(device: HostedDevice, row: EnrollmentRow) -> bool:
    """Whether this is the present enrolment of a simulated device."""
    # Windows names an enrolment by its id, Android by a path that ends with it, Apple by the UDID of the hardware.
    name = (device.enrollment or "").rpartition("/")[2].lower()
    return name in {row.id.lower(), row.hardware_key.rpartition("/")[2].lower()}


async def enroll(scene: Scene, *, user: str, device: NewDevice) -> HostedDevice:
    """Enrol a device for a user, whose token it gets. Raises Invalid if the tenant has as many as it may have: they
    share one process with those of all other tenants.
    """
    most = _MOST_HOSTED if await seat_of(scene.emulator, scene.tenant) is None else _MOST_AT_SEAT
    if len(await scene.emulator.device_host.devices(scene.tenant.id)) >= most:
        raise Invalid(
            f"This tenant has {most} simulated devices inside the server, and can have no more. Reset the tenant or "
            "begin the lab again, or enrol devices with fauxtune-sim, in a process of their own."
        )
    token = await scene.run(enrollment_tokens.create_token, scene.principal_name(user))
    new = NewDevice(
        token=token,
        platform=device.platform,
        mode=device.mode,
        name=device.name,
        user=scene.principal_name(user),
        facts=device.facts,
    )
    enrolled = await scene.emulator.device_host.enroll(scene.tenant.id, new)
    await check_present(scene.emulator, scene.tenant)
    return enrolled


async def one_device(scene: Scene, reading: Reading) -> HostedDevice:
    """Return the user's first device of the kind that is enrolled; one is enrolled if it has no such device."""
    device = (await _have(scene, _kind(scene, reading), enrolled=1))[0]
    record = await record_of(scene, device)
    if record is not None:
        scene.values["managedDeviceId"] = record["id"]
    return device


async def _have(scene: Scene, kind: Kind, *, enrolled: int) -> list[HostedDevice]:
    """Enrol devices until so many are enrolled; return all that are."""
    devices = await _devices(scene, kind)
    names = {device.name for device in await scene.emulator.device_host.devices(scene.tenant.id)}
    present = [device for device in devices if device.enrollment is not None]
    if len(present) < enrolled:
        await scene.user(kind.user)
    number = 0
    while len(present) < enrolled:
        number += 1
        if kind.name(number) not in names:
            new = NewDevice(token="", platform=kind.platform, mode=kind.mode, name=kind.name(number))
            present.append(await enroll(scene, user=kind.user, device=new))
    return present


async def _devices(scene: Scene, kind: Kind) -> list[HostedDevice]:
    return [device for device in await scene.emulator.device_host.devices(scene.tenant.id) if kind.has(device)]


async def _have_ended(
    scene: Scene,
    reading: Reading,
    *,
    is_done: Callable[[HostedDevice], bool],
    request: Callable[[str], AdminRequest],
) -> None:
    """Retire or wipe the user's devices of the kind, if none is left of which it is true already."""
    kind = _kind(scene, reading)
    devices = await _devices(scene, kind)
    present = [device for device in devices if device.enrollment is not None]
    if present or not any(map(is_done, devices)):
        for device in present or await _have(scene, kind, enrolled=1):
            await _end(scene, device, request=request)


async def _end(scene: Scene, device: HostedDevice, *, request: Callable[[str], AdminRequest]) -> None:
    """Retire or wipe a device, which is brought on line for it, and wait until it has done so."""
    record = await record_of(scene, device)
    if record is None:
        return
    scene.values["managedDeviceId"] = record["id"]
    await scene.send(request(record["id"]))
    if not device.is_online:
        await scene.emulator.device_host.bring_online(scene.tenant.id, device.name)
    await settle(scene)


async def record_of(scene: Scene, device: HostedDevice) -> JsonObject | None:
    """Return the managedDevice of a device; None if it has none."""
    user = await scene.find_user(device.user) if device.user else None
    if user is None:
        return None
    records = await scene.listed(f"{directory.USERS}/{user['id']}/managedDevices")
    return next((record for record in records if record["deviceName"] == device.name), None)


def _was_wiped(device: HostedDevice) -> bool:
    return device.enrollment is None and device.ended == _RESET


def _was_retired(device: HostedDevice) -> bool:
    return device.enrollment is None and not _was_wiped(device) and not (device.ended or "").startswith(_BY_USER)


def _kind(scene: Scene, reading: Reading) -> Kind:
    platform, mode, title = reading.device()
    return Kind(scene.principal_name(reading.words.get("user") or _SOMEBODY), platform, mode, title)


def _number(reading: Reading) -> int:
    number = reading.number("count")
    if number > _MOST:
        raise Invalid(f"A state enrols {_MOST} devices at most.", target="state")
    return number
