"""One element of each list, how many there are, and references in place of them: wherever Graph has that."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fauxtune.core.odata.paths.table import EVERY, Route
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.routes import ROUTES
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.graph import (
    ABSENT,
    DEVICES,
    PROFILES,
    create,
    error_code,
    error_message,
    id_of_group,
    id_of_user,
    ids,
)
from tests.support.populated_tenant import PopulatedTenant
from tests.support.soak import ON_SQLITE
from tests.surfaces.graph.conftest import Enroll

EVENTUAL = {"ConsistencyLevel": "eventual"}
_READS = {route.template: route for route in ROUTES if route.method == "GET" and route.status == 200}
#: By the lists that they are in.
ONES = {
    template.rpartition("/")[0]: route
    for template, route in _READS.items()
    if template.endswith("}") and template.rpartition("/")[0] in _READS
}
#: Families pass a suite of their own, with what is below one of their resources; functions and the tracking of changes
#: answer lists that are no collections.
FUNCTIONS = {
    *("delta", "getDevicesScheduledToRetire"),
    *("retrieveApprovableOperations", "retrieveMyRequests", "retrieveOperationsRequiringApproval"),
}
LISTS = [
    route
    for route in _READS.values()
    if route.many
    and not route.template.startswith("me")
    and "{resource}" not in route.template + (ONES[route.template].template if route.template in ONES else "")
    and route.template.rpartition("/")[2] not in FUNCTIONS
]
#: What partners read as a whole, by the address that Microsoft's client has: no other part of it is emulated.
ENDPOINTS = "servicePrincipals/{principal}/endpoints"
#: The same grants as of the whole tenant, which are counted and found there.
CONSENTED = "servicePrincipals/{principal}/oauth2PermissionGrants"
#: The devices with an app: they need an app that a device reported, which tests/journeys/test_device_apps.py has.
WITH_AN_APP = "deviceManagement/detectedApps/{app}/managedDevices"
#: Lists of which neither of Microsoft's SDKs has a count, or that are not counted here.
UNCOUNTED = {
    *("subscribedSkus", ENDPOINTS, CONSENTED, "subscriptions", "users/{user}/mobileAppIntentAndStates"),
    *("deviceManagement/reports/cachedReportConfigurations", WITH_AN_APP),
}


def test_every_list_has_a_count_and_single_elements() -> None:
    below_one = {route.template for route in LISTS if route.template.endswith("/users")}
    assert {each.template for each in LISTS if f"{each.template}/$count" not in _READS} - below_one == UNCOUNTED
    assert {each.template for each in LISTS if each.template not in ONES} <= below_one | {
        ENDPOINTS,
        CONSENTED,
        WITH_AN_APP,
    }


@ON_SQLITE
async def test_every_element_is_found_by_its_id_and_nothing_else_is(
    beta: httpx.AsyncClient, populated: PopulatedTenant
) -> None:
    result = 0
    for listed in LISTS:
        if listed.template == WITH_AN_APP:
            continue
        path = populated.path(listed)
        elements = (await beta.get(path)).json()["value"]
        counted = await beta.get(f"{path}/$count", headers=EVENTUAL)
        if f"{listed.template}/$count" in _READS:
            assert counted.text == str(len(elements)), path
        if listed.template not in ONES:
            continue
        for element in elements[:2]:
            one = await beta.get(f"{path}/{element['id'].upper()}")
            assert (one.status_code, one.json()["id"]) == (200, element["id"]), (path, one.text)
            assert one.json().keys() >= element.keys(), path
            result += 1
        for wrong in (ABSENT, "x", "%20", "(", f"{ABSENT}_{ABSENT}"):
            missing = await beta.get(f"{path}/{wrong}")
            assert missing.status_code in (400, 404), (path, wrong, missing.text)
    assert result > 40


async def test_an_element_of_another_list_or_kind_is_not_in_this_one(v1: httpx.AsyncClient, enroll: Enroll) -> None:
    await enroll("alice")
    alice, bob, staff = await id_of_user(v1, "alice"), await id_of_user(v1, "bob"), await id_of_group(v1, "All Staff")
    (device,) = await ids(v1, f"/users/{alice}/ownedDevices")
    document = (await v1.get(f"/groups/{staff}/members/{alice}?$select=displayName")).json()
    assert set(document) == {"@odata.context", "@odata.type", "id", "displayName"}
    assert document["@odata.context"].endswith("#directoryObjects/$entity")
    for path in (
        f"/groups/{staff}/members/{alice}/microsoft.graph.user",
        f"/users/{alice}/memberOf/{staff}/graph.group",
        f"/users/alice@contoso.example/registeredDevices('{device}')/microsoft.graph.device",
        f"/devices/{device}/registeredOwners/{alice}",
    ):
        assert (await v1.get(path)).status_code == 200, path
    for path in (
        f"/groups/{staff}/owners/{alice}",
        f"/groups/{staff}/members/{alice}/microsoft.graph.group",
        f"/users/{bob}/ownedDevices/{device}",
        f"/users/{ABSENT}/memberOf/{staff}",
        f"/users/{alice}/licenseDetails/{bob}",
    ):
        answer = await v1.get(path)
        assert (answer.status_code, error_code(answer)) == (404, "Request_ResourceNotFound"), path
    assert (await v1.get(f"/groups/{staff}/members/{alice}?$select=colour")).status_code == 400
    assert (await v1.get(f"/groups/{staff}/members/{alice}?$expand=manager")).status_code == 501


async def test_references_stand_in_place_of_what_they_lead_to(v1: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice")
    alice, bob = await id_of_user(v1, "alice"), await id_of_user(v1, "bob")
    (device,) = await ids(v1, f"/users/{alice}/ownedDevices")
    root = "https://localhost:8443/v1.0"
    reference = {"@odata.id": f"{root}/directoryObjects/{alice}"}
    for name in ("registeredOwners", "registeredUsers"):
        assert (await v1.get(f"/devices/{device}/{name}/$ref")).json()["value"] == [reference]
    assert (await v1.get(f"/users/{bob}/manager/$ref")).status_code == 404
    await v1.put(f"/users/{bob}/manager/$ref", json={"@odata.id": f"{root}/users/{alice}"})
    document = (await v1.get(f"/users/{bob}/manager/$ref")).json()
    assert document == {"@odata.context": f"{root}/$metadata#$ref", **reference}
    category = await create(v1, "/deviceManagement/deviceCategories", displayName="Blue")
    url = f"{root}/deviceManagement/deviceCategories('{category['id']}')"
    path = f"{DEVICES}/{phone.managed_device_id}/deviceCategory/$ref"
    assert (await v1.put(path, json={"@odata.id": url})).status_code == 204
    assert (await v1.get(path)).json() == {"@odata.context": f"{root}/$metadata#$ref", "@odata.id": url}


@ON_BOTH_DATABASES
async def test_what_is_empty_below_a_device_is_so_in_every_form(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll("alice")
    empty = [
        route.template.partition("{device}/")[2].removesuffix("/$count")
        for route in ROUTES
        if route.template.startswith(DEVICES.strip("/")) and route.template.endswith("/$count")
    ]
    empty.remove("deviceConfigurationStates")
    empty.remove("deviceCompliancePolicyStates")
    for root in (
        f"{DEVICES}/{phone.managed_device_id}",
        f"/users/alice@contoso.example/managedDevices/{phone.managed_device_id}",
    ):
        for name in filter(None, empty):
            if "{" in name:
                continue
            assert (await beta.get(f"{root}/{name}")).json()["value"] == []
            assert (await beta.get(f"{root}/{name}/$count")).text == "0"
            missing = await beta.get(f"{root}/{name}/x")
            assert missing.status_code == 404, name
        assert (await beta.get(f"{root}/securityBaselineStates/x/settingStates")).status_code == 404
    elsewhere = f"/users/bob@contoso.example/managedDevices/{phone.managed_device_id}/detectedApps/$count"
    assert (await beta.get(elsewhere)).status_code == 404


@pytest.mark.parametrize("collection", ["users", "groups", "devices", "organization"])
async def test_any_directory_object_is_had_by_its_id_through_every_collection(
    v1: httpx.AsyncClient, collection: str
) -> None:
    alice, staff = await id_of_user(v1, "alice"), await id_of_group(v1, "All Staff")
    body: dict[str, Any] = {"ids": [alice, staff, ABSENT]}
    answer = await v1.post(f"/{collection}/getByIds", json=body)
    assert [entry["id"] for entry in answer.json()["value"]] == [alice, staff]
    typed = await v1.post(f"/{collection}/microsoft.graph.getByIds", json={**body, "types": ["group"]})
    assert [entry["id"] for entry in typed.json()["value"]] == [staff]
    assert (await v1.post(f"/{collection}/getByIds", json={"ids": "x"})).status_code == 400


# ---------------------------------------------------------------------------------------------- what is not emulated

NOT_HERE = [route for route in ROUTES if route.status == 501 and not route.template.startswith("me/")]


def _filled(route: Route[Handler], *, device: str) -> str:
    segments = [
        {"{device}": device, "{user}": "alice@contoso.example"}.get(
            segment, "x" if segment.startswith("{") else segment
        )
        for segment in route.segments
    ]
    return "/" + "/".join(segments)


async def test_what_is_not_emulated_says_so_with_the_reason_and_is_no_key(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient
) -> None:
    for route in NOT_HERE:
        path, method = _filled(route, device="x"), "PUT" if route.method == EVERY else route.method
        answer = await beta.request(method, path, content=b"{", headers={"content-type": "application/json"})
        assert answer.status_code == 501, (method, path, answer.text)
        assert "not emulated" in error_message(answer)
        assert route.fidelity.why in error_message(answer)
        assert "docs/coverage.md" in error_message(answer)
        if route.beta_only:
            assert (await v1.request(method, path)).status_code in (400, 404), path


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", f"{PROFILES}/getIosAvailableUpdateVersions()"),
        ("GET", f"{DEVICES}/x/retrieveRecoveryLockPasscode()"),
        ("GET", f"{DEVICES}/x/microsoft.graph.retrieveRecoveryLockPasscode"),
        ("GET", f"{DEVICES}/appDiagnostics(upn='alice@contoso.example')"),
        ("GET", "/users/x/managedDevices/retrievePowerliftAppDiagnosticsDetails(userPrincipalName='a@b')"),
        ("GET", "/deviceManagement/getEffectivePermissions(scope='x')?$top=5"),
        ("GET", "/deviceManagement/getRoleScopeTagsByIds(ids=['0'])"),
        ("POST", f"{PROFILES}/hasPayloadLinks"),
        ("POST", f"{DEVICES}/moveDevicesToOU"),
    ],
)
async def test_functions_are_known_as_clients_write_them(beta: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await beta.request(method, path)
    assert (answer.status_code, error_code(answer)) == (501, "NotImplemented"), answer.text


async def test_what_is_only_read_is_refused_by_its_verb(beta: httpx.AsyncClient, populated: PopulatedTenant) -> None:
    profile, user = populated.keys["profile"], populated.keys["user"]
    for path in (
        f"{PROFILES}/{profile}/deviceStatusOverview",
        f"{PROFILES}/{profile}/deviceSettingStateSummaries/x",
        f"/users/{user}/licenseDetails/x",
        f"/groups/{populated.keys['group']}/members/{user}",
        f"{DEVICES}/{populated.keys['managed']}/detectedApps/x",
    ):
        for method in ("PATCH", "DELETE"):
            answer = await beta.request(method, path, json={})
            assert (answer.status_code, error_code(answer)) == (400, "No method match route template"), path
