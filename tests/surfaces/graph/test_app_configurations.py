"""App configurations of Outlook over Graph: made, listed, changed, assigned and deleted, apart from profiles."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from fauxtune.core.model import mail_accounts
from tests.support.app_configurations import CONFIGURATIONS, LOCKED, SMIME, android_outlook, ios_outlook
from tests.support.graph import PROFILES, create, documents, error_message, ids

APPS = "/deviceAppManagement/mobileApps"
IOS: dict[str, Any] = {"@odata.type": "#microsoft.graph.iosMobileAppConfiguration", "displayName": "Outlook S/MIME"}
ANDROID: dict[str, Any] = IOS | {"@odata.type": "#microsoft.graph.androidManagedStoreAppConfiguration"}
EVERYWHERE = {"assignments": [{"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}]}


async def test_a_configuration_is_made_changed_assigned_and_deleted(beta: httpx.AsyncClient) -> None:
    made = await create(beta, CONFIGURATIONS, **IOS, **ios_outlook(smime="true", change="false"))
    path = f"{CONFIGURATIONS}/{made['id']}"
    assert (made["version"], [setting["appConfigKey"] for setting in made["settings"]]) == (1, [SMIME, LOCKED])
    assert (await beta.get(path)).json() == made
    changed = await beta.patch(path, json={"displayName": "Outlook"})
    assert (changed.status_code, changed.json()["displayName"], changed.json()["version"]) == (200, "Outlook", 2)
    assigned = (await beta.post(f"{path}/assign", json=EVERYWHERE)).json()["value"]
    assert [each["target"]["@odata.type"] for each in assigned] == ["#microsoft.graph.allLicensedUsersAssignmentTarget"]
    assert set(assigned[0]) == {"id", "target"}
    assert (await beta.get(f"{path}/assignments")).json()["value"] == assigned
    one = (await beta.get(f"{path}/assignments/{assigned[0]['id']}")).json()
    assert one["id"] == assigned[0]["id"]
    other = await create(beta, CONFIGURATIONS, **ANDROID, **android_outlook(smime=True))
    listed = await documents(beta, CONFIGURATIONS, **{"$expand": "assignments"})
    expanded = {each["id"]: each["assignments"] for each in listed}
    assert expanded == {made["id"]: assigned, other["id"]: []}
    assert (await beta.get(path, params={"$expand": "assignments"})).json()["assignments"] == assigned
    for each in (path, f"{CONFIGURATIONS}/{other['id']}"):
        assert (await beta.delete(each)).status_code == 204
    assert (await beta.get(path)).status_code == 404
    assert await ids(beta, CONFIGURATIONS) == []


async def test_configurations_and_profiles_are_listed_and_addressed_apart(beta: httpx.AsyncClient) -> None:
    made = await create(beta, CONFIGURATIONS, **ANDROID, **android_outlook(smime=True))
    profile = await create(
        beta, PROFILES, **{"@odata.type": "#microsoft.graph.iosCustomConfiguration", "displayName": "Other"}
    )
    assert await ids(beta, CONFIGURATIONS) == [made["id"]]
    assert await ids(beta, PROFILES) == [profile["id"]]
    assert (await beta.get(f"{CONFIGURATIONS}/$count")).text == "1"
    for method, path in (
        ("GET", f"{PROFILES}/{made['id']}"),
        ("DELETE", f"{PROFILES}/{made['id']}"),
        ("GET", f"{CONFIGURATIONS}/{profile['id']}"),
        ("DELETE", f"{CONFIGURATIONS}/{profile['id']}"),
    ):
        assert (await beta.request(method, path)).status_code == 404, path
    for path, identifier in ((PROFILES, made["id"]), (CONFIGURATIONS, profile["id"])):
        assert (await beta.post(f"{path}/{identifier}/assign", json=EVERYWHERE)).status_code == 404
    assert (await beta.post(PROFILES, json=IOS | ios_outlook(smime="true"))).status_code == 400
    wrong = await beta.post(CONFIGURATIONS, json={**IOS, "@odata.type": "#microsoft.graph.iosCustomConfiguration"})
    assert (wrong.status_code, "must be the type of an app configuration" in error_message(wrong)) == (400, True)


async def test_what_can_never_work_is_refused_and_leaves_nothing(beta: httpx.AsyncClient) -> None:
    for body, status in (
        (IOS | ios_outlook(smime="perhaps"), 400),
        (IOS | ios_outlook(smime="true") | {"targetedMobileApps": ["x"]}, 400),
        (IOS | ios_outlook(smime="true") | {"encodedSettingXml": "PGRpY3QvPg=="}, 501),
        (ANDROID | android_outlook(smime=True) | {"payloadJson": "%%%"}, 400),
        ({"displayName": "no type"}, 400),
    ):
        assert (await beta.post(CONFIGURATIONS, json=body)).status_code == status, body
    assert await ids(beta, CONFIGURATIONS) == []


async def test_the_type_of_a_configuration_cannot_be_changed(beta: httpx.AsyncClient) -> None:
    made = await create(beta, CONFIGURATIONS, **IOS, **ios_outlook(smime="true"))
    answer = await beta.patch(f"{CONFIGURATIONS}/{made['id']}", json={"@odata.type": ANDROID["@odata.type"]})
    assert (answer.status_code, "cannot be changed" in error_message(answer)) == (400, True)


async def test_v1_has_the_configuration_of_ios_and_both_apps(beta: httpx.AsyncClient, v1: httpx.AsyncClient) -> None:
    await create(v1, CONFIGURATIONS, **IOS, **ios_outlook(smime="true"))
    assert (await v1.post(CONFIGURATIONS, json=ANDROID | android_outlook(smime=True))).status_code == 400
    apps = (await beta.get(APPS)).json()["value"]
    assert [app["id"] for app in apps] == [mail_accounts.FOR_IOS.id, mail_accounts.FOR_ANDROID.id]
    one = (await v1.get(f"{APPS}/{mail_accounts.FOR_IOS.id}")).json()
    assert (one["displayName"], one["bundleId"]) == ("Microsoft Outlook", "com.microsoft.Office.Outlook")
    query = {"$select": "packageId", "$filter": f"id eq '{mail_accounts.FOR_ANDROID.id}'"}
    (android,) = (await beta.get(APPS, params=query)).json()["value"]
    others = await v1.get(APPS, params={"$filter": "isof('microsoft.graph.win32LobApp')"})
    assert (others.status_code, others.json()["value"]) == (200, [])
    assert android["packageId"] == "com.microsoft.office.outlook"
    assert (await v1.get(f"{APPS}/nothing")).status_code == 404


@pytest.mark.parametrize("path", ["deviceStatuses", "userStatusSummary"])
async def test_states_below_a_configuration_are_not_emulated(beta: httpx.AsyncClient, path: str) -> None:
    made = await create(beta, CONFIGURATIONS, **IOS, **ios_outlook(smime="true"))
    assert (await beta.get(f"{CONFIGURATIONS}/{made['id']}/{path}")).status_code == 501


async def test_a_configuration_of_another_app_is_kept(beta: httpx.AsyncClient) -> None:
    app = "5c0d6a6a-4a3c-4c1e-9a14-6f6d3a1c0b11"
    xml = base64.b64encode(b"<dict><key>server</key><string>x</string></dict>").decode()
    made = await beta.post(
        CONFIGURATIONS, json=IOS | {"displayName": "Other", "targetedMobileApps": [app], "encodedSettingXml": xml}
    )
    assert (made.status_code, made.json()["encodedSettingXml"]) == (201, xml)
    payload = base64.b64encode(b'{"kind":"androidenterprise#managedConfiguration","managedProperty":[]}').decode()
    android = {"targetedMobileApps": [app], "packageId": "app:com.contoso.other", "payloadJson": payload}
    answer = await beta.post(CONFIGURATIONS, json=ANDROID | {"displayName": "Other"} | android)
    assert answer.status_code == 201, answer.text
    changes: tuple[dict[str, Any], ...] = (
        {"packageId": "com.contoso.other"},
        {"payloadJson": "e30"},
        {"targetedMobileApps": []},
    )
    for wrong in changes:
        refusal = await beta.post(CONFIGURATIONS, json=ANDROID | {"displayName": "Other"} | android | wrong)
        assert refusal.status_code == 400, wrong
