"""The state of a tenant over the control surface."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.both_databases import ON_BOTH_DATABASES
from tests.surfaces.control.conftest import Enroll

pytestmark = pytest.mark.both_in_soak


async def test_a_tenant_is_exported_as_json_that_is_the_same_each_time(contoso: httpx.AsyncClient) -> None:
    first = await contoso.get("/export")
    assert first.status_code == 200, first.text
    assert first.headers["content-type"] == "application/json"
    assert first.json()["tenant"]["name"] == "contoso"
    assert "keys" not in first.json()
    assert (await contoso.get("/export")).content == first.content
    with_keys = (await contoso.get("/export", params={"keys": "true"})).json()
    assert {**first.json(), "keys": with_keys["keys"]} == with_keys


async def test_a_snapshot_is_created_listed_compared_restored_and_deleted(
    contoso: httpx.AsyncClient, enroll: Enroll, control: httpx.AsyncClient
) -> None:
    created = await contoso.post("/snapshots", json={"name": "before the phone"})
    assert created.status_code == 201, created.text
    snapshot = created.json()
    assert (snapshot["users"], snapshot["devices"], snapshot["isRestorable"]) == (3, 0, True)
    assert (await contoso.get("/snapshots")).json() == {"value": [snapshot]}
    phone = await enroll(contoso)
    preview = await contoso.get("/snapshots/before the phone")
    assert preview.json()["snapshot"] == snapshot
    assert preview.json()["changes"]["enrollments"] == {"lost": 1, "added": 0, "changed": 0}
    restored = await contoso.post("/snapshots/before the phone/restore")
    assert (restored.status_code, restored.json()) == (200, preview.json())
    # The phone is told what a real one is told whose device was deleted: it is not enrolled.
    answer = await phone.call("POST", ":reportStatus", body={"appliedPolicyVersion": "", "keyStore": {}})
    assert answer.status_code == 404
    assert answer.json()["error"]["status"] == "DEVICE_NOT_FOUND"
    assert (await contoso.delete("/snapshots/before the phone")).status_code == 204
    assert (await contoso.delete("/snapshots/before the phone")).status_code == 404
    assert (await control.get("/tenants/contoso")).status_code == 200


async def test_a_reader_of_the_journal_who_waits_hears_of_a_restore(contoso: httpx.AsyncClient) -> None:
    await contoso.post("/snapshots", json={"name": "one"})
    await contoso.post("/enrollmentTokens", json={"userPrincipalName": "alice@contoso.example"})
    newest = (await contoso.get("/journal")).json()["next"]
    waiting = asyncio.create_task(contoso.get("/journal", params={"after": newest, "wait": 30}))
    await asyncio.sleep(0.05)
    await contoso.post("/snapshots/one/restore")
    (event,) = (await asyncio.wait_for(waiting, timeout=20)).json()["events"]
    assert (event["type"], event["detail"]) == ("snapshotRestored", {"snapshot": "one"})


async def test_a_reset_tenant_has_its_seed_and_its_secret(
    contoso: httpx.AsyncClient, control: httpx.AsyncClient, enroll: Enroll, http: httpx.AsyncClient
) -> None:
    tenant = (await control.get("/tenants/contoso")).json()
    await enroll(contoso)
    assert (await contoso.get("/reset")).json()["changes"]["managed_devices"]["lost"] == 1
    answer = await contoso.post("/reset")
    assert (answer.status_code, answer.json()["snapshot"]) == (200, None)
    assert (await contoso.get("/devices")).json()["value"] == []
    form = {
        "client_id": tenant["clientId"],
        "client_secret": tenant["clientSecret"],
        "grant_type": "client_credentials",
        "scope": "https://graph.microsoft.com/.default",
    }
    token = await http.post(f"/{tenant['id']}/oauth2/v2.0/token", data=form)
    headers = {"authorization": f"Bearer {token.json()['access_token']}"}
    devices = await http.get("/v1.0/deviceManagement/managedDevices", headers=headers)
    assert (devices.status_code, devices.json()["value"]) == (200, [])


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/snapshots", {"name": "a/b"}, 400),
        ("POST", "/snapshots", {"name": ""}, 400),
        ("POST", "/snapshots", {"name": 7}, 400),
        ("POST", "/snapshots", {}, 400),
        ("POST", "/snapshots", {"name": "x", "keys": True}, 400),
        ("POST", "/snapshots/none/restore", None, 404),
        ("POST", "/snapshots/@beginning/restore", None, 404),
        ("GET", "/snapshots/none", None, 404),
        ("DELETE", "/snapshots/@beginning", None, 404),
        ("PUT", "/reset", {}, 405),
    ],
)
async def test_a_wrong_call_about_snapshots_is_refused(
    contoso: httpx.AsyncClient, method: str, path: str, body: dict[str, object] | None, status: int
) -> None:
    answer = await contoso.request(method, path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"]


@ON_BOTH_DATABASES
async def test_a_document_is_imported_and_a_deleted_tenant_is_created_from_it(
    control: httpx.AsyncClient, fabrikam: httpx.AsyncClient
) -> None:
    document = (await fabrikam.get("/export", params={"keys": "true"})).content
    imported = await fabrikam.put("/import", content=document, headers=_JSON)
    assert imported.status_code == 200, imported.text
    assert (imported.json()["isNew"], imported.json()["name"], imported.json()["changes"]) == (False, "fabrikam", {})
    assert (await control.delete("/tenants/fabrikam")).status_code == 204
    created = await control.put("/tenants/fabrikam/import", content=document, headers=_JSON)
    assert (created.status_code, created.json()["isNew"]) == (201, True)
    again = (await fabrikam.get("/export", params={"keys": "true"})).json()
    assert again["tables"]["users"] == json.loads(document)["tables"]["users"]
    assert [event["type"] for event in (await fabrikam.get("/journal")).json()["events"]][-1] == "tenantImported"


async def test_a_refused_document_names_every_mistake_with_its_place(contoso: httpx.AsyncClient) -> None:
    document = (await contoso.get("/export")).json()
    document["tables"]["users"][0]["licensed"] = "yes"
    document["tables"]["shoes"] = []
    answer = await contoso.put("/import", json=document)
    assert answer.status_code == 400
    assert answer.json()["error"]["mistakes"] == [
        {"pointer": "/tables/shoes", "message": "there is no such table"},
        {"pointer": "/tables/users/0/licensed", "message": "it must be true or false"},
    ]
    assert "/tables/users/0/licensed: it must be true or false" in answer.json()["error"]["message"]


_JSON = {"content-type": "application/json"}
_MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/tenants/contoso/import", 5 * _MIB, 400),  # read, and no document
        ("/tenants/contoso/import", 32 * _MIB + 1, 413),
        ("/tenants/contoso/snapshots", 5 * _MIB, 413),
        ("/tenants/contoso/x/import", 32 * _MIB + 1, 413),
    ],
)
async def test_a_document_may_be_larger_than_other_bodies_up_to_a_bound(
    control: httpx.AsyncClient, path: str, size: int, status: int
) -> None:
    method = "POST" if path.endswith("snapshots") else "PUT"
    answer = await control.request(method, path, content=b" " * size, headers=_JSON)
    assert (answer.status_code, bool(answer.json()["error"]["message"])) == (status, True)


async def test_a_streamed_document_is_bounded_too(control: httpx.AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(33):
            yield b" " * _MIB

    answer = await control.put("/tenants/contoso/import", content=pieces(), headers=_JSON)
    assert answer.status_code == 413
    assert "32 MiB" in answer.json()["error"]["message"]


async def test_only_json_is_imported(contoso: httpx.AsyncClient) -> None:
    answer = await contoso.put("/import", content=b"{}", headers={"content-type": "text/plain"})
    assert answer.status_code == 415
