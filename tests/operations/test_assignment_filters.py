"""Filters at work: which devices get a profile, and which plan again when something changes."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.ids import GroupId
from fauxtune.operations.ca import authorities
from fauxtune.operations.devices import records as device_records
from fauxtune.operations.profiles import assignment_filters, assignments
from fauxtune.operations.profiles.assignments import NewAssignment
from tests.support.devices.android import AndroidInProcess
from tests.support.tenant import Contoso

FULL = {"platform": "androidForWork", "assignmentFilterManagementType": "devices", "payloads": []}


async def root(contoso: Contoso) -> str:
    certificate = await contoso.look(authorities.certificate, contoso.tenant, name="root")
    text = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
    return await contoso.profile("androidWorkProfileTrustedRootCertificate", trustedRootCertificate=text)


async def filter_of(contoso: Contoso, rule: str, **changes: str) -> str:
    document = {**FULL, "displayName": "F", "rule": rule, **changes}
    return str((await contoso.do(assignment_filters.create_filter, document))["id"])


async def everywhere(contoso: Contoso, profile: str, filter_id: str, *, kind: str = "include") -> None:
    document = {
        "deviceAndAppManagementAssignmentFilterId": filter_id,
        "deviceAndAppManagementAssignmentFilterType": kind,
    }
    new = NewAssignment(TargetKind.ALL_DEVICES, None, document)
    await contoso.do(assignments.assign, profile, targets=[new])


async def has(contoso: Contoso, phone: AndroidInProcess, profile: str) -> bool:
    await phone.settle()
    return await contoso.status(phone, profile) is not None


async def test_a_filter_decides_at_the_check_in_and_its_change_at_the_next(contoso: Contoso) -> None:
    phone, profile = await contoso.enroll("alice"), await root(contoso)
    used = await filter_of(contoso, '(device.model -eq "Pixel 8")')
    await everywhere(contoso, profile, used)
    assert await has(contoso, phone, profile)
    await contoso.do(assignment_filters.update_filter, used, changes={"rule": '(device.model -eq "Pixel 9")'})
    assert not await has(contoso, phone, profile)
    await everywhere(contoso, profile, used, kind="exclude")
    assert await has(contoso, phone, profile)


async def test_only_devices_that_a_filter_can_concern_plan_again(contoso: Contoso) -> None:
    alices, bobs = await contoso.enroll("alice"), await contoso.enroll("bob")
    profile = await root(contoso)
    used = await filter_of(contoso, '(device.model -eq "Pixel 8")')
    group = await contoso.group("Alices", await contoso.user_id("alice"))
    document = {
        "groupId": group,
        "deviceAndAppManagementAssignmentFilterId": used,
        "deviceAndAppManagementAssignmentFilterType": "include",
    }
    await contoso.do(assignments.assign, profile, targets=[NewAssignment(TargetKind.GROUP, GroupId(group), document)])
    await alices.settle()
    await bobs.settle()
    before = await alices.plans(), await bobs.plans()
    changes = {"displayName": "Another name"}
    await contoso.do(assignment_filters.update_filter, used, changes=changes)
    unused = await filter_of(contoso, '(device.model -eq "x")')
    await contoso.do(assignment_filters.update_filter, unused, changes={"rule": '(device.model -eq "y")'})
    await alices.settle()
    await bobs.settle()
    assert (await alices.plans(), await bobs.plans()) == before, "a name, or a filter without use, is nobody's concern"
    await contoso.do(assignment_filters.update_filter, used, changes={"rule": '(device.model -eq "z")'})
    await alices.settle()
    await bobs.settle()
    assert await alices.plans() > before[0]
    assert await bobs.plans() == before[1]


async def test_another_users_certificate_plans_no_device_that_a_filter_looks_at(contoso: Contoso) -> None:
    alices, bobs = await contoso.enroll("alice"), await contoso.enroll("bob")
    profile = await root(contoso)
    await everywhere(contoso, profile, await filter_of(contoso, '(device.model -eq "Pixel 8")'))
    await alices.settle()
    await bobs.settle()
    before = await bobs.plans()
    await contoso.import_pfx("alice")
    await bobs.settle()
    assert await bobs.plans() == before


@pytest.mark.both_databases
async def test_a_device_plans_again_when_its_own_properties_change(contoso: Contoso) -> None:
    phone, profile = await contoso.enroll("alice"), await root(contoso)
    await everywhere(contoso, profile, await filter_of(contoso, '(device.deviceOwnership -eq "Corporate")'))
    assert not await has(contoso, phone, profile)
    record = await phone.record()
    await contoso.do(device_records.update_device, record.id, changes={"managedDeviceOwnerType": "company"})
    assert await has(contoso, phone, profile)
    await everywhere(contoso, profile, await filter_of(contoso, '(device.deviceCategory -eq "Sales")'))
    assert not await has(contoso, phone, profile)
    category = await contoso.do(device_records.create_category, {"displayName": "Sales"})
    await contoso.do(device_records.put_into_category, record.id, category_id=category["id"])
    assert await has(contoso, phone, profile)
    await contoso.do(device_records.update_category, category["id"], changes={"displayName": "Purchase"})
    assert not await has(contoso, phone, profile)


@pytest.mark.both_databases
async def test_an_assignment_with_the_intent_to_remove_takes_the_profile_away(contoso: Contoso) -> None:
    phone, profile = await contoso.enroll("alice"), await root(contoso)
    group = await contoso.group("Leavers", await contoso.user_id("alice"))
    everybody = NewAssignment(TargetKind.ALL_USERS, None, {})
    await contoso.do(assignments.assign, profile, targets=[everybody])
    assert await has(contoso, phone, profile)
    leaving = NewAssignment(TargetKind.GROUP, GroupId(group), {"groupId": group}, intent="remove")
    add = await contoso.do(assignments.add, profile, new=leaving)
    assert not await has(contoso, phone, profile)
    await contoso.do(assignments.remove, profile, assignment_id=add["id"])
    assert await has(contoso, phone, profile)


async def test_a_filter_that_does_not_fit_the_profile_is_refused(contoso: Contoso) -> None:
    profile = await root(contoso)
    rule = '(device.model -eq "x")'
    other = await filter_of(contoso, rule, platform="iOS")
    with pytest.raises(Invalid, match="is for the platform iOS; this profile takes filters for androidForWork"):
        await everywhere(contoso, profile, other)
    apps = await filter_of(
        contoso,
        '(app.appVersion -eq "1.2")',
        platform="iOSMobileApplicationManagement",
        assignmentFilterManagementType="apps",
    )
    with pytest.raises(Invalid, match="is for managed apps"):
        await everywhere(contoso, profile, apps)
    group = await contoso.group("Out")
    document = {
        "groupId": group,
        "deviceAndAppManagementAssignmentFilterId": await filter_of(contoso, rule),
        "deviceAndAppManagementAssignmentFilterType": "include",
    }
    with pytest.raises(Invalid, match="An excluded group takes no filter"):
        await contoso.do(
            assignments.assign, profile, targets=[NewAssignment(TargetKind.EXCLUSION, GroupId(group), document)]
        )


@pytest.mark.both_databases
async def test_a_filter_in_use_stays_and_says_who_uses_it(contoso: Contoso) -> None:
    profile, used = await root(contoso), await filter_of(contoso, '(device.model -eq "x")')
    await everywhere(contoso, profile, used)
    with pytest.raises(Invalid, match="used by the assignments of 'androidWorkProfileTrustedRootCertificate'"):
        await contoso.do(assignment_filters.delete_filter, used)
    await contoso.do(assignments.assign, profile, targets=[])
    await contoso.do(assignment_filters.delete_filter, used)
    with pytest.raises(NotFound):
        await contoso.do(assignment_filters.delete_filter, used)
