"""Graph: device: the shadow of each managed device, and devices that an administrator makes.

Graph: directoryObject, organization, domain, subscribedSku: what is known of anything, and of the tenant itself.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fauxtune.core.model.tenants import INTUNE_SKU
from tests.support.graph import ABSENT, PROFILES, create, error_code, error_message, id_of_group, id_of_user, ids
from tests.surfaces.graph.conftest import Enroll

DEVICE_ID = "4c299165-6e8f-4b45-a5ba-c5d250a707ff"
BARE: dict[str, Any] = {
    "accountEnabled": True,
    "alternativeSecurityIds": [{"type": 2, "key": "base64Y3YxN2E1MWFlYw=="}],
    "deviceId": DEVICE_ID,
    "displayName": "A laptop",
    "operatingSystem": "linux",
    "operatingSystemVersion": "1",
}
EVENTUAL = {"ConsistencyLevel": "eventual"}
TENANT = "c0ffee00-0000-4000-8000-000000000001"


async def test_a_managed_device_has_a_shadow_in_the_directory(v1: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice")
    managed = (await v1.get(f"/deviceManagement/managedDevices/{phone.managed_device_id}")).json()
    (listed,) = (await v1.get("/devices")).json()["value"]
    assert listed["deviceId"] == managed["azureADDeviceId"] != listed["id"]
    assert (listed["isManaged"], listed["accountEnabled"]) == (True, True)
    for path in (f"/devices/{listed['id']}", f"/devices(deviceId='{listed['deviceId'].upper()}')"):
        assert {**(await v1.get(path)).json(), "@odata.context": 0} == {**listed, "@odata.context": 0}
    # Clients mix the two up: the real service does not find a device by the wrong one.
    assert (await v1.get(f"/devices/{listed['deviceId']}")).status_code == 404
    assert (await v1.get(f"/devices(deviceId='{listed['id']}')")).status_code == 404
    assert (await v1.get("/devices/$count", headers=EVENTUAL)).text == "1"
    alice = await id_of_user(v1, "alice")
    for name in ("registeredOwners", "registeredUsers"):
        assert await ids(v1, f"/devices/{listed['id']}/{name}") == [alice]
    for name in ("ownedDevices", "registeredDevices", "ownedDevices/microsoft.graph.device"):
        assert await ids(v1, f"/users/{alice}/{name}") == [listed["id"]]
        assert await ids(v1, f"/users/bob@contoso.example/{name}") == []
    expanded = (await v1.get(f"/devices/{listed['id']}?$expand=registeredOwners,memberOf")).json()
    assert ([registered_owner["id"] for registered_owner in expanded["registeredOwners"]], expanded["memberOf"]) == (
        [alice],
        [],
    )


@pytest.mark.parametrize("key", ["{id}", "(deviceId='{deviceId}')"])
async def test_a_device_is_changed(beta: httpx.AsyncClient, enroll: Enroll, key: str) -> None:
    await enroll("alice")
    (device,) = (await beta.get("/devices")).json()["value"]
    path = f"/devices/{key}".replace("/(", "(").format(**device)
    body = {"accountEnabled": False, "extensionAttributes": {"extensionAttribute1": "x"}, "displayName": "Renamed"}
    changed = await beta.patch(path, json=body)
    assert (changed.status_code, changed.content) == (204, b"")
    document = (await beta.get(path)).json()
    assert (document["accountEnabled"], document["displayName"]) == (False, "Renamed")
    assert document["extensionAttributes"]["extensionAttribute1"] == "x"


async def test_a_managed_device_whose_shadow_is_deleted_stays_managed_and_leaves_its_groups(
    beta: httpx.AsyncClient, enroll: Enroll, root_file: str
) -> None:
    phone = await enroll("alice")
    (device,) = await ids(beta, "/devices")
    body = {"displayName": "Phones", "mailEnabled": False, "mailNickname": "p", "securityEnabled": True}
    bound = {"members@odata.bind": [f"https://graph.microsoft.com/v1.0/devices/{device}"]}
    group = (await create(beta, "/groups", **body, **bound))["id"]
    root = await create(
        beta,
        PROFILES,
        **{
            "@odata.type": "#microsoft.graph.androidWorkProfileTrustedRootCertificate",
            "displayName": "Root",
            "trustedRootCertificate": root_file,
            "certFileName": "root.cer",
        },
    )
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group}
    assigned = await beta.post(f"{PROFILES}/{root['id']}/assign", json={"assignments": [{"target": target}]})
    assert assigned.status_code == 200
    await phone.settle()
    assert [*phone.roots]

    gone = await beta.delete(f"/devices/{device}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await beta.get(f"/devices/{device}")).status_code == 404
    assert await ids(beta, f"/groups/{group}/members") == []
    assert (await beta.get(f"/deviceManagement/managedDevices/{phone.managed_device_id}")).status_code == 200
    assert await ids(beta, "/users/alice@contoso.example/ownedDevices") == []
    await phone.settle()
    assert not [*phone.roots]
    assert (await beta.post(f"/deviceManagement/managedDevices/{phone.managed_device_id}/retire")).status_code == 204
    await phone.obey()


async def test_a_bare_device_is_made_joins_a_group_and_goes(beta: httpx.AsyncClient) -> None:
    answer = await beta.post("/devices", json=BARE)
    assert answer.status_code == 201, answer.text
    device = answer.json()
    assert answer.headers["location"] == f"https://localhost:8443/beta/devices('{device['id']}')"
    assert {name: device[name] for name in ("deviceId", "displayName", "isManaged")} == {
        "deviceId": DEVICE_ID,
        "displayName": "A laptop",
        "isManaged": None,
    }
    (staff, *_) = await ids(beta, "/groups")
    url = {"@odata.id": f"https://graph.microsoft.com/v1.0/devices/{device['id']}"}
    assert (await beta.post(f"/groups/{staff}/members/$ref", json=url)).status_code == 204
    assert await ids(beta, f"/devices/{device['id']}/memberOf") == [staff]
    assert await ids(beta, f"/devices/{device['id']}/registeredOwners") == []
    assert (await beta.get(f"/directoryObjects/{device['id']}")).json()["@odata.type"] == "#microsoft.graph.device"
    assert (await beta.delete(f"/devices(deviceId='{DEVICE_ID}')")).status_code == 204
    assert device["id"] not in await ids(beta, f"/groups/{staff}/members")
    assert (await beta.delete(f"/devices/{device['id']}")).status_code == 404


async def test_a_device_id_is_given_once(beta: httpx.AsyncClient) -> None:
    await create(beta, "/devices", **BARE)
    again = await beta.post("/devices", json={**BARE, "deviceId": DEVICE_ID.upper()})
    error = again.json()["error"]
    assert (again.status_code, error["code"]) == (400, "Request_BadRequest")
    assert error["details"][0]["target"] == "deviceId"
    other = await create(beta, "/devices", **{**BARE, "deviceId": ABSENT})
    assert (await beta.patch(f"/devices/{other['id']}", json={"deviceId": DEVICE_ID})).status_code == 400
    assert (await beta.patch(f"/devices/{other['id']}", json={"deviceId": ABSENT})).status_code == 204


@pytest.mark.parametrize("name", list(BARE))
async def test_what_a_device_needs_is_asked_for(beta: httpx.AsyncClient, name: str) -> None:
    without = {key: value for key, value in BARE.items() if key != name}
    for body in (without, {**BARE, name: None}):
        answer = await beta.post("/devices", json=body)
        assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest")
        assert f"'{name}'" in error_message(answer)
    assert await ids(beta, "/devices") == []


@pytest.mark.parametrize(
    "change",
    [
        {"accountEnabled": None},
        {"accountEnabled": "yes"},
        {"displayName": 7},
        {"deviceId": None},
        {"alternativeSecurityIds": [{"key": "*"}]},
        {"alternativeSecurityIds": {}},
        {"extensionAttributes": {"extensionAttribute16": "x"}},
        {"colour": "red"},
    ],
)
async def test_a_change_that_makes_no_sense_changes_nothing(beta: httpx.AsyncClient, change: dict[str, Any]) -> None:
    device = await create(beta, "/devices", **BARE)
    answer = await beta.patch(f"/devices/{device['id']}", json=change)
    assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest")
    assert (await beta.patch(f"/devices/{ABSENT}", json={"displayName": "x"})).status_code == 404
    after = (await beta.get(f"/devices/{device['id']}")).json()
    assert {**after, "@odata.context": 0} == {**device, "@odata.context": 0}


async def test_whatever_has_an_id_says_what_it_is(v1: httpx.AsyncClient, enroll: Enroll) -> None:
    await enroll("alice")
    alice, staff, (device,) = (
        await id_of_user(v1, "alice"),
        await id_of_group(v1, "All Staff"),
        await ids(v1, "/devices"),
    )
    for kind, key in (("user", alice), ("group", staff.upper()), ("device", device)):
        document = (await v1.get(f"/directoryObjects/{key}")).json()
        assert (document["@odata.type"], document["id"]) == (f"#microsoft.graph.{kind}", key.lower())
    selected = (await v1.get(f"/directoryObjects('{alice}')?$select=displayName,deviceId")).json()
    assert set(selected) == {"@odata.context", "@odata.type", "id", "displayName"}

    body: dict[str, Any] = {"ids": [device, alice.upper(), staff, ABSENT]}
    everything = await v1.post("/directoryObjects/getByIds", json=body)
    assert [entry["id"] for entry in everything.json()["value"]] == [alice, staff, device]
    devices = await v1.post("/directoryObjects/microsoft.graph.getByIds", json={**body, "types": ["Device", "x"]})
    assert [entry["@odata.type"] for entry in devices.json()["value"]] == ["#microsoft.graph.device"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ids": None},
        {"ids": "x"},
        {"ids": [1]},
        {"ids": [ABSENT] * 1001},
        {"ids": ["\x00"]},
        {"ids": [], "types": "user"},
        {"ids": [], "types": [1]},
    ],
)
async def test_ids_that_are_none_are_refused(v1: httpx.AsyncClient, body: dict[str, Any]) -> None:
    answer = await v1.post("/directoryObjects/getByIds", json=body)
    assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest")


async def test_anything_is_deleted_by_its_id(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    await enroll("alice")
    (device,) = await ids(beta, "/devices")
    for key in (await id_of_user(beta, "bob"), await id_of_group(beta, "All Staff"), device):
        assert (await beta.delete(f"/directoryObjects/{key}")).status_code == 204
        assert (await beta.get(f"/directoryObjects/{key}")).status_code == 404
        assert (await beta.delete(f"/directoryObjects/{key}")).status_code == 404


async def test_the_tenant_says_who_it_is(v1: httpx.AsyncClient) -> None:
    (found,) = (await v1.get("/organization")).json()["value"]
    assert (found["id"], found["displayName"]) == (TENANT, "contoso")
    assert [
        (verified_domain["name"], verified_domain["isDefault"]) for verified_domain in found["verifiedDomains"]
    ] == [("contoso.example", True)]
    one = (await v1.get(f"/organization('{TENANT}')?$select=mobileDeviceManagementAuthority")).json()
    assert one["mobileDeviceManagementAuthority"] == "intune"
    (domain,) = (await v1.get("/domains?$filter=isDefault eq true&$orderby=authenticationType")).json()["value"]
    assert domain["id"] == "contoso.example"
    assert (await v1.get("/domains/contoso.example")).json()["isVerified"] is True
    for path in (f"/organization/{ABSENT}", "/domains/other.example", "/subscribedSkus/x"):
        answer = await v1.get(path)
        assert (answer.status_code, error_code(answer)) == (404, "Request_ResourceNotFound")


@pytest.mark.parametrize("query", ["$filter=colour eq 1", "$select=colour", "$orderby=verifiedDomains", "$top=x"])
async def test_what_the_tenant_cannot_be_asked_is_refused(v1: httpx.AsyncClient, query: str) -> None:
    assert (await v1.get(f"/organization?{query}")).status_code == 400


async def test_licences_are_counted(beta: httpx.AsyncClient) -> None:
    (sku,) = (await beta.get("/subscribedSkus")).json()["value"]
    assert (sku["skuPartNumber"], sku["skuId"], sku["consumedUnits"]) == ("INTUNE_A", INTUNE_SKU, 3)
    assert sku["id"] == f"{TENANT}_{INTUNE_SKU}"
    assert sku["prepaidUnits"]["enabled"] > 3
    gone = {"addLicenses": [], "removeLicenses": [INTUNE_SKU]}
    assert (await beta.post("/users/bob@contoso.example/assignLicense", json=gone)).status_code == 200
    assert (await beta.get(f"/subscribedSkus/{sku['id']}")).json()["consumedUnits"] == 2


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/directory/deletedItems/microsoft.graph.user"),
        ("GET", f"/directory/deletedItems/{ABSENT}"),
        ("POST", f"/directory/deletedItems/{ABSENT}/restore"),
        ("GET", "/directoryObjects/delta"),
        ("GET", "/organization/delta()"),
    ],
)
async def test_what_is_not_emulated_says_why(beta: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await beta.request(method, path)
    assert (answer.status_code, error_code(answer)) == (501, "NotImplemented")
    assert ("recycle bin" in error_message(answer)) is ("deletedItems" in path)
