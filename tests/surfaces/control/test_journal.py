"""The journal: in order, filtered, waited for; no reader misses an event."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from tests.support.control import Json, create
from tests.surfaces.control.conftest import Assign, Enroll

pytestmark = pytest.mark.both_in_soak


async def _read(contoso: httpx.AsyncClient, **params: object) -> Json:
    answer = await contoso.get("/journal", params={name: str(value) for name, value in params.items()})
    assert answer.status_code == 200, answer.text
    document: Json = answer.json()
    return document


async def test_an_event_says_what_happened(contoso: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll(contoso)
    (event,) = (await _read(contoso, type="enrolled"))["events"]
    assert event == {
        "seq": event["seq"],
        "time": "2026-11-24T10:00:00.0000000Z",
        "type": "enrolled",
        "user": "alice@contoso.example",
        "device": phone.enrollment_id,
        "managedDeviceId": (await contoso.get(f"/devices/{phone.enrollment_id}")).json()["managedDeviceId"],
        "deviceName": "alice_AndroidForWork",
        "profile": None,
        "profileName": None,
        "certificate": None,
        "detail": {"variant": "android/work-profile"},
    }


async def test_certificates_are_named_by_thumbprint_serial_and_source(
    contoso: httpx.AsyncClient, enroll: Enroll, assign: Assign
) -> None:
    phone = await enroll(contoso)
    await assign("root")
    profile = await assign("pkcs")
    await phone.settle()
    (issued,) = (await contoso.get("/certificates")).json()["value"]
    named = {"thumbprint": issued["thumbprint"], "serial": issued["serial"], "source": "pkcs"}
    events = (await _read(contoso, type="issued,delivered,installed", device=phone.enrollment_id))["events"]
    assert [event["type"] for event in events if event["certificate"] == named] == ["issued", "delivered", "installed"]
    assert {event["profile"] for event in events if event["certificate"] == named} == {profile}
    assert {event["profileName"] for event in events if event["certificate"] == named} == {"pkcs"}


async def test_a_reader_goes_on_where_it_stopped(contoso: httpx.AsyncClient, enroll: Enroll) -> None:
    await enroll(contoso, "alice")
    first = await _read(contoso)
    assert first["next"] == first["events"][-1]["seq"]
    assert await _read(contoso, after=first["next"]) == {"events": [], "next": first["next"]}
    await enroll(contoso, "bob")
    second = await _read(contoso, after=first["next"])
    assert [event["user"] for event in second["events"]] == ["bob@contoso.example"]
    numbers = [event["seq"] for event in first["events"] + second["events"]]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


async def test_types_are_repeated_or_joined(contoso: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll(contoso)
    await create(contoso, "/certificates", template="SmimeBoth", email="a@b.example")
    await phone.call("POST", ":unenroll", body={"reason": "USER_REMOVED_WORK_PROFILE"})
    joined = (await contoso.get("/journal?type=enrolled,unenrolled")).json()["events"]
    assert [each["type"] for each in joined] == ["enrolled", "unenrolled"]
    assert (await contoso.get("/journal?type=enrolled&type=unenrolled")).json()["events"] == joined
    assert (await contoso.get("/journal?type=wipeRequested")).json()["events"] == []
    mistyped = await contoso.get("/journal?type=enrolled,wipped")
    assert mistyped.status_code == 400, "who counts events of a mistyped type would count none"
    assert "no events of the type 'wipped'. Similar: wiped" in mistyped.json()["error"]["message"]


async def test_a_device_is_named_by_either_id_also_when_it_is_gone(contoso: httpx.AsyncClient, enroll: Enroll) -> None:
    phone, other = await enroll(contoso, "alice"), await enroll(contoso, "bob")
    record = (await contoso.get(f"/devices/{phone.enrollment_id}")).json()["managedDeviceId"]
    await phone.call("POST", ":unenroll", body={"reason": "USER_REMOVED_WORK_PROFILE"})
    by_id = await _read(contoso, device=phone.enrollment_id)
    assert {event["device"] for event in by_id["events"]} == {phone.enrollment_id}
    assert await _read(contoso, device=record) == by_id
    assert {event["device"] for event in (await _read(contoso, device=other.enrollment_id))["events"]} == {
        other.enrollment_id
    }


async def test_a_reader_waits_for_the_next_event(contoso: httpx.AsyncClient, enroll: Enroll) -> None:
    last = (await _read(contoso))["next"]
    reading = asyncio.create_task(_read(contoso, after=last, type="enrolled", wait=30))
    await create(contoso, "/certificates", template="SmimeBoth", email="a@b.example")  # of another type
    assert not reading.done()
    phone = await enroll(contoso)
    assert [event["device"] for event in (await reading)["events"]] == [phone.enrollment_id]


async def test_a_wait_in_vain_ends_empty(contoso: httpx.AsyncClient) -> None:
    assert await _read(contoso, after=7, wait=0.05) == {"events": [], "next": 7}


async def test_no_reader_misses_an_event_that_comes_while_it_reads(contoso: httpx.AsyncClient, enroll: Enroll) -> None:
    results: list[int] = []

    async def read() -> None:
        after = 0
        while len(results) < 6:
            answer = await _read(contoso, after=after, type="enrolled", wait=5)
            results.extend(event["seq"] for event in answer["events"])
            after = answer["next"]

    reading = asyncio.create_task(read())
    await asyncio.gather(*(enroll(contoso, user) for user in ("alice", "bob", "carol") * 2))
    await reading
    assert len(set(results)) == 6
    assert results == sorted(results)


@pytest.mark.parametrize("query", ["after=-1", "after=x", "wait=61", "wait=-1", "wait=soon", "after=99999999999"])
async def test_an_impossible_question_is_refused(contoso: httpx.AsyncClient, query: str) -> None:
    answer = await contoso.get(f"/journal?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Invalid")
