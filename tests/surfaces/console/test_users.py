"""People: the list, one person's certificates and devices, who can read what, and what is done for a person."""

from __future__ import annotations

import base64
import re
from datetime import timedelta

import httpx
import pytest

from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune_console.pages.people import users as page
from tests.support.certificates import certificate_request
from tests.support.console import done, show, submit, text_of
from tests.support.devices.android import AndroidOverHttp
from tests.support.statements import statements
from tests.support.tenant import START, Contoso
from tests.surfaces.console.conftest import Enroll

ALICE = "/users/alice@contoso.example"


async def test_each_person_has_a_licence_and_counts_of_devices_and_certificates(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    await enroll("alice")
    left = await enroll("alice")
    await left.call("POST", ":unenroll", body={"reason": "USER_REMOVED_WORK_PROFILE"})
    await contoso.import_pfx("alice")
    await contoso.pfx("alice")
    await contoso.take_licence("bob")
    text = await show(console, "/users")
    assert "Alice Adams alice@contoso.example licensed 1 2" in text
    assert "Bob Brown bob@contoso.example no licence: cannot enrol a device 0 0" in text
    assert "Alice Adams" not in await show(console, "/users?text=BROWN")
    assert "No person's name contains “zzz”." in await show(console, "/users?text=zzz")


async def test_the_list_has_pages_and_as_many_statements_for_many_people_as_for_few(
    console: httpx.AsyncClient, emulator: Emulator, contoso: Contoso, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(8):
        await contoso.user(f"dora{number}")
    await contoso.mark("")  # new certificates are read once, whoever looks first
    with statements(emulator) as sent:
        assert "1–11 of 11 people" in await show(console, "/users")
    assert len(sent) <= 5
    monkeypatch.setattr(page, "_SIZE", 5)
    assert "11–11 of 11 people" in await show(console, "/users?page=3")


async def test_an_own_certificate_is_on_one_device_and_an_imported_one_on_all(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    await contoso.profile_for_devices("androidWorkProfileTrustedRootCertificate", displayName="Root")
    await contoso.profile_for_devices("androidWorkProfilePkcsCertificateProfile", displayName="Signing")
    await contoso.profile_for_devices("androidForWorkImportedPFXCertificateProfile", intendedPurpose="smimeEncryption")
    imported = await contoso.mark(await contoso.import_pfx("alice"))
    phones = [await enroll("alice"), await enroll("alice")]
    for phone in phones:
        await phone.settle()
    answer = await console.get(ALICE)
    matrix = text_of(answer.text[answer.text.index("Who can read what") :])
    own = [await contoso.mark(row.thumbprint) for row in await contoso.issued() if row.item_key is not None]
    assert f"◆ {imported} S/MIME encryption ✓ has it ✓ has it all 2 devices" in matrix
    assert sum(f"● {letters} signing" in matrix for letters in own) == 2
    assert matrix.count("this device only") == 2
    assert matrix.count("does not have it") == 2


async def test_after_a_wipe_a_certificate_is_revoked_past_and_on_no_device(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    await contoso.profile_for_devices("androidDeviceOwnerTrustedRootCertificate", displayName="Root")
    await contoso.profile_for_devices("androidDeviceOwnerPkcsCertificateProfile", displayName="Signing")
    phone = await enroll("alice", mode="fully-managed")
    await phone.settle()
    assert "certificate of this device (PKCS), by Signing signing" in await show(console, ALICE)
    await contoso.do(device_actions.wipe, phone.managed_device_id)
    await phone.settle()
    answer = await console.get(ALICE)
    text = text_of(answer)
    assert "1 certificate that is revoked or expired, and on no device" in text
    assert "revoked just now no longer needed More about" in text
    assert "removed from Android, fully managed" in text
    assert "1 enrolment that ended" in text
    assert "Who can read what" not in text
    assert '<text class="cross"' in answer.text


async def test_the_picture_has_a_bar_for_each_certificate_the_present_and_no_style_of_its_own(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    old, file = await contoso.pfx(
        "alice", not_before=START - timedelta(days=800), not_after=START - timedelta(days=400)
    )
    await contoso.import_file("alice", file, mark=old, password="geheim-42")
    new = await contoso.import_pfx("alice")
    answer = await console.get(ALICE)
    picture = answer.text[answer.text.index("<svg") : answer.text.index("</svg>")]
    assert re.findall(r'<tspan class="mark">(\w+)<', picture) == [
        await contoso.mark(old),
        await contoso.mark(new),
    ]
    places = [float(place) for place in re.findall(r'<rect x="([0-9.]+)%"', picture)]
    assert places == sorted(places)
    assert 'class="now"' in picture
    assert "style=" not in answer.text


async def test_what_is_wrong_is_said_with_its_fix(console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll) -> None:
    _mark, file = await contoso.pfx(
        "alice", not_before=START - timedelta(days=800), not_after=START - timedelta(days=400)
    )
    await contoso.import_file("alice", file, mark=_mark, password="geheim-42")
    text = await show(console, ALICE)
    assert "What is wrong" in text
    assert "no successor was imported. Import a new certificate for the same purpose" in text
    assert "expired" in text


async def test_a_certificate_of_a_device_that_expired_leads_to_the_device_and_to_no_import(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    await contoso.profile_for_devices("androidWorkProfileTrustedRootCertificate", displayName="Root")
    await contoso.profile_for_devices("androidWorkProfilePkcsCertificateProfile", displayName="Signing")
    phone = await enroll("alice")
    await phone.settle()
    contoso.clock.forward(days=800)
    text = await show(console, ALICE)
    assert "renews the certificate if a connector answers. Ask it to check in" in text
    assert "Import a successor" not in text


async def test_a_person_is_found_by_id_too_and_one_who_is_gone_is_a_page_that_says_so(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    user_id = await contoso.user_id("alice")
    assert "Groups All Staff , SMIME Pilot" in await show(console, f"/users/{user_id}")
    await contoso.do(users_and_groups.delete_user, user_id)
    for path in (f"/users/{user_id}", ALICE, f"{ALICE}/licence", f"{ALICE}/enroll"):
        assert (await console.get(path)).status_code == 404, path


async def test_names_are_only_names(console: httpx.AsyncClient, contoso: Contoso) -> None:
    evil = "<script>alert(1)</script>"
    await contoso.do(
        users_and_groups.create_user,
        {"userPrincipalName": contoso.upn("eve"), "displayName": evil, "assignedLicenses": []},
    )
    await contoso.pfx("eve")
    for path in ("/users", "/users/eve@contoso.example", "/users/eve@contoso.example/licence"):
        answer = await console.get(path)
        assert answer.status_code == 200, path
        assert "<script>alert" not in answer.text
        assert "&lt;script&gt;alert(1)" in answer.text


# ---------------------------------------------------------------------------------------------------------- the licence


async def test_a_licence_is_taken_after_its_effects_are_shown_and_given_back(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    await contoso.profile_for_devices("androidWorkProfileTrustedRootCertificate", displayName="Root")
    await (await enroll("alice")).settle()
    text = await show(console, f"{ALICE}/licence")
    assert "Take the licence from Alice Adams" in text
    assert "no profile reaches those that are enrolled" in text
    assert "Nothing changes on any device." in text
    done(await submit(console, f"{ALICE}/licence", licensed="yes"))
    assert "has no licence: no device can enrol" in await show(console, ALICE)
    assert "No device can enrol: this person has no licence." in await show(console, f"{ALICE}/enroll")
    done(await submit(console, f"{ALICE}/licence", licensed="no"))
    assert "has a licence, and can enrol devices" in await show(console, ALICE)


async def test_a_second_window_does_not_give_back_a_licence_that_it_shows_as_given(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    await contoso.take_licence("alice")
    done(await submit(console, f"{ALICE}/licence", licensed="yes"))
    assert "has no licence: no device can enrol" in await show(console, ALICE)


# ------------------------------------------------------------------------------------------------------------ enrolment


async def test_a_token_is_shown_once_with_commands_and_enrols_as_many_devices_as_it_says(
    console: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    answer = await submit(console, f"{ALICE}/enroll", devices="2", hours="1")
    assert answer.status_code == 200
    token = re.search(r'<code id="token"[^>]*>([^<]+)</code>', answer.text)
    assert token is not None
    assert "2 devices can enrol with it within 1 hour." in text_of(answer)
    assert f"fauxtune-sim enroll --platform ios --token={token[1]} --state alice-ios --tenant contoso" in answer.text
    assert token[1] not in (await console.get(f"{ALICE}/enroll")).text
    phone = await enroll("alice")
    body = {"enrollmentToken": token[1], "csr": phone_request(phone)}
    path = "/mdm/contoso/android/v1/enterprises/contoso/devices:enroll"
    assert [(await http.post(path, json=body)).status_code for _ in range(3)] == [200, 200, 401]


def phone_request(phone: AndroidOverHttp) -> str:
    """Return a certificate request of a phone, as its enrolment carries it."""
    return base64.b64encode(certificate_request(phone.key)).decode()


@pytest.mark.parametrize(("devices", "hours"), [("0", "24"), ("1001", "24"), ("many", "24"), ("1", "8761"), ("", "24")])
async def test_a_number_that_cannot_be_keeps_what_was_typed_and_says_why(
    console: httpx.AsyncClient, devices: str, hours: str
) -> None:
    answer = await submit(console, f"{ALICE}/enroll", devices=devices, hours=hours)
    assert answer.status_code == 400
    assert "A number from 1 to" in text_of(answer)
    assert f'value="{devices}"' in answer.text
    assert f'value="{hours}"' in answer.text


# --------------------------------------------------------------------------------------------------------- a new person


async def test_a_person_is_created_with_a_licence(console: httpx.AsyncClient, contoso: Contoso) -> None:
    answer = await submit(console, "/users/new", name="دينا", address="dina", licensed="on")
    assert "/console/contoso/users/" in done(answer)
    text = await show(console, "/users/dina@contoso.example")
    assert "دينا dina@contoso.example has a licence" in text
    refused = await submit(console, "/users/new", name="Dina Two", address="dina")
    assert refused.status_code == 400
    assert "already exists" in text_of(refused)
    assert 'value="Dina Two"' in refused.text
    assert "checked" not in refused.text


async def test_a_person_is_deleted_after_the_effects_are_shown(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    phone = await enroll("alice")
    await phone.settle()
    assert "Intune cannot do so when their user is deleted." in await show(console, f"{ALICE}/delete")
    done(await submit(console, f"{ALICE}/delete"))
    assert "Alice Adams" not in await show(console, "/users")
    text = await show(console, f"/devices/{phone.enrollment_id}")
    assert "of a user who was deleted" in text
    assert "Retire : The device's user was deleted from the directory, so that it can be neither wiped nor" in text


async def test_a_forged_form_changes_nothing(console: httpx.AsyncClient, contoso: Contoso) -> None:
    for path in ("/users/new", f"{ALICE}/enroll", f"{ALICE}/licence", f"{ALICE}/delete"):
        answer = await console.post(path, data={"form_token": "forged", "address": "x", "licensed": "yes"})
        assert answer.status_code == 403, path
    assert "has a licence" in await show(console, ALICE)
    assert "x@contoso.example" not in await show(console, "/users")
