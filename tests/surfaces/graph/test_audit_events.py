"""Graph: auditEvent; and what else clients read of the service before anything."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from fauxtune.core.model.tenants import Tenant
from fauxtune.core.odata.paths.table import EVERY
from fauxtune.surfaces.graph.routes import AREAS, ROUTES
from tests.support.certificates import PfxImport
from tests.support.clock import FixedClock
from tests.support.graph import ABSENT, DEVICES, PFX, PROFILES, create, error_code, error_message, ids
from tests.surfaces.graph.conftest import Enroll

EVENTS = "/deviceManagement/auditEvents"
KIND = "#microsoft.graph.iosImportedPFXCertificateProfile"
PROFILE = {"@odata.type": KIND, "displayName": "Signing", "intendedPurpose": "smimeSigning"}
SIGNING = {
    "@odata.type": "#microsoft.graph.iosPkcsCertificateProfile",
    "displayName": "Signing",
    "certificationAuthority": "ca.contoso.example",
    "certificationAuthorityName": "Contoso Issuing CA",
    "certificateTemplateName": "SmimeSigning",
    "subjectNameFormat": "commonName",
}
ALL_DEVICES = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}

Event = dict[str, Any]


async def _events(graph: httpx.AsyncClient, **params: str) -> list[Event]:
    answer = await graph.get(EVENTS, params=params)
    assert answer.status_code == 200, answer.text
    entries: list[Event] = answer.json()["value"]
    return entries


async def _last(graph: httpx.AsyncClient) -> Event:
    return (await _events(graph))[0]


def _changes(event: Event, *, resource: int = 0) -> dict[str, tuple[str | None, str | None]]:
    modified_properties = event["resources"][resource]["modifiedProperties"]
    return {
        modified_property["displayName"]: (modified_property["oldValue"], modified_property["newValue"])
        for modified_property in modified_properties
    }


async def test_a_new_profile_leaves_an_event(beta: httpx.AsyncClient, v1: httpx.AsyncClient, clock: FixedClock) -> None:
    assert await _events(beta) == []
    profile = await create(beta, PROFILES, **PROFILE)
    event = await _last(beta)
    assert {name: event[name] for name in event.keys() - {"id", "actor", "resources", "correlationId"}} == {
        "displayName": "Create DeviceConfiguration",
        "componentName": "DeviceConfiguration",
        "activity": None,
        "activityDateTime": profile["createdDateTime"],
        "activityType": "Create DeviceConfiguration",
        "activityOperationType": "Create",
        "activityResult": "Success",
        "category": "DeviceConfiguration",
    }
    assert event["actor"]["auditActorType"] == "Application"
    assert event["actor"]["applicationDisplayName"] == "Fauxtune test client"
    assert "DeviceManagementConfiguration.ReadWrite.All" in event["actor"]["userPermissions"]
    (resource,) = event["resources"]
    assert (resource["resourceId"], resource["displayName"]) == (profile["id"], "Signing")
    assert resource["auditResourceType"] == resource["type"] == "IosImportedPFXCertificateProfile"
    changes = _changes(event)
    assert (changes["Id"], changes["DisplayName"]) == ((None, profile["id"]), (None, "Signing"))
    assert (changes["Description"], changes["RoleScopeTagIds"]) == ((None, "<null>"), (None, "0"))
    in_v1 = (await v1.get(f"{EVENTS}/{event['id'].upper()}")).json()
    assert (in_v1["id"], "type" in in_v1["actor"], "type" in in_v1["resources"][0]) == (event["id"], False, False)


async def test_the_correlation_is_the_request(beta: httpx.AsyncClient) -> None:
    answer = await beta.post(PROFILES, json=PROFILE)
    assert (await _last(beta))["correlationId"] == answer.headers["request-id"]


async def test_changes_and_deletions_say_what_was_before(beta: httpx.AsyncClient) -> None:
    one = f"{PROFILES}/{(await create(beta, PROFILES, **SIGNING))['id']}"
    changes = {"displayName": "Other", "subjectNameFormat": "commonNameAsEmail"}
    assert (await beta.patch(one, json=changes)).status_code == 200
    patched = await _last(beta)
    assert (patched["activityType"], patched["activityOperationType"]) == ("Patch DeviceConfiguration", "Patch")
    assert _changes(patched) == {
        "DisplayName": ("Signing", "Other"),
        "SubjectNameFormat": ("CommonName", "CommonNameAsEmail"),
    }
    assert (await beta.delete(one)).status_code == 204
    deleted = await _last(beta)
    assert deleted["activityType"] == "Delete DeviceConfiguration"
    assert _changes(deleted)["DisplayName"] == ("Other", None)
    assert await ids(beta, f"{EVENTS}?$orderby=activityDateTime") != []


async def test_a_long_value_is_cut(beta: httpx.AsyncClient) -> None:
    await create(beta, PROFILES, **PROFILE, description="words " * 1000)
    assert _changes(await _last(beta))["Description"] == (None, f"{('words ' * 1000)[:4096]}...")


async def test_each_assignment_that_comes_or_goes_leaves_an_event(beta: httpx.AsyncClient) -> None:
    profile = (await create(beta, PROFILES, **PROFILE))["id"]
    everybody = {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}
    for targets in ([ALL_DEVICES], [ALL_DEVICES], [everybody]):
        body = {"assignments": [{"target": target} for target in targets]}
        assert (await beta.post(f"{PROFILES}/{profile}/assign", json=body)).status_code == 200
    events = [event for event in await _events(beta) if "Assignment" in event["activityType"]]
    assert sorted(event["activityType"].partition(" ")[0] for event in events) == ["Create", "Create", "Delete"]
    first = events[-1]
    assert [resource["auditResourceType"] for resource in first["resources"]] == [
        "IosImportedPFXCertificateProfile",
        "DeviceConfigurationAssignment",
    ]
    changes = _changes(first, resource=1)
    assert changes["Target.Type"] == (None, "AllDevicesAssignmentTarget")
    assert changes["Intent"] == (None, "Apply")
    assert changes["Id"][1] == first["resources"][1]["resourceId"]


async def test_what_fails_leaves_no_event(beta: httpx.AsyncClient) -> None:
    for answer in (
        await beta.post(PROFILES, json={**PROFILE, "intendedPurpose": "nothing"}),
        await beta.delete(f"{PROFILES}/{ABSENT}"),
        await beta.patch(f"{PROFILES}/{ABSENT}", json={}),
        await beta.post(f"{DEVICES}/{ABSENT}/wipe"),
        await beta.delete(f"{PFX}/x"),
    ):
        assert answer.status_code in {400, 404}
    assert await _events(beta) == []


async def test_device_actions_leave_events(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    phone, other = await enroll(), await enroll("bob", serial="2")
    one = f"{DEVICES}/{phone.managed_device_id}"
    assert (await beta.post(f"{one}/syncDevice")).status_code == 204
    event = await _last(beta)
    assert (event["activityType"], event["activityOperationType"]) == ("syncDevice ManagedDevice", "Action")
    assert (event["category"], event["componentName"]) == ("Device", "ManagedDevices")
    assert (event["resources"][0]["resourceId"], event["resources"][0]["auditResourceType"]) == (
        phone.managed_device_id,
        "ManagedDevice",
    )
    assert list(_changes(event)) == ["AzureADDeviceId"]
    assert (await beta.patch(one, json={"notes": "a secret of his"})).status_code == 200
    assert _changes(await _last(beta)) == {"Notes": ("<null>", "<not recorded>")}
    category = (await create(beta, "/deviceManagement/deviceCategories", displayName="Field"))["id"]
    url = f"https://graph.microsoft.com/beta/deviceManagement/deviceCategories/{category}"
    assert (await beta.put(f"{one}/deviceCategory/$ref", json={"@odata.id": url})).status_code == 204
    assert _changes(await _last(beta))["DeviceCategoryDisplayName"][1] == "Field"
    bulk = {"actionName": "retire", "deviceIds": [phone.managed_device_id, ABSENT, other.managed_device_id]}
    assert (await beta.post(f"{DEVICES}/executeAction", json=bulk)).status_code == 200
    retired = [event for event in await _events(beta) if event["activityType"] == "retire ManagedDevice"]
    assert {each["resources"][0]["resourceId"] for each in retired} == {
        phone.managed_device_id,
        other.managed_device_id,
    }
    assert (await beta.delete(one)).status_code == 204
    assert (await _last(beta))["activityType"] == "Delete ManagedDevice"


async def test_no_secret_is_in_the_log(beta: httpx.AsyncClient, file_of_alice: PfxImport) -> None:
    body = file_of_alice.body("alice@contoso.example")
    made_pfx = await create(beta, PFX, **body)
    assert (await beta.patch(f"{PFX}/{made_pfx['id']}", json=body)).status_code == 200
    assert (await beta.delete(f"{PFX}/{made_pfx['id']}")).status_code == 204
    setting = {
        "@odata.type": "#microsoft.graph.omaSettingString",
        "displayName": "Key",
        "omaUri": "./x",
        "value": "hunter2",
    }
    kind = "#microsoft.graph.windows10CustomConfiguration"
    await create(beta, PROFILES, **{"@odata.type": kind, "displayName": "Wi-Fi", "omaSettings": [setting]})
    answer = await beta.get(EVENTS)
    assert len(answer.json()["value"]) == 4
    for secret in (body["encryptedPfxBlob"], body["encryptedPfxPassword"], "hunter2"):
        assert secret not in answer.text
    assert _changes(answer.json()["value"][0])["OmaSettings"] == (None, "<not recorded>")


async def test_people_are_named(beta: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    form = {
        "grant_type": "password",
        "client_id": "c0ffee00-0000-4000-8000-00000000a991",
        "client_secret": "fauxtune-not-a-secret",
        "username": "alice@contoso.example",
        "password": "Fauxtune1!",
        "scope": "https://graph.microsoft.com/.default",
    }
    token = (await http.post("/contoso/oauth2/v2.0/token", data=form)).json()["access_token"]
    answer = await http.post(f"/beta{PROFILES}", json=PROFILE, headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 201, answer.text
    actor = (await _last(beta))["actor"]
    assert (actor["auditActorType"], actor["userPrincipalName"]) == ("ItPro", "alice@contoso.example")
    assert actor["userId"] == (await beta.get("/users/alice@contoso.example")).json()["id"]


async def test_items_of_a_batch_leave_events(beta: httpx.AsyncClient) -> None:
    item = {
        "id": "1",
        "method": "POST",
        "url": PROFILES,
        "body": PROFILE,
        "headers": {"Content-Type": "application/json"},
    }
    assert (await beta.post("/$batch", json={"requests": [item]})).json()["responses"][0]["status"] == 201
    assert (await _last(beta))["activityType"] == "Create DeviceConfiguration"


async def test_filters_categories_and_tags_have_components_of_their_own(beta: httpx.AsyncClient) -> None:
    rule = '(device.model -eq "x")'
    await create(beta, "/deviceManagement/assignmentFilters", displayName="f", platform="iOS", rule=rule)
    await create(beta, "/deviceManagement/deviceCategories", displayName="c")
    assert (await beta.post("/deviceManagement/roleScopeTags", json={"displayName": "t"})).status_code == 200
    group = (await ids(beta, "/groups"))[0]
    target = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": group}
    body = {"assignments": [{"target": target}]}
    assert (await beta.post("/deviceManagement/roleScopeTags/1/assign", json=body)).status_code == 200
    assert [(event["componentName"], event["category"]) for event in reversed(await _events(beta))] == [
        ("AssignmentFilter", "AssignmentFilter"),
        ("Enrollment", "Enrollment"),
        ("RoleBasedAccessControl", "Role"),
        ("RoleBasedAccessControl", "Role"),
    ]


async def test_the_log_is_filtered_sorted_counted_and_paged(beta: httpx.AsyncClient, clock: FixedClock) -> None:
    for name in ("a", "b", "c"):
        await create(beta, PROFILES, **{**PROFILE, "displayName": name})
        clock.forward(minutes=1)
    newest = (await _last(beta))["activityDateTime"]
    since = (
        "componentName eq 'DeviceConfiguration' and activityDateTime gt 2020-01-01T00:00:00.000000Z and "
        f"activityDateTime lt {newest} and activityOperationType ne 'Get'"
    )
    events = await _events(beta, **{"$filter": since, "$orderby": "activityDateTime desc"})
    assert [event["resources"][0]["displayName"] for event in events] == ["b", "a"]
    (one,) = await _events(beta, **{"$filter": "resources/any(r:r/displayName eq 'c')"})
    by_actor = {
        "$filter": "startswith(actor/applicationDisplayName,'Faux') and activityType eq 'Create DeviceConfiguration'"
    }
    assert len(await _events(beta, **by_actor)) == 3
    assert await _events(beta, **{"$filter": f"resources/any(r:r/resourceId eq '{ABSENT}')"}) == []
    assert (await beta.get(f"{EVENTS}/$count")).text == "3"
    page = (await beta.get(EVENTS, params={"$top": "2", "$count": "true"})).json()
    assert (page["@odata.count"], len(page["value"]), "@odata.nextLink" in page) == (3, 2, True)
    assert one["id"] == page["value"][0]["id"]
    assert (await beta.get(EVENTS, params={"$filter": "activityDateTime gt 'x'"})).status_code == 400
    assert (await beta.get(f"{EVENTS}/{ABSENT}")).status_code == 404


async def test_categories_and_activities_are_told(beta: httpx.AsyncClient, v1: httpx.AsyncClient) -> None:
    for graph in (beta, v1):
        entries = (await graph.get(f"{EVENTS}/getAuditCategories")).json()["value"]
        assert {"DeviceConfiguration", "Device", "Enrollment", "Role"} <= set(entries)
        activities = await graph.get(f"{EVENTS}/getAuditActivityTypes(category='device')")
        assert {"wipe ManagedDevice", "Delete ManagedDevice"} <= set(activities.json()["value"])
        nothing = await graph.get(f"{EVENTS}/getAuditActivityTypes(category='x%27%27y')")
        assert (nothing.status_code, nothing.json()["value"]) == (200, [])


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
async def test_nobody_rewrites_the_log(beta: httpx.AsyncClient, method: str) -> None:
    await create(beta, PROFILES, **PROFILE)
    (event,) = await _events(beta)
    answer = await beta.request(method, EVENTS if method == "POST" else f"{EVENTS}/{event['id']}")
    assert (answer.status_code, error_code(answer)) == (400, "No method match route template")


async def test_tenants_do_not_see_each_others_log(beta: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    tenant = (await http.post("/_fauxtune/v1/tenants", json={"seed": "none"})).json()
    form = {"grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
    form |= {"client_id": tenant["clientId"], "client_secret": tenant["clientSecret"]}
    token = (await http.post(f"/{tenant['id']}/oauth2/v2.0/token", data=form)).json()["access_token"]
    await create(beta, PROFILES, **PROFILE)
    event = await _last(beta)
    theirs = {"authorization": f"Bearer {token}"}
    assert (await http.get(f"/beta{EVENTS}", headers=theirs)).json()["value"] == []
    assert (await http.get(f"/beta{EVENTS}/{event['id']}", headers=theirs)).status_code == 404


async def test_the_service_says_who_it_is(beta: httpx.AsyncClient, v1: httpx.AsyncClient, tenant: Tenant) -> None:
    for graph in (beta, v1):
        service = (await graph.get("/deviceManagement")).json()
        assert (service["id"], service["subscriptionState"]) == (tenant.id, "active")
        assert service["intuneAccountId"] == tenant.id
        assert service["settings"]["deviceComplianceCheckinThresholdDays"] == 30
        settings = (await graph.get("/deviceManagement/settings")).json()
        assert settings["secureByDefault"] is False
        assert ("enhancedJailBreak" in settings) == (graph is beta)
        state = await graph.get("/deviceManagement/subscriptionState")
        assert state.json()["value"] == "active"
    chosen = (await beta.get("/deviceManagement?$select=subscriptionState")).json()
    assert chosen.keys() == {"@odata.context", "id", "subscriptionState"}


@pytest.mark.parametrize(
    "path",
    [
        "deviceManagement/exchangeConnectors?$expand=scheduledActionsForRule($expand=scheduledActionConfigurations)",
        "deviceManagement/exchangeConnectors/x",
        "deviceManagement/remoteAssistancePartners",
        "deviceManagement/userExperienceAnalyticsOverview",
        "deviceAppManagement/managedEBooks?$filter=isof('microsoft.graph.win32LobApp')",
        "identity/conditionalAccess/templates",
    ],
)
async def test_what_is_not_emulated_says_why(beta: httpx.AsyncClient, v1: httpx.AsyncClient, path: str) -> None:
    for graph in (beta, v1):
        answer = await graph.get(f"/{path}")
        assert (answer.status_code, error_code(answer)) == (501, "NotImplemented")
        assert re.search(
            r"is not emulated, nor is anything of /\S+: \w.*\(see docs/coverage.md\)", error_message(answer)
        )


async def test_what_is_beta_alone_is_unknown_to_v1(beta: httpx.AsyncClient, v1: httpx.AsyncClient) -> None:
    branches = (route for route in AREAS["Not emulated"] if route.method == EVERY and route.beta_only)
    names = [route.template for route in branches if re.fullmatch(r"deviceManagement/\w+", route.template)]
    for name in names[:4]:
        assert (await beta.post(f"/{name}", json={})).status_code == 501
        assert (await v1.get(f"/{name}")).status_code == 400


def test_every_change_of_device_management_is_audited_but_for_these() -> None:
    refused = {*AREAS["Not emulated"]}
    writing = (route for route in ROUTES if route.method != "GET" and route not in refused and route.status != 501)
    managing = (
        route for route in writing if "deviceManagement/" in route.template or "managedDevices" in route.template
    )
    results = {
        f"{route.method} {route.template}"
        for route in managing
        # A POST to a report only reads.
        if not hasattr(route.handler, "__wrapped__") and not route.template.startswith("deviceManagement/reports/")
    }
    users = {
        f"{method} {root}/{{device}}/users/$ref"
        for method in ("POST", "DELETE")
        for root in ("deviceManagement/managedDevices", "users/{user}/managedDevices", "me/managedDevices")
    }
    refusals = {f"POST {root}" for root in ("deviceManagement/managedDevices", "users/{user}/managedDevices")}
    # Only an address is made for what is there: nothing changes.
    downloads = {
        f"POST {root}/{{device}}/logCollectionRequests/{{collection}}/createDownloadUrl"
        for root in ("deviceManagement/managedDevices", "users/{user}/managedDevices", "me/managedDevices")
    }
    assert results == users | refusals | downloads | {
        "POST me/managedDevices",
        # It only reads.
        "POST deviceManagement/operationApprovalRequests/retrieveRequestStatus",
        # Its handler knows the request, and audits it.
        "POST deviceManagement/operationApprovalRequests/cancelMyRequest",
        # Its handler knows the devices and the action, and audits them.
        "POST deviceManagement/managedDevices/executeAction",
        # It asks for devices that are registered elsewhere. Unverified: whether Intune audits that.
        "POST deviceManagement/windowsAutopilotSettings/sync",
        "POST deviceManagement/deviceConfigurations/getTargetedUsersAndDevices",
        "POST deviceManagement/assignmentFilters/validateFilter",
        "POST deviceManagement/evaluateAssignmentFilter",
        "POST deviceManagement/getAssignmentFiltersStatusDetails",
        "DELETE deviceManagement/ndesConnectors/{connector}",
        "POST deviceManagement/roleScopeTags/getRoleScopeTagsById",
        "POST deviceManagement/importedDeviceIdentities/searchExistingIdentities",
        "POST deviceManagement/importedDeviceIdentities/importDeviceIdentityList",
        "POST deviceManagement/deviceCompliancePolicies/getNoncompliantDevicesToRetire",
        "POST deviceManagement/deviceCompliancePolicies/setScheduledRetireState",
        "PATCH deviceManagement/applePushNotificationCertificate",
        "PATCH deviceManagement/androidManagedStoreAccountEnterpriseSettings",
    }
