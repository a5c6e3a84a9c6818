"""How devices are enrolled: priorities, corporate identifiers, Autopilot, Apple's and Google's programmes."""

from __future__ import annotations

import base64
from typing import Any

import httpx

from fauxtune.core.model.tenants import Tenant
from fauxtune.core.policies.enrollment import ENROLLMENT_CONFIGURATIONS
from fauxtune.operations.checkin import due
from fauxtune.operations.runtime.emulator import Emulator
from tests.support.clock import FixedClock
from tests.support.graph import ABSENT, create, error_code, error_message, id_of_group

CONFIGURATIONS = "/deviceManagement/deviceEnrollmentConfigurations"
LIMIT = "#microsoft.graph.deviceEnrollmentLimitConfiguration"
PROFILES = "/deviceManagement/windowsAutopilotDeploymentProfiles"
IMPORTS = "/deviceManagement/importedWindowsAutopilotDeviceIdentities"
IDENTITIES = "/deviceManagement/windowsAutopilotDeviceIdentities"
HASH = base64.b64encode(b"OA-example").decode()
NO_HASH = base64.b64encode(b"example").decode()


async def test_each_tenant_has_four_default_enrolment_configurations_of_the_lowest_priority(
    beta: httpx.AsyncClient,
) -> None:
    listed = (await beta.get(CONFIGURATIONS)).json()["value"]
    assert {each["id"].partition("_")[2]: each["priority"] for each in listed} == {
        "DefaultLimit": 0,
        "DefaultPlatformRestrictions": 0,
        "DefaultWindowsHelloForBusiness": 0,
        "DefaultWindows10EnrollmentCompletionPageConfiguration": 0,
    }
    assert len({each["id"].partition("_")[0] for each in listed}) == 1
    default = f"{CONFIGURATIONS}/{next(each['id'] for each in listed if each['@odata.type'] == LIMIT)}"
    assert (await beta.patch(default, json={"@odata.type": LIMIT, "limit": 15})).json()["limit"] == 15
    assert (await beta.get(default)).json()["limit"] == 15
    for limit, status in ((0, 400), (1, 200), (16, 400)):
        assert (await beta.patch(default, json={"@odata.type": LIMIT, "limit": limit})).status_code == status
        new = await beta.post(CONFIGURATIONS, json={"@odata.type": LIMIT, "displayName": "L", "limit": limit})
        assert new.status_code == (201 if status == 200 else 400)
    assert ENROLLMENT_CONFIGURATIONS.most == {LIMIT.rpartition(".")[2]: 25}
    refused = await beta.post(f"{default}/setPriority", json={"priority": 1})
    assert (refused.status_code, "default" in error_message(refused)) == (400, True)


async def test_priorities_are_numbered_again_when_one_is_set_and_when_one_goes(beta: httpx.AsyncClient) -> None:
    made = [await create(beta, CONFIGURATIONS, **{"@odata.type": LIMIT}, displayName=name) for name in ("A", "B", "C")]
    assert [each["priority"] for each in made] == [1, 2, 3]
    assert all(each["id"].endswith("_Limit") for each in made)

    async def order() -> str:
        listed = (await beta.get(CONFIGURATIONS)).json()["value"]
        own = sorted((each["priority"], each["displayName"]) for each in listed if each["priority"])
        assert [priority for priority, _ in own] == list(range(1, len(own) + 1))
        return "".join(name for _, name in own)

    last = f"{CONFIGURATIONS}/{made[2]['id']}"
    assert (await beta.post(f"{last}/setPriority", json={"priority": 1})).status_code == 204
    assert await order() == "CAB"
    for wrong in (1, 4, 0, "1", True, None):
        assert (await beta.post(f"{last}/setPriority", json={"priority": wrong})).status_code == 400
    assert await order() == "CAB"
    await beta.delete(f"{CONFIGURATIONS}/{made[0]['id']}")
    assert await order() == "CB"


async def test_an_imported_hash_gives_an_autopilot_device_once(
    v1: httpx.AsyncClient, emulator: Emulator, tenant: Tenant, clock: FixedClock
) -> None:
    body = {"serialNumber": "4711", "hardwareIdentifier": HASH, "groupTag": "Sales"}
    assert (await create(v1, IMPORTS, **body))["state"]["deviceImportStatus"] == "unknown"

    async def states() -> list[dict[str, Any]]:
        """The states of all imports, when they are done."""
        clock.forward(seconds=30)
        await due.catch_up(emulator, tenant)
        return [item["state"] for item in (await v1.get(IMPORTS)).json()["value"]]

    (state,) = await states()
    assert (state["deviceImportStatus"], state["deviceErrorCode"]) == ("complete", 0)
    (device,) = (await v1.get(IDENTITIES, params={"$filter": "contains(serialNumber,'471')"})).json()["value"]
    assert (device["id"], device["groupTag"]) == (state["deviceRegistrationId"], "Sales")
    await create(v1, IMPORTS, **body)
    *_, again = await states()
    assert (again["deviceErrorCode"], again["deviceErrorName"]) == (806, "ZtdDeviceAlreadyAssigned")
    await create(v1, IMPORTS, **{**body, "serialNumber": "4712", "hardwareIdentifier": NO_HASH})
    *_, broken = await states()
    assert (broken["deviceErrorCode"], broken["deviceErrorName"]) == (802, "InvalidZtdHardwareHash")
    many = {"importedWindowsAutopilotDeviceIdentities": [{**body, "serialNumber": str(n)} for n in (1, 2)]}
    assert len((await v1.post(f"{IMPORTS}/import", json=many)).json()["value"]) == 2
    many["importedWindowsAutopilotDeviceIdentities"].append({"serialNumber": "3"})
    assert (await v1.post(f"{IMPORTS}/import", json=many)).status_code == 400
    await states()
    assert (await v1.get(f"{IDENTITIES}/$count")).text == "3"

    one = f"{IDENTITIES}/{device['id']}"
    changes = {"groupTag": "Support", "displayName": "PC-1", "userPrincipalName": "alice@contoso.com"}
    users = (await v1.get("/users")).json()["value"]
    changes["userPrincipalName"] = users[0]["userPrincipalName"]
    assert (await v1.post(f"{one}/updateDeviceProperties", json=changes)).status_code == 204
    now = (await v1.get(one)).json()
    assert {name: now[name] for name in changes} == changes
    refused = await v1.post(f"{one}/assignUserToDevice", json={"userPrincipalName": "nobody@contoso.com"})
    assert (refused.status_code, "nobody@contoso.com" in error_message(refused)) == (400, True)
    assert (await v1.post(f"{one}/unassignUserFromDevice")).status_code == 204
    assert (await v1.get(one)).json()["userPrincipalName"] is None
    assert (await v1.delete(one)).status_code == 204
    assert error_code(await v1.get(one)) == "ResourceNotFound"


async def test_an_autopilot_profile_is_assigned_one_by_one_and_stays_while_it_is(
    beta: httpx.AsyncClient, emulator: Emulator, tenant: Tenant, clock: FixedClock
) -> None:
    kind = "#microsoft.graph.azureADWindowsAutopilotDeploymentProfile"
    profile = f"{PROFILES}/{(await create(beta, PROFILES, **{'@odata.type': kind}, displayName='All'))['id']}"
    target = {
        "@odata.type": "#microsoft.graph.groupAssignmentTarget",
        "groupId": await id_of_group(beta, "All Staff"),
    }
    made = await beta.post(f"{profile}/assignments", json={"target": target})
    assert made.status_code == 201
    assert (await beta.post(f"{profile}/assignments", json={"target": target})).status_code in (400, 409)
    refused = await beta.delete(profile)
    assert (refused.status_code, "assigned" in error_message(refused)) == (400, True)
    assert (await beta.delete(f"{profile}/assignments/{made.json()['id']}")).status_code == 204

    await create(beta, IMPORTS, serialNumber="4711", hardwareIdentifier=HASH)
    clock.forward(seconds=30)
    await due.catch_up(emulator, tenant)
    (device,) = (await beta.get(IDENTITIES)).json()["value"]
    assert device["deploymentProfileAssignmentStatus"] == "notAssigned"
    for wrong in ({"deviceIds": [ABSENT]}, {"deviceIds": device["id"]}, {}):
        assert (await beta.post(f"{profile}/assign", json=wrong)).status_code in (400, 404)
    assert (await beta.post(f"{profile}/assign", json={"deviceIds": [device["id"]]})).status_code == 204
    one = f"{IDENTITIES}/{device['id']}"
    assert (await beta.get(one)).json()["deploymentProfileAssignmentStatus"] == "pending"
    assert (await beta.get(f"{one}/intendedDeploymentProfile")).json()["displayName"] == "All"
    assert (await beta.get(f"{one}/deploymentProfile")).status_code == 404
    clock.forward(seconds=30)
    await due.catch_up(emulator, tenant)
    assert (await beta.get(f"{one}/deploymentProfile")).json()["displayName"] == "All"
    assert (await beta.get(one)).json()["deploymentProfileAssignmentStatus"] == "assignedUnkownSyncState"
    settings = "/deviceManagement/windowsAutopilotSettings"
    assert (await beta.post(f"{settings}/sync")).status_code == 204
    assert (await beta.get(settings)).json()["syncStatus"] == "inProgress"
    runs = await beta.post(f"{settings}/sync")
    assert (runs.status_code, error_code(runs)) == (409, "Conflict")
    clock.forward(seconds=30)
    await due.catch_up(emulator, tenant)
    assert (await beta.get(settings)).json()["syncStatus"] == "completed"
    assert (await beta.get(one)).json()["deploymentProfileAssignmentStatus"] == "assignedInSync"
    early = await beta.post(f"{settings}/sync")
    assert (early.status_code, error_code(early)) == (429, "TooManyRequests")
    assert (await beta.delete(profile)).status_code == 204


async def test_corporate_identifiers_come_back_with_their_status(beta: httpx.AsyncClient) -> None:
    path = "/deviceManagement/importedDeviceIdentities"
    sent = [
        {"importedDeviceIdentifier": number, "importedDeviceIdentityType": "serialNumber", "platform": "ios"}
        for number in ("A1", "B2")
    ]

    async def imported(*, overwrite: bool, description: str) -> list[bool]:
        body = {
            "importedDeviceIdentities": [{**each, "description": description} for each in sent],
            "overwriteImportedDeviceIdentities": overwrite,
        }
        answer = await beta.post(f"{path}/importDeviceIdentityList", json=body)
        assert answer.status_code == 200, answer.text
        return [item["status"] for item in answer.json()["value"]]

    assert await imported(overwrite=False, description="first") == [True, True]
    assert await imported(overwrite=False, description="second") == [False, False]
    listed = (await beta.get(path)).json()["value"]
    assert {each["description"] for each in listed} == {"first"}
    assert await imported(overwrite=True, description="third") == [True, True]
    search = {"importedDeviceIdentities": [{**sent[0], "importedDeviceIdentifier": "a1"}]}
    answer = await beta.post(f"{path}/searchExistingIdentities", json=search)
    assert [item["description"] for item in answer.json()["value"]] == ["third"]
    for wrong in ({}, {"importedDeviceIdentities": [{"platform": "ios"}]}, {"importedDeviceIdentities": ["A1"]}):
        assert (await beta.post(f"{path}/importDeviceIdentityList", json=wrong)).status_code == 400
    assert len((await beta.get(path)).json()["value"]) == 2


async def test_the_push_certificate_is_absent_until_it_is_uploaded(v1: httpx.AsyncClient) -> None:
    path = "/deviceManagement/applePushNotificationCertificate"
    absent = await v1.get(path)
    assert (absent.status_code, error_code(absent)) == (404, "ResourceNotFound")
    first = await v1.patch(path, json={"appleIdentifier": "it@contoso.example", "certificate": "MIIB"})
    assert first.status_code == 200, first.text
    topic = first.json()["topicIdentifier"]
    assert topic.startswith("com.apple.mgmt.External.")
    renewed = await v1.patch(path, json={"appleIdentifier": "other@contoso.example"})
    assert (renewed.json()["topicIdentifier"], renewed.json()["appleIdentifier"]) == (topic, "other@contoso.example")
    assert (await v1.get(path)).json()["expirationDateTime"] == first.json()["expirationDateTime"]


async def test_what_is_not_connected_says_so_and_keeps_no_secret(beta: httpx.AsyncClient) -> None:
    play = "/deviceManagement/androidManagedStoreAccountEnterpriseSettings"
    assert (await beta.get(play)).json()["bindStatus"] == "notBound"
    assert (await beta.patch(play, json={"enrollmentTarget": "all"})).json()["enrollmentTarget"] == "all"
    assert (await beta.get(play)).json()["enrollmentTarget"] == "all"

    tokens = "/deviceAppManagement/vppTokens"
    token = await create(beta, tokens, token="c2VjcmV0", appleId="apps@contoso.example")
    assert (token["state"], token["token"]) == ("valid", None)
    synced = await beta.post(f"{tokens}/{token['id']}/syncLicenses")
    assert (synced.status_code, synced.json()["lastSyncStatus"]) == (200, "completed")

    dep = "/deviceManagement/depOnboardingSettings"
    one = f"{dep}/{(await create(beta, dep, tokenName='Contoso'))['id']}"
    assert (await beta.post(f"{one}/syncWithAppleDeviceEnrollmentProgram")).status_code == 204
    assert (await beta.post(f"{one}/uploadDepToken", json={})).status_code == 400
    assert (await beta.post(f"{one}/uploadDepToken", json={"appleId": "a@b.c", "depToken": "x"})).status_code == 204
    assert (await beta.get(one)).json()["appleIdentifier"] == "a@b.c"

    kiosks = "/deviceManagement/androidDeviceOwnerEnrollmentProfiles"
    kiosk = f"{kiosks}/{(await create(beta, kiosks, displayName='Kiosks'))['id']}"
    assert (await beta.get(kiosk)).json()["tokenValue"] is None
    for wrong in (0, 90 * 86_400 + 1, "60", None):
        answer = await beta.post(f"{kiosk}/createToken", json={"tokenValidityInSeconds": wrong})
        assert answer.status_code == 400
    assert (await beta.post(f"{kiosk}/createToken", json={"tokenValidityInSeconds": 3600})).status_code == 204
    made = (await beta.get(kiosk)).json()
    assert made["tokenValue"]
    assert made["tokenValue"] in made["qrCodeContent"]
    assert (await beta.post(f"{kiosk}/revokeToken")).status_code == 204
    assert (await beta.get(kiosk)).json()["tokenValue"] is None
