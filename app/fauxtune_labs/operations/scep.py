"""Sentences on certificates that devices request by SCEP from the tenant's own SCEP server."""

from __future__ import annotations

from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import EnrollmentId, ManagedDeviceId, ProfileId
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.model.words.device_words import platform_of
from fauxtune.core.model.words.provider_state_words import Reading
from fauxtune.core.scep.challenge import LIFETIME
from fauxtune.operations.arrangement import assigning, connectors, devices, times
from fauxtune.operations.arrangement.scene import Scene
from fauxtune.operations.checkin import scep_challenges
from fauxtune.operations.runtime.device_host import HostedDevice
from fauxtune.operations.tenants import tenants
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import scep as queries
from fauxtune.storage.rows.devices import NamedEnrollmentRow

_APPROVAL = "ndes.approval"
_EVERYBODY = "all users"


async def is_assigned(scene: Scene, reading: Reading) -> None:
    """Assign a SCEP profile."""
    await assigning.assign_scep(scene, await scene.target(reading.words["group"]))


async def requests_wait(scene: Scene, reading: Reading) -> None:
    """Let requests wait for an approval."""
    await _set_approval(scene, needed=True)


async def requests_are_granted(scene: Scene, reading: Reading) -> None:
    """Grant requests at once."""
    await _set_approval(scene, needed=False)


async def has_certificate(scene: Scene, reading: Reading) -> None:
    """Have the device request its certificate, and get it."""
    device = await devices.one_device(scene, reading)
    enrollment = await _enrollment(scene)
    if await _has(scene, enrollment.id):
        return
    await requests_are_granted(scene, reading)
    await _assign(scene, device)


async def waits_for_approval(scene: Scene, reading: Reading) -> None:
    """Have the device request its certificate, which nobody approves."""
    approved = scene.emulator.runner.current(scene.tenant).setting(_APPROVAL)
    # A device that is enrolled now requests at once, if a profile reaches it already.
    await requests_wait(scene, reading)
    device = await devices.one_device(scene, reading)
    enrollment = await _enrollment(scene)
    if await _waits(scene, enrollment.id):
        return
    if await _has(scene, enrollment.id):
        await _set_approval(scene, needed=bool(approved))
        raise Invalid(f"{device.name} has its SCEP certificate already: choose another device.", target="state")
    await _assign(scene, device)


async def challenge_has_expired(scene: Scene, reading: Reading) -> None:
    """Give the device a challenge, and let its hour pass."""
    device = await devices.one_device(scene, reading)
    enrollment = await _enrollment(scene)
    rows = await scene.read(queries.challenges_of, scene.tenant.id, enrollment_ids=[enrollment.id])
    if rows and rows[-1].state == "given" and rows[-1].expires_at <= scene.now:
        return
    # Off line, it neither uses the challenge nor is given another.
    if device.is_online:
        await scene.do(scene.emulator.device_host.take_offline(scene.tenant.id, device.name))
    profiles = await assigning.assign_scep(scene, await scene.target(_EVERYBODY))
    await scene.run(
        scep_challenges.give_challenge,
        device=ManagedDeviceId(scene.values["managedDeviceId"]),
        profile=ProfileId(profiles[platform_of(enrollment.variant)]),
        keys=scene.emulator.keys,
    )
    await times.set_clock(scene, scene.now + LIFETIME)


async def _set_approval(scene: Scene, *, needed: bool) -> None:
    if scene.emulator.runner.current(scene.tenant).setting(_APPROVAL) is not needed:
        await scene.run(tenants.change_settings, {_APPROVAL: needed})


async def _assign(scene: Scene, device: HostedDevice) -> None:
    """Let the device request its certificate."""
    await connectors.bring_on_line(scene)
    await assigning.assign_scep(scene, await scene.target(_EVERYBODY))
    if not device.is_online:
        await scene.do(scene.emulator.device_host.bring_online(scene.tenant.id, device.name))


async def _enrollment(scene: Scene) -> NamedEnrollmentRow:
    """Return the enrolment of the device of which the sentence speaks."""
    key = scene.values["managedDeviceId"]
    row = await scene.read(device_queries.enrollment_named, scene.tenant.id, key=key)
    assert row is not None, "it was enrolled for the sentence, or before"
    return row


async def _has(scene: Scene, enrollment: EnrollmentId) -> bool:
    rows = await scene.read(device_queries.ledger_rows, enrollment)
    return any(row.source is Source.SCEP and row.state is ItemState.INSTALLED for row in rows.values())


async def _waits(scene: Scene, enrollment: EnrollmentId) -> bool:
    pending = await scene.read(queries.pending_requests, scene.tenant.id)
    return any(device == enrollment for device, _profile in pending)
