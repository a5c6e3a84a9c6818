"""Users and devices change: what Graph shows then, what is on the device, and what the CA says."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509

from fauxtune.core.errors import Invalid, NotFound, NotLicensed, UnsupportedAction
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.states import Source
from fauxtune.core.profiles.catalog import kind
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices.primary_user import set_primary_user
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.profiles import profiles
from fauxtune.storage.queries import certificates as queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from tests.operations.office import Office
from tests.support.devices.android import AndroidInProcess
from tests.support.devices.stepwise import enrol_by_token, enrol_iphone
from tests.support.predictions import CONFIGURATIONS, DEVICES, observed, predict, predicted, send, settle_all, snapshot

Row = dict[str, Any]
#: A certificate that names no user.
OF_THE_DEVICE = {"subjectNameFormat": "commonNameAsSerialNumber", "subjectAlternativeNameType": "none"}


async def subject(office: Office, serial: str | None) -> str:
    row = await office.look(queries.certificate, office.tenant.id, key=str(serial))
    return x509.load_der_x509_certificate(row["certificate"]).subject.rfc4514_string()


async def equipped(office: Office, *, name: str = "alice", hardware: str = "") -> tuple[AndroidInProcess, str, str]:
    """A work profile with all three kinds of certificate: it, the PKCS serial, the imported thumbprint."""
    await office.root_profile()
    await office.pkcs_profile()
    await office.imported_profile()
    mark = await office.import_pfx(name)
    phone = await office.enroll(name, hardware=hardware)
    await settle_all(phone)
    return phone, str((await phone.item()).serial), mark


async def statuses(office: Office, phone: AndroidInProcess) -> set[str]:
    found = [await office.status(phone, each.profile) for row in (await phone.ledger()).values() for each in row.claims]
    return {str(each["status"]) for each in found if each is not None}


# --------------------------------------------------------------------------------------------------------- primary user


async def windows_profiles(office: Office) -> str:
    root = await office.root_text()
    await office.profile("windows81TrustedRootCertificate", "All Staff", trustedRootCertificate=root)
    await office.profile("windows10ImportedPFXCertificateProfile", "All Staff", intendedPurpose="smimeEncryption")
    return await office.profile("windows10PkcsCertificateProfile", "All Staff", **office.pkcs_document())


async def test_another_primary_user_brings_their_certificates_and_takes_the_former_ones(office: Office) -> None:
    pkcs = ItemKey(f"pkcs/{await windows_profiles(office)}")
    marks = {name: await office.import_pfx(name) for name in ("alice", "bob")}
    device = await enrol_by_token(office, "alice")
    await settle_all(device)
    old = (await office.look(device_queries.ledger_rows, device.enrollment_id))[pkcs]
    assert marks["alice"] in device.holds.values()
    record = await device.record()
    await office.do(set_primary_user, record["id"], user_key=office.upn("bob"))
    await settle_all(device)
    new = (await office.look(device_queries.ledger_rows, device.enrollment_id))[pkcs]
    held = set(device.holds.values())
    # On the device: bob's, and none of alice's.
    assert (marks["bob"] in held, marks["alice"] in held) == (True, False)
    assert (device.holds[pkcs], new.serial != old.serial) == (new.thumbprint, True)
    # At the CA: an assignment that no longer reaches it revokes nothing, and imported ones are never revoked.
    assert await subject(office, new.serial) == "CN=bob"
    assert [await office.certificate_status(str(each)) for each in (old.serial, new.serial)] == ["good", "good"]
    assert await office.certificate_status(marks["alice"]) == "good"
    # In Graph: the device is bob's, and alice enrolled it.
    shown = await device.record()
    bob = await office.user_id("bob")
    assert (shown["user_id"], shown["document"]["userId"]) == (bob, bob)
    assert shown["document"]["userPrincipalName"] == office.upn("alice"), "who enrolled it stays"
    where = {"user_id": await office.user_id("alice"), "thumbprint": marks["alice"]}
    assert await office.look(pfx_queries.pfx, office.tenant.id, **where) is not None, "the record stays in the service"


async def test_a_shared_device_keeps_what_is_for_devices_alone(office: Office) -> None:
    everywhere = [{"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}]
    await windows_profiles(office)
    shared = await office.profile("windows10PkcsCertificateProfile", **office.pkcs_document(**OF_THE_DEVICE))
    root = await office.profile("windows81TrustedRootCertificate", trustedRootCertificate=await office.root_text())
    for each in (shared, root):
        await send(office, "POST", f"{CONFIGURATIONS}/{each}/assign", {"assignments": everywhere})
    await office.import_pfx("alice")
    device = await enrol_by_token(office, "alice")
    await settle_all(device)
    assert len(device.holds) == 4
    before = (await office.look(device_queries.ledger_rows, device.enrollment_id))[ItemKey(f"pkcs/{shared}")]
    await office.do(set_primary_user, (await device.record())["id"], user_key=None)
    await settle_all(device)
    assert sorted(key.partition("/")[0] for key in device.holds) == ["pkcs", "root"]
    row = (await office.look(device_queries.ledger_rows, device.enrollment_id))[ItemKey(f"pkcs/{shared}")]
    assert (row.user_id, row.state.value) == (None, "installed")
    assert row.serial == before.serial, "it names the device, whoever uses that"
    record = await device.record()
    assert (record["user_id"], record["document"]["userId"]) == (None, "")


@pytest.mark.parametrize(("edition", "removed"), [("current", True), ("2020-04", False)])
async def test_what_if_foretells_what_becomes_of_a_former_users_certificate_on_a_shared_device(
    office: Office, edition: str, *, removed: bool
) -> None:
    """The profile reaches the device without a user, and cannot be filled in: nothing takes the certificate's place."""
    everywhere = [{"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}]
    await office.switch(edition=edition)
    root = await office.profile("windows81TrustedRootCertificate", trustedRootCertificate=await office.root_text())
    pkcs = await office.profile("windows10PkcsCertificateProfile", **office.pkcs_document())
    for each in (root, pkcs):
        await send(office, "POST", f"{CONFIGURATIONS}/{each}/assign", {"assignments": everywhere})
    device = await enrol_by_token(office, "alice")
    await settle_all(device)
    assert ItemKey(f"pkcs/{pkcs}") in device.holds
    request = ("DELETE", f"{DEVICES}/{(await device.record())['id']}/users/$ref", None)
    for url, is_gone in ((request, removed), (("DELETE", f"{CONFIGURATIONS}/{pkcs}", None), False)):
        before = await snapshot(office, [device])
        foretold = predicted(await predict(office, *url), device)
        await send(office, *url)
        await settle_all(device)
        assert foretold == observed(device, before, after=await snapshot(office, [device]))
        assert foretold["remove"] == ({f"pkcs/{pkcs}"} if is_gone else set())


async def test_only_windows_devices_change_hands_and_only_to_licensed_users(office: Office) -> None:
    tablet, device = await enrol_iphone(office, "alice"), await enrol_by_token(office, "alice")
    await settle_all(tablet, device)
    with pytest.raises(UnsupportedAction, match="enrolling anew"):
        await office.do(set_primary_user, (await tablet.record())["id"], user_key=office.upn("bob"))
    record = (await device.record())["id"]
    for key in ("nobody", "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(NotFound):
            await office.do(set_primary_user, record, user_key=key)
    await office.take_licence("bob")
    with pytest.raises(NotLicensed):
        await office.do(set_primary_user, record, user_key=office.upn("bob"))
    before = await device.row()
    await office.do(set_primary_user, record, user_key=office.upn("alice"))
    assert await device.row() == before, "the same again changes nothing"
    await office.do(device_actions.retire, record)
    with pytest.raises(Invalid, match="about to leave"):
        await office.do(set_primary_user, record, user_key=None)


# --------------------------------------------------------------------------------------------------- users who are gone


@pytest.mark.parametrize("action", [device_actions.wipe, device_actions.retire])
async def test_a_device_whose_user_was_deleted_can_be_neither_wiped_nor_retired(office: Office, action: Any) -> None:
    await office.root_profile(owned=True)
    await office.pkcs_profile(owned=True)
    phone = await office.enroll("alice", mode="fully-managed")
    await settle_all(phone)
    serial, holds = str((await phone.item()).serial), dict(phone.holds)
    await office.do(users_and_groups.delete_user, office.upn("alice"))
    await settle_all(phone)
    with pytest.raises(Invalid, match="before their user is deleted"):
        await office.action(phone, action)
    assert ((await phone.row())["state"], await phone.operations()) == ("active", [])
    assert (phone.holds, await office.certificate_status(serial)) == (holds, "good")
    assert (await phone.record())["document"]["managementState"] == "managed"
    # The record can be deleted, and then the device forgets what is the company's.
    await office.action(phone, device_actions.delete)
    await settle_all(phone)
    assert (phone.holds, await office.certificate_status(serial)) == ({}, "revoked")
    assert await office.look(device_queries.managed_device_of, phone.enrollment_id) is None


async def test_a_wipe_that_was_ordered_first_is_carried_out_without_the_user(office: Office) -> None:
    await office.root_profile(owned=True)
    await office.pkcs_profile(owned=True)
    phone = await office.enroll("alice", mode="fully-managed")
    await settle_all(phone)
    serial = str((await phone.item()).serial)
    await office.action(phone, device_actions.wipe)
    await office.do(users_and_groups.delete_user, office.upn("alice"))
    assert await office.certificate_status(serial) == "revoked"
    await settle_all(phone)
    assert (phone.holds, (await phone.row())["state"]) == ({}, "ended")
    assert await office.look(device_queries.managed_device_of, phone.enrollment_id) is None


async def test_a_licence_that_is_withdrawn_leaves_the_certificates_and_gives_no_more(office: Office) -> None:
    phone, serial, mark = await equipped(office)
    holds = dict(phone.holds)
    await office.take_licence("alice")
    later = await office.import_pfx("alice")
    await settle_all(phone)
    assert (phone.holds, later in phone.holds.values()) == (holds, False)
    assert [await office.certificate_status(each) for each in (serial, mark)] == ["good", "good"]
    assert (await phone.record())["document"]["managementState"] == "managed"
    assert await statuses(office, phone) == set(), "no profile reaches the device any more"
    with pytest.raises(NotLicensed):
        await office.enroll("alice")


# -------------------------------------------------------------------------------------------------- devices that change


async def test_hardware_that_enrols_again_is_a_new_device_and_the_old_ones_certificate_is_revoked(
    office: Office,
) -> None:
    phone, serial, mark = await equipped(office, hardware="R58M1")
    again = await office.enroll("alice", hardware="R58M1")
    await settle_all(again)
    assert ((await phone.row())["state"], (await phone.row())["cause"]) == ("ended", "unenroll")
    assert await office.look(device_queries.managed_device_of, phone.enrollment_id) is None
    assert len(await office.look(device_queries.live_enrollments, office.tenant.id)) == 1
    new = str((await again.item()).serial)
    assert [await office.certificate_status(each) for each in (serial, new, mark)] == ["revoked", "good", "good"]
    assert mark in again.holds.values()
    assert await statuses(office, again) == {"compliant"}


async def test_hardware_that_enrols_for_somebody_else_gets_that_users_certificates(office: Office) -> None:
    _phone, serial, mark = await equipped(office, hardware="R58M2")
    theirs = await office.import_pfx("bob")
    again = await office.enroll("bob", hardware="R58M2")
    await settle_all(again)
    assert (theirs in again.holds.values(), mark in again.holds.values()) == (True, False)
    assert [await office.certificate_status(each) for each in (serial, mark)] == ["revoked", "good"]
    assert (await again.record())["document"]["userPrincipalName"] == office.upn("bob")


async def test_a_user_who_moves_to_another_group_changes_profiles(office: Office) -> None:
    alice = await office.user_id("alice")
    await office.group("Sales", alice)
    await office.group("Law")
    await office.root_profile()
    sales, law = await office.pkcs_profile("Sales"), await office.pkcs_profile("Law")
    phone = await office.enroll("alice")
    await settle_all(phone)
    (old,) = [row for row in (await phone.ledger()).values() if row.key == f"pkcs/{sales}"]
    await office.do(users_and_groups.remove_member, office.groups["Sales"], member_id=alice)
    await office.do(users_and_groups.add_member, office.groups["Law"], member_id=alice)
    await settle_all(phone)
    assert list(phone.holds) == [f"pkcs/{law}"]
    assert await office.certificate_status(str(old.serial)) == "good", "removed, and not revoked"
    assert (await office.status(phone, sales), (await office.status(phone, law) or {})["status"]) == (None, "compliant")


async def test_another_root_in_the_profile_takes_the_place_of_the_old_one(office: Office) -> None:
    name = "androidWorkProfileTrustedRootCertificate"
    known = kind(name)
    assert known is not None
    profile = await office.root_profile()
    await office.pkcs_profile()
    phone = await office.enroll("alice")
    await settle_all(phone)
    roots, own = set(phone.roots), await phone.item()
    changes = {"trustedRootCertificate": await office.root_text("devices")}
    await office.do(profiles.update_profile, profile, kind=known, changes=changes)
    await settle_all(phone)
    assert (len(phone.roots), phone.roots & roots) == (1, set())
    found = [row.state.value for row in (await phone.ledger()).values() if row.source is Source.ROOT]
    assert sorted(found) == ["installed", "removed"]
    assert phone.holds == {own.key: own.thumbprint}, "a certificate that is there stays"
    assert await office.certificate_status(str(own.serial)) == "good"
    assert (await office.status(phone, profile) or {})["status"] == "compliant"


# ----------------------------------------------------------------------------------------------------- nobody's devices


async def test_a_dedicated_device_is_nobodys_and_its_certificate_is_the_devices_own(office: Office) -> None:
    phone = await office.enroll("alice", mode="dedicated", hardware="KIOSK7")
    await office.group("Kiosks", (await phone.row())["directory_device_id"])
    root = await office.root_profile("Kiosks", owned=True)
    pkcs = await office.pkcs_profile("Kiosks", owned=True, **OF_THE_DEVICE)
    named = await office.pkcs_profile("Kiosks", owned=True, displayName="named after a user")
    imported = await office.imported_profile("Kiosks", owned=True)
    of_users = await office.imported_profile("All Staff", owned=True)
    await office.import_pfx("alice")
    await settle_all(phone)
    # In Graph: nobody's, whoever's token it came with.
    record = await phone.record()
    document = record["document"]
    assert (record["user_id"], document["userId"], document["userPrincipalName"]) == (None, "", "")
    assert document["deviceEnrollmentType"] == "androidEnterpriseDedicatedDevice"
    assert document["deviceName"] == "KIOSK7_AndroidEnterprise"
    fared = {each: await office.status(phone, each) for each in (root, pkcs, named, imported, of_users)}
    assert fared[of_users] is None, "what is assigned to users does not reach it"
    told = {each: (row["status"], row["message"]) for each, row in fared.items() if row is not None}
    assert (told[root][0], told[pkcs][0]) == ("compliant", "compliant")
    assert told[named][0] == "error"
    assert "{{UserName}}" in told[named][1]
    nobody = "Imported certificates are those of the device's user, and this device has none."
    assert told[imported] == ("error", nobody)
    # On the device and at the CA.
    serial = str((await phone.ledger())[ItemKey(f"pkcs/{pkcs}")].serial)
    assert list(phone.holds) == [f"pkcs/{pkcs}"]
    assert await subject(office, serial) == "CN=KIOSK7"
    with pytest.raises(UnsupportedAction):
        await office.action(phone, device_actions.retire)
    await office.action(phone, device_actions.wipe)
    assert await office.certificate_status(serial) == "revoked"
    await settle_all(phone)
    assert ((await phone.row())["state"], phone.holds) == ("ended", {})


async def test_what_happens_to_whoever_enrolled_it_does_not_touch_a_dedicated_device(office: Office) -> None:
    phone = await office.enroll("alice", mode="dedicated", hardware="KIOSK8")
    await office.group("Kiosks", (await phone.row())["directory_device_id"])
    await office.root_profile("Kiosks", owned=True)
    await settle_all(phone)
    generation = (await phone.row())["generation"]
    await office.do(users_and_groups.delete_user, office.upn("alice"))
    assert (await phone.row())["generation"] == generation
    await settle_all(phone)
    assert len(phone.roots) == 1
    assert await office.look(directory_queries.user_by_upn, office.tenant.id, upn=office.upn("alice")) is None
    await office.action(phone, device_actions.wipe)
    await settle_all(phone)
    assert (await phone.row())["state"] == "ended"
