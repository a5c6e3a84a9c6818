"""Why a certificate is missing: the chain in the console, and the page on which the break is mended."""

from __future__ import annotations

import httpx

from tests.support.console import done, send_from, show, text_of
from tests.support.tenant import Contoso
from tests.surfaces.console.conftest import Enroll


async def test_a_break_is_shown_with_the_page_that_mends_it(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    alice = await contoso.user_id("alice")
    await contoso.group("Sales", alice)
    await contoso.imported_profile("Sales")
    phone = await enroll("alice")
    await phone.settle()
    page = await console.get("/why?user=alice@contoso.example")
    text = text_of(page)
    assert "1 of 1 is missing. There is 1 thing to mend." in text
    assert "A certificate was imported: broken" in text
    assert f'href="/console/contoso/users/{alice}/import"' in page.text
    await contoso.import_pfx("alice")
    await phone.settle_completely()
    mended = await show(console, "/why?user=Alice")
    assert "No link is broken." in mended
    assert "1 is installed and well" in mended
    assert "It is installed holds:" in mended


async def test_what_does_not_come_is_shown_although_no_profile_was_named(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    page = await console.get("/why?user=carol")
    assert "carol@contoso.example has no device." in text_of(page)
    assert 'href="/console/contoso/users/carol%40contoso.example/enroll"' in page.text
    assert (await console.get("/users/carol%40contoso.example/enroll")).status_code == 200
    phone = await enroll("bob")
    page = await console.get("/why?user=bob")
    assert "No profile reaches " in text_of(page)
    assert 'href="/console/contoso/profiles"' in page.text
    lone = await contoso.profile("androidWorkProfilePkcsCertificateProfile", **contoso.pkcs_document())
    page = await console.get(f"/why?device={phone.enrollment_id}")
    assert "is assigned to nobody, and no other profile gives " in text_of(page)
    assert f'href="/console/contoso/profiles/{lone}/assign"' in page.text


async def test_what_one_connector_breaks_is_one_thing_to_mend_by_a_button_that_acts(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    await contoso.group("Sales", await contoso.user_id("alice"))
    await contoso.root_profile("Sales")
    await contoso.pkcs_profile("Sales", displayName="Old")
    phones = [await enroll("alice"), await enroll("alice")]
    for phone in phones:
        await phone.settle()
    connector = await contoso.connector(state="offline")
    await contoso.pkcs_profile("Sales", displayName="New")
    page = await console.get("/why?user=alice")
    text = text_of(page)
    assert "2 of 6 are missing. There is 1 thing to mend." in text
    assert page.text.count('<section class="cause') == text.count("A connector works: broken") == 1
    assert text.count("New →") == text.count("Old →") == 2
    assert max(text.index("New →"), text.rindex("New →")) < text.index("Old →"), "what is missing comes first"
    well = text[text.index("2 are installed and well") :]
    assert "PKCS certificate for Android work profile" in text
    assert "trusted root for Android work profile" in well
    assert not {"androidWorkProfilePkcsCertificateProfile", "android/work-profile", "role pkcs"} & set(text.split())
    address = "/console/contoso/why?user=alice"
    form = f'action="/console/contoso/connectors/{connector.id}"'
    assert form in page.text
    sent = await send_from(
        console, "/why?user=alice", to=f"/connectors/{connector.id}", fields={"to": "online", "back": address}
    )
    assert done(sent) == f"http://localhost:8080{address}"
    assert "No link is broken. 2 of 6 wait." in await show(console, "/why?user=alice")
    for phone in phones:
        await phone.settle_completely()
    assert "6 are installed and well" in await show(console, "/why?user=alice")


async def test_a_device_that_is_waited_for_is_asked_to_check_in(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    phone = await enroll("alice")
    await phone.settle()
    await contoso.group("Sales", await contoso.user_id("alice"))
    await contoso.root_profile("Sales")
    text = await show(console, f"/why?device={phone.enrollment_id}")
    assert "No link is broken. 1 of 1 waits." in text
    assert "Ask it to check in now" in text
    asked = f"/why?device={phone.enrollment_id}"
    done(await send_from(console, asked, to=f"/devices/{phone.enrollment_id}/sync"))
    assert "asked to check in" in (await console.get("")).text


async def test_what_is_mended_in_one_way_is_said_once(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    alice = await contoso.user_id("alice")
    await contoso.group("Sales", alice)
    await contoso.imported_profile("Sales")
    for _ in range(2):
        phone = await enroll("alice")
        await phone.settle()
    advice = "Import a certificate for the user with the intended purpose S/MIME encryption"
    text = await show(console, "/why?user=alice")
    assert "2 of 2 are missing. There is 1 thing to mend." in text
    assert text.count(advice) == 1
    assert (await show(console, f"/users/{alice}")).count(advice) == 1
    await contoso.take_licence("alice")
    page = await console.get("/why?user=alice")
    assert "/licence" in page.text
    assert "No link is broken, but something else is wrong: see below." in text_of(page)


async def test_a_question_that_cannot_be_answered_says_why(console: httpx.AsyncClient) -> None:
    assert "Ask about a profile or about an app, not about both." in await show(console, "/why")
    answer = await console.get("/why?user=nobody%3Cscript%3Ealert(1)%3C/script%3E")
    assert answer.status_code == 404
    assert "nobody<script>" in text_of(answer)
    assert "<script>alert" not in answer.text


async def test_a_page_without_a_question_offers_ready_ones(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    phone = await enroll("alice")
    await contoso.group("Sales", await contoso.user_id("alice"))
    await contoso.root_profile("Sales")
    page = await console.get("/why")
    assert "What is due on “alice_AndroidForWork”? What is missing for Alice Adams?" in text_of(page)
    assert f'href="/console/contoso/why?device={phone.enrollment_id}"' in page.text
    assert "Or ask one of these" not in await show(console, "/why?user=alice")
