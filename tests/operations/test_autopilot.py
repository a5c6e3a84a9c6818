"""Autopilot devices and the dynamic groups that name them, and the device in the directory that stays."""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.errors import Invalid, NotFound, TooSoon, UnderWay
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import DirectoryDeviceId, GroupId, ProfileId
from fauxtune.core.model.platforms import Platform
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies.autopilot import (
    DEPLOYMENT_PROFILES,
    DIRECTORY_DEVICE,
    EMPTY_GUID,
    EVENTS,
    IDENTITIES,
    IMPORTED_AFTER,
    IMPORTS,
    check_profile,
    configuration,
)
from fauxtune.core.policies.rules import BOUND
from fauxtune.operations.checkin.due import Watch
from fauxtune.operations.devices import actions, autopilot, autopilot_profiles, windows
from fauxtune.operations.devices.enrollment import Enrolled, EnrollmentRequest
from fauxtune.operations.devices.windows import Claimant
from fauxtune.operations.directory import devices as directory_devices
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.profiles import assignments, resources
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.rows.directory import DirectoryDeviceRow
from fauxtune.storage.rows.resources import ResourceRow
from tests.support.certificates import certificate_request
from tests.support.statements import statements
from tests.support.tenant import Contoso

EVERYBODY = "all devices"
KIND = "azureADWindowsAutopilotDeploymentProfile"
ZTD = '(device.devicePhysicalIds -any (_ -startsWith "[ZTDId]"))'


async def register(contoso: Contoso, serial: str, **more: Any) -> ResourceRow:
    """Import a hash, and wait; return the identity."""
    shape = entity("importedWindowsAutopilotDeviceIdentity")
    document = {**defaults(shape), "serialNumber": serial, "hardwareIdentifier": "T0EzeA==", **more}
    await contoso.do(autopilot.import_all, [document])
    contoso.clock.forward(seconds=30)
    await contoso.do(autopilot_profiles.settle)
    rows = await contoso.look(resource_queries.resources_of_family, contoso.tenant.id, family=IDENTITIES.name)
    return next(row for row in rows if row.document["serialNumber"] == serial)


async def dynamic(contoso: Contoso, rule: str, **more: Any) -> str:
    document = {
        "displayName": rule[:20],
        "securityEnabled": True,
        "groupTypes": ["DynamicMembership"],
        "membershipRule": rule,
        "membershipRuleProcessingState": "On",
        **more,
    }
    return str((await contoso.do(users_and_groups.create_group, document))["id"])


async def members(contoso: Contoso, group: str) -> set[str]:
    held = await contoso.look(directory_queries.groups_by_member, contoso.tenant.id, group_ids=[GroupId(group)])
    return set(held)


async def profile(contoso: Contoso, name: str, *groups: str, **document: Any) -> str:
    def create(tx: Transaction) -> str:
        full = {**defaults(entity(KIND)), "displayName": name, **document}
        row = resources.create(tx, DEPLOYMENT_PROFILES, kind=KIND, document=full)
        to = assignments.Assignable(ProfileId(row.id), "deployment profile", None)
        for group in groups:
            target = assignments.NewAssignment(TargetKind.GROUP, GroupId(group), {"groupId": group})
            if group == EVERYBODY:
                target = assignments.NewAssignment(TargetKind.ALL_DEVICES, None, {})
            assignments.add_to(tx, to, new=target)
        return row.id

    return await contoso.do(create)


async def settled(contoso: Contoso, key: str) -> JsonObject:
    for _ in range(2):
        await contoso.do(autopilot_profiles.settle)
        contoso.clock.forward(seconds=30)
    await contoso.do(autopilot_profiles.settle)
    row = await contoso.do(resources.get, IDENTITIES, key=key)
    return row.document


async def entra(contoso: Contoso, identity: ResourceRow) -> DirectoryDeviceRow | None:
    key = DirectoryDeviceId(identity.document[DIRECTORY_DEVICE])
    return await contoso.look(directory_queries.directory_device, contoso.tenant.id, device_id=key)


async def enroll(contoso: Contoso, serial: str, *, told: str = "") -> Enrolled:
    request = EnrollmentRequest(
        platform=Platform.WINDOWS,
        mode=None,
        hardware_key=f"windows/{serial}",
        facts={"serialNumber": serial, "osVersion": "10.0.22631.1", "deviceName": f"PC-{serial}"},
        autopilot=told,
    )
    csr = certificate_request(contoso.device_keys[0], "pc")
    claimant = Claimant(token=await contoso.token("alice"))
    keys = contoso.emulator.keys
    return await contoso.do(windows.enroll, request, claimant=claimant, csr=csr, wire_state={}, keys=keys)


async def test_the_members_of_a_dynamic_group_follow_from_its_rule(contoso: Contoso) -> None:
    first = await register(contoso, "1", groupTag="Sales")
    everyone, sales = await dynamic(contoso, ZTD), await dynamic(contoso, ZTD.replace("[ZTDId]", "[OrderId]:Sales"))
    other = await dynamic(contoso, 'device.deviceOSType -eq "Windows"')
    paused = await dynamic(contoso, ZTD, membershipRuleProcessingState="Paused")
    second = await register(contoso, "2")
    ids = {resource.document[DIRECTORY_DEVICE] for resource in (first, second)}
    assert await members(contoso, everyone) == ids
    assert await members(contoso, sales) == {first.document[DIRECTORY_DEVICE]}
    assert not await members(contoso, other)
    assert not await members(contoso, paused)

    await contoso.do(autopilot.change_identity, second.id, changes={"groupTag": "Sales"})
    await contoso.do(autopilot.change_identity, first.id, changes={"groupTag": None})
    assert await members(contoso, sales) == {second.document[DIRECTORY_DEVICE]}
    await contoso.do(users_and_groups.update_group, sales, changes={"membershipRule": ZTD})
    assert await members(contoso, sales) == ids
    written = {"physicalIds": ["[OrderId]:Other"]}
    await contoso.do(directory_devices.update_device, second.document[DIRECTORY_DEVICE], changes=written)
    assert await members(contoso, everyone) == {first.document[DIRECTORY_DEVICE]}


async def test_the_oldest_profile_that_is_assigned_is_the_devices_unless_it_was_given_one(contoso: Contoso) -> None:
    identity = await register(contoso, "1")
    with pytest.raises(NotFound, match="no deployment profile"):
        await contoso.do(autopilot.configuration, "1")
    with pytest.raises(NotFound, match="import its hardware hash first"):
        await contoso.do(autopilot.configuration, "2")
    group = await dynamic(contoso, ZTD)
    given = await profile(contoso, "Given")
    oldest = await profile(contoso, "Oldest", group, deviceNameTemplate="PC-%SERIAL%")
    contoso.clock.forward(minutes=1)
    await profile(contoso, "Newer", group)
    document = await settled(contoso, identity.id)
    assert document[BOUND]["deploymentProfile"] == [oldest]
    told = await contoso.do(autopilot.configuration, "1")
    assert (told["DeploymentProfileName"], told["CloudAssignedDeviceName"]) == ("Oldest", "PC-%SERIAL%")
    assert told["ZtdCorrelationId"] == identity.id
    await contoso.do(autopilot.give_profile, given, identity_ids=[identity.id])
    assert (await settled(contoso, identity.id))[BOUND]["deploymentProfile"] == [given]
    await contoso.do(resources.delete, DEPLOYMENT_PROFILES, key=given)
    assert (await settled(contoso, identity.id))[BOUND]["deploymentProfile"] == [oldest]


async def test_a_profile_of_the_devices_group_counts_before_an_older_one_for_all_devices(contoso: Contoso) -> None:
    identity = await register(contoso, "1")
    default = await profile(contoso, "Default", EVERYBODY)
    assert (await settled(contoso, identity.id))[BOUND]["deploymentProfile"] == [default]
    of_group = await profile(contoso, "Of the group", await dynamic(contoso, ZTD))
    assert (await settled(contoso, identity.id))[BOUND]["deploymentProfile"] == [of_group]


@pytest.mark.both_databases
async def test_the_directory_has_one_device_of_a_pc_from_its_import_to_its_end(contoso: Contoso) -> None:
    identity = await register(contoso, "1", groupTag="Sales")
    key = await profile(contoso, "Kiosk")
    await contoso.do(autopilot.give_profile, key, identity_ids=[identity.id])
    contoso.clock.forward(minutes=1)
    await contoso.do(autopilot_profiles.settle)
    kiosks = await dynamic(contoso, '(device.enrollmentProfileName -eq "kiosk")')
    done = await enroll(contoso, "1", told=identity.id)
    device = await entra(contoso, identity)
    assert device is not None
    assert (device.enrollment_id, device.document["displayName"]) == (done.id, "PC-1")
    assert device.document["physicalIds"] == [f"[ZTDId]:{identity.id}", "[OrderId]:Sales"]
    assert await members(contoso, kiosks) == {device.id}
    record = await contoso.get(device_queries.managed_device_of, done.id)
    assert (record.document["autopilotEnrolled"], record.document["enrollmentProfileName"]) == (True, "Kiosk")
    (event,) = await contoso.look(resource_queries.resources_of_family, contoso.tenant.id, family=EVENTS.name)
    assert (event.document["deviceId"], event.document["enrollmentType"]) == (
        record.id,
        "azureADJoinedWithAutopilotProfile",
    )
    with pytest.raises(Invalid, match="delete its managed device first"):
        await contoso.do(resources.delete, IDENTITIES, key=identity.id, hooks=autopilot.IDENTITY_HOOKS)

    again = await enroll(contoso, "1")
    assert (await contoso.get(device_queries.managed_device_of, again.id)).document["autopilotEnrolled"] is False
    assert (await settled(contoso, identity.id))["enrollmentState"] == "enrolled"
    await contoso.do(actions.delete, (await contoso.get(device_queries.managed_device_of, again.id)).id)
    left = await settled(contoso, identity.id)
    assert (left["enrollmentState"], left["managedDeviceId"]) == ("notContacted", EMPTY_GUID)
    # The device has confirmed nothing yet: its shadow goes with its enrolment.
    assert await entra(contoso, identity) is not None
    await contoso.do(resources.delete, IDENTITIES, key=identity.id, hooks=autopilot.IDENTITY_HOOKS)


async def test_an_import_and_an_assignment_take_their_time(contoso: Contoso) -> None:
    shape = entity("importedWindowsAutopilotDeviceIdentity")
    whole = {**defaults(shape), "hardwareIdentifier": "T0EzeA==", "assignedUserPrincipalName": contoso.upn("alice")}
    sent = [
        {**whole, "serialNumber": "1"},
        {**whole, "serialNumber": "2", "assignedUserPrincipalName": "nobody@contoso.example"},
        {**whole, "serialNumber": "1"},
        {**whole, "serialNumber": "3", "hardwareIdentifier": "eA=="},
    ]
    imported = await contoso.do(autopilot.import_all, sent)
    assert {row.document["state"]["deviceImportStatus"] for row in imported} == {"unknown"}
    seen = []
    for seconds in (0, 9, 1, 19, 1, 0):
        contoso.clock.forward(seconds=seconds)
        due = await contoso.do(autopilot_profiles.settle)
        rows = await contoso.look(resource_queries.resources_of_family, contoso.tenant.id, family=IMPORTS.name)
        seen.append({row.document["serialNumber"]: row.document["state"]["deviceImportStatus"] for row in rows})
        if len(seen) < 5:
            assert due is not None
            assert contoso.clock.at < due <= contoso.clock.at + IMPORTED_AFTER
    assert [each["2"] for each in seen] == ["unknown", "unknown", "pending", "pending", "partial", "partial"]
    assert sorted(row.document["state"]["deviceImportStatus"] for row in rows) == [
        *("complete", "error", "error", "partial")
    ]
    identities = await contoso.look(resource_queries.resources_of_family, contoso.tenant.id, family=IDENTITIES.name)
    assert {row.document["serialNumber"]: row.document["userPrincipalName"] for row in identities} == {
        "1": contoso.upn("alice"),
        "2": None,
    }
    assert {row.document["state"]["deviceErrorCode"] for row in rows} == {0, 802, 806}


async def test_a_profile_is_pending_then_assigned_and_in_step_with_the_last_synchronisation(contoso: Contoso) -> None:
    first = (await register(contoso, "1")).id
    key = await profile(contoso, "All", await dynamic(contoso, ZTD))
    await contoso.do(autopilot_profiles.settle)
    assert await status(contoso, first) == "pending"
    with pytest.raises(NotFound, match="its assignment is pending"):
        await contoso.do(autopilot.configuration, "1")
    contoso.clock.forward(seconds=29)
    await contoso.do(autopilot_profiles.settle)
    assert await status(contoso, first) == "pending"
    contoso.clock.forward(seconds=1)
    await contoso.do(autopilot_profiles.settle)
    assert await status(contoso, first) == "assignedUnkownSyncState"
    assert (await contoso.do(autopilot.configuration, "1"))["DeploymentProfileName"] == "All"

    await contoso.do(autopilot.synchronize)
    with pytest.raises(UnderWay):
        await contoso.do(autopilot.synchronize)
    contoso.clock.forward(seconds=30)
    await contoso.do(autopilot_profiles.settle)
    assert await status(contoso, first) == "assignedInSync"
    with pytest.raises(TooSoon):
        await contoso.do(autopilot.synchronize)
    contoso.clock.forward(minutes=1)
    await contoso.do(resources.update, DEPLOYMENT_PROFILES, key=key, changes={"displayName": "Other"})
    await contoso.do(autopilot_profiles.settle)
    assert await status(contoso, first) == "assignedOutOfSync"
    contoso.clock.forward(days=1)
    await contoso.do(autopilot_profiles.settle)
    assert await status(contoso, first) == "assignedInSync"
    before = contoso.emulator.runner.database.state
    await contoso.do(autopilot_profiles.settle)
    assert contoso.emulator.runner.database.state is before


async def status(contoso: Contoso, key: str) -> str:
    row = await contoso.do(resources.get, IDENTITIES, key=key)
    return str(row.document["deploymentProfileAssignmentStatus"])


def test_a_template_gives_names_and_a_profile_says_what_it_hides() -> None:
    for wrong in ("PC %SERIAL%", "%MODEL%", "PC_1", "%RAND:0%", "12345", "1%RAND:3%", "%RAND:30%", "PC-12345%RAND:8%"):
        with pytest.raises(Invalid):
            check_profile({"deviceNameTemplate": wrong}, None)
    for right in ("PC-%RAND:5%", "%SERIAL%", "PC-12345%RAND:7%", "", None):
        check_profile({"deviceNameTemplate": right}, None)
    profile_document = {
        "@odata.type": "#microsoft.graph.activeDirectoryWindowsAutopilotDeploymentProfile",
        "displayName": "All",
        "outOfBoxExperienceSettings": {"hideEULA": True, "userType": "standard", "deviceUsageType": "shared"},
    }
    told = configuration(profile_document, {"id": "1"}, tenant_id="t", domain="contoso.example")
    assert told["CloudAssignedOobeConfig"] == 2 + 8 + 16
    assert (told["CloudAssignedDomainJoinMethod"], told["AutopilotMode"]) == (1, 1)


@pytest.mark.both_databases
async def test_the_watch_settles_what_began_and_what_is_due_and_reads_nothing_else(contoso: Contoso) -> None:
    watch = Watch()
    await watch.look(contoso.emulator)
    with statements(contoso.emulator) as quiet:
        await watch.look(contoso.emulator)
    assert not quiet
    first = (await register(contoso, "1")).id
    await watch.look(contoso.emulator)
    await profile(contoso, "All", await dynamic(contoso, ZTD))
    await watch.look(contoso.emulator)
    assert await status(contoso, first) == "pending"
    contoso.clock.forward(seconds=29)
    await watch.look(contoso.emulator)
    assert await status(contoso, first) == "pending"
    contoso.clock.forward(seconds=1)
    await watch.look(contoso.emulator)
    assert await status(contoso, first) == "assignedUnkownSyncState"
    for _ in range(2):
        await watch.look(contoso.emulator)
    with statements(contoso.emulator) as quiet:
        await watch.look(contoso.emulator)
    assert not quiet
