"""The list of devices: who is in it, in which state, what each holds; filters, order, pages, and what it costs."""

from __future__ import annotations

import re

import httpx
import pytest

from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import records as device_records
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune_console.pages.devices import devices as page
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.console import show, text_of
from tests.support.statements import statements
from tests.support.tenant import Contoso
from tests.surfaces.console.conftest import Enroll


def names(answer: httpx.Response) -> list[str]:
    """Return the names of the devices of the table, in their order."""
    return re.findall(r'<th scope="row"><a [^>]*><bdi>([^<]*)</bdi></a>', answer.text)


async def test_a_tenant_without_devices_says_how_to_get_one(console: httpx.AsyncClient) -> None:
    assert "This tenant has no devices yet. Open a person to enrol one." in await show(console, "/devices")


async def test_each_device_has_its_user_its_state_and_the_marks_of_what_it_holds(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    phone = await enroll("alice")
    await contoso.profile_for_devices("androidWorkProfileTrustedRootCertificate", displayName="Contoso Root")
    text = await show(console, "/devices")
    assert "alice_AndroidForWork Alice Adams Android, work profile waits for its next check-in never nothing" in text
    await phone.settle()
    answer = await console.get("/devices")
    assert "enrolled just now" in text_of(answer)
    assert "trusted root, with the mark" in answer.text
    assert "“Contoso Root”, installed" in answer.text


async def test_a_card_says_what_is_the_devices_own_what_is_shared_and_what_it_trusts(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    phone = await enroll("alice")
    await contoso.profile_for_devices("androidWorkProfileTrustedRootCertificate", displayName="Contoso Root")
    await contoso.profile_for_devices("androidForWorkImportedPFXCertificateProfile", intendedPurpose="smimeEncryption")
    await contoso.profile_for_devices("androidWorkProfilePkcsCertificateProfile", displayName="Signing")
    imported = await contoso.import_pfx("alice")
    await phone.check_in()
    page = await console.get("")
    lines = re.findall(r"<dt[^>]*>(\w+)</dt>(.*?)</dd>", page.text, re.DOTALL)
    assert [word for word, _ in lines] == ["own", "shared", "trusts"]
    own, shared, trusts = (chips for _, chips in lines)
    assert "PKCS" in own
    marks = await contoso.emulator.runner.marks.of(contoso.tenant)
    assert f'data-mark="{marks.of(imported).letters}"' in shared
    assert "trusted root, with the mark" in trusts


async def test_devices_that_ended_are_folded(console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso) -> None:
    phone = await enroll("alice")
    await contoso.do(device_actions.retire, phone.managed_device_id)
    await phone.settle()
    before, summary, after = (await console.get("")).text.partition("<summary>1 ended</summary>")
    assert summary
    assert 'class="card ' not in before
    assert 'class="card android ended' in after
    await enroll("bob")
    listed = await console.get("/devices?sort=check-in")
    before, summary, after = listed.text.partition("<summary>1 ended</summary>")
    assert summary
    assert (before.count('<th scope="row">'), "bob_AndroidForWork" in before) == (1, True)
    assert "ended: retired" in text_of(after)
    assert "<summary>" not in text_of(await console.get("/devices?state=ended"))


async def test_the_legend_is_open_until_somebody_closed_it(console: httpx.AsyncClient) -> None:
    assert '<details class="legend" open>' in (await console.get("")).text
    closed = await console.get("/devices", headers={"cookie": "fauxtune-legend=closed"})
    assert '<details class="legend">' in closed.text


async def test_the_counts_and_the_filter_by_state_agree(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    failing, ended = await enroll("alice"), await enroll("bob")
    await contoso.profile_for_devices("androidWorkProfileTrustedRootCertificate", displayName="Contoso Root")
    await failing.settle()
    await failing.refuse("caCerts[0]")
    await ended.call("POST", ":unenroll", body={"reason": "USER_REMOVED_WORK_PROFILE"})
    text = await show(console, "/devices")
    assert "All 2 Enrolled 1 Waiting for a check-in 0 With failed items 1 Ending 0 Ended 1" in text
    assert names(await console.get("/devices?state=failed")) == ["alice_AndroidForWork"]
    assert names(await console.get("/devices?state=enrolled")) == ["alice_AndroidForWork"]
    assert len(names(await console.get("/devices?state=ended"))) == 1
    assert "No device is like this. Show all" in await show(console, "/devices?state=waiting")
    assert "1 failed item" in await show(console, "/devices?state=failed")
    assert "ended: unenrolled" in await show(console, "/devices?state=ended")


async def test_a_device_is_found_by_a_part_of_its_name_its_serial_number_or_its_user(
    console: httpx.AsyncClient, enroll: Enroll
) -> None:
    await enroll("alice", hardwareInfo={"serialNumber": "SN-4711"})
    await enroll("bob", hardwareInfo={"serialNumber": "SN-0815"})
    for text, result in (
        ("ALICE_and", ["alice_AndroidForWork"]),
        ("0815", ["bob_AndroidForWork"]),
        ("bob@contoso", ["bob_AndroidForWork"]),
        ("adams", ["alice_AndroidForWork"]),
        ("nobody", []),
        ("%", []),
    ):
        assert names(await console.get("/devices", params={"text": text})) == result, text
    assert names(await console.get("/devices?platform=ios")) == []
    assert len(names(await console.get("/devices?platform=android"))) == 2
    assert len(names(await console.get("/devices?platform=toaster&state=sad&page=no"))) == 2


async def test_the_latest_check_in_comes_first_on_demand(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    first, second, _never = await enroll("alice"), await enroll("bob"), await enroll("carol")
    await second.check_in()
    contoso.clock.forward(minutes=5)
    await first.check_in()
    result = names(await console.get("/devices?sort=check-in"))
    assert result == ["alice_AndroidForWork", "bob_AndroidForWork", "carol_AndroidForWork"]
    text = await show(console, "/devices?sort=check-in")
    assert "just now" in text
    assert "5 minutes ago" in text
    assert "never" in text


@ON_BOTH_DATABASES
async def test_the_list_has_pages_and_a_page_behind_the_last_leads_to_the_last(
    console: httpx.AsyncClient, enroll: Enroll, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "_SIZE", 2)
    for user in ("alice", "bob", "carol"):
        await enroll(user)
    first = await console.get("/devices?sort=name")
    assert names(first) == ["alice_AndroidForWork", "bob_AndroidForWork"]
    assert "1–2 of 3 devices" in text_of(first)
    assert 'href="/console/contoso/devices?sort=name&amp;page=2"' in first.text
    assert names(await console.get("/devices?page=2")) == ["carol_AndroidForWork"]
    behind = await console.get("/devices?sort=name&page=9")
    assert behind.headers["location"] == "/console/contoso/devices?sort=name&page=2"


async def test_a_name_that_is_markup_is_only_a_name(
    console: httpx.AsyncClient, enroll: Enroll, contoso: Contoso
) -> None:
    evil = "<script>alert(1)</script>"
    phone = await enroll("alice")
    await contoso.do(device_records.update_device, phone.managed_device_id, changes={"deviceName": evil})
    answer = await console.get("/devices", params={"text": evil})
    assert "<script>alert" not in answer.text
    assert names(answer) == ["&lt;script&gt;alert(1)&lt;/script&gt;"]


async def test_a_page_of_many_devices_takes_as_many_statements_as_a_page_of_one(
    console: httpx.AsyncClient, enroll: Enroll, emulator: Emulator, contoso: Contoso
) -> None:
    await contoso.profile_for_devices("androidWorkProfileTrustedRootCertificate", displayName="Contoso Root")
    counts = []
    for user in ("alice", "bob", "carol"):
        await (await enroll(user)).settle()
        await contoso.mark("")  # new certificates are read once, whoever looks first
        with statements(emulator) as sent:
            await show(console, "/devices")
        counts.append(len(sent))
    assert counts[0] == counts[2] <= 6
