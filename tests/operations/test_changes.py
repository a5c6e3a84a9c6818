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
from fauxtune.operations.devices.records import set_primary_user
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.profiles import profiles
from fauxtune.storage.queries import certificates as queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from tests.support.devices.android import AndroidInProcess
from tests.support.devices.stepwise import enrol_by_token, enrol_iphone
from tests.support.predictions import CONFIGURATIONS, DEVICES, observed, predict, predicted, send, settle_all, snapshot
from tests.support.tenant import Contoso

#: A certificate that names no user.
OF_THE_DEVICE = {"subjectNameFormat": "commonNameAsSerialNumber", "subjectAlternativeNameType": "none"}


async def subject(contoso: Contoso, serial: str | None) -> str:
    row = await contoso.get(queries.certificate, contoso.tenant.id, key=str(serial))
    return x509.load_der_x509_certificate(row.certificate).subject.rfc4514_string()


async def equipped(contoso: Contoso, *, name: str = "alice", hardware: str = "") -> tuple[AndroidInProcess, str, str]:
    """A work profile with all three kinds of certificate: it, the PKCS serial, the imported thumbprint."""
    await contoso.root_profile()
    await contoso.pkcs_profile()
    await contoso.imported_profile()
    mark = await contoso.import_pfx(name)
    phone = await contoso.enroll(name, hardware=hardware)
    await settle_all(phone)
    return phone, str((await phone.item()).serial), mark


async def statuses(contoso: Contoso, phone: AndroidInProcess) -> set[str]:
    results = [
        await contoso.status(phone, claim.profile) for row in (await phone.ledger()).values() for claim in row.claims
    ]
    return {str(result.status) for result in results if result is not None}


# --------------------------------------------------------------------------------------------------------- primary user


async def windows_profiles(contoso: Contoso) -> str:
    root = await contoso.root_text()
    await contoso.profile("windows81TrustedRootCertificate", "All Staff", trustedRootCertificate=root)
    await contoso.profile("windows10ImportedPFXCertificateProfile", "All Staff", intendedPurpose="smimeEncryption")
    return await contoso.profile("windows10PkcsCertificateProfile", "All Staff", **contoso.pkcs_document())


async def test_another_primary_user_brings_their_certificates_and_takes_the_former_ones(contoso: Contoso) -> None:
    pkcs = ItemKey(f"pkcs/{await windows_profiles(contoso)}")
    marks = {name: await contoso.import_pfx(name) for name in ("alice", "bob")}
    device = await enrol_by_token(contoso, "alice")
    await settle_all(device)
    old = (await contoso.look(device_queries.ledger_rows, device.enrollment_id))[pkcs]
    assert marks["alice"] in device.holds.values()
    record = await device.record()
    await contoso.do(set_primary_user, record.id, user_key=contoso.upn("bob"))
    await settle_all(device)
    new = (await contoso.look(device_queries.ledger_rows, device.enrollment_id))[pkcs]
    held = set(device.holds.values())
    # On the device: bob's, and none of alice's.
    assert (marks["bob"] in held, marks["alice"] in held) == (True, False)
    assert (device.holds[pkcs], new.serial != old.serial) == (new.thumbprint, True)
    # At the CA: an assignment that no longer reaches it revokes nothing, and imported ones are never revoked.
    assert await subject(contoso, new.serial) == "CN=bob"
    assert [await contoso.certificate_status(str(each)) for each in (old.serial, new.serial)] == ["good", "good"]
    assert await contoso.certificate_status(marks["alice"]) == "good"
    # In Graph: the device is bob's, and alice enrolled it.
    result = await device.record()
    bob = await contoso.user_id("bob")
    assert (result.user_id, result.document["userId"]) == (bob, bob)
    assert result.document["userPrincipalName"] == contoso.upn("alice"), "who enrolled it stays"
    where: dict[str, Any] = {"user_id": await contoso.user_id("alice"), "thumbprint": marks["alice"]}
    assert await contoso.look(pfx_queries.pfx, contoso.tenant.id, **where) is not None, (
        "the record stays in the service"
    )


async def test_a_shared_device_keeps_what_is_for_devices_alone(contoso: Contoso) -> None:
    everywhere = [{"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}]
    await windows_profiles(contoso)
    shared = await contoso.profile("windows10PkcsCertificateProfile", **contoso.pkcs_document(**OF_THE_DEVICE))
    root = await contoso.profile("windows81TrustedRootCertificate", trustedRootCertificate=await contoso.root_text())
    for each in (shared, root):
        await send(contoso, "POST", f"{CONFIGURATIONS}/{each}/assign", {"assignments": everywhere})
    await contoso.import_pfx("alice")
    device = await enrol_by_token(contoso, "alice")
    await settle_all(device)
    assert len(device.holds) == 4
    before = (await contoso.look(device_queries.ledger_rows, device.enrollment_id))[ItemKey(f"pkcs/{shared}")]
    await contoso.do(set_primary_user, (await device.record()).id, user_key=None)
    await settle_all(device)
    assert sorted(key.partition("/")[0] for key in device.holds) == ["pkcs", "root"]
    row = (await contoso.look(device_queries.ledger_rows, device.enrollment_id))[ItemKey(f"pkcs/{shared}")]
    assert (row.user_id, row.state.value) == (None, "installed")
    assert row.serial == before.serial, "it names the device, whoever uses that"
    record = await device.record()
    assert (record.user_id, record.document["userId"]) == (None, "")


@pytest.mark.parametrize(("edition", "removed"), [("current", True), ("2020-04", False)])
async def test_what_if_foretells_what_becomes_of_a_former_users_certificate_on_a_shared_device(
    contoso: Contoso, edition: str, *, removed: bool
) -> None:
    """The profile reaches the device without a user, and cannot be filled in: nothing takes the certificate's place."""
    everywhere = [{"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}]
    await contoso.switch(edition=edition)
    root = await contoso.profile("windows81TrustedRootCertificate", trustedRootCertificate=await contoso.root_text())
    pkcs = await contoso.profile("windows10PkcsCertificateProfile", **contoso.pkcs_document())
    for each in (root, pkcs):
        await send(contoso, "POST", f"{CONFIGURATIONS}/{each}/assign", {"assignments": everywhere})
    device = await enrol_by_token(contoso, "alice")
    await settle_all(device)
    assert ItemKey(f"pkcs/{pkcs}") in device.holds
    request = ("DELETE", f"{DEVICES}/{(await device.record()).id}/users/$ref", None)
    for url, is_gone in ((request, removed), (("DELETE", f"{CONFIGURATIONS}/{pkcs}", None), False)):
        before = await snapshot(contoso, [device])
        foretold = predicted(await predict(contoso, *url), device)
        await send(contoso, *url)
        await settle_all(device)
        assert foretold == observed(device, before, after=await snapshot(contoso, [device]))
        assert foretold["remove"] == ({f"pkcs/{pkcs}"} if is_gone else set())


async def test_only_windows_devices_change_hands_and_only_to_licensed_users(contoso: Contoso) -> None:
    tablet, device = await enrol_iphone(contoso, "alice"), await enrol_by_token(contoso, "alice")
    await settle_all(tablet, device)
    with pytest.raises(UnsupportedAction, match="enrolling again"):
        await contoso.do(set_primary_user, (await tablet.record()).id, user_key=contoso.upn("bob"))
    record = (await device.record()).id
    for key in ("nobody", "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(NotFound):
            await contoso.do(set_primary_user, record, user_key=key)
    await contoso.take_licence("bob")
    with pytest.raises(NotLicensed):
        await contoso.do(set_primary_user, record, user_key=contoso.upn("bob"))
    before = await device.row()
    await contoso.do(set_primary_user, record, user_key=contoso.upn("alice"))
    assert await device.row() == before, "the same again changes nothing"
    await contoso.do(device_actions.retire, record)
    with pytest.raises(Invalid, match="The device is ending"):
        await contoso.do(set_primary_user, record, user_key=None)


# --------------------------------------------------------------------------------------------------- users who are gone


@pytest.mark.parametrize("action", [device_actions.wipe, device_actions.retire])
async def test_a_device_whose_user_was_deleted_can_be_neither_wiped_nor_retired(contoso: Contoso, action: Any) -> None:
    await contoso.root_profile(owned=True)
    await contoso.pkcs_profile(owned=True)
    phone = await contoso.enroll("alice", mode="fully-managed")
    await settle_all(phone)
    serial, holds = str((await phone.item()).serial), dict(phone.holds)
    await contoso.do(users_and_groups.delete_user, contoso.upn("alice"))
    await settle_all(phone)
    with pytest.raises(Invalid, match="before their user is deleted"):
        await contoso.action(phone, action)
    assert ((await phone.row()).state, await phone.operations()) == ("active", [])
    assert (phone.holds, await contoso.certificate_status(serial)) == (holds, "good")
    assert (await phone.record()).document["managementState"] == "managed"
    # The record can be deleted, and then the device forgets what is the company's.
    await contoso.action(phone, device_actions.delete)
    await settle_all(phone)
    assert (phone.holds, await contoso.certificate_status(serial)) == ({}, "revoked")
    assert await contoso.look(device_queries.managed_device_of, phone.enrollment_id) is None


async def test_a_wipe_that_was_ordered_first_is_carried_out_without_the_user(contoso: Contoso) -> None:
    await contoso.root_profile(owned=True)
    await contoso.pkcs_profile(owned=True)
    phone = await contoso.enroll("alice", mode="fully-managed")
    await settle_all(phone)
    serial = str((await phone.item()).serial)
    await contoso.action(phone, device_actions.wipe)
    await contoso.do(users_and_groups.delete_user, contoso.upn("alice"))
    assert await contoso.certificate_status(serial) == "revoked"
    await settle_all(phone)
    assert (phone.holds, (await phone.row()).state) == ({}, "ended")
    assert await contoso.look(device_queries.managed_device_of, phone.enrollment_id) is None


async def test_a_licence_that_is_withdrawn_leaves_the_certificates_and_gives_no_more(contoso: Contoso) -> None:
    phone, serial, mark = await equipped(contoso)
    holds = dict(phone.holds)
    await contoso.take_licence("alice")
    later = await contoso.import_pfx("alice")
    await settle_all(phone)
    assert (phone.holds, later in phone.holds.values()) == (holds, False)
    assert [await contoso.certificate_status(each) for each in (serial, mark)] == ["good", "good"]
    assert (await phone.record()).document["managementState"] == "managed"
    assert await statuses(contoso, phone) == set(), "no profile reaches the device any more"
    with pytest.raises(NotLicensed):
        await contoso.enroll("alice")


# -------------------------------------------------------------------------------------------------- devices that change


async def test_hardware_that_enrols_again_is_a_new_device_and_the_old_ones_certificate_is_revoked(
    contoso: Contoso,
) -> None:
    phone, serial, mark = await equipped(contoso, hardware="R58M1")
    again = await contoso.enroll("alice", hardware="R58M1")
    await settle_all(again)
    assert ((await phone.row()).state, (await phone.row()).cause) == ("ended", "unenroll")
    assert await contoso.look(device_queries.managed_device_of, phone.enrollment_id) is None
    assert len(await contoso.look(device_queries.live_enrollments, contoso.tenant.id)) == 1
    new = str((await again.item()).serial)
    assert [await contoso.certificate_status(each) for each in (serial, new, mark)] == ["revoked", "good", "good"]
    assert mark in again.holds.values()
    assert await statuses(contoso, again) == {"compliant"}


async def test_hardware_that_enrols_for_somebody_else_gets_that_users_certificates(contoso: Contoso) -> None:
    _phone, serial, mark = await equipped(contoso, hardware="R58M2")
    theirs = await contoso.import_pfx("bob")
    again = await contoso.enroll("bob", hardware="R58M2")
    await settle_all(again)
    assert (theirs in again.holds.values(), mark in again.holds.values()) == (True, False)
    assert [await contoso.certificate_status(each) for each in (serial, mark)] == ["revoked", "good"]
    assert (await again.record()).document["userPrincipalName"] == contoso.upn("bob")


async def test_a_user_who_moves_to_another_group_changes_profiles(contoso: Contoso) -> None:
    alice = await contoso.user_id("alice")
    await contoso.group("Sales", alice)
    await contoso.group("Law")
    await contoso.root_profile()
    sales, law = await contoso.pkcs_profile("Sales"), await contoso.pkcs_profile("Law")
    phone = await contoso.enroll("alice")
    await settle_all(phone)
    (old,) = [row for row in (await phone.ledger()).values() if row.key == f"pkcs/{sales}"]
    await contoso.do(users_and_groups.remove_member, contoso.groups["Sales"], member_id=alice)
    await contoso.do(users_and_groups.add_member, contoso.groups["Law"], member_id=alice)
    await settle_all(phone)
    assert list(phone.holds) == [f"pkcs/{law}"]
    assert await contoso.certificate_status(str(old.serial)) == "good", "removed, and not revoked"
    assert (await contoso.status(phone, sales), (await contoso.profile_state(phone, law)).status) == (
        None,
        "compliant",
    )


async def test_another_root_in_the_profile_takes_the_place_of_the_old_one(contoso: Contoso) -> None:
    name = "androidWorkProfileTrustedRootCertificate"
    known = kind(name)
    assert known is not None
    profile = await contoso.root_profile()
    await contoso.pkcs_profile()
    phone = await contoso.enroll("alice")
    await settle_all(phone)
    roots, own = set(phone.roots), await phone.item()
    changes = {"trustedRootCertificate": await contoso.root_text("devices")}
    await contoso.do(profiles.update_profile, profile, kind=known, changes=changes)
    await settle_all(phone)
    assert (len(phone.roots), phone.roots & roots) == (1, set())
    values = [row.state.value for row in (await phone.ledger()).values() if row.source is Source.ROOT]
    assert sorted(values) == ["installed", "removed"]
    assert phone.holds == {own.key: own.thumbprint}, "a certificate that is there stays"
    assert await contoso.certificate_status(str(own.serial)) == "good"
    assert (await contoso.profile_state(phone, profile)).status == "compliant"


# ----------------------------------------------------------------------------------------------------- nobody's devices


async def test_a_dedicated_device_is_nobodys_and_its_certificate_is_the_devices_own(contoso: Contoso) -> None:
    phone = await contoso.enroll("alice", mode="dedicated", hardware="KIOSK7")
    await contoso.group("Kiosks", (await phone.row()).directory_device_id)
    root = await contoso.root_profile("Kiosks", owned=True)
    pkcs = await contoso.pkcs_profile("Kiosks", owned=True, **OF_THE_DEVICE)
    named = await contoso.pkcs_profile("Kiosks", owned=True, displayName="named after a user")
    imported = await contoso.imported_profile("Kiosks", owned=True)
    of_users = await contoso.imported_profile("All Staff", owned=True)
    await contoso.import_pfx("alice")
    await settle_all(phone)
    # In Graph: nobody's, whoever's token it came with.
    record = await phone.record()
    document = record.document
    assert (record.user_id, document["userId"], document["userPrincipalName"]) == (None, "", "")
    assert document["deviceEnrollmentType"] == "androidEnterpriseDedicatedDevice"
    assert document["deviceName"] == "KIOSK7_AndroidEnterprise"
    fared = {each: await contoso.status(phone, each) for each in (root, pkcs, named, imported, of_users)}
    assert fared[of_users] is None, "what is assigned to users does not reach it"
    by_key = {each: (row.status, row.message) for each, row in fared.items() if row is not None}
    assert (by_key[root][0], by_key[pkcs][0]) == ("compliant", "compliant")
    assert by_key[named][0] == "error"
    assert "{{UserName}}" in str(by_key[named][1])
    nobody = "Imported certificates belong to the device's user, but this device has no user."
    assert by_key[imported] == ("error", nobody)
    # On the device and at the CA.
    serial = str((await phone.ledger())[ItemKey(f"pkcs/{pkcs}")].serial)
    assert list(phone.holds) == [f"pkcs/{pkcs}"]
    assert await subject(contoso, serial) == "CN=KIOSK7"
    with pytest.raises(UnsupportedAction):
        await contoso.action(phone, device_actions.retire)
    await contoso.action(phone, device_actions.wipe)
    assert await contoso.certificate_status(serial) == "revoked"
    await settle_all(phone)
    assert ((await phone.row()).state, phone.holds) == ("ended", {})


async def test_what_happens_to_whoever_enrolled_it_does_not_touch_a_dedicated_device(contoso: Contoso) -> None:
    phone = await contoso.enroll("alice", mode="dedicated", hardware="KIOSK8")
    await contoso.group("Kiosks", (await phone.row()).directory_device_id)
    await contoso.root_profile("Kiosks", owned=True)
    await settle_all(phone)
    generation = (await phone.row()).generation
    await contoso.do(users_and_groups.delete_user, contoso.upn("alice"))
    assert (await phone.row()).generation == generation
    await settle_all(phone)
    assert len(phone.roots) == 1
    assert await contoso.look(directory_queries.user_by_upn, contoso.tenant.id, upn=contoso.upn("alice")) is None
    await contoso.action(phone, device_actions.wipe)
    await settle_all(phone)
    assert (await phone.row()).state == "ended"
