"""Apps are published, assigned with an intent, put into categories, and related to one another."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fauxtune.core.model import mail_accounts
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.checkin import due
from fauxtune.operations.runtime.emulator import Emulator
from tests.support.clock import FixedClock
from tests.support.graph import create, error_message, id_of_group, ids

APPS = "/deviceAppManagement/mobileApps"
CATEGORIES = "/deviceAppManagement/mobileAppCategories"
BUSINESS = "2b73ae71-12c8-49be-b462-3dae769ccd9d"
pytestmark = pytest.mark.parametrize("seeded", ["sqlite"], indirect=True)


async def app(graph: httpx.AsyncClient, kind: str = "win32LobApp", name: str = "App", **more: Any) -> str:
    """The id of a new app."""
    body = {"@odata.type": f"#microsoft.graph.{kind}", "displayName": name, "publisher": "Contoso", **more}
    return str((await create(graph, APPS, **body))["id"])


def to_group(group: str, intent: str = "required", **more: Any) -> dict[str, Any]:
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group}
    return {"@odata.type": "#microsoft.graph.mobileAppAssignment", "intent": intent, "target": target, **more}


async def assigned(graph: httpx.AsyncClient, key: str, *sent: dict[str, Any]) -> httpx.Response:
    return await graph.post(f"{APPS}/{key}/assign", json={"mobileAppAssignments": list(sent)})


async def related(graph: httpx.AsyncClient, key: str, **targets: str) -> httpx.Response:
    """Replace the relationships of an app: by the target's id, the kind of each."""
    relationships = [
        {"@odata.type": f"#microsoft.graph.{kind}", "targetId": target, **MORE[kind]}
        for target, kind in targets.items()
    ]
    return await graph.post(f"{APPS}/{key}/updateRelationships", json={"relationships": relationships})


MORE = {
    "mobileAppDependency": {"dependencyType": "autoInstall"},
    "mobileAppSupersedence": {"supersedenceType": "update"},
}


async def test_the_two_outlook_apps_are_built_in(beta: httpx.AsyncClient) -> None:
    apps = {item["id"]: item for item in (await beta.get(APPS)).json()["value"]}
    assert {mail_accounts.FOR_IOS.id, mail_accounts.FOR_ANDROID.id} == set(apps)
    assert apps[mail_accounts.FOR_IOS.id]["bundleId"] == mail_accounts.FOR_IOS.identifier
    refusal = await beta.delete(f"{APPS}/{mail_accounts.FOR_IOS.id}")
    assert (refusal.status_code, "built in" in error_message(refusal)) == (400, True)


async def test_the_service_of_apps_has_no_store_for_business(v1: httpx.AsyncClient) -> None:
    answer = await v1.get("/deviceAppManagement")
    assert (answer.status_code, answer.json()["isEnabledForMicrosoftStoreForBusiness"]) == (200, False)


async def test_tools_find_the_apps_of_an_organization(beta: httpx.AsyncClient) -> None:
    key = await app(beta, "webApp", appUrl="https://wiki.contoso.example")
    wanted = (
        "(microsoft.graph.managedApp/appAvailability eq null or "
        "microsoft.graph.managedApp/appAvailability eq 'lineOfBusiness' or isAssigned eq true)"
    )
    answer = await beta.get(APPS, params={"$filter": wanted, "$orderby": "displayName"})
    assert answer.status_code == 200, answer.text
    assert key in [item["id"] for item in answer.json()["value"]]


async def test_an_app_that_is_being_processed_cannot_be_assigned(
    beta: httpx.AsyncClient, emulator: Emulator, tenant: Tenant, clock: FixedClock
) -> None:
    group = await id_of_group(beta, "All Staff")
    body = {"@odata.type": "#microsoft.graph.winGetApp", "displayName": "Store", "packageIdentifier": "9WZDNCRFJ3PZ"}
    made = await create(beta, APPS, **body)
    assert (made["publishingState"], made["uploadState"]) == ("processing", 2)
    refusal = await assigned(beta, made["id"], to_group(group))
    assert (refusal.status_code, "published" in error_message(refusal)) == (400, True)
    state = emulator.runner.database.state
    assert (await beta.get(f"{APPS}/{made['id']}")).json()["publishingState"] == "processing"
    assert emulator.runner.database.state is state, "reading changes nothing"
    clock.forward(seconds=5)
    await due.catch_up(emulator, tenant)
    assert (await beta.get(f"{APPS}/{made['id']}")).json()["publishingState"] == "published"
    (listed,) = (await beta.get(APPS, params={"$filter": "displayName eq 'Store'"})).json()["value"]
    assert (listed["publishingState"], listed["uploadState"]) == ("published", 1)
    assert (await assigned(beta, made["id"], to_group(group))).status_code == 204
    later = await create(beta, APPS, **body)
    clock.forward(seconds=6)
    assert (await assigned(beta, later["id"], to_group(group))).status_code == 204


async def test_an_assignment_has_an_intent_and_settings_of_its_kind(beta: httpx.AsyncClient) -> None:
    group, other = await id_of_group(beta, "All Staff"), await id_of_group(beta, "SMIME Pilot")
    key = await app(beta)
    settings = {"@odata.type": "#microsoft.graph.win32LobAppAssignmentSettings", "notifications": "showReboot"}
    assert (await assigned(beta, key, to_group(group, settings=settings))).status_code == 204
    (one,) = (await beta.get(f"{APPS}/{key}/assignments")).json()["value"]
    assert (one["intent"], one["settings"]["notifications"], one["source"]) == ("required", "showReboot", "direct")
    assert (await beta.get(f"{APPS}/{key}")).json()["isAssigned"] is True
    listed = (await beta.get(APPS, params={"$expand": "assignments"})).json()["value"]
    assert [len(each["assignments"]) for each in listed if each["id"] == key] == [1]
    exclusion = to_group(other, settings=settings)
    exclusion["target"]["@odata.type"] = "#microsoft.graph.exclusionGroupAssignmentTarget"
    for refused, words in (
        (exclusion, "Exclusion assignment does not support MobileAppAssignment Settings."),
        (to_group(group, settings={"@odata.type": "#microsoft.graph.winGetAppAssignmentSettings"}), "win32LobApp"),
        (to_group(group, intent="everywhere"), "intent"),
        ({**to_group(group), "intent": None}, "intent"),
    ):
        refusal = await assigned(beta, key, refused)
        assert (refusal.status_code, words in error_message(refusal)) == (400, True), refusal.text
    twice = await assigned(beta, key, to_group(group), to_group(group, intent="available"))
    assert twice.status_code == 400
    assert (await beta.get(f"{APPS}/{key}/assignments")).json()["value"] == [one]
    edge = await app(beta, "windowsMicrosoftEdgeApp", channel="stable")
    assert (await assigned(beta, edge, to_group(group))).status_code == 204


async def test_apps_stand_in_categories(beta: httpx.AsyncClient) -> None:
    assert len(await ids(beta, CATEGORIES)) == 9
    key = await app(beta)
    own = str((await create(beta, CATEGORIES, displayName="Laboratory"))["id"])
    for category in (BUSINESS, own, own):
        reference = {"@odata.id": f"https://graph.microsoft.com/beta{CATEGORIES}/{category}"}
        assert (await beta.post(f"{APPS}/{key}/categories/$ref", json=reference)).status_code == 204
    assert await ids(beta, f"{APPS}/{key}/categories") == [BUSINESS, own]
    shown = (await beta.get(f"{APPS}/{key}", params={"$expand": "categories"})).json()["categories"]
    assert [each["displayName"] for each in shown] == ["Business", "Laboratory"]
    assert (await beta.delete(f"{APPS}/{key}/categories/{BUSINESS}/$ref")).status_code == 204
    assert (await beta.delete(f"{APPS}/{key}/categories/{BUSINESS}/$ref")).status_code == 404
    assert (await beta.delete(f"{CATEGORIES}/{own}")).status_code == 204
    assert await ids(beta, f"{APPS}/{key}/categories") == []
    absent = {"@odata.id": f"https://graph.microsoft.com/beta{CATEGORIES}/{own}"}
    assert (await beta.post(f"{APPS}/{key}/categories/$ref", json=absent)).status_code == 404


async def test_relationships_are_seen_from_both_sides(beta: httpx.AsyncClient) -> None:
    new, old, runtime = [await app(beta, name=name) for name in ("New", "Old", "Runtime")]
    assert (
        await related(beta, new, **{old: "mobileAppSupersedence", runtime: "mobileAppDependency"})
    ).status_code == 204
    seen = (await beta.get(f"{APPS}/{new}/relationships")).json()["value"]
    assert [(each["targetDisplayName"], each["targetType"]) for each in seen] == [
        ("Old", "child"),
        ("Runtime", "child"),
    ]
    (back,) = (await beta.get(f"{APPS}/{old}/relationships")).json()["value"]
    assert (back["targetId"], back["targetType"], back["supersedenceType"]) == (new, "parent", "update")
    documents = [(await beta.get(f"{APPS}/{key}")).json() for key in (new, old)]
    counts = [
        (document["dependentAppCount"], document["supersedingAppCount"], document["supersededAppCount"])
        for document in documents
    ]
    assert counts == [(1, 1, 0), (0, 0, 1)]
    # What a GET gave is sent back: the part of it that is another app's is left alone.
    again = await beta.post(f"{APPS}/{old}/updateRelationships", json={"relationships": [back]})
    assert again.status_code == 204
    assert (await beta.get(f"{APPS}/{old}/relationships")).json()["value"] == [back]
    refusal = await beta.delete(f"{APPS}/{runtime}")
    assert (refusal.status_code, "New" in error_message(refusal)) == (400, True)
    refusal = await beta.delete(f"{APPS}/{new}")
    assert (refusal.status_code, "remove its dependencies" in error_message(refusal)) == (400, True), "neither of both"
    assert (await beta.delete(f"{APPS}/{old}")).status_code == 204
    assert [item["targetId"] for item in (await beta.get(f"{APPS}/{new}/relationships")).json()["value"]] == [runtime]
    assert (await related(beta, new)).status_code == 204
    assert (await beta.delete(f"{APPS}/{runtime}")).status_code == 204


async def test_relationships_that_cannot_be_are_refused(beta: httpx.AsyncClient) -> None:
    first, second = await app(beta), await app(beta)
    web = await app(beta, "webApp", appUrl="https://wiki.contoso.example")
    assert (await related(beta, first, **{second: "mobileAppDependency"})).status_code == 204
    for key, targets in (
        (second, {first: "mobileAppDependency"}),  # back to itself
        (first, {first: "mobileAppDependency"}),
        (first, {web: "mobileAppDependency"}),
        (web, {first: "mobileAppDependency"}),
        (first, {"00000000-0000-4000-8000-000000000000": "mobileAppDependency"}),
    ):
        refusal = await related(beta, key, **targets)
        assert refusal.status_code == 400, targets
    many = {await app(beta): "mobileAppSupersedence" for _ in range(11)}
    assert (await related(beta, first, **many)).status_code == 400
    many.popitem()
    assert (await related(beta, second, **many)).status_code == 204
    assert [item["targetId"] for item in (await beta.get(f"{APPS}/{first}/relationships")).json()["value"]] == [second]


async def test_the_apps_of_all_graphs_of_dependencies_that_an_app_is_in_are_counted_together(
    beta: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fauxtune.operations.apps.apps.MOST_DEPENDENCIES", 3)
    one, other, shared, runtime, more = [await app(beta) for _ in range(5)]
    for top in (one, other):
        assert (await related(beta, top, **{shared: "mobileAppDependency"})).status_code == 204
    assert (await related(beta, shared, **{runtime: "mobileAppDependency"})).status_code == 204
    refusal = await related(beta, runtime, **{more: "mobileAppDependency"})
    assert (refusal.status_code, "at most 3 dependencies" in error_message(refusal)) == (400, True)


async def test_an_installer_may_take_a_day_at_most(beta: httpx.AsyncClient) -> None:
    key = await app(beta)
    for minutes, status in ((1440, 200), (1441, 400), (-1, 400)):
        experience = {"runAsAccount": "system", "maxRunTimeInMinutes": minutes}
        assert (await beta.patch(f"{APPS}/{key}", json={"installExperience": experience})).status_code == status


async def test_what_cannot_be_changed_is_refused(beta: httpx.AsyncClient) -> None:
    office = await app(beta, "officeSuiteApp", officePlatformArchitecture="x64")
    refusal = await beta.patch(f"{APPS}/{office}", json={"officePlatformArchitecture": "x86"})
    assert (refusal.status_code, "officePlatformArchitecture" in error_message(refusal)) == (400, True)
    store = await app(beta, "iosStoreApp", bundleId="com.contoso.app", appStoreUrl="https://apps.example/1")
    refusal = await beta.patch(f"{APPS}/{store}", json={"appStoreUrl": "https://apps.example/2"})
    assert refusal.status_code == 400
    body = {"@odata.type": "#microsoft.graph.officeSuiteApp", "displayName": "x", "publisher": "x"}
    refusal = await beta.post(APPS, json={**body, "officeSuiteAppDefaultFileFormat": "notConfigured"})
    assert refusal.status_code == 400
