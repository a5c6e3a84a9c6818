"""The window on the wire: refused and answered requests, filters, one exchange whole, HAR, and forgetting."""

from __future__ import annotations

import asyncio
import re

import httpx

from fauxtune.core.model.addresses import Surface
from tests.support.clock import FixedClock
from tests.support.console import done, show, text_of
from tests.surfaces.console.conftest import Enroll

HOSTILE = "<script>alert(1)</script>"


async def test_what_was_sent_is_listed_newest_first_and_shown_whole(
    console: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    assert "Nobody has called yet." in await show(console, "/wire")
    await enroll("alice")
    refused = await http.get("/mdm/contoso/android/v1/enterprises/contoso/devices/nothing/policy")
    page = await console.get("/wire")
    text = text_of(page)
    assert text.index("devices/nothing/policy") < text.index("devices:enroll")
    assert f"{refused.status_code}" in text
    numbers = re.findall(r'href="/console/contoso/wire/(\d+)"', page.text)
    whole = await show(console, f"/wire/{numbers[0]}")
    assert "GET /mdm/contoso/android/v1/enterprises/contoso/devices/nothing/policy" in whole
    assert "As curl" in whole
    for missing in ("999999", "x", "1" * 30):
        assert (await console.get(f"/wire/{missing}")).status_code == 404


async def test_a_request_stands_where_it_began_though_it_ended_later(
    console: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll, clock: FixedClock
) -> None:
    page = (await http.get("/_fauxtune/v1/tenants/contoso/journal")).json()
    waiting = asyncio.create_task(http.get(f"/_fauxtune/v1/tenants/contoso/journal?after={page['next']}&wait=30"))
    await asyncio.sleep(0.05)
    clock.forward(seconds=1)
    await enroll("alice")
    await waiting
    text = await show(console, "/wire?waits=1")
    assert text.index("devices:enroll") < text.index("contoso/journal")


async def test_requests_that_wait_for_news_are_hidden_until_somebody_asks(
    console: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    await enroll("alice")
    for wait in ("0", "0.01"):
        await http.get("/_fauxtune/v1/tenants/contoso/journal", params={"after": 10_000, "wait": wait})
    await http.get("/_fauxtune/v1/tenants/nothing/journal", params={"wait": "1"})
    text = await show(console, "/wire")
    assert "1 wait hidden: devices and commands that wait for news. Show" in text
    assert text.count("contoso/journal") == 1, "one did not wait"
    text = await show(console, "/wire?waits=1")
    assert text.count("contoso/journal") == 2
    assert "hidden" not in text


async def test_the_list_can_be_filtered_by_every_surface(console: httpx.AsyncClient) -> None:
    page = (await console.get("/wire")).text
    (select,) = re.findall(r'<select name="surface">.*?</select>', page)
    words = set(re.findall(r'value="([^"]+)"', select))
    assert words == {"devices", *(surface.rpartition("/")[2] for surface in Surface)}


async def test_the_wire_is_filtered(console: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice")
    await http.get("/_fauxtune/v1/tenants/contoso/nothing")
    assert "/nothing" in await show(console, "/wire?status=error")
    assert "devices:enroll" not in await show(console, "/wire?status=error")
    assert "/nothing" not in await show(console, "/wire?surface=android")
    assert "/nothing" in await show(console, "/wire?text=NOTHING")
    assert "devices:enroll" in await show(console, f"/wire?device={phone.enrollment_id}")
    assert "No request fits these filters." in await show(console, "/wire?text=nowhere")
    for query in ("surface=nonsense", "status=nonsense", "device=nonsense"):
        answer = await console.get(f"/wire?{query}")
        assert answer.status_code == 400
        assert "nonsense" in text_of(answer)


async def test_what_a_stranger_sends_is_shown_as_text(console: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    await console.get("")
    await http.post(
        f"/_fauxtune/v1/tenants/contoso/{HOSTILE}", content=HOSTILE, headers={"content-type": "application/json"}
    )
    page = await console.get("/wire")
    numbers = re.findall(r'href="/console/contoso/wire/(\d+)"', page.text)
    assert numbers, text_of(page)
    number = numbers[0]
    for text in (page.text, (await console.get(f"/wire/{number}")).text):
        assert "<script>alert" not in text
    assert HOSTILE in text_of(await console.get(f"/wire/{number}"))


async def test_the_wire_is_saved_as_har_and_forgotten(console: httpx.AsyncClient, enroll: Enroll) -> None:
    await enroll("alice")
    answer = await console.get("/wire.har?surface=android")
    assert answer.headers["content-disposition"].endswith('.har"')
    assert answer.json()["log"]["version"] == "1.2"
    assert answer.json()["log"]["entries"]
    page = await console.get("/wire")
    token = re.findall(r'name="form_token" value="([^"]+)"', page.text)[-1]
    assert (await console.post("/wire/clear")).status_code == 403
    assert done(await console.post("/wire/clear", data={"form_token": token})).endswith("/console/contoso/wire")
    assert "Nobody has called yet." in await show(console, "/wire")
