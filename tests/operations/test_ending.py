"""The end of devices, users and assignments: which certificates are removed and which are revoked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fauxtune.core.errors import EnrollmentEnded, Invalid, NotAllowed, NotFound, UnsupportedAction
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import ItemState, Source
from fauxtune.operations.ca import imported_pfx
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import ending
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.profiles import profiles as profile_operations
from fauxtune.storage.queries import configuration as configuration_queries
from fauxtune.storage.queries import devices as queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from tests.support.devices.android import AndroidInProcess
from tests.support.removal_situations import enrol_variant
from tests.support.tenant import Contoso

#: A wipe is for owned devices; the other actions are tried on a work profile.
ACTIONS = [
    pytest.param(device_actions.wipe, "fully-managed", "DEVICE", "wiped", id="wipe"),
    pytest.param(device_actions.retire, "work-profile", "COMPANY_DATA", "retired", id="retire"),
    pytest.param(device_actions.delete, "fully-managed", "DEVICE", "deleted", id="delete an owned device"),
    pytest.param(device_actions.delete, "work-profile", "COMPANY_DATA", "deleted", id="delete"),
]


async def equipped(
    contoso: Contoso, *, mode: str = "work-profile", name: str = "alice"
) -> tuple[AndroidInProcess, str, str]:
    """A device with a root, a PKCS and an imported certificate: it, the PKCS serial, the imported thumbprint."""
    owned = mode == "fully-managed"
    await contoso.root_profile(owned=owned)
    await contoso.pkcs_profile(owned=owned)
    await contoso.imported_profile(owned=owned)
    mark = await contoso.import_pfx(name)
    phone = await contoso.enroll(name, mode=mode)
    await phone.settle()
    serial = (await phone.item()).serial
    assert serial is not None
    assert set((await phone.states()).values()) == {"installed"}
    return phone, serial, mark


async def statuses(contoso: Contoso, serial: str, mark: str) -> tuple[str, str]:
    return await contoso.certificate_status(serial), await contoso.certificate_status(mark)


async def assert_gone(contoso: Contoso, phone: AndroidInProcess) -> None:
    """The enrolment has ended: nothing in Graph, a closed ledger, and the device is told to forget."""
    assert (await phone.row()).state == "ended"
    assert {row.state for row in (await phone.ledger()).values()} <= {ItemState.REMOVED}
    assert await contoso.look(queries.managed_device_of, phone.enrollment_id) is None
    directory_id = (await phone.row()).directory_device_id
    assert await contoso.look(directory_queries.directory_device, contoso.tenant.id, device_id=directory_id) is None
    assert await contoso.look(configuration_queries.states_of_device, phone.enrollment_id) == {}
    for call in (phone.check_in, phone.policy, phone.operations, phone.unenroll):
        with pytest.raises(EnrollmentEnded):
            await call()


# ---------------------------------------------------------------------------------------------------- records that stay


@pytest.mark.parametrize(("edition", "stays"), [("2020-04", False), ("current", True)])
@pytest.mark.parametrize("action", [device_actions.retire, device_actions.delete])
async def test_the_directorys_device_stays_after_a_retired_iphone_since_2022(
    contoso: Contoso, action: Callable[..., Any], edition: str, *, stays: bool
) -> None:
    await contoso.switch(edition=edition)
    phone = await enrol_variant(contoso, Variant.IOS, name="alice", number=1)
    row = await phone.row()
    await contoso.action(phone, action)
    (order,) = await contoso.do(device_actions.pending, row)
    await contoso.do(device_actions.complete, row, action_id=order.id)
    assert await contoso.look(queries.managed_device_of, phone.enrollment_id) is None
    directory_id = row.directory_device_id
    directory_device = await contoso.look(directory_queries.directory_device, contoso.tenant.id, device_id=directory_id)
    assert (directory_device is not None) is stays


async def test_a_record_that_stayed_gives_way_to_that_of_the_same_device_when_it_enrols_again(contoso: Contoso) -> None:
    first = await enrol_variant(contoso, Variant.WINDOWS, name="alice", number=1)
    await contoso.do(ending.unenroll, await first.row())
    left = await contoso.look(queries.managed_device_of, first.enrollment_id)
    assert left is not None
    second = await enrol_variant(contoso, Variant.WINDOWS, name="alice", number=1)
    assert await contoso.look(queries.managed_device_of, first.enrollment_id) is None
    assert await contoso.look(queries.managed_device_of, second.enrollment_id) is not None


# ------------------------------------------------------------------------------------------- an administrator's actions


@pytest.mark.parametrize(("action", "mode", "scope", "word"), ACTIONS)
async def test_an_action_revokes_pkcs_when_it_is_accepted_and_the_device_forgets_when_it_confirms(
    contoso: Contoso, action: Callable[..., Any], mode: str, scope: str, word: str
) -> None:
    phone, serial, mark = await equipped(contoso, mode=mode)
    await contoso.action(phone, action)
    assert await statuses(contoso, serial, mark) == ("revoked", "good")
    assert set((await phone.states()).values()) == {"installed"}, "the device has not heard of it yet"
    assert (await phone.check_in()).operations == 1
    ((operation, found),) = await phone.operations()
    assert found == scope
    await phone.complete(operation)
    await assert_gone(contoso, phone)
    assert await statuses(contoso, serial, mark) == ("revoked", "good")
    types = [event.type for event in await contoso.events(device=phone)]
    assert types.count("revoked") == 1
    assert types[-1] == word
    assert types.count("removed") == 3
    where: dict[str, Any] = {"user_id": await contoso.user_id("alice"), "thumbprint": mark}
    assert await contoso.look(pfx_queries.pfx, contoso.tenant.id, **where) is not None, "the record stays"


async def test_a_wipe_can_be_followed_in_the_record(contoso: Contoso) -> None:
    phone = await contoso.enroll("alice", mode="fully-managed")
    await phone.settle()
    expected = [("pending", "wipePending"), ("active", "wipeIssued")]
    for turn, (state, shown) in enumerate(expected):
        if turn == 0:
            await contoso.action(phone, device_actions.wipe)
        else:
            await phone.check_in()
        document = (await phone.record()).document
        assert document["managementState"] == shown
        assert [
            (device_action_result["actionName"], device_action_result["actionState"])
            for device_action_result in document["deviceActionResults"]
        ] == [("wipe", state)]


async def test_a_deleted_record_is_gone_at_once_and_the_device_hears_of_it_next(contoso: Contoso) -> None:
    phone, serial, mark = await equipped(contoso)
    record = await phone.record()
    await contoso.action(phone, device_actions.delete)
    assert await contoso.look(queries.managed_device, contoso.tenant.id, managed_device_id=record.id) is None
    for action in (device_actions.delete, device_actions.retire, device_actions.sync):
        with pytest.raises(NotFound, match=record.id):
            await contoso.do(action, record.id)
    assert await statuses(contoso, serial, mark) == ("revoked", "good")
    assert (await phone.check_in()).operations == 1


async def test_a_work_profile_cannot_be_wiped_and_nothing_changes(contoso: Contoso) -> None:
    phone, serial, mark = await equipped(contoso)
    before = (await phone.row(), await phone.record(), await phone.ledger(), len(await contoso.events()))
    with pytest.raises(UnsupportedAction, match="retire it"):
        await contoso.action(phone, device_actions.wipe)
    assert (await phone.row(), await phone.record(), await phone.ledger(), len(await contoso.events())) == before
    assert await statuses(contoso, serial, mark) == ("good", "good")
    assert (await phone.check_in()).operations == 0


async def test_enrolment_data_cannot_be_kept_on_android_and_nothing_changes(contoso: Contoso) -> None:
    phone = await contoso.enroll("alice", mode="fully-managed")
    before = (await phone.row(), await phone.record())
    with pytest.raises(UnsupportedAction, match="Windows 10") as caught:
        await contoso.action(phone, device_actions.wipe, options={"keepEnrollmentData": True})
    assert caught.value.target == "keepEnrollmentData"
    assert (await phone.row(), await phone.record()) == before
    await contoso.action(phone, device_actions.wipe, options={"keepEnrollmentData": False})
    assert (await phone.row()).state == "ending"


async def test_the_same_order_twice_is_one_operation_and_another_takes_its_place(contoso: Contoso) -> None:
    phone, serial, _mark = await equipped(contoso, mode="fully-managed")
    for _ in range(2):
        await contoso.action(phone, device_actions.wipe)
    assert [scope for _, scope in await phone.operations()] == ["DEVICE"]
    # Of the devices that can be wiped only those of 2020 can be retired as well.
    await contoso.switch(edition="2020-04")
    await contoso.action(phone, device_actions.retire)
    assert [scope for _, scope in await phone.operations()] == ["COMPANY_DATA"]
    assert (await phone.row()).cause == "retire"
    revoked = [event.certificate["serial"] for event in await contoso.events("revoked") if event.certificate]
    assert revoked.count(serial) == 1


async def test_an_order_that_the_device_could_not_carry_out_can_be_given_again(contoso: Contoso) -> None:
    phone = await contoso.enroll("alice", mode="fully-managed")
    await phone.settle()
    await contoso.action(phone, device_actions.wipe)
    await phone.check_in()
    ((operation, _),) = await phone.operations()
    await phone.complete(operation, error="the factory reset is blocked")
    assert (await phone.record()).document["managementState"] == "wipeFailed"
    assert (await phone.check_in()).operations == 0
    (refused,) = await contoso.events("refused", device=phone)
    assert refused.detail["reason"] == "the factory reset is blocked"
    await contoso.action(phone, device_actions.wipe)
    assert (await phone.check_in()).operations == 1
    ((again, _),) = await phone.operations()
    assert again != operation
    await phone.complete(again)
    await assert_gone(contoso, phone)


async def test_a_device_that_could_not_be_wiped_still_hears_that_it_was_deleted(contoso: Contoso) -> None:
    phone = await contoso.enroll("alice", mode="fully-managed")
    await contoso.action(phone, device_actions.wipe)
    ((operation, _),) = await phone.operations()
    await phone.complete(operation, error="no")
    assert await phone.operations() == []
    await contoso.action(phone, device_actions.delete)
    assert [scope for _, scope in await phone.operations()] == ["DEVICE"]


async def test_an_unknown_operation_cannot_be_completed(contoso: Contoso) -> None:
    phone, other = [await contoso.enroll("alice", mode="fully-managed") for _ in range(2)]
    await contoso.action(phone, device_actions.wipe)
    ((operation, _),) = await phone.operations()
    with pytest.raises(NotFound):
        await phone.complete("unknown")
    with pytest.raises(NotFound):
        await other.complete(operation)
    await phone.complete(operation)
    with pytest.raises(EnrollmentEnded):
        await phone.complete(operation)


async def test_a_device_whose_end_was_ordered_is_not_asked_to_synchronise(contoso: Contoso) -> None:
    phone = await contoso.enroll("alice", mode="fully-managed")
    await contoso.action(phone, device_actions.wipe)
    await contoso.action(phone, device_actions.sync)
    assert (await phone.check_in()).operations == 1


# -------------------------------------------------------------------------------------------------- the user leaves


async def test_a_user_who_leaves_takes_the_work_profile_along_and_pkcs_is_revoked_at_the_notice(
    contoso: Contoso,
) -> None:
    phone, serial, mark = await equipped(contoso)
    await phone.unenroll()
    await assert_gone(contoso, phone)
    assert await statuses(contoso, serial, mark) == ("revoked", "good")
    assert [event.type for event in await contoso.events(device=phone)][-1] == "unenrolled"


async def test_the_user_of_an_owned_device_cannot_leave(contoso: Contoso) -> None:
    phone, serial, mark = await equipped(contoso, mode="fully-managed")
    with pytest.raises(NotAllowed, match="an admin can wipe it"):
        await phone.unenroll()
    assert (await phone.row()).state == "active"
    assert await statuses(contoso, serial, mark) == ("good", "good")


async def test_what_was_never_on_the_device_is_not_said_to_be_removed(contoso: Contoso) -> None:
    await contoso.pkcs_profile()
    phone = await contoso.enroll("alice")
    await phone.settle()
    assert await phone.states() == {"pkcs": "failed"}
    await phone.unenroll()
    assert await contoso.events("removed", device=phone) == []


async def test_the_rest_of_the_users_devices_keep_everything(contoso: Contoso) -> None:
    first, serial, mark = await equipped(contoso)
    second = await contoso.enroll("alice")
    await second.settle()
    kept = (await second.item()).serial
    assert kept is not None
    await first.unenroll()
    await second.settle()
    assert set((await second.states()).values()) == {"installed"}
    assert await statuses(contoso, kept, mark) == ("good", "good")
    assert await contoso.certificate_status(serial) == "revoked"


# ---------------------------------------------------------------------------------------- profiles, groups, licences


async def unassign_all(contoso: Contoso, profiles: list[str]) -> None:
    for profile in profiles:
        await contoso.assign(profile)


async def delete_all(contoso: Contoso, profiles: list[str]) -> None:
    for profile in profiles:
        await contoso.do(profile_operations.delete_profile, profile)


async def leave_group(contoso: Contoso, _profiles: list[str]) -> None:
    await contoso.do(
        users_and_groups.remove_member, contoso.groups["All Staff"], member_id=await contoso.user_id("alice")
    )


async def delete_group(contoso: Contoso, _profiles: list[str]) -> None:
    await contoso.do(users_and_groups.delete_group, contoso.groups["All Staff"])


async def exclude(contoso: Contoso, profiles: list[str]) -> None:
    for profile in profiles:
        await contoso.assign(profile, "All Staff", excluded=("SMIME Pilot",))


@pytest.mark.parametrize("change", [unassign_all, delete_all, leave_group, delete_group, exclude])
async def test_what_no_longer_applies_is_removed_and_nothing_is_revoked(
    contoso: Contoso, change: Callable[..., Any]
) -> None:
    phone, serial, mark = await equipped(contoso)
    profiles = [claim.profile for row in (await phone.ledger()).values() for claim in row.claims]
    await change(contoso, profiles)
    await phone.settle()
    assert set((await phone.states()).values()) == {"removed"}
    assert (phone.holds, phone.roots) == ({}, set())
    assert await statuses(contoso, serial, mark) == ("good", "good")
    assert await contoso.look(configuration_queries.states_of_device, phone.enrollment_id) == {}


async def test_an_item_of_two_profiles_goes_with_the_last(contoso: Contoso) -> None:
    profiles = [await contoso.imported_profile() for _ in range(2)]
    await contoso.import_pfx("alice")
    phone = await contoso.enroll("alice")
    await phone.settle()
    assert len((await phone.item(Source.IMPORTED)).claims) == 2
    for profile, left in zip(profiles, (1, 0), strict=True):
        await contoso.do(profile_operations.delete_profile, profile)
        await phone.settle()
        assert len(phone.holds) == left


async def test_what_is_removed_and_wanted_again_comes_back(contoso: Contoso) -> None:
    phone, serial, mark = await equipped(contoso)
    alice = await contoso.user_id("alice")
    await leave_group(contoso, [])
    await phone.check_in()
    assert set((await phone.states()).values()) == {"removing"}
    await contoso.do(users_and_groups.add_member, contoso.groups["All Staff"], member_id=alice)
    await phone.settle()
    assert (await phone.item()).serial == serial, "it had not left the device"
    await leave_group(contoso, [])
    await phone.settle()
    await contoso.do(users_and_groups.add_member, contoso.groups["All Staff"], member_id=alice)
    await phone.settle()
    assert set((await phone.states()).values()) == {"installed"}
    assert (await phone.item()).serial != serial, "a new one for the one that was gone"
    assert mark in phone.holds.values()


async def test_a_certificate_that_left_with_its_profile_is_not_revoked_by_a_later_wipe(contoso: Contoso) -> None:
    phone, serial, mark = await equipped(contoso, mode="fully-managed")
    await leave_group(contoso, [])
    await phone.settle()
    await contoso.action(phone, device_actions.wipe)
    assert await statuses(contoso, serial, mark) == ("good", "good")


async def test_a_deleted_import_leaves_the_devices_and_is_not_revoked(contoso: Contoso) -> None:
    phone, _serial, mark = await equipped(contoso)
    other = await contoso.import_pfx("alice")
    await phone.settle()
    await contoso.do(imported_pfx.delete_pfx, await contoso.record_id("alice", mark))
    await phone.settle()
    assert {key for key in phone.holds if key.startswith("imported/")} == {f"imported/{other}"}
    assert await contoso.certificate_status(mark) == "good"


async def test_a_lost_licence_leaves_everything_and_gives_nothing_more(contoso: Contoso) -> None:
    phone, serial, mark = await equipped(contoso)
    applied = phone.applied
    await contoso.take_licence("alice")
    await phone.settle()
    assert phone.applied == applied, "the policy is the same"
    assert set((await phone.states()).values()) == {"kept"}
    assert len(await phone.policy()) == 3
    assert await statuses(contoso, serial, mark) == ("good", "good")
    later = await contoso.import_pfx("alice")
    await phone.settle()
    assert later not in phone.holds.values()
    await contoso.give_licence("alice")
    await phone.settle()
    assert set((await phone.states()).values()) == {"installed"}
    assert later in phone.holds.values()
    assert (await phone.item()).serial == serial


async def test_a_deleted_user_leaves_everything_on_the_device(contoso: Contoso) -> None:
    phone, serial, mark = await equipped(contoso)
    holds, user_id = dict(phone.holds), await contoso.user_id("alice")
    await contoso.do(users_and_groups.delete_user, user_id)
    await phone.settle()
    assert set((await phone.states()).values()) == {"kept"}
    assert phone.holds == holds
    assert await statuses(contoso, serial, mark) == ("good", "good")
    assert len(await phone.policy()) == 3, "a device that lost its keystore's content could not be told otherwise"
    where: dict[str, Any] = {"user_id": user_id, "thumbprint": mark}
    assert await contoso.look(pfx_queries.pfx, contoso.tenant.id, **where) is not None
    with pytest.raises(Invalid, match="before their user is deleted"):
        await contoso.action(phone, device_actions.retire)
    assert await statuses(contoso, serial, mark) == ("good", "good")
    await contoso.action(phone, device_actions.delete)
    assert await statuses(contoso, serial, mark) == ("revoked", "good")


async def test_what_was_kept_and_is_taken_off_by_hand_is_not_given_again(contoso: Contoso) -> None:
    phone, _serial, _mark = await equipped(contoso)
    await contoso.take_licence("alice")
    await phone.settle()
    phone.lose(*phone.holds)
    await phone.settle()
    assert await phone.states() == {"root": "kept", **dict.fromkeys(set(await phone.states()) - {"root"}, "removed")}
    assert phone.holds == {}
