"""One device's page: what it should hold, was given and said, and how its end went, as a trainer shows it."""

from __future__ import annotations

import re
from dataclasses import replace

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.platforms import Platform
from fauxtune.core.model.states import Source
from fauxtune.core.policies.compliance import COMPLIANCE_POLICIES
from fauxtune.operations.ca import authorities
from fauxtune.operations.compliance.occasions import COMPLIANCE_HOOKS
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import records as device_records
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.assignments import Assignable, NewAssignment, replace_all
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import scep as scep_queries
from tests.support.assigned_apps import assigned_app
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.console import done, show, submit, text_of
from tests.support.devices.android import AndroidOverHttp
from tests.support.devices.stepwise import enrol_by_token
from tests.support.scep_devices import PARTNER, ScepAuthorities
from tests.support.statements import statements
from tests.support.tenant import SCEP_SETTINGS, Contoso
from tests.surfaces.console.conftest import Enroll

OWNED = {
    "root": "androidDeviceOwnerTrustedRootCertificate",
    "pkcs": "androidDeviceOwnerPkcsCertificateProfile",
    "imported": "androidDeviceOwnerImportedPFXCertificateProfile",
}


async def equip(contoso: Contoso) -> None:
    """Give every fully managed phone a root, a certificate of its own, and Alice's imported one."""
    await contoso.profile_for_devices(OWNED["root"], displayName="Root")
    await contoso.profile_for_devices(OWNED["pkcs"], displayName="Signing")
    await contoso.profile_for_devices(OWNED["imported"], displayName="Encryption", intendedPurpose="smimeEncryption")
    await contoso.import_pfx("alice")


async def company_phone(enroll: Enroll) -> AndroidOverHttp:
    """Return a fully managed phone of Alice: one that can be wiped."""
    return await enroll("alice", mode="fully-managed")


def page_of(phone: AndroidOverHttp) -> str:
    """Return the address of a device's page."""
    return f"/devices/{phone.enrollment_id}"


async def test_what_a_wipe_would_do_says_its_cause_once(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    await equip(contoso)
    phone = await company_phone(enroll)
    await phone.settle()
    page = (await console.get(f"{page_of(phone)}/wipe")).text.partition("What would happen</h2>")[2]
    removed = page.partition('data-label="Removed"')[2].partition("</td>")[0]
    assert removed.count('class="effect"') >= 2
    assert page.count("the device is wiped") == 1


async def test_an_intermediate_is_called_so_on_its_device_in_the_journal_and_among_the_profiles(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    phone = await company_phone(enroll)
    await contoso.profile_for_devices(OWNED["root"], displayName="Top")
    issuing = await contoso.root_text("issuing")
    await contoso.profile_for_devices(OWNED["root"], displayName="Between", trustedRootCertificate=issuing)
    await phone.settle()
    text = await show(console, page_of(phone))
    assert "trusted root Top yes" in text
    assert "intermediate certificate Between yes" in text
    journal = await show(console, "/journal?type=installed")
    assert "trusted root was installed ('Top')" in journal
    assert "intermediate certificate was installed ('Between')" in journal
    profiles = await show(console, "/profiles")
    assert "Between intermediate certificate for Android fully managed" in profiles
    assert "Top trusted root for Android fully managed" in profiles


async def test_an_item_is_shown_from_the_wish_to_the_answer(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    phone = await company_phone(enroll)
    await phone.settle()
    assert "No profile gives it anything." in await show(console, page_of(phone))
    await contoso.profile_for_devices(OWNED["root"], displayName="Contoso Root")
    text = await show(console, page_of(phone))
    assert "trusted root Contoso Root yes new: from its next check-in on not yet at its next check-in –" in text
    assert "Something is due: it waits for its next check-in." in text
    await phone.check_in()
    assert "trusted root Contoso Root yes sent just now no answer yet" in await show(console, page_of(phone))
    contoso.clock.forward(minutes=5)
    await phone.settle()
    text = await show(console, page_of(phone))
    assert "trusted root Contoso Root yes sent 5 minutes ago installed just now" in text
    assert "It has done all that it was asked." in text


async def test_what_the_device_reported_of_itself_is_shown_with_a_mark_for_good_and_bad(
    console: httpx.AsyncClient, enroll: Enroll
) -> None:
    phone = await company_phone(enroll)
    assert "Storage" not in await show(console, page_of(phone))
    report = {
        "appliedPolicyVersion": "",
        "memoryInfo": {"totalInternalStorage": "128000000000"},
        "memoryEvents": [{"eventType": "INTERNAL_STORAGE_MEASURED", "byteCount": "70400000000"}],
        "deviceSettings": {"encryptionStatus": "INACTIVE", "isDeviceSecure": True},
    }
    await phone.call("POST", ":reportStatus", body=report)
    text = await show(console, page_of(phone))
    assert "Storage not encrypted Passcode set" in text
    assert "Free storage 70.4 of 128 GB, 55 %" in text
    page = (await console.get(page_of(phone))).text
    assert '<span class="state bad">not encrypted</span>' in page


async def test_a_refusal_has_its_reason_in_words_and_its_number_on_demand(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    phone = await company_phone(enroll)
    await contoso.profile_for_devices(OWNED["root"], displayName="Root")
    await phone.settle()
    await phone.refuse("caCerts[0]")
    answer = await console.get(page_of(phone))
    assert re.search(r"failed: .* just now Intune's number 0x[0-9A-F]{8} \(-[0-9]+\)", text_of(answer))
    assert "<summary>Intune's number</summary>" in answer.text


async def test_what_is_no_longer_wanted_says_so_before_and_after_it_is_gone(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    phone = await company_phone(enroll)
    profile = await contoso.profile_for_devices(OWNED["root"], displayName="Root")
    await phone.settle()
    await contoso.delete_profile(profile)
    text = await show(console, page_of(phone))
    assert "a profile that was deleted no longer it is told so at its next check-in" in text
    await phone.settle()
    assert "1 that it no longer has" in await show(console, page_of(phone))


async def test_the_page_says_when_the_device_checks_in_next_and_whether_a_push_reaches_it(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    phone = await company_phone(enroll)
    await phone.check_in()
    text = await show(console, page_of(phone))
    assert "Next check-in in 3 minutes by itself" in text
    assert "Not connected: no push reaches it now." in text
    contoso.clock.forward(hours=9)
    assert "overdue: it should have come 8 hours ago" in await show(console, page_of(phone))
    async with phone.connected():
        for _ in range(100):
            text = await show(console, page_of(phone))
            if "Not connected" not in text:
                break
        assert "Connected: a push reaches it at once." in text


async def test_after_a_wipe_the_page_tells_what_was_removed_revoked_and_not_revoked(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    await equip(contoso)
    phone, other = await company_phone(enroll), await company_phone(enroll)
    await phone.settle()
    await other.settle()
    await contoso.do(device_actions.wipe, phone.managed_device_id)
    text = await show(console, page_of(phone))
    assert "It is to be wiped: it erases everything at its next check-in." in text
    assert "To be removed from the device: 3 of 3 . Revoked: 1 certificate . Not revoked: 1 imported cert" in text
    assert "still there until it checks in" in text
    await phone.settle()
    text = await show(console, page_of(phone))
    assert "It was wiped: everything on it was erased. ordered just now confirmed by the device just now" in text
    assert "Removed from the device: 3 of 3 . Revoked: 1 certificate . Not revoked: 1 imported certificate ." in text
    assert "(PKCS) Signing removed just now revoked: no longer needed just now" in text
    assert "imported certificate Encryption removed just now not revoked the same one is on 1 other device" in text
    assert "trusted root Root removed just now not revoked nothing to revoke: a root is not the device's" in text
    assert "By which rule" in text
    assert "What it should hold" not in text


async def test_after_a_retirement_without_other_devices_nobody_else_has_the_imported_certificate(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    await contoso.profile_for_devices("androidForWorkImportedPFXCertificateProfile", intendedPurpose="smimeEncryption")
    await contoso.import_pfx("alice")
    phone = await enroll("alice")
    await phone.settle()
    await contoso.do(device_actions.retire, phone.managed_device_id)
    await phone.settle()
    text = await show(console, page_of(phone))
    assert "It was retired: the company's data was removed, and the rest stayed." in text
    assert "not revoked no other device has it now" in text


async def test_a_revocation_that_waits_for_the_authority_is_not_said_to_be_done(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    await equip(contoso)
    phone = await company_phone(enroll)
    await phone.settle()
    await contoso.do(authorities.set_state, "issuing", state="unavailable")
    await contoso.do(device_actions.wipe, phone.managed_device_id)
    await phone.settle()
    text = await show(console, page_of(phone))
    assert "Revoked: 0 certificates" in text
    assert "not revoked yet it is revoked when the authority can be reached again" in text


async def test_the_page_is_found_by_the_records_id_also_when_the_record_is_gone(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    phone = await company_phone(enroll)
    await contoso.do(device_actions.delete, phone.managed_device_id)
    text = await show(console, f"/devices/{phone.managed_device_id}")
    assert "Its record was deleted: it gives up the company's data at its next check-in." in text
    assert "Intune has no record of this device any more." in text


async def test_a_device_that_is_not_there_is_a_page_that_says_so(console: httpx.AsyncClient) -> None:
    answer = await console.get("/devices/nobody")
    assert answer.status_code == 404
    assert "There is no device with this id." in text_of(answer)


@ON_BOTH_DATABASES
async def test_past_enrolments_of_the_same_hardware_are_linked(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    hardware = {"hardwareInfo": {"serialNumber": "S1"}}
    first = await enroll("alice", mode="fully-managed", **hardware)
    contoso.clock.forward(days=1)
    second = await enroll("alice", mode="fully-managed", **hardware)
    answer = await console.get(page_of(second))
    assert "Same hardware enrolment of 2026-11-24" in text_of(answer)
    assert f'/devices/{first.enrollment_id}"' in answer.text


async def test_names_are_only_names(console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso) -> None:
    evil = "<script>alert(1)</script>"
    phone = await company_phone(enroll)
    await contoso.profile_for_devices(OWNED["root"], displayName=evil)
    await contoso.do(device_records.update_device, phone.managed_device_id, changes={"deviceName": evil})
    await phone.settle()
    for path in (page_of(phone), f"{page_of(phone)}/wipe"):
        answer = await console.get(path)
        assert "<script>alert" not in answer.text
        assert answer.text.count("&lt;script&gt;alert(1)") >= 2


async def test_a_page_takes_as_many_statements_with_many_items_as_with_few(
    console: httpx.AsyncClient, enroll: Enroll, emulator: Emulator, contoso: Contoso
) -> None:
    await equip(contoso)
    phone = await company_phone(enroll)
    counts = []
    for _ in range(3):
        await phone.settle()
        await contoso.mark("")  # new certificates are read once, whoever looks first
        with statements(emulator) as sent:
            text = await show(console, page_of(phone))
        counts.append(len(sent))
        await contoso.import_pfx("alice")
    assert text.count("imported certificate, for S/MIME encryption Encryption yes sent just now installed") == 3
    assert counts[0] == counts[2] <= 30


# ---------------------------------------------------------------------------------------------------------- its actions


async def test_sync_is_a_button_that_asks_the_device_at_once(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    phone = await company_phone(enroll)
    token = re.search(r'name="form_token" value="([^"]+)"', (await console.get(page_of(phone))).text)
    assert token is not None
    answer = await console.post(f"{page_of(phone)}/sync", data={"form_token": token[1]})
    assert done(answer).endswith(f"/console/contoso/devices/{phone.enrollment_id}")
    assert "was asked to check in." in (await console.get(page_of(phone))).text
    assert "Sync , ordered just now : waits for the device" in await show(console, page_of(phone))


@pytest.mark.parametrize(
    ("action", "state", "sentence"),
    [
        ("lock", "active", "locks its screen at its next check-in"),
        (
            "wipe",
            "ending",
            "is reset at its next check-in: everything on it is deleted, and it is not managed any more.",
        ),
        ("delete", "ending", "At its next check-in the device is reset: everything on it is deleted."),
    ],
)
async def test_an_action_shows_what_it_does_before_it_does_it(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso, action: str, state: str, sentence: str
) -> None:
    await equip(contoso)
    phone = await company_phone(enroll)
    await phone.settle()
    path = f"{page_of(phone)}/{action}"
    answer = await console.get(path)
    assert sentence in text_of(answer)
    assert f"/deviceManagement/managedDevices/{phone.managed_device_id}" in answer.text
    assert ("its enrolment ends" in text_of(answer)) == (action != "lock")
    assert (await contoso.get(device_queries.enrollment, phone.enrollment_id)).state.value == "active"
    assert done(await submit(console, path)).endswith(f"/console/contoso/devices/{phone.enrollment_id}")
    assert (await contoso.get(device_queries.enrollment, phone.enrollment_id)).state.value == state


async def test_a_personal_phone_is_retired_and_says_why_it_is_not_wiped(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    phone = await enroll("alice")
    answer = await console.get(page_of(phone))
    assert "Wipe : It cannot be wiped; retire it, which removes the company's data." in text_of(answer)
    assert re.search(r"<button type=\"button\" disabled[^>]*>Wipe</button>", answer.text)
    refused = await console.get(f"{page_of(phone)}/wipe")
    assert refused.status_code == 400
    assert "cannot be wiped. It cannot be wiped; retire it" in text_of(refused)
    await submit(console, f"{page_of(phone)}/retire")
    await phone.settle()
    assert "It was retired" in await show(console, page_of(phone))


async def test_two_windows_that_wipe_one_phone_wipe_it_once(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    phone = await company_phone(enroll)
    path = f"{page_of(phone)}/wipe"
    done(await submit(console, path))
    done(await submit(console, path))
    assert len(await contoso.events("wipeRequested", device=phone)) == 1
    await phone.settle()
    gone = await console.get(path)
    assert gone.status_code == 400
    assert "Intune has no record of this device any more." in text_of(gone)


async def test_a_forged_form_changes_nothing(console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso) -> None:
    phone = await company_phone(enroll)
    for action in ("sync", "lock", "wipe", "retire", "delete"):
        answer = await console.post(f"{page_of(phone)}/{action}", data={"form_token": "forged"})
        assert answer.status_code == 403, action
    assert "Nothing was ordered." in await show(console, page_of(phone))


async def test_a_pc_can_be_reset_and_stay_enrolled(console: httpx.AsyncClient, contoso: Contoso) -> None:
    pc = await enrol_by_token(contoso, "alice")
    await contoso.profile_for_devices("windows10PkcsCertificateProfile", displayName="Signing")
    await pc.settle_completely()
    path = f"/devices/{pc.enrollment_id}/wipe"
    assert "everything on it is deleted, and it is not managed any more." in await show(console, path)
    kept = f"{path}?enrolment=keep&data=keep"
    answer = await console.get(kept)
    assert "everything on it is deleted, but it stays enrolled." in text_of(answer)
    assert answer.text.count("checked") == 2
    assert "keepUserData" in answer.text
    assert "its enrolment ends" not in text_of(answer)
    done(await submit(console, kept))
    await pc.settle_completely()
    text = await show(console, f"/devices/{pc.enrollment_id}")
    assert "It was wiped" not in text
    assert "Wipe , ordered just now : done" in text


async def test_a_mac_asks_for_a_pin_and_says_what_is_wrong_with_one(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    mac = await enrol_by_token(contoso, "alice", platform=Platform.MACOS)
    path = f"/devices/{mac.enrollment_id}/wipe"
    answer = await console.get(f"{path}?pin=12&enrolment=keep")
    assert "The PIN of a Mac has six digits, such as 123456." in text_of(answer)
    assert 'value="12"' in answer.text
    assert "Keep it enrolled" not in answer.text
    refused = await submit(console, f"{path}?pin=12")
    assert refused.status_code == 400
    assert "macOsUnlockCode" in (await console.get(f"{path}?pin=123456")).text
    done(await submit(console, f"{path}?pin=123456"))
    assert "It is to be wiped" in await show(console, f"/devices/{mac.enrollment_id}")


async def test_the_mail_apps_of_a_device_are_shown_with_what_its_user_has_to_do(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    phone = await company_phone(enroll)
    text = await show(console, page_of(phone))
    assert "Mail apps on this device" in text
    assert "Gmail by its user In Gmail: Settings, the account, Security: S/MIME on" in text
    assert "fauxtune-sim mail account set --state FOLDER --app outlook --smime on" in text
    lumia = await enrol_by_token(contoso, "alice", platform=Platform.WINDOWS_10_MOBILE)
    assert "Mail by the app itself nothing" in await show(console, f"/devices/{lumia.enrollment_id}")


@ON_BOTH_DATABASES
async def test_what_a_partners_authority_issued_is_removed_and_the_authority_is_asked(
    console: httpx.AsyncClient, contoso: Contoso, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    # The retirement removes a partner's certificate and queues its revocation, which the partner fetches.
    root = await contoso.profile_for_devices("androidWorkProfileTrustedRootCertificate")
    settings = {**SCEP_SETTINGS, "scepServerUrls": [PARTNER], "displayName": "Wi-Fi"}
    name = "androidWorkProfileScepCertificateProfile"
    await contoso.profile_for_devices(name, references={"rootCertificate": root}, **settings)
    phone = await contoso.enroll("alice")
    phone.scep = ScepAuthorities(raw_rsa_keys[0], raw_rsa_keys[1:4])
    await phone.settle()
    page = f"/devices/{phone.enrollment_id}"
    assert "certificate of this device (SCEP) Wi-Fi yes sent just now installed" in await show(console, page)
    row = await phone.item(Source.SCEP)
    await contoso.action(phone, device_actions.retire)
    await phone.settle_completely()
    text = await show(console, page)
    assert "certificate of this device (SCEP) Wi-Fi removed just now" in text
    assert "the authority that issued it is asked, and has not answered" in text
    (asked,) = await contoso.look(scep_queries.revocations, contoso.tenant.id, limit=10)
    assert asked.serial == str(row.serial)
    failed = replace(asked, state="failed", error_code="ConflictError")
    for changed, words in (
        (failed, "has not done so: ConflictError"),
        (replace(asked, state="revoked"), "revoked by the authority that issued it"),
    ):
        await contoso.look(scep_queries.change_revocation, changed)
        assert words in await show(console, page)


# ------------------------------------------------------------------------------------------------------- compliance


async def test_compliance_is_shown_by_policy_and_setting(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    phone = await enroll("alice", softwareInfo={"androidVersion": "16"})
    await phone.check_in()
    assert "As it was judged at its last check-in" not in await show(console, page_of(phone))
    document = {
        "displayName": "Phones <b>",
        "osMinimumVersion": "99",
        "@odata.type": "",
        "storageRequireEncryption": True,
    }
    block = {"actionType": "block", "gracePeriodHours": 48}
    scheduled = [{"ruleName": None, "scheduledActionConfigurations": [block]}]
    row = await contoso.do(
        resources.create,
        COMPLIANCE_POLICIES,
        kind="androidWorkProfileCompliancePolicy",
        document={**document, "scheduledActionsForRule": scheduled},
        hooks=COMPLIANCE_HOOKS,
    )
    everybody = NewAssignment(TargetKind.ALL_USERS, None, {})
    await contoso.do(replace_all, Assignable(ProfileId(row.id), "policy", None), targets=[everybody])
    await phone.check_in()
    text = await show(console, page_of(phone))
    assert "Phones <b> not compliant; its period of grace ends 2026-11-2" in text
    assert "OsMinimumVersion the operating system is at least a version not compliant" in text
    assert "StorageRequireEncryption the storage is encrypted not known" in text
    assert "Every device compliant" in text
    assert "Compliance not compliant, in its period of grace" in text


async def test_the_page_shows_apps_and_why_one_is_not_there(console: httpx.AsyncClient, contoso: Contoso) -> None:
    pc = await enrol_by_token(contoso, "alice")
    page = f"/devices/{pc.enrollment_id}"
    assert "Table of apps" not in (await console.get(page)).text
    code = "{6F33C4E4-9C0E-4B3A-8E4E-0C9F0F1F9B11}"
    msi = await assigned_app(contoso, "windowsMobileMSI", "Orders", productCode=code, productVersion="4.2.0")
    await assigned_app(contoso, "iosStoreApp", "For phones", bundleId="com.contoso.notes")
    await assigned_app(contoso, "win32LobApp", "<b>Notes</b>", publishingState="notPublished")
    html = (await console.get(page)).text
    text = text_of(html)
    assert "to be installed" in text
    assert "It is not published" in text
    assert "For phones" not in text
    assert "&lt;b&gt;Notes&lt;/b&gt;" in html, "a name that is markup is only a name"
    assert f'data-key="app/{msi}"' in html
