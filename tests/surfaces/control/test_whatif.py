"""What if, over the wire: a request to Graph that nobody has sent, and what would come of it on each device."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from tests.support.control import Json
from tests.surfaces.control.conftest import Assign, Enroll

PROFILES = "/deviceManagement/deviceConfigurations"


async def ask(client: httpx.AsyncClient, method: str, url: str, body: Any = None) -> Json:
    answer = await client.post("/whatif", json={"method": method, "url": url, "body": body})
    assert answer.status_code == 200, answer.text
    document: Json = answer.json()
    return document


async def test_what_would_be_removed_is_said_with_its_cause_and_document_and_stays(
    contoso: httpx.AsyncClient, enroll: Enroll, assign: Assign
) -> None:
    phone = await enroll(contoso)
    root, pkcs = await assign("root"), await assign("pkcs")
    await phone.settle()
    await phone.settle()
    before = (await contoso.get(f"/devices/{phone.enrollment_id}/ledger")).json()
    journal = (await contoso.get("/journal")).json()
    assert {item["state"] for item in before["items"]} == {"installed"}
    (device,) = (await ask(contoso, "DELETE", f"https://graph.microsoft.com/beta{PROFILES}/{pkcs}"))["devices"]
    (own,) = [item for item in before["items"] if item["source"] == "pkcs"]
    assert device == {
        "device": phone.enrollment_id,
        "managedDeviceId": before["managedDeviceId"],
        "managedDevice": before["managedDeviceId"],
        "deviceName": "alice_AndroidForWork",
        "userPrincipalName": "alice@contoso.example",
        "ends": None,
        "install": [],
        "remove": [
            {
                "item": own["key"],
                "source": "pkcs",
                "profile": pkcs,
                "profileName": "pkcs",
                "thumbprint": own["thumbprint"],
                "serial": own["serial"],
                "why": "the profile is deleted",
                "cause": "profileDeleted",
                "document": device["remove"][0]["document"],
            }
        ],
        "revoke": [],
        "reissue": [],
        "compliance": None,
        "scripts": [],
        "apps": [],
    }
    assert (await contoso.get(f"/devices/{phone.enrollment_id}/ledger")).json() == before
    assert (await contoso.get("/journal")).json() == journal
    assert await ask(contoso, "POST", f"{PROFILES}/{root}/assign", {"assignments": []}) != {"devices": []}


async def test_a_refused_request_is_a_422_with_graphs_own_answer(contoso: httpx.AsyncClient) -> None:
    answer = await contoso.post("/whatif", json={"method": "DELETE", "url": "/v1.0/users/nobody"})
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert (error["code"], error["graph"]["status"]) == ("GraphRefused", 404)
    assert error["graph"]["body"]["error"]["code"] == "Request_ResourceNotFound"
    assert error["message"].startswith("Graph would refuse DELETE /v1.0/users/nobody with 404: Resource 'nobody'")


async def test_intunes_own_dialect_is_kept(contoso: httpx.AsyncClient) -> None:
    answer = await contoso.post("/whatif", json={"method": "POST", "url": "/deviceManagement/managedDevices/x/wipe"})
    body = answer.json()["error"]["graph"]["body"]
    assert (body["error"]["code"], "_version" in body["error"]["message"]) == ("ResourceNotFound", True)


async def test_what_is_not_emulated_says_so_in_graphs_words(contoso: httpx.AsyncClient) -> None:
    answer = await contoso.post("/whatif", json={"method": "POST", "url": "/users/x/reprocessLicenseAssignment"})
    assert (answer.status_code, answer.json()["error"]["graph"]["status"]) == (422, 501)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"method": "DELETE"},
        {"url": "/users/x"},
        {"method": "GET", "url": "/users"},
        {"method": "DELETE", "url": ""},
        {"method": "DELETE", "url": "/beta"},
        {"method": 7, "url": "/users"},
        {"method": "DELETE", "url": None},
        {"method": "DELETE", "url": "/users/x", "headers": {}},
        {"method": "DELETE", "url": "/users/" + "x" * 9000},
        {"method": "DELETE", "url": "http://[/users"},
        {"method": "POST" * 100, "url": "/users"},
        {"method": "PATCH", "url": "/users/\u0000", "body": {"displayName": "x"}},
        [],
        None,
    ],
)
async def test_a_question_that_is_none_is_refused(contoso: httpx.AsyncClient, body: Any) -> None:
    answer = await contoso.post("/whatif", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Invalid")


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("POST", "/users", "no object"),
        ("POST", "/users", [1]),
        ("POST", "/users", {"displayName": None}),
        ("PATCH", "/users/%00", {"displayName": "x"}),
        ("DELETE", "/users/ü ü?$filter=x y", None),
        ("POST", "/$batch", {"requests": [{"id": "1", "method": "POST", "url": "/$batch", "body": {}}]}),
    ],
)
async def test_hostile_requests_are_refused_in_graphs_words(
    contoso: httpx.AsyncClient, method: str, url: str, body: Any
) -> None:
    answer = await contoso.post("/whatif", json={"method": method, "url": url, "body": body})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "GraphRefused"), answer.text


async def test_another_tenants_devices_are_not_there(
    contoso: httpx.AsyncClient, fabrikam: httpx.AsyncClient, enroll: Enroll
) -> None:
    phone = await enroll(contoso, mode="fully-managed")
    await phone.settle()
    record = (await contoso.get(f"/devices/{phone.enrollment_id}")).json()["managedDeviceId"]
    url = f"/deviceManagement/managedDevices/{record}/wipe"
    ((device,),) = [(await ask(contoso, "POST", url))["devices"]]
    assert device["ends"] == "wipe"
    answer = await fabrikam.post("/whatif", json={"method": "POST", "url": url})
    assert (answer.status_code, answer.json()["error"]["graph"]["status"]) == (422, 404)


async def test_trying_is_no_use_of_graph(contoso: httpx.AsyncClient, emulator: Emulator, tenant: Tenant) -> None:
    before = (await contoso.get("/reports/permissions")).json()
    await ask(contoso, "DELETE", "/users/alice@contoso.example")
    assert (await contoso.get("/reports/permissions")).json() == before
    assert emulator.permissions.used(tenant.id) == {}
