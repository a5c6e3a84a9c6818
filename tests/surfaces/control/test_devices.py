"""Enrolment tokens, the list of enrolments, and what each device holds.

Wherever the control surface names a device, the id that Graph knows it by stands beside the enrolment's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries import devices as queries
from tests.support.control import ABSENT, Json, create, error_code, members
from tests.support.openapi import documents
from tests.surfaces.control.conftest import Assign, Enroll

ALICE = "alice@contoso.example"


def _named(document: Any) -> Iterator[tuple[str, str | None]]:
    """Every device that an answer names: the enrolment's id and the managedDevice's."""
    if isinstance(document, list):
        for each in document:
            yield from _named(each)
    elif isinstance(document, dict):
        if isinstance(document.get("device"), str):
            yield document["device"], document["managedDeviceId"]
        for each in document.values():
            yield from _named(each)


async def _without_root(contoso: httpx.AsyncClient) -> None:
    switched = await contoso.patch(str(contoso.base_url).rstrip("/"), json={"settings": {"requireTrustedRoot": False}})
    assert switched.status_code == 200, switched.text


async def test_a_token_is_for_one_device_unless_more_are_asked(
    contoso: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    one = (await create(contoso, "/enrollmentTokens", userPrincipalName=ALICE))["token"]
    assert one != (await create(contoso, "/enrollmentTokens", userPrincipalName=ALICE))["token"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"userPrincipalName": "nobody@contoso.example"}, 404),
        ({}, 400),
        ({"userPrincipalName": None}, 400),
        ({"userPrincipalName": ALICE, "uses": 0}, 400),
        ({"userPrincipalName": ALICE, "uses": "many"}, 400),
        ({"userPrincipalName": ALICE, "expiresIn": 0}, 400),
        ({"userPrincipalName": ALICE, "expiresIn": 10**9}, 400),
        ({"userPrincipalName": ALICE, "expires": 60}, 400),
        ([], 400),
    ],
)
async def test_an_impossible_token_is_refused(contoso: httpx.AsyncClient, body: Json, status: int) -> None:
    answer = await contoso.post("/enrollmentTokens", json=body)
    assert (answer.status_code, error_code(answer)) == (status, "NotFound" if status == 404 else "Invalid")


async def test_a_body_that_is_no_json_is_refused(contoso: httpx.AsyncClient) -> None:
    media = {"content-type": "application/json"}
    answer = await contoso.post("/enrollmentTokens", content=b'{"userPrincipalName":', headers=media)
    assert (answer.status_code, error_code(answer)) == (400, "Invalid")
    assert answer.json()["error"]["message"].startswith("The body is not JSON")


async def test_a_long_list_of_devices_is_read_in_pieces_and_complete(
    contoso: httpx.AsyncClient, enroll: Enroll, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [(await enroll(contoso)).enrollment_id for _ in range(5)]
    documents = [(await contoso.get(f"/devices/{enrollment_id}")).json() for enrollment_id in ids]
    for at_once in (1, 2, 5, 100):
        monkeypatch.setattr("fauxtune.surfaces.control.resources.devices._AT_ONCE", at_once)
        assert sorted(map(str, await members(contoso, "/devices"))) == sorted(map(str, documents))
        assert len(await members(contoso, "/devices?state=active")) == 5
        assert await members(contoso, "/devices?state=ended") == []
        # None has checked in: all of them have still to plan.
        assert len(await members(contoso, "/devices?settled=false")) == 5
        assert await members(contoso, "/devices?settled=true") == []


async def test_a_device_is_listed_with_all_that_is_known_of_it(contoso: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll(contoso)
    (shown,) = await members(contoso, "/devices")
    assert shown == {
        "id": phone.enrollment_id,
        "managedDeviceId": shown["managedDeviceId"],
        "deviceName": "alice_AndroidForWork",
        "userId": shown["userId"],
        "user": ALICE,
        "platform": "android",
        "mode": "work-profile",
        "variant": "android/work-profile",
        "state": "active",
        "cause": None,
        "enrolledDateTime": "2026-11-24T10:00:00.0000000Z",
        "lastCheckinDateTime": None,
        "nextCheckinDateTime": "2026-11-24T10:03:00.0000000Z",
        "generation": 1,
        "settledGeneration": 0,
        "settled": False,
        "waitsFor": [],
        "dueDateTime": None,
        "policyVersion": 1,
        "plans": 0,
        "connected": False,
    }
    assert (await contoso.get(f"/devices/{phone.enrollment_id}")).json() == shown
    assert (await contoso.get(f"/devices/{shown['managedDeviceId'].upper()}")).json() == shown


async def test_a_device_that_left_is_still_shown(contoso: httpx.AsyncClient, enroll: Enroll) -> None:
    phone, stays = await enroll(contoso, "alice"), await enroll(contoso, "bob")
    record = (await contoso.get(f"/devices/{phone.enrollment_id}")).json()["managedDeviceId"]
    await phone.call("POST", ":unenroll", body={"reason": "USER_REMOVED_WORK_PROFILE"})
    document = (await contoso.get(f"/devices/{record}")).json()
    assert (document["id"], document["state"], document["cause"], document["settled"]) == (
        phone.enrollment_id,
        "ended",
        "unenroll",
        True,
    )
    assert [member["id"] for member in await members(contoso, "/devices?state=active")] == [stays.enrollment_id]
    assert [member["id"] for member in await members(contoso, "/devices?state=ended")] == [phone.enrollment_id]
    assert error_code(await contoso.get("/devices?state=gone")) == "Invalid"


async def test_the_ledger_shows_items_states_and_certificates(
    contoso: httpx.AsyncClient, enroll: Enroll, assign: Assign
) -> None:
    phone = await enroll(contoso)
    root, pkcs = await assign("root"), await assign("pkcs")
    await phone.settle()
    ledger = (await contoso.get(f"/devices/{phone.enrollment_id}/ledger")).json()
    assert (ledger["id"], ledger["settled"]) == (phone.enrollment_id, True)
    assert ledger["plans"] > 0
    by_source = {item["source"]: item for item in ledger["items"]}
    (issued,) = await members(contoso, "/certificates")
    assert (by_source["root"]["profiles"], by_source["root"]["profileNames"]) == ([root], ["root"])
    assert by_source["pkcs"]["key"] == f"pkcs/{pkcs}"
    assert by_source["pkcs"]["serial"] == by_source["pkcs"]["fingerprint"] == issued["serial"]
    assert by_source["pkcs"]["thumbprint"] == issued["thumbprint"]
    assert {item["state"] for item in ledger["items"]} == {"installed"}
    assert by_source["pkcs"]["error"] is None


async def test_the_ledger_says_why_an_item_fails_and_what_it_waits_for(
    contoso: httpx.AsyncClient, enroll: Enroll, assign: Assign
) -> None:
    phone = await enroll(contoso)
    await assign("pkcs")
    await phone.check_in()
    (failed,) = (await contoso.get(f"/devices/{phone.enrollment_id}/ledger")).json()["items"]
    assert (failed["state"], failed["errorCode"]) == ("failed", -2016281112)
    assert "assign a trusted-root profile" in failed["error"]
    assert re.search(r"[0-9a-f]{16}", failed["error"]) is None
    await assign("root")
    await phone.check_in()
    items = (await contoso.get(f"/devices/{phone.enrollment_id}/ledger")).json()["items"]
    (waits,) = [item for item in items if item["source"] == "pkcs"]
    assert waits["state"] == "wanted"
    assert waits["waitsFor"] == "the trusted root of 'Contoso Issuing CA' to be installed first"
    assert waits["waitsForRole"] is None


async def test_an_unknown_device_is_not_found(contoso: httpx.AsyncClient) -> None:
    for path in (f"/devices/{ABSENT}", f"/devices/{ABSENT}/ledger", f"/journal?device={ABSENT}"):
        answer = await contoso.get(path)
        assert (answer.status_code, error_code(answer)) == (404, "NotFound")


async def test_a_device_that_waits_says_for_what(contoso: httpx.AsyncClient, enroll: Enroll, assign: Assign) -> None:
    phone, other = await enroll(contoso), await enroll(contoso, "bob")
    (connector,) = await members(contoso, "/connectors")
    await contoso.patch(f"/connectors/{connector['id']}", json={"state": "offline"})
    await assign("root")
    await assign("pkcs")
    for http in (phone, other):
        await http.settle()  # the root first, for the certificate waits for it
    why = f"the connector '{connector['name']}', which is off line"
    assert [device["waitsFor"] for device in await members(contoso, "/devices?settled=false")] == [[why], [why]]
    await contoso.patch(f"/connectors/{connector['id']}", json={"state": "online"})
    for http in (phone, other):
        await http.settle()
    assert [device["waitsFor"] for device in await members(contoso, "/devices")] == [[], []]


def test_the_description_says_beside_each_device_what_its_ids_mean() -> None:
    schemas = documents()["control"]["components"]["schemas"]
    naming = {
        name: schema["properties"] for name, schema in schemas.items() if "device" in schema.get("properties", {})
    }
    text = {name: each for name, each in naming.items() if "$ref" not in str(each["device"])}
    assert {"Event", "WaitingDevice", "DeviceConsequences", "Holder", "ConnectorEvent", "Registered"} <= set(text)
    assert {"Finding", "HeldBy", "OwnedCertificate", "Certificate"} <= set(text)
    for name, properties in {**text, "Device": schemas["Device"]["properties"]}.items():
        words = properties["device" if name in text else "id"]["description"]
        assert "the id of the device's enrolment" in words, name
        assert "managedDevice in Graph" in properties["managedDeviceId"]["description"], name
    assert "managedDeviceId" in schemas["DeviceNamed"]["properties"]


async def test_both_ids_stand_in_every_answer_and_stay_when_graphs_record_is_gone(
    contoso: httpx.AsyncClient, enroll: Enroll, assign: Assign, emulator: Emulator, tenant: Tenant
) -> None:
    await _without_root(contoso)
    profile = await assign("pkcs")
    phone = await enroll(contoso)
    waiting = (await contoso.post("/settle", json={"timeout": 0})).json()["waiting"]
    await phone.settle()
    record = await emulator.runner.read(queries.managed_device_of, phone.enrollment_id)
    assert record is not None
    both = (phone.enrollment_id, record.id)
    assert list(_named(waiting)) == [both]
    issued = (await contoso.get("/certificates")).json()["value"]
    mark = next(each["thumbprint"] for each in issued if each["source"] == "pkcs")
    retire = {"method": "POST", "url": f"/deviceManagement/managedDevices/{record.id}/retire"}
    (consequences,) = (await contoso.post("/whatif", json=retire)).json()["devices"]
    assert (*_named(consequences),) == (both,)
    assert consequences["managedDevice"] == record.id

    paths = [
        "/journal",
        "/connectors/-/events",
        "/certificates",
        f"/certificates/{mark}",
        "/users/alice@contoso.example/certificates",
    ]
    for path in paths:
        assert set(_named((await contoso.get(path)).json())) == {both}, path
    (chain,) = (await contoso.get(f"/diagnose?device={phone.enrollment_id}&profile={profile}")).json()["chains"]
    assert (chain["device"]["id"], chain["device"]["managedDeviceId"]) == both

    await emulator.runner.run(tenant, device_actions.delete, record.id)
    await phone.settle()
    assert await emulator.runner.read(queries.managed_device_of, phone.enrollment_id) is None
    for path in paths:
        assert set(_named((await contoso.get(path)).json())) == {both}, path


async def test_where_no_device_is_concerned_both_are_null(contoso: httpx.AsyncClient) -> None:
    await contoso.post("/applications")
    event = (await contoso.get("/journal")).json()["events"][-1]
    assert (event["type"], event["device"], event["managedDeviceId"]) == ("applicationAdded", None, None)
