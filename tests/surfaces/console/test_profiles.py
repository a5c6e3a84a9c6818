"""Profiles in the console: what they are and do, whom they reach, and changes after their effects were shown."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from fauxtune.core.profiles.catalog import KINDS
from fauxtune.storage.queries import configuration as queries
from fauxtune.storage.queries.insight import groups_and_profiles
from fauxtune.storage.rows.configuration import ProfileRow
from tests.support.app_configurations import ios_outlook
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.console import done, show, submit, text_of
from tests.support.tenant import Contoso
from tests.surfaces.console.conftest import Enroll

HOSTILE = "<script>alert(1)</script>"
PKCS = "/profiles/new?kind=pkcs"
SIGNING: dict[str, Any] = {
    "name": "Signing",
    "template": "SmimeSigning",
    "subject": "CN={{UserName}},E={{EmailAddress}}",
    "names": "email",
    "validity": "1",
    "scale": "years",
    "renewal": "20",
    "platform": "android",
    "step": "create",
}


async def created(console: httpx.AsyncClient, **fields: Any) -> str:
    """Create a signing profile for Android work profiles, and return its page's path in the tenant."""
    address = done(await submit(console, PKCS, **{**SIGNING, **fields}))
    return address.partition("/contoso")[2]


async def stored(contoso: Contoso, name: str = "Signing") -> ProfileRow:
    kinds = [kind.name for kind in KINDS]
    rows = await contoso.look(groups_and_profiles.profiles_of_kinds, contoso.tenant.id, kinds=kinds)
    (row,) = [row for row in rows if row.document["displayName"] == name]
    return row


# -------------------------------------------------------------------------------------------------------- what is there


async def test_the_list_says_what_each_is_whom_it_reaches_and_what_became_of_it(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    pilot = await contoso.group("Testers")
    await created(console, target=["users", f"not:{pilot}"], root="on")
    page = await show(console, "/profiles")
    assert "Signing PKCS certificate for Android work profile all users; not Testers 0 0 0 0" in page
    await enroll("alice")
    assert "all users; not Testers 0 1 Pending 0 0" in await show(console, "/profiles?text=signing")
    assert "No profile's name contains “nowhere”." in await show(console, "/profiles?text=nowhere")


async def test_profiles_of_one_name_are_one_line_over_their_platforms(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    kinds = {"Top (Android)": "androidWorkProfile", "Top (iOS)": "ios", "Top (macOS)": "macOS", "Other": "ios"}
    for name, platform in kinds.items():
        await contoso.profile_for_devices(f"{platform}TrustedRootCertificate", displayName=name)
    page = await console.get("/profiles")
    summaries = re.findall(r"<summary>(.*?)</summary>", page.text)
    assert [re.sub("<[^>]*>", "", summary) for summary in summaries] == ["Top trusted root, 3 platforms"]
    assert 'class="zero">0</span>' in page.text
    for name in ("Top (Android)", "Top (iOS)", "Top (macOS)"):
        assert f"<bdi>{name}</bdi></a>" in page.text


@ON_BOTH_DATABASES
async def test_no_page_ends_within_the_profiles_of_one_name(
    console: httpx.AsyncClient, contoso: Contoso, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fauxtune_console.pages.profiles.profiles._SIZE", 2)
    for name in ("Able", "Top (Android)", "Zero", "Top (iOS)", "top (macOS)", "Top (iOS)"):
        await contoso.profile_for_devices("iosTrustedRootCertificate", displayName=name)
    first, second = await console.get("/profiles"), await console.get("/profiles?page=2")
    assert "1–5 of 6 profiles" in text_of(first)
    assert "Top trusted root, 3 profiles" in text_of(first)
    assert "6–6 of 6 profiles" in text_of(second)
    assert "Zero" in text_of(second)
    assert (await console.get("/profiles?page=3")).headers["location"].endswith("/profiles?page=2")


@ON_BOTH_DATABASES
async def test_a_page_of_devices_behind_the_last_leads_to_the_last(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    address = await created(console, target="users")
    await enroll("alice")
    answer = await console.get(f"{address}?page=2")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/console/contoso{address}?page=1")
    assert "1–1 of 1 device" in await show(console, f"{address}?page=1")
    assert "No device is like this." in await show(console, f"{address}?page=2&status=error")


async def test_the_counts_of_a_page_take_the_same_statements_however_many_profiles_there_are(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    await created(console, target="users")
    phone = await enroll("alice")
    await phone.settle()
    before = await statements(console, contoso, "/profiles")
    for number in range(9):
        await created(console, name=f"Signing {number}", target="users")
    await phone.settle()
    assert await statements(console, contoso, "/profiles") == before


async def statements(console: httpx.AsyncClient, contoso: Contoso, path: str) -> int:
    """Return how many statements a page takes."""
    await contoso.mark("")  # new certificates are read once, whoever looks first
    executed: list[str] = []

    def note(*arguments: Any) -> None:
        executed.append(arguments[2])

    engine = contoso.emulator.runner.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        await show(console, path)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(executed)


async def test_a_profile_shows_its_settings_in_words_and_its_certificate_on_each_device(
    console: httpx.AsyncClient, enroll: Enroll
) -> None:
    path = await created(console, target="users", root="on")
    phone = await enroll("alice")
    await phone.settle()
    page = await console.get(path)
    text = text_of(page)
    assert "Certification authority Contoso Issuing CA at ca.contoso.example" in text
    assert "Template SmimeSigning" in text
    assert "Other names in it the user's e-mail address" in text
    assert "Valid for 1 year" in text
    assert "Root Contoso Issuing CA root (Android work profile)" in text
    assert "Installed 1" in text
    assert "alice_AndroidForWork Android, work profile alice@contoso.example installed ●" in text
    assert page.text.count("s-installed") == 1
    assert "No device is like this." in await show(console, f"{path}?status=error")
    assert "alice_AndroidForWork" in await show(console, f"{path}?status=installed&text=ALICE")
    assert "No device is like this." in await show(console, f"{path}?text=bob")


async def test_an_error_is_shown_in_words(console: httpx.AsyncClient, enroll: Enroll) -> None:
    filled = {"name": "Mail", "purpose": "encryption", "platform": "android", "target": "users", "step": "create"}
    address = done(await submit(console, "/profiles/new?kind=imported", **filled))
    await (await enroll("alice")).settle()
    page = await show(console, address.partition("/contoso")[2] + "?status=error")
    assert "No certificate with the purpose 'smimeEncryption' was imported for the user of this device." in page
    assert "Certificates for encrypting mail (S/MIME)" in page


async def test_every_kind_of_profile_has_a_page(console: httpx.AsyncClient, contoso: Contoso) -> None:
    scep = {
        "scepServerUrls": ["https://ca.contoso.example/scep"],
        "keySize": "size2048",
        "subjectNameFormat": "commonName",
    }
    scep_id = await contoso.profile("iosScepCertificateProfile", references={}, displayName=HOSTILE, **scep)
    stored_id = await contoso.profile("iosUpdateConfiguration", displayName="Updates")
    page = await console.get(f"/profiles/{scep_id}")
    assert "<script>alert" not in page.text
    assert "SCEP certificate for iOS/iPadOS" in text_of(page)
    assert "https://ca.contoso.example/scep" in text_of(page)
    assert "stored only, devices do not get it" in await show(console, f"/profiles/{stored_id}")
    for path in (f"/profiles/{scep_id}/edit", f"/profiles/{stored_id}/edit", "/profiles"):
        answer = await console.get(path)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text


# ---------------------------------------------------------------------------------------------------------- assignments


async def test_an_assignment_is_made_and_taken_away_after_its_effects_were_shown(
    console: httpx.AsyncClient, enroll: Enroll
) -> None:
    path = await created(console)
    root = {"name": "Root", "platform": "android", "source": "root", "target": "users", "step": "create"}
    done(await submit(console, "/profiles/new?kind=root", **root))
    phone = await enroll("alice")
    await phone.settle()
    shown = text_of(await submit(console, f"{path}/assign", target="users"))
    assert "It is assigned to all users as well." in shown
    assert "alice_AndroidForWork" in shown
    assert "allLicensedUsersAssignmentTarget" in shown
    done(await submit(console, f"{path}/assign", target="users", step="change"))
    await phone.settle()
    assert "Assigned to all users" in await show(console, path)
    shown = text_of(await submit(console, f"{path}/assign", was="users"))
    assert "It is no longer assigned to: All users." in shown
    done(await submit(console, f"{path}/assign", was="users", step="change"))
    assert "Assigned to nobody" in await show(console, path)


async def test_a_missing_root_is_warned_of(console: httpx.AsyncClient, contoso: Contoso) -> None:
    warning = "Not everybody who gets this also gets the root of Contoso Issuing CA"
    path = await created(console)
    assert warning in text_of(await submit(console, f"{path}/assign", target="users"))
    filled = {**SIGNING, "name": "Other", "target": "users", "step": "confirm"}
    assert warning in text_of(await submit(console, PKCS, **filled))
    assert warning not in text_of(await submit(console, PKCS, **filled, root="on"))
    root = {"name": "Root", "platform": "android", "source": "root", "target": "users", "step": "create"}
    done(await submit(console, "/profiles/new?kind=root", **root))
    pilot = await contoso.group("Testers")
    for target, warned in (("users", False), (f"group:{pilot}", False), ("devices", True)):
        page = text_of(await submit(console, f"{path}/assign", target=target))
        assert (warning in page) is warned


async def test_two_windows_that_assign_lose_nothing_of_one_another(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    first, second = await contoso.group("First"), await contoso.group("Second")
    path = await created(console, target="devices")
    # Both forms were shown with "all devices" ticked.
    both: dict[str, Any] = {"was": "devices", "step": "change"}
    done(await submit(console, f"{path}/assign", target=["devices", f"group:{first}"], **both))
    done(await submit(console, f"{path}/assign", target=[f"group:{second}"], **both))
    row = await stored(contoso)
    rows = await contoso.look(queries.assignments_of, contoso.tenant.id, profile_id=row.id)
    assert [assignment.group_id for assignment in rows] == [first, second]
    again = await submit(console, f"{path}/assign", target=[f"group:{second}"], **both)
    assert "Nothing differs from what is assigned now." in text_of(again)


async def test_a_group_that_is_gone_and_contradictions_are_refused_with_what_was_ticked(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    group = await contoso.group("Testers")
    path = await created(console)
    gone = await submit(console, f"{path}/assign", target=["devices", "group:gone"])
    assert gone.status_code == 400
    assert "One of the groups was deleted meanwhile." in text_of(gone)
    assert 'value="devices" checked' in gone.text
    both = await submit(console, f"{path}/assign", target=[f"group:{group}", f"not:{group}"])
    assert "“Testers” cannot both get the profile and be left out." in text_of(both)


# -------------------------------------------------------------------------------------------------------------- changes


async def test_an_edit_sends_only_what_differs_and_shows_its_effects(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    path = await created(console, target="users", root="on", description="old")
    phone = await enroll("alice")
    await phone.settle()
    fields = {**SIGNING, "version": "1", "description": "new", "template": "SmimeEncryption"}
    shown = await submit(console, f"{path}/edit", **{**fields, "step": "confirm"})
    text = text_of(shown)
    assert '"certificateTemplateName": "SmimeEncryption"' in text
    assert '"description": "new"' in text
    assert "subjectNameFormat" not in text
    assert "Certificates that devices have already stay as they are." in text
    assert "Nothing changes on any device." in text
    done(await submit(console, f"{path}/edit", **{**fields, "step": "change"}))
    row = await stored(contoso)
    assert (row.version, row.document["certificateTemplateName"]) == (2, "SmimeEncryption")
    nothing = await submit(console, f"{path}/edit", **{**fields, "version": "2"})
    assert "Nothing differs from what is stored." in text_of(nothing)


async def test_the_second_of_two_windows_is_told_and_keeps_what_was_typed(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    path = await created(console)
    fields = {**SIGNING, "version": "1", "step": "change"}
    done(await submit(console, f"{path}/edit", **{**fields, "name": "First"}))
    second = await submit(console, f"{path}/edit", **{**fields, "description": "from the second window"})
    assert second.status_code == 409
    assert "Somebody else changed this profile" in text_of(second)
    assert "Stored now: First" in text_of(second)
    assert 'value="from the second window"' in second.text
    assert 'name="version" value="2"' in second.text
    assert (await stored(contoso, "First")).version == 2
    done(await submit(console, f"{path}/edit", **{**fields, "version": "2", "description": "from the second window"}))
    assert (await stored(contoso)).document["description"] == "from the second window"


async def test_settings_that_the_form_does_not_show_stay(console: httpx.AsyncClient, contoso: Contoso) -> None:
    extra = [
        {"sanType": "domainNameService", "name": "{{DeviceName}}.contoso.example"},
        {"sanType": "emailAddress", "name": "{{EmailAddress}}"},
    ]
    document = contoso.pkcs_document(
        displayName="Own",
        subjectAlternativeNameType="none",
        customSubjectAlternativeNames=extra,
        certificationAuthority="other.example",
    )
    profile = await contoso.profile("iosPkcsCertificateProfile", **document)
    fields = {**SIGNING, "name": "Own", "subject": "CN={{UserName}}", "version": "1", "validity": "2", "step": "change"}
    done(await submit(console, f"/profiles/{profile}/edit", **fields))
    row = await stored(contoso, "Own")
    assert row.document["certificateValidityPeriodValue"] == 2
    assert row.document["customSubjectAlternativeNames"] == extra
    assert row.document["certificationAuthority"] == "other.example"
    done(await submit(console, f"/profiles/{profile}/edit", **{**fields, "version": "2", "names": []}))
    assert (await stored(contoso, "Own")).document["customSubjectAlternativeNames"] == extra[:1]


async def test_an_account_lets_go_of_its_certificate(console: httpx.AsyncClient, contoso: Contoso) -> None:
    await created(console, platform="ios")
    signing = (await stored(contoso)).id
    account = {"name": "Mail", "server": "mail.contoso.example", "account": "Work", "platform": "ios", "step": "create"}
    address = done(await submit(console, "/profiles/new?kind=email", **account, **{"signing-ios": signing}))
    path = address.partition("/contoso")[2]
    assert "Signs mail with the certificate of Signing" in await show(console, path)
    assert "Used by Mail" in await show(console, f"/profiles/{signing}")
    refused = await console.get(f"/profiles/{signing}/delete")
    assert refused.status_code == 400
    assert "other profiles refer to it: 'Mail'" in text_of(refused)
    assert "_version" not in refused.text
    done(await submit(console, f"{path}/edit", **{**account, "version": "1", "step": "change"}))
    row = await stored(contoso, "Mail")
    assert (row.navigations, row.document["smimeSigningEnabled"]) == ({}, False)


async def test_a_root_keeps_its_certificate_unless_another_is_chosen(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    root = {"name": "Root", "platform": "android", "source": "root", "step": "create"}
    path = done(await submit(console, "/profiles/new?kind=root", **root)).partition("/contoso")[2]
    before = (await stored(contoso, "Root")).document["trustedRootCertificate"]
    change = {"name": "Own root", "version": "1", "source": "keep", "step": "change"}
    done(await submit(console, f"{path}/edit", **change))
    assert (await stored(contoso, "Own root")).document["trustedRootCertificate"] == before
    done(await submit(console, f"{path}/edit", **{**change, "version": "2", "source": "issuing"}))
    assert (await stored(contoso, "Own root")).document["trustedRootCertificate"] == await contoso.root_text("issuing")


async def test_the_purpose_of_imported_certificates_stays_as_intune_has_it(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    new = {"name": "Mail", "purpose": "encryption", "platform": "ios", "step": "create"}
    path = done(await submit(console, "/profiles/new?kind=imported", **new)).partition("/contoso")[2]
    assert "The purpose stays as it was when the profile was created" in await show(console, f"{path}/edit")
    change = {"name": "Mails", "version": "1", "step": "change"}
    done(await submit(console, f"{path}/edit", **change))
    assert (await stored(contoso, "Mails")).document["intendedPurpose"] == "smimeEncryption"
    forged = await submit(console, f"{path}/edit", **{**change, "version": "2", "purpose": "signing"})
    assert "intendedPurpose cannot be changed" in text_of(forged)


async def test_a_deleted_profile_is_taken_from_devices_after_that_was_shown(
    console: httpx.AsyncClient, enroll: Enroll
) -> None:
    path = await created(console, target="users", root="on")
    phone = await enroll("alice")
    await phone.settle()
    shown = await show(console, f"{path}/delete")
    assert "the profile is deleted" in shown
    assert done(await submit(console, f"{path}/delete")).endswith("/profiles")
    await phone.settle()
    assert phone.holds == {}
    for gone in (path, f"{path}/edit", f"{path}/assign", f"{path}/delete"):
        answer = await console.get(gone)
        assert answer.status_code == 404
        assert "It may have been deleted meanwhile." in text_of(answer)


@pytest.mark.parametrize("task", ["assign", "delete", "edit"])
async def test_a_forged_form_changes_nothing(console: httpx.AsyncClient, contoso: Contoso, task: str) -> None:
    path = await created(console)
    answer = await console.post(f"{path}/{task}", data={"form_token": "forged", "name": "x", "version": "1"})
    assert answer.status_code == 403
    assert (await stored(contoso)).version == 1


async def test_an_app_configuration_is_shown_without_tasks_that_only_profiles_have(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    made = await contoso.profile_for_devices("iosMobileAppConfiguration", **ios_outlook(smime="true"))
    text = await show(console, f"/profiles/{made}")
    assert "app configuration of Outlook for iOS/iPadOS" in text
    assert f"/beta/deviceAppManagement/mobileAppConfigurations/{made}" in text
    assert "com.microsoft.outlook.Mail.SMIMEEnabled yes" in text
    assert "Delete" not in text


async def test_the_page_of_a_device_lists_its_settings_and_what_is_in_conflict(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    kind = "androidWorkProfileGeneralDeviceConfiguration"
    settings = {"passwordMinimumLength": 6, "workProfileBlockCamera": True}
    await contoso.profile_for_devices(kind, displayName="Strict", **settings)
    await contoso.profile_for_devices(kind, displayName="Lax", passwordMinimumLength=4)
    phone = await enroll("alice")
    await phone.settle()
    page = await show(console, f"/devices/{phone.enrollment_id}")
    assert "cameraDisabled: true" in page
    assert "passwordMinimumLength: not applied (in conflict)" in page
