"""Filters at work: which devices get a profile, and which plan again when something changes."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.operations.ca import authorities
from fauxtune.operations.devices import records as device_records
from fauxtune.operations.profiles import assignment_filters, assignments
from fauxtune.operations.profiles.assignments import NewAssignment
from tests.operations.office import Office
from tests.support.devices.android import AndroidInProcess

FULL = {"platform": "androidForWork", "assignmentFilterManagementType": "devices", "payloads": []}


async def root(office: Office) -> str:
    certificate = await office.look(authorities.certificate, office.tenant, name="root")
    text = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
    return await office.profile("androidWorkProfileTrustedRootCertificate", trustedRootCertificate=text)


async def filter_of(office: Office, rule: str, **changes: str) -> str:
    document = {**FULL, "displayName": "F", "rule": rule, **changes}
    return str((await office.do(assignment_filters.create_filter, document))["id"])


async def everywhere(office: Office, profile: str, filter_id: str, *, kind: str = "include") -> None:
    document = {
        "deviceAndAppManagementAssignmentFilterId": filter_id,
        "deviceAndAppManagementAssignmentFilterType": kind,
    }
    new = NewAssignment(TargetKind.ALL_DEVICES, None, document)
    await office.do(assignments.assign, profile, targets=[new])


async def has(office: Office, phone: AndroidInProcess, profile: str) -> bool:
    await phone.settle()
    return await office.status(phone, profile) is not None


async def test_a_filter_decides_at_the_check_in_and_its_change_at_the_next(office: Office) -> None:
    phone, profile = await office.enroll("alice"), await root(office)
    used = await filter_of(office, '(device.model -eq "Pixel 8")')
    await everywhere(office, profile, used)
    assert await has(office, phone, profile)
    await office.do(assignment_filters.update_filter, used, changes={"rule": '(device.model -eq "Pixel 9")'})
    assert not await has(office, phone, profile)
    await everywhere(office, profile, used, kind="exclude")
    assert await has(office, phone, profile)


async def test_only_devices_that_a_filter_can_concern_plan_again(office: Office) -> None:
    alices, bobs = await office.enroll("alice"), await office.enroll("bob")
    profile = await root(office)
    used = await filter_of(office, '(device.model -eq "Pixel 8")')
    group = await office.group("Alices", await office.user_id("alice"))
    document = {
        "groupId": group,
        "deviceAndAppManagementAssignmentFilterId": used,
        "deviceAndAppManagementAssignmentFilterType": "include",
    }
    await office.do(assignments.assign, profile, targets=[NewAssignment(TargetKind.GROUP, group, document)])
    await alices.settle()
    await bobs.settle()
    before = await alices.plans(), await bobs.plans()
    changes = {"displayName": "Another name"}
    await office.do(assignment_filters.update_filter, used, changes=changes)
    unused = await filter_of(office, '(device.model -eq "x")')
    await office.do(assignment_filters.update_filter, unused, changes={"rule": '(device.model -eq "y")'})
    await alices.settle()
    await bobs.settle()
    assert (await alices.plans(), await bobs.plans()) == before, "a name, or a filter without use, is nobody's concern"
    await office.do(assignment_filters.update_filter, used, changes={"rule": '(device.model -eq "z")'})
    await alices.settle()
    await bobs.settle()
    assert await alices.plans() > before[0]
    assert await bobs.plans() == before[1]


async def test_another_users_certificate_plans_no_device_that_a_filter_looks_at(office: Office) -> None:
    alices, bobs = await office.enroll("alice"), await office.enroll("bob")
    profile = await root(office)
    await everywhere(office, profile, await filter_of(office, '(device.model -eq "Pixel 8")'))
    await alices.settle()
    await bobs.settle()
    before = await bobs.plans()
    await office.import_pfx("alice")
    await bobs.settle()
    assert await bobs.plans() == before


async def test_a_device_plans_again_when_its_own_properties_change(office: Office) -> None:
    phone, profile = await office.enroll("alice"), await root(office)
    await everywhere(office, profile, await filter_of(office, '(device.deviceOwnership -eq "Corporate")'))
    assert not await has(office, phone, profile)
    record = await phone.record()
    await office.do(device_records.update_device, record["id"], changes={"managedDeviceOwnerType": "company"})
    assert await has(office, phone, profile)
    await everywhere(office, profile, await filter_of(office, '(device.deviceCategory -eq "Sales")'))
    assert not await has(office, phone, profile)
    category = await office.do(device_records.create_category, {"displayName": "Sales"})
    await office.do(device_records.put_into_category, record["id"], category_id=category["id"])
    assert await has(office, phone, profile)
    await office.do(device_records.update_category, category["id"], changes={"displayName": "Purchase"})
    assert not await has(office, phone, profile)


async def test_an_assignment_with_the_intent_to_remove_takes_the_profile_away(office: Office) -> None:
    phone, profile = await office.enroll("alice"), await root(office)
    group = await office.group("Leavers", await office.user_id("alice"))
    everybody = NewAssignment(TargetKind.ALL_USERS, None, {})
    await office.do(assignments.assign, profile, targets=[everybody])
    assert await has(office, phone, profile)
    leaving = NewAssignment(TargetKind.GROUP, group, {"groupId": group}, intent="remove")
    made = await office.do(assignments.add, profile, new=leaving)
    assert not await has(office, phone, profile)
    await office.do(assignments.remove, profile, assignment_id=made["id"])
    assert await has(office, phone, profile)


async def test_a_filter_that_does_not_fit_the_profile_is_refused(office: Office) -> None:
    profile = await root(office)
    rule = '(device.model -eq "x")'
    other = await filter_of(office, rule, platform="iOS")
    with pytest.raises(Invalid, match="is for the platform iOS; this profile takes filters for androidForWork"):
        await everywhere(office, profile, other)
    apps = await filter_of(
        office,
        '(app.appVersion -eq "1.2")',
        platform="iOSMobileApplicationManagement",
        assignmentFilterManagementType="apps",
    )
    with pytest.raises(Invalid, match="is for managed apps"):
        await everywhere(office, profile, apps)
    group = await office.group("Out")
    document = {
        "groupId": group,
        "deviceAndAppManagementAssignmentFilterId": await filter_of(office, rule),
        "deviceAndAppManagementAssignmentFilterType": "include",
    }
    with pytest.raises(Invalid, match="An excluded group takes no filter"):
        await office.do(assignments.assign, profile, targets=[NewAssignment(TargetKind.EXCLUSION, group, document)])


async def test_a_filter_in_use_stays_and_says_who_uses_it(office: Office) -> None:
    profile, used = await root(office), await filter_of(office, '(device.model -eq "x")')
    await everywhere(office, profile, used)
    with pytest.raises(Invalid, match="used by the assignments of 'androidWorkProfileTrustedRootCertificate'"):
        await office.do(assignment_filters.delete_filter, used)
    await office.do(assignments.assign, profile, targets=[])
    await office.do(assignment_filters.delete_filter, used)
    with pytest.raises(NotFound):
        await office.do(assignment_filters.delete_filter, used)
