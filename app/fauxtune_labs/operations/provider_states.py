"""Reaching a provider state: the function of each sentence, called once for a tenant at a time. Sentences on
certificates that devices request by SCEP from the tenant's own SCEP server are here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from fauxtune.core.administration import devices as administration
from fauxtune.core.administration import directory
from fauxtune.core.engine.enrollment_restrictions import platform_type
from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import EnrollmentId, ManagedDeviceId, ProfileId
from fauxtune.core.model.platforms import Platform, variant_of
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.words.device_words import platform_of
from fauxtune.core.model.words.provider_state_words import Reading, read
from fauxtune.core.scep.challenge import LIFETIME
from fauxtune.operations.arrangement import assigning, connectors, devices, times
from fauxtune.operations.arrangement.scene import Scene, scene_of
from fauxtune.operations.checkin import scep_challenges
from fauxtune.operations.runtime.device_host import HostedDevice
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.turns import turn_of_state
from fauxtune.operations.tenants import tenants
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import scep as queries
from fauxtune.storage.rows.devices import NamedEnrollmentRow
from fauxtune_labs.operations import certificates, sentences

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


# Sentences on who may enrol.


async def user_may_not_enroll(scene: Scene, reading: Reading) -> None:
    """Block the platform of the device for a group with the user."""
    platform, mode, name = reading.device()
    variant = variant_of(Platform(platform), mode)
    blocked = None if variant is None else platform_type(variant)
    if blocked is None:
        raise Invalid(f"No restriction of a platform concerns a {name}.", target="state")
    title = f"May not enrol {blocked}"
    user, group = await scene.user(reading.words["user"]), await scene.group(title)
    members = await scene.listed(f"{directory.GROUPS}/{group['id']}/members")
    if user["id"] not in {member["id"] for member in members}:
        await scene.send(directory.add_member(group["id"], member=user["id"]))
    known = await scene.listed(administration.CONFIGURATIONS)
    restriction = next((each for each in known if each["displayName"] == title), None)
    if restriction is None:
        restriction = await scene.send(administration.block_platform(title, platform_type=blocked))
        await scene.send(administration.assign_restriction(restriction["id"], group=group["id"]))
    scene.values["restrictionId"] = restriction["id"]


Reach: TypeAlias = Callable[[Scene, Reading], Awaitable[None]]

#: The name of the application in the audit log.
_CLIENT = "provider states"

#: data. The text of each sentence -> what reaches it.
REACH: Mapping[str, Reach] = {
    "there is a user {user}": sentences.user_exists,
    "there are {count} users": sentences.users_exist,
    "there is no user {user}": sentences.user_left,
    "{user} has a licence": sentences.user_has_licence,
    "{user} has no licence": sentences.user_has_no_licence,
    "{user} may not sign in": sentences.user_is_disabled,
    "{user} has no mail address": sentences.user_has_no_mail,
    "{user} is called {name}": sentences.user_is_called,
    "there is a group {group}": sentences.group_exists,
    "there is no group {group}": sentences.group_is_gone,
    "{user} is a member of {group}": sentences.user_is_member,
    "{user} is not a member of {group}": sentences.user_is_no_member,
    "{group} is empty": sentences.group_is_empty,
    "{user} has {count} encryption certificates": certificates.has_encryption_certificates,
    "{user} has {count} encryption certificates, {part} expired": certificates.has_encryption_certificates,
    "{user}'s encryption certificate expires in {count} days": certificates.encryption_certificate_expires,
    "{user}'s encryption certificate has expired": certificates.encryption_certificate_has_expired,
    "{user}'s encryption certificate was revoked": certificates.encryption_certificate_was_revoked,
    "{user}'s encryption certificate is on hold": certificates.encryption_certificate_is_on_hold,
    "{user} has a signing certificate": certificates.has_signing_certificate,
    "{user}'s signing certificate was revoked": certificates.signing_certificate_was_revoked,
    "{user}'s signing certificate expires in {count} days": certificates.signing_certificate_expires,
    "the issuing CA was rolled over": certificates.issuing_authority_was_rolled_over,
    "the issuing CA is out of service": certificates.issuing_authority_is_out_of_service,
    "the issuing CA is in service": certificates.issuing_authority_is_in_service,
    "the template {template} is gone": certificates.template_is_gone,
    "a trusted root is assigned to {group}": sentences.root_is_assigned,
    "a signing certificate is assigned to {group}": sentences.signing_is_assigned,
    "a SCEP certificate is assigned to {group}": is_assigned,
    "imported certificates are assigned to {group}": sentences.imported_is_assigned,
    "a mail account is assigned to {group}": sentences.mail_is_assigned,
    "nothing is assigned to {group}": sentences.nothing_is_assigned,
    "there are no profiles": sentences.there_are_no_profiles,
    "trusted roots are not required": sentences.roots_are_not_required,
    "{user} may not enrol a {device}": user_may_not_enroll,
    "{user} has an enrolled {device}": devices.has_device,
    "{user} has {count} {device}": devices.has_devices,
    "{user} has {count} {device}, {part} retired": devices.has_devices_some_retired,
    "{user}'s {device} is off line": devices.is_off_line,
    "{user}'s {device} is on line": devices.is_on_line,
    "{user}'s {device} was retired": devices.was_retired,
    "{user}'s {device} was wiped": devices.was_wiped,
    "{user}'s {device} refuses {delivery}": devices.refuses,
    "{user}'s {device} accepts everything": devices.accepts_everything,
    "{user}'s {device} reports {fact} {value}": devices.reports,
    "{user}'s {device} waits for the connector": devices.waits_for_connector,
    "{user}'s {device} has a SCEP certificate": has_certificate,
    "{user}'s {device} waits for the approval of a SCEP certificate": waits_for_approval,
    "the SCEP challenge of {user}'s {device} has expired": challenge_has_expired,
    "the connector is off line": connectors.connectors_are_off_line,
    "the connector is on line": connectors.connectors_are_on_line,
    "the connector lacks the key": connectors.connectors_lack_the_key,
    "the connector has a key": connectors.connector_has_a_key,
    "there is no connector": connectors.there_is_no_connector,
    "there are {count} connectors": connectors.there_are_connectors,
    "the connector polls": connectors.connectors_poll,
    "SCEP requests wait for an approval": requests_wait,
    "SCEP requests are granted at once": requests_are_granted,
    "Graph throttles every {nth} request": sentences.graph_throttles,
    "Graph is unavailable": sentences.graph_is_unavailable,
    "Graph answers slowly": sentences.graph_answers_slowly,
    "nobody can sign in": sentences.nobody_can_sign_in,
    "a firewall keeps the connector from Intune": sentences.connectors_are_blocked,
    "a firewall keeps devices from Intune": sentences.devices_are_blocked,
    "nothing fails": sentences.nothing_fails,
    "{time} has passed": times.time_has_passed,
    "it is {date}": times.it_is,
    "the clock stands still": times.clock_stands_still,
    "the clock runs": times.clock_runs,
    "the CRL has expired": times.crl_has_expired,
    "the edition is {name}": times.edition_is,
}


@dataclass(frozen=True, slots=True)
class Reached:
    """A state that was reached. `text`: the sentence with its places; `values`: ids and names of what it speaks of."""

    text: str
    state: str
    changed: bool
    values: Mapping[str, str]


async def reach(
    emulator: Emulator, tenant: Tenant, *, state: str, params: Mapping[str, object] | None = None
) -> Reached:
    """Bring the tenant into the state; nothing is changed if it is in it. Hosted devices have settled afterwards.

    Raises Invalid for a sentence that is not known, naming the nearest three.
    """
    reading = read(state, params)
    async with emulator.turns.across(turn_of_state(tenant)):
        scene = scene_of(emulator, tenant, client=_CLIENT)
        await REACH[reading.sentence.text](scene, reading)
        if scene.changed:
            await devices.settle(scene)
    return Reached(reading.sentence.text, reading.wording, changed=scene.changed, values=scene.values)
