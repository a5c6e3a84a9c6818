"""Graph: directoryObject, organization, domain, subscribedSku: what is known of anything, and of the tenant itself."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fauxtune.core.model.tenants import INTUNE_SKU
from tests.support.graph import ABSENT, error_code, error_message, id_of_group, id_of_user, ids
from tests.surfaces.graph.conftest import Enroll

TENANT = "c0ffee00-0000-4000-8000-000000000001"


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
