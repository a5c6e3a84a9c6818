"""Graph: what an administrator writes into a device's record; categories, users, searches and counts of devices.

The primary user of a device: only in beta, only on Windows, and only a licensed user.
"""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from fauxtune.core.model.platforms import Platform
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.devices import enrollment, windows
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants.tenants import change_settings
from fauxtune.storage.queries.devices import managed_device_of
from tests.support.graph import ABSENT, DEVICES, create, error_code, error_message, id_of_user, ids
from tests.surfaces.graph.conftest import Enroll

Json = dict[str, Any]
CATEGORIES = "/deviceManagement/deviceCategories"


async def _filtered(graph: httpx.AsyncClient, condition: str, **more: str) -> list[str]:
    answer = await graph.get(DEVICES, params={"$filter": condition, **more})
    assert answer.status_code == 200, answer.text
    return [entry["id"] for entry in answer.json()["value"]]


BOB = "bob@contoso.example"


@pytest.fixture
async def computer(emulator: Emulator, tenant: Tenant, csr: str) -> str:
    """The record of alice's Windows computer."""
    token = await emulator.runner.run(tenant, enrollment.create_token, "alice@contoso.example")
    facts = {"osVersion": "10.0.22631", "deviceName": "PC7"}
    done = await emulator.runner.run(
        tenant,
        windows.enroll,
        enrollment.EnrollmentRequest(Platform.WINDOWS, mode=None, hardware_key="windows/pc7", facts=facts),
        claimant=windows.Claimant(token=token),
        csr=base64.b64decode(csr),
        wire_state={},
        keys=emulator.keys,
    )
    record = await emulator.runner.read(managed_device_of, done.id)
    assert record is not None
    return str(record.id)


def reference(user: str) -> dict[str, str]:
    return {"@odata.id": f"https://graph.microsoft.com/beta/users/{user}"}


async def names(client: httpx.AsyncClient, path: str, name: str) -> list[Any]:
    return [entry[name] for entry in (await client.get(path)).json()["value"]]


async def test_names_owners_notes_and_tags_are_changed(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice")
    changes = {
        "managedDeviceName": "Alice's",
        "managedDeviceOwnerType": "Company",
        "notes": "In the drawer",
        "roleScopeTagIds": ["1"],
        "deviceName": "what the device says",
        "managementState": "wipePending",
    }
    answer = await beta.patch(f"{DEVICES}/{phone.managed_device_id}", json=changes)
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert (document["managedDeviceName"], document["roleScopeTagIds"]) == ("Alice's", ["1"])
    assert (document["managedDeviceOwnerType"], document["ownerType"]) == ("company", "company")
    assert (document["deviceName"], document["managementState"]) == ("alice_AndroidForWork", "managed")
    assert document["notes"] is None, "only $select brings it to light"
    one = await beta.get(f"{DEVICES}/{phone.managed_device_id}", params={"$select": "notes"})
    assert one.json()["notes"] == "In the drawer"
    assert await _filtered(beta, "managedDeviceOwnerType eq 'company'") == [phone.managed_device_id]
    assert await _filtered(beta, "ownerType eq 'personal'") == []
    back = await beta.patch(f"{DEVICES}/{phone.managed_device_id}", json={"ownerType": "personal"})
    assert back.json()["managedDeviceOwnerType"] == "personal"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"managedDeviceOwnerType": None}, "managedDeviceOwnerType"),
        ({"managedDeviceOwnerType": "nobody"}, "nobody"),
        ({"managedDeviceOwnerType": "company", "ownerType": "personal"}, "the same thing"),
        ({"notes": 7}, "notes"),
        ({"notes": "a\x00"}, "NUL"),
        ({"roleScopeTagIds": "0"}, "roleScopeTagIds"),
        ({"colour": "red"}, "'colour' does not exist"),
        ({"deviceCategory@odata.bind": f"https://x/beta{CATEGORIES}/a b"}, "a b"),
    ],
)
async def test_a_change_that_is_refused_changes_nothing(
    beta: httpx.AsyncClient, enroll: Enroll, body: Json, why: str
) -> None:
    phone = await enroll("alice")
    before = (await beta.get(f"{DEVICES}/{phone.managed_device_id}")).json()
    answer = await beta.patch(f"{DEVICES}/{phone.managed_device_id}", json={"managedDeviceName": "x", **body})
    assert answer.status_code in (400, 404), answer.text
    assert why in error_message(answer)
    assert (await beta.get(f"{DEVICES}/{phone.managed_device_id}")).json() == before


async def test_v1_does_not_know_betas_owner(v1: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice")
    answer = await v1.patch(f"{DEVICES}/{phone.managed_device_id}", json={"ownerType": "company"})
    assert (answer.status_code, "beta only" in error_message(answer)) == (400, True)


async def test_categories_have_a_life_of_their_own(beta: httpx.AsyncClient, v1: httpx.AsyncClient) -> None:
    kiosk = await create(beta, CATEGORIES, displayName="Kiosk", description="In the hall")
    assert set(kiosk) == {"@odata.context", "id", "displayName", "description", "roleScopeTagIds"}
    assert (await v1.get(f"{CATEGORIES}('{kiosk['id']}')")).json()["displayName"] == "Kiosk"
    assert "roleScopeTagIds" not in (await v1.get(f"{CATEGORIES}/{kiosk['id']}")).json()
    await create(v1, CATEGORIES, displayName="Desk")
    taken = await beta.post(CATEGORIES, json={"displayName": "Kiosk"})
    assert (taken.status_code, error_code(taken)) == (409, "Conflict")
    for body in ({}, {"displayName": ""}, {"displayName": None}, {"displayName": 1}):
        assert (await beta.post(CATEGORIES, json=body)).status_code == 400
        if body:
            assert (await beta.patch(f"{CATEGORIES}/{kiosk['id']}", json=body)).status_code == 400
    changed = await beta.patch(f"{CATEGORIES}/{kiosk['id']}", json={"description": None})
    assert (changed.status_code, changed.json()["description"]) == (200, None)
    assert await ids(beta, f"{CATEGORIES}?$filter=displayName eq 'Kiosk'") == [kiosk["id"]]
    assert (await beta.get(f"{CATEGORIES}/$count")).text == "2"
    assert (await beta.delete(f"{CATEGORIES}/{kiosk['id']}")).status_code == 204
    for method in ("GET", "PATCH", "DELETE"):
        gone = await beta.request(method, f"{CATEGORIES}/{kiosk['id']}", json={} if method == "PATCH" else None)
        assert (gone.status_code, error_code(gone)) == (404, "ResourceNotFound")


async def test_a_device_shows_its_category_whatever_it_is_called(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice")
    kiosk = await create(beta, CATEGORIES, displayName="Kiosk")
    path = f"{DEVICES}/{phone.managed_device_id}/deviceCategory"
    assert (await beta.get(path)).json()["displayName"] == "Unknown"
    reference = {"@odata.id": f"https://graph.microsoft.com/beta{CATEGORIES}/{kiosk['id']}"}
    assert (await beta.put(f"{path}/$ref", json=reference)).status_code == 204
    assert (await beta.get(path)).json()["id"] == kiosk["id"]
    await beta.patch(f"{CATEGORIES}/{kiosk['id']}", json={"displayName": "Hall"})
    assert (await beta.get(f"{DEVICES}/{phone.managed_device_id}")).json()["deviceCategoryDisplayName"] == "Hall"
    assert await _filtered(beta, "deviceCategoryDisplayName eq 'Hall'") == [phone.managed_device_id]
    assert await _filtered(beta, "deviceCategoryDisplayName eq 'Unknown'") == []
    assert (await beta.delete(f"{path}/$ref")).status_code == 204
    bound = {"deviceCategory@odata.bind": reference["@odata.id"]}
    assert (await beta.patch(f"{DEVICES}/{phone.managed_device_id}", json=bound)).json()[
        "deviceCategoryDisplayName"
    ] == "Hall"
    await beta.delete(f"{CATEGORIES}/{kiosk['id']}")
    assert (await beta.get(f"{DEVICES}/{phone.managed_device_id}")).json()["deviceCategoryDisplayName"] == "Unknown"
    for body, status in (({}, 400), ({"@odata.id": 1}, 400), ({"@odata.id": "x"}, 400), (reference, 404)):
        assert (await beta.put(f"{path}/$ref", json=body)).status_code == status


async def test_a_user_has_its_own_devices_and_no_others(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone, other = await enroll("alice"), await enroll("bob")
    alice = await id_of_user(beta, "alice")
    mine = f"/users/{alice}/managedDevices"
    document = (await beta.get(mine)).json()
    assert ([entry["id"] for entry in document["value"]], document["@odata.count"]) == ([phone.managed_device_id], 1)
    assert document["@odata.context"].endswith(f"#users('{alice}')/managedDevices")
    assert (await beta.get(f"{mine}/$count")).text == "1"
    assert await ids(beta, f"{mine}?$filter=operatingSystem eq 'Windows'") == []
    assert (await beta.get(f"{mine}/{phone.managed_device_id}")).json()["id"] == phone.managed_device_id
    assert (await beta.get(f"{mine}/{other.managed_device_id}")).status_code == 404
    assert (await beta.patch(f"{mine}/{other.managed_device_id}", json={"notes": "x"})).status_code == 404
    assert (await beta.get(f"/users/{ABSENT}/managedDevices")).status_code == 404
    assert await ids(beta, "/users/carol@contoso.example/managedDevices") == []
    assert await ids(beta, f"{DEVICES}/{phone.managed_device_id}/users") == [alice]
    assert (await beta.get("/me/managedDevices")).status_code == 400, "an application is nobody"


async def test_what_is_below_a_device_is_empty_where_that_is_true(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice")
    for name in ("logCollectionRequests", "detectedApps", "securityBaselineStates"):
        assert await ids(beta, f"{DEVICES}/{phone.managed_device_id}/{name}") == []
        assert (await beta.get(f"{DEVICES}/{ABSENT}/{name}")).status_code == 404
    assert (await beta.get(f"{DEVICES}/{phone.managed_device_id}/windowsProtectionState")).status_code == 204


async def test_devices_are_counted_by_their_kind(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient, enroll: Enroll
) -> None:
    for user, mode in (("alice", "work-profile"), ("bob", "work-profile"), ("carol", "fully-managed")):
        await enroll(user, mode=mode)
    overview = (await beta.get("/deviceManagement/managedDeviceOverview")).json()
    assert (overview["enrolledDeviceCount"], overview["mdmEnrolledCount"]) == (3, 3)
    systems = {name: number for name, number in overview["deviceOperatingSystemSummary"].items() if number}
    assert systems == {"androidCount": 3, "androidWorkProfileCount": 2, "androidFullyManagedCount": 1}
    assert overview["managedDeviceModelsAndManufacturers"] == {
        "deviceModels": ["Pixel 9"],
        "deviceManufacturers": ["Google"],
    }
    small = (await v1.get("/deviceManagement/managedDeviceOverview")).json()
    assert "managedDeviceModelsAndManufacturers" not in small
    assert "aospUserlessCount" not in small["deviceOperatingSystemSummary"]


async def test_devices_are_searched_for(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice", mode="fully-managed", serial="XYZ123")
    await enroll("bob", mode="fully-managed", serial="OTHER")
    for text, found in (("xyz", [phone.managed_device_id]), ("ALICE_", [phone.managed_device_id]), ("nothing", [])):
        answer = await beta.get(DEVICES, params={"$search": text})
        assert [entry["id"] for entry in answer.json()["value"]] == found


async def test_a_faithful_tenant_ignores_what_the_real_service_ignores(
    beta: httpx.AsyncClient, enroll: Enroll, emulator: Emulator, tenant: Tenant
) -> None:
    phones = [await enroll("alice", serial="A"), await enroll("bob", serial="B")]
    every = [phone.managed_device_id for phone in phones]
    alice = await id_of_user(beta, "alice")
    assert await _filtered(beta, f"userId eq '{alice}'") == every[:1]
    backwards = {"$orderby": "userPrincipalName desc"}
    assert await _filtered(beta, "operatingSystem eq 'AndroidForWork'", **backwards) == every[::-1]
    await emulator.runner.run(tenant, change_settings, {"graph.faithfulQuery": True})
    ignored = (f"userId eq '{alice}'", "userPrincipalName ne 'x'", "not (deviceName eq 'x')", "model eq 'Pixel 8'")
    for condition in ignored:
        assert set(await _filtered(beta, condition)) == set(every), condition
    assert await _filtered(beta, "userPrincipalName eq 'alice@contoso.example'") == every[:1]
    both = "startswith(deviceName,'bob') and lastSyncDateTime ge 2020-01-01T00:00:00Z"
    assert await _filtered(beta, both) == every[1:]
    assert set(await _filtered(beta, "complianceState eq 'compliant'", **backwards)) == set(every)
    answer = await beta.get(DEVICES, params={"$filter": "nonsense eq"})
    assert answer.status_code == 400


async def test_the_primary_user_is_changed_and_taken_away(beta: httpx.AsyncClient, computer: str) -> None:
    bob = (await beta.get(f"/users/{BOB}")).json()["id"]
    answer = await beta.post(f"{DEVICES}('{computer}')/users/$ref", json=reference(bob))
    assert (answer.status_code, answer.content) == (204, b"")
    assert await names(beta, f"{DEVICES}/{computer}/users", "userPrincipalName") == [BOB]
    assert await names(beta, f"/users/{BOB}/managedDevices", "id") == [computer]
    assert await names(beta, "/users/alice@contoso.example/managedDevices", "id") == []
    device = (await beta.get(f"{DEVICES}/{computer}")).json()
    assert (device["userId"], device["userPrincipalName"]) == (bob, "alice@contoso.example"), "who enrolled it stays"
    assert (await beta.delete(f"{DEVICES}/{computer}/users/$ref")).status_code == 204
    assert await names(beta, f"{DEVICES}/{computer}/users", "id") == []
    assert (await beta.get(f"{DEVICES}/{computer}")).json()["userId"] == ""


async def test_v1_does_not_know_it(v1: httpx.AsyncClient, computer: str) -> None:
    answer = await v1.post(f"{DEVICES}/{computer}/users/$ref", json=reference(BOB))
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (None, 400),
        ({}, 400),
        ({"@odata.id": 7}, 400),
        ({"@odata.id": ""}, 400),
        (reference("nobody"), 404),
        (reference("00000000-0000-0000-0000-000000000000"), 404),
    ],
)
async def test_what_names_no_user_is_refused_and_nothing_changes(
    beta: httpx.AsyncClient, computer: str, body: Any, status: int
) -> None:
    answer = await beta.post(f"{DEVICES}/{computer}/users/$ref", json=body)
    assert answer.status_code == status, answer.text
    assert await names(beta, f"{DEVICES}/{computer}/users", "userPrincipalName") == ["alice@contoso.example"]


async def test_a_phone_keeps_its_user_and_says_why(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll()
    for method, body in (("POST", reference(BOB)), ("DELETE", None)):
        answer = await beta.request(method, f"{DEVICES}/{phone.managed_device_id}/users/$ref", json=body)
        assert answer.status_code == 400
        assert "only that of a Windows device can" in answer.json()["error"]["message"]


async def test_a_device_whose_user_is_gone_cannot_be_wiped_and_graph_says_why(
    beta: httpx.AsyncClient, enroll: Enroll
) -> None:
    phone = await enroll(mode="fully-managed")
    assert (await beta.delete("/users/alice@contoso.example")).status_code == 204
    for action in ("wipe", "retire"):
        answer = await beta.post(f"{DEVICES}/{phone.managed_device_id}/{action}")
        assert answer.status_code == 400
        assert "before their user is deleted" in answer.json()["error"]["message"]
    assert (await beta.delete(f"{DEVICES}/{phone.managed_device_id}")).status_code == 204
