"""The journal's page: events in words, filters, older ones, and the things that they lead to.

What is done in the console stands in Intune's audit log, under the console's name; and a stream says when a page
should be read again.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
from fastapi import Request
from starlette.responses import StreamingResponse

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.server.factory import Application
from fauxtune_console.call import TenantCall
from fauxtune_console.live import Streams
from fauxtune_console.session import SessionKey
from tests.support.console import done, show, submit, text_of
from tests.support.tenant import Contoso
from tests.surfaces.console.conftest import Enroll


async def stream(
    app: Application, tenant: Tenant, query: str = "", *, streams: Streams | None = None
) -> AsyncIterator[str]:
    """Return what the stream of a page sends."""
    scope = {"type": "http", "app": app, "method": "GET", "path": "/", "headers": [], "query_string": query.encode()}
    call = TenantCall(Request(scope), SessionKey().new(signed_in=False), tenant)
    answer = await (streams or Streams()).events(call)
    assert isinstance(answer, StreamingResponse)
    async for part in answer.body_iterator:
        yield str(part)


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


async def test_a_profile_that_the_console_made_and_deleted_is_in_the_audit_log(
    console: httpx.AsyncClient, http: httpx.AsyncClient, app_token: str
) -> None:
    made = done(
        await submit(console, "/profiles/new?kind=root", name="R", source="root", platform="ios", step="create")
    )
    page = f"/profiles/{made.rpartition('/')[2]}/delete"
    done(await submit(console, page))
    headers = {"authorization": f"Bearer {app_token}"}
    answer = await http.get("/beta/deviceManagement/auditEvents", headers=headers)
    events = answer.json()["value"]
    assert [event["activityOperationType"] for event in events] == ["Delete", "Create"]
    assert {event["actor"]["applicationId"] for event in events} == {"console"}


async def test_an_event_of_the_tenant_makes_pages_read_again(
    app: Application, tenant: Tenant, contoso: Contoso
) -> None:
    parts = stream(app, tenant)
    assert await anext(parts) == "retry: 2000\n\n"
    await contoso.pfx("alice")
    assert await anext(parts) == "event: changed\ndata: {}\n\n"


async def test_a_device_that_connects_makes_its_page_read_again(
    app: Application, tenant: Tenant, enroll: Enroll
) -> None:
    phone = await enroll("alice")
    await phone.settle()
    parts = stream(app, tenant, query=f"device={phone.enrollment_id}")
    assert await anext(parts) == "retry: 2000\n\n"
    coming = asyncio.ensure_future(anext(parts))
    async with phone.connected():
        assert await coming == "event: changed\ndata: {}\n\n"


async def test_a_page_is_told_of_ten_thousand_events_a_few_times_a_second(
    app: Application, tenant: Tenant, emulator: Emulator
) -> None:
    loop = asyncio.get_running_loop()
    parts = stream(app, tenant)
    await anext(parts)
    started, updates = loop.time(), 0
    for _ in range(4):
        coming = asyncio.ensure_future(anext(parts))
        while not coming.done():
            for _ in range(100):
                emulator.signals.changed(tenant.id)
            await asyncio.sleep(0.01)
        updates += await coming == "event: changed\ndata: {}\n\n"
    assert updates == 4
    # The first comes at once. However slow this machine is, no more come than a browser can show.
    assert updates - 1 <= 20 * (loop.time() - started)
    emulator.signals.changed(tenant.id)
    assert await anext(parts) == "event: changed\ndata: {}\n\n", "the last change is never lost"


async def test_pages_that_are_left_at_once_do_not_use_up_the_streams(app: Application, tenant: Tenant) -> None:
    streams = Streams()
    for _ in range(101):
        opened = asyncio.ensure_future(anext(stream(app, tenant, query="device=unknown", streams=streams)))
        await asyncio.sleep(0)
        opened.cancel()
        await asyncio.wait([opened])
    assert await anext(stream(app, tenant, streams=streams)) == "retry: 2000\n\n"
