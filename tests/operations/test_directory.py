"""Who plans again when the directory changes: those whom it concerns, and nobody else."""

from __future__ import annotations

import pytest

from fauxtune.operations.directory import devices as directory_devices
from fauxtune.operations.directory import users_and_groups
from fauxtune.storage.queries import directory as queries
from tests.support.devices.android import AndroidInProcess
from tests.support.tenant import Contoso


async def _generation(phone: AndroidInProcess) -> int:
    return int((await phone.row()).generation)


async def test_when_a_group_goes_those_in_it_plan_again(contoso: Contoso) -> None:
    alices, carols = await contoso.enroll("alice"), await contoso.enroll("carol")
    inner = await contoso.group("Inner", await contoso.user_id("alice"))
    outer = await contoso.group("Outer", inner)
    await contoso.root_profile("Outer")
    before = (await _generation(alices), await _generation(carols))
    await contoso.do(users_and_groups.delete_group, inner)
    assert (await _generation(alices), await _generation(carols)) == (before[0] + 1, before[1])
    await contoso.do(users_and_groups.delete_group, outer)
    assert (await _generation(alices), await _generation(carols)) == (before[0] + 1, before[1])


@pytest.mark.both_databases
async def test_a_group_that_nothing_is_assigned_to_wakes_nobody(contoso: Contoso) -> None:
    phone = await contoso.enroll("alice")
    before = await _generation(phone)
    group = await contoso.group("Unused", await contoso.user_id("alice"))
    await contoso.do(users_and_groups.update_group, group, changes={"description": "x"})
    await contoso.do(users_and_groups.delete_group, group)
    assert await _generation(phone) == before


async def test_a_circle_of_groups_goes_one_by_one(contoso: Contoso) -> None:
    phone = await contoso.enroll("alice")
    first = await contoso.group("First", await contoso.user_id("alice"))
    second = await contoso.group("Second", first)
    await contoso.do(users_and_groups.add_member, first, member_id=second)
    await contoso.root_profile("Second")
    before = await _generation(phone)
    await contoso.do(users_and_groups.delete_group, second)
    assert await _generation(phone) == before + 1
    assert await contoso.look(queries.memberships, contoso.tenant.id, member_id=phone.enrollment_id) == []


@pytest.mark.both_databases
async def test_a_device_whose_shadow_is_deleted_plans_again_and_can_still_leave(contoso: Contoso) -> None:
    phone, other = await contoso.enroll("alice"), await contoso.enroll("bob")
    shadow = (await phone.row()).directory_device_id
    await contoso.group("Phones", shadow)
    await contoso.root_profile("Phones")
    await phone.check_in()
    before = (await _generation(phone), await _generation(other))
    await contoso.do(directory_devices.delete_device, shadow)
    assert (await _generation(phone), await _generation(other)) == (before[0] + 1, before[1])
    assert await contoso.look(queries.memberships, contoso.tenant.id, member_id=shadow) == []
    await contoso.do(directory_devices.create_device, _bare())
    assert (await _generation(phone), await _generation(other)) == (before[0] + 1, before[1])


def _bare() -> dict[str, object]:
    return {"deviceId": "d", "displayName": "x", "operatingSystem": "linux", "operatingSystemVersion": "1"}


def test_a_security_identifier_is_made_of_the_id() -> None:
    security_identifier = users_and_groups.security_identifier("f2b6a3b5-8e0b-4b1e-9d4c-0123456789ab")
    assert security_identifier == "S-1-12-1-4072055733-1260293643-587287709-2877908805"
