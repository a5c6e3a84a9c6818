"""The journal's page: events in words, filters, older ones, and the things that they lead to."""

from __future__ import annotations

import re

import httpx

from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.runtime.transaction import Transaction
from tests.support.console import show, text_of
from tests.support.tenant import Contoso
from tests.surfaces.console.conftest import Enroll


async def test_each_event_is_a_line_that_leads_to_its_things(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    await contoso.group("Sales", await contoso.user_id("alice"))
    await contoso.root_profile("Sales")
    profile = await contoso.pkcs_profile("Sales")
    phone = await enroll("alice")
    await phone.settle_completely()
    page = await console.get("/journal?each=1")
    text = text_of(page)
    assert "PKCS certificate was installed" in text
    assert text.index("was installed") < text.index("enrolled as Android, work profile"), "the newest comes first"
    assert f'href="/console/contoso/devices/{phone.enrollment_id}"' in page.text
    assert 'class="letters root h' in page.text, "a root has the colour of its mark on the other pages"
    assert f'href="/console/contoso/profiles/{profile}"' in page.text
    assert not re.search(r"\b[0-9a-f]{9,}\b", text), "no long identifiers"


async def test_the_journal_is_filtered_by_type_device_and_person(console: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice")
    await enroll("bob")
    both = await show(console, "/journal?type=enrolled")
    assert both.count("enrolled as") == 2
    assert (await show(console, "/journal?user=bob@contoso.example")).count("enrolled as") == 1
    assert (await show(console, f"/journal?device={phone.enrollment_id}")).count("enrolled as") == 1
    for nonsense in ("type=nothing", "device=nothing", "user=%3Cscript%3E", "before=x", "before=99999999999999999999"):
        answer = await console.get(f"/journal?{nonsense}")
        assert answer.status_code == 200
        assert "<script>" not in answer.text.partition("<main")[2]


async def test_what_one_device_lost_at_once_is_one_line_that_says_the_cause(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    await contoso.group("Sales", await contoso.user_id("alice"))
    await contoso.root_profile("Sales")
    await contoso.pkcs_profile("Sales")
    phone = await enroll("alice")
    await phone.settle_completely()
    contoso.clock.forward(minutes=5)
    await contoso.do(device_actions.retire, phone.managed_device_id)
    await phone.settle()
    page = await console.get("/journal")
    folded = re.findall(r"<summary>(.*?)</summary>\n<ol", page.text)
    lost, got = (re.sub("<[^>]*>", "", each) for each in folded)
    assert lost == "retired: 2 removed, 1 revoked"
    assert got == "enrolled as Android, work profile: 1 issued, 2 sent, 2 installed"
    each = await console.get("/journal?each=1")
    assert "<summary>" not in each.text.partition("<main")[2]
    assert each.text.count("was removed") == page.text.count("was removed") == 3, "no event is left out"


async def test_older_events_are_on_further_pages(console: httpx.AsyncClient, contoso: Contoso) -> None:
    numbers = []
    for number in range(120):
        await contoso.do(_note, number)
    address = "/journal"
    for _ in range(3):
        page = await console.get(address)
        numbers += [int(number) for number in re.findall(r"number=(\d+)", page.text)]
        older = re.search(r'<a href="/console/contoso([^"]*)" rel="next">', page.text)
        if older is None:
            break
        address = older[1].replace("&amp;", "&")
    assert numbers == [*range(119, -1, -1)]


def _note(tx: Transaction, number: int) -> None:
    tx.record("somethingElse", number=number)
