"""App protection and app configuration policies: their ids, versions, apps, and the list that has all of them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.graph import create, error_message, id_of_group, ids

ALL = "/deviceAppManagement/managedAppPolicies"
IOS = "/deviceAppManagement/iosManagedAppProtections"
CONFIGURATIONS = "/deviceAppManagement/targetedManagedAppConfigurations"
OUTLOOK = {
    "mobileAppIdentifier": {
        "@odata.type": "#microsoft.graph.iosMobileAppIdentifier",
        "bundleId": "com.microsoft.Office.Outlook",
    }
}
pytestmark = pytest.mark.parametrize("seeded", ["sqlite"], indirect=True)


async def protection(graph: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    return await create(graph, IOS, displayName="Protect iOS", **more)


async def test_one_list_has_the_policies_of_every_kind(beta: httpx.AsyncClient) -> None:
    first = (await protection(beta))["id"]
    second = str((await create(beta, CONFIGURATIONS, displayName="Configure"))["id"])
    assert (first[:2], second[:2]) == ("T_", "A_")
    assert set(await ids(beta, ALL)) == {first, second}
    assert await ids(beta, IOS) == [first]
    assert await ids(beta, CONFIGURATIONS) == [second]
    assert (await beta.get(f"{ALL}/{second}")).json()[
        "@odata.type"
    ] == "#microsoft.graph.targetedManagedAppConfiguration"
    assert (await beta.get(f"{IOS}/{second}")).status_code == 404
    assert (await beta.patch(f"{IOS}/{second}", json={"displayName": "x"})).status_code == 404
    assert (await beta.delete(f"{IOS}/{second}")).status_code == 404
    assert (await beta.delete(f"{ALL}/{second}")).status_code == 204
    assert await ids(beta, ALL) == [first]


async def test_the_version_is_a_text_that_changes_with_the_policy(beta: httpx.AsyncClient) -> None:
    made = await protection(beta, pinRequired=True)
    path = f"{IOS}/{made['id']}"
    assert isinstance(made["version"], str)
    same = (await beta.patch(path, json={"pinRequired": True})).json()
    other = (await beta.patch(path, json={"pinRequired": False})).json()
    assert (same["version"] == made["version"], other["version"] == made["version"]) == (True, False)


async def test_apps_are_set_by_an_action(beta: httpx.AsyncClient) -> None:
    made = await protection(beta, apps=[OUTLOOK])
    path = f"{IOS}/{made['id']}"
    assert (await beta.get(f"{path}/apps")).json()["value"] == []
    body = {"apps": [OUTLOOK, OUTLOOK], "appGroupType": "selectedPublicApps"}
    assert (await beta.post(f"{path}/targetApps", json=body)).status_code == 204
    assert await ids(beta, f"{path}/apps") == ["com.microsoft.office.outlook.ios"]
    shown = (await beta.get(path, params={"$expand": "apps,assignments"})).json()
    assert (len(shown["apps"]), shown["deployedAppCount"], shown["assignments"]) == (1, 1, [])
    everything = {"apps": [], "appGroupType": "allMicrosoftApps"}
    assert (await beta.post(f"{path}/targetApps", json=everything)).status_code == 204
    known = await ids(beta, f"{path}/apps")
    assert len(known) > 3
    assert all(each.endswith(".ios") for each in known)
    assert (await beta.get(path)).json()["appGroupType"] == "allMicrosoftApps"
    for refused in (
        {},
        {"apps": "all"},
        {"apps": [{"mobileAppIdentifier": None}]},
        {"apps": [{"mobileAppIdentifier": {"@odata.type": "#microsoft.graph.iosMobileAppIdentifier"}}]},
        {"apps": [], "appGroupType": "someApps"},
    ):
        assert (await beta.post(f"{path}/targetApps", json=refused)).status_code == 400, refused
    assert await ids(beta, f"{path}/apps") == known


async def test_an_assignment_takes_filters_of_apps_alone(beta: httpx.AsyncClient) -> None:
    group = await id_of_group(beta, "All Staff")
    made = await protection(beta)
    body = {"displayName": "Phones", "platform": "iOS", "rule": '(device.deviceName -eq "x")'}
    devices = str((await create(beta, "/deviceManagement/assignmentFilters", **body))["id"])
    target = {
        "@odata.type": "#microsoft.graph.groupAssignmentTarget",
        "groupId": group,
        "deviceAndAppManagementAssignmentFilterId": devices,
        "deviceAndAppManagementAssignmentFilterType": "include",
    }
    refusal = await beta.post(f"{IOS}/{made['id']}/assign", json={"assignments": [{"target": target}]})
    assert (refusal.status_code, "managed apps" in error_message(refusal)) == (400, True)
    plain = {name: value for name, value in target.items() if not name.startswith("deviceAndApp")}
    answer = await beta.post(f"{IOS}/{made['id']}/assign", json={"assignments": [{"target": plain}]})
    assert answer.status_code == 204
    assert (await beta.get(f"{IOS}/{made['id']}")).json()["isAssigned"] is True


async def test_what_apps_report_is_empty_and_says_so(beta: httpx.AsyncClient) -> None:
    assert (await beta.get("/deviceAppManagement/managedAppRegistrations")).json()["value"] == []
    status = await beta.get("/deviceAppManagement/managedAppStatuses/userstatus")
    assert (status.status_code, status.json()["content"]) == (200, {})
