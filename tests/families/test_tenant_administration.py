"""What templates of notifications, roles, terms, branding and policy sets do beside what every family does."""

from __future__ import annotations

from typing import Any

import httpx

from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.graph import ABSENT, create, document, documents, error_message, id_of_group, ids

Json = dict[str, Any]
TEMPLATES = "/deviceManagement/notificationMessageTemplates"
ROLES = "/deviceManagement/roleDefinitions"
ROLE_ASSIGNMENTS = "/deviceManagement/roleAssignments"
TERMS = "/deviceManagement/termsAndConditions"
BRANDING = "/deviceManagement/intuneBrandingProfiles"
SETS = "/deviceAppManagement/policySets"
SCRIPT = "#microsoft.graph.deviceManagementScriptPolicySetItem"


@ON_BOTH_DATABASES
async def test_the_default_language_of_a_template_is_that_of_its_default_message(beta: httpx.AsyncClient) -> None:
    template = await create(
        beta, TEMPLATES, displayName="T", brandingOptions="includeContactInformation,includeCompanyLogo"
    )
    assert (template["defaultLocale"], template["brandingOptions"]) == (
        None,
        "includeCompanyLogo,includeContactInformation",
    )
    one = f"{TEMPLATES}/{template['id']}"
    messages = f"{one}/localizedNotificationMessages"
    words = {"subject": "s", "messageTemplate": "m"}
    english = await create(beta, messages, locale="en-US", isDefault=True, **words)
    assert (english["id"], english["locale"]) == (f"{template['id']}_en-us", "en-us")
    assert (await document(beta, one))["defaultLocale"] == "en-us"
    german = await create(beta, messages, locale="de-DE", isDefault=True, **words)
    assert (await document(beta, one))["defaultLocale"] == "de-de"
    assert not (await document(beta, f"{messages}/{english['id']}"))["isDefault"]
    again = await beta.post(messages, json={"locale": "de-de", "isDefault": False, **words})
    assert again.status_code == 400
    expanded = (await beta.get(one, params={"$expand": "localizedNotificationMessages"})).json()
    assert [message["locale"] for message in expanded["localizedNotificationMessages"]] == ["de-de", "en-us"]
    assert (await beta.delete(f"{messages}/{german['id']}")).status_code == 204
    assert (await document(beta, one))["defaultLocale"] is None
    assert (await beta.post(f"{one}/sendTestMessage")).status_code == 204
    assert (await beta.delete(one)).status_code == 204
    assert (await beta.get(messages)).status_code == 404
    other = await create(beta, TEMPLATES, displayName="T")
    assert await ids(beta, f"{TEMPLATES}/{other['id']}/localizedNotificationMessages") == []


async def test_built_in_roles_allow_operations_that_are_listed_with_their_names(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient
) -> None:
    operations = {each["id"]: each for each in await documents(v1, "/deviceManagement/resourceOperations?$top=999")}
    lock = operations["Microsoft.Intune_RemoteTasks_RemoteLock"]
    assert (lock["resourceName"], lock["actionName"], "resource" in lock) == ("Remote tasks", "Remote lock", False)
    assert (await document(beta, f"/deviceManagement/resourceOperations/{lock['id']}"))["resource"] == "RemoteTasks"
    refused = await beta.post("/deviceManagement/resourceOperations", json={"actionName": "Fly"})
    assert refused.status_code == 400
    roles = {each["displayName"]: each for each in await documents(beta, ROLES) if each["isBuiltIn"]}
    assert len(roles) == 7
    for role in roles.values():
        (permission,) = role["rolePermissions"]
        (actions,) = permission["resourceActions"]
        assert permission["actions"] == actions["allowedResourceActions"]
        assert set(permission["actions"]) <= operations.keys()
        assert len(set(permission["actions"])) == len(permission["actions"])
    allowed = {name: role["permissions"][0]["actions"] for name, role in roles.items()}
    assert allowed["Intune Role Administrator"] == [
        "Microsoft.Intune_Organization_Read",
        *(f"Microsoft.Intune_Roles_{action}" for action in ("Read", "Create", "Update", "Delete", "Assign")),
    ]
    readers = allowed["Read Only Operator"]
    assert {
        reader.rpartition("_")[2] for reader in readers if "CloudAttach" not in reader and "RemoteTasks" not in reader
    } == {
        "Read",
        "ViewReports",
        "ViewIncidents",
        "ViewElevationRequests",
    }
    help_desk = {each.removeprefix("Microsoft.Intune_") for each in allowed["Help Desk Operator"]}
    since = {"RemoteTasks_ChangeAssignments", "RemoteTasks_InitiateDeviceAttestation", "RemoteAssistanceApp_Unattended"}
    assert since <= help_desk, "the page of 2026-02-04"


async def test_a_role_says_what_it_allows_in_an_old_and_a_new_property(beta: httpx.AsyncClient) -> None:
    allowed = [{"resourceActions": [{"allowedResourceActions": ["Microsoft.Intune_Organization_Read"]}]}]
    role = await create(beta, ROLES, displayName="R", rolePermissions=allowed)
    assert role["permissions"] == role["rolePermissions"] != []
    changed = await beta.patch(f"{ROLES}/{role['id']}", json={"permissions": []})
    assert (changed.json()["permissions"], changed.json()["rolePermissions"]) == ([], [])


async def test_an_assignment_of_a_role_leads_to_it_and_holds_it(beta: httpx.AsyncClient) -> None:
    role = await create(beta, ROLES, displayName="R")
    staff = await id_of_group(beta, "All Staff")
    bind = f"https://graph.microsoft.com/beta/deviceManagement/roleDefinitions('{role['id']}')"
    made = await create(
        beta,
        ROLE_ASSIGNMENTS,
        **{"displayName": "A", "members": [staff], "resourceScopes": [staff], "roleDefinition@odata.bind": bind},
    )
    one = f"{ROLE_ASSIGNMENTS}/{made['id']}"
    assert (made["scopeMembers"], made["roleScopeTagIds"]) == ([staff], ["0"])
    expanded = (await beta.get(one, params={"$expand": "roleDefinition($select=displayName),roleScopeTags"})).json()
    assert expanded["roleDefinition"]["displayName"] == "R"
    assert [tag["displayName"] for tag in expanded["roleScopeTags"]] == ["Default"]
    assert (await document(beta, f"{one}/roleDefinition"))["id"] == role["id"]
    cast = f"{one}/microsoft.graph.deviceAndAppManagementRoleAssignment/roleScopeTags"
    assert await ids(beta, cast) == ["0"]
    assert await ids(beta, f"{ROLES}/{role['id']}/roleAssignments") == [made["id"]]
    expanded = (await beta.get(ROLES, params={"$expand": "roleAssignments"})).raise_for_status().json()["value"]
    assigned = {each["id"]: [part["id"] for part in each["roleAssignments"]] for each in expanded}
    assert {key: parts for key, parts in assigned.items() if parts} == {role["id"]: [made["id"]]}
    below = f"{ROLES}/{role['id']}/roleAssignments/{made['id']}"
    assert (await document(beta, below))["id"] == made["id"]
    assert (await document(beta, f"{below}/roleDefinition"))["id"] == role["id"]
    assert (await beta.get(f"{one}/roleScopeTags/$count")).text == "1"
    assert (await document(beta, f"{one}/roleScopeTags/0"))["displayName"] == "Default"
    assert "roleDefinition" not in (await documents(beta, ROLE_ASSIGNMENTS))[0]
    assert (await beta.delete(f"{ROLES}/{role['id']}")).status_code == 400
    assert (await beta.delete(one)).status_code == 204
    assert (await beta.delete(f"{ROLES}/{role['id']}")).status_code == 204


async def test_what_a_role_is_assigned_to_must_exist(beta: httpx.AsyncClient) -> None:
    root = "https://graph.microsoft.com/beta/deviceManagement/roleDefinitions"
    for more in (
        {"roleDefinition@odata.bind": f"{root}('{ABSENT}')"},
        {"roleDefinition@odata.bind": f"{root}('0bd113fe-6be5-400c-a28f-ae5553f9c0be')", "members": [ABSENT]},
    ):
        answer = await beta.post(ROLE_ASSIGNMENTS, json={"displayName": "A", **more})
        assert answer.status_code in {400, 404}, answer.text
    assert await ids(beta, ROLE_ASSIGNMENTS) == []


async def test_terms_get_a_new_version_only_where_it_is_asked_for(beta: httpx.AsyncClient) -> None:
    terms = await create(beta, TERMS, displayName="T", bodyText="one")
    one = f"{TERMS}/{terms['id']}"
    versions = [
        (await beta.patch(one, json=change)).json()["version"]
        for change in ({"bodyText": "a typo mended"}, {"bodyText": "two", "version": 2}, {"version": 1}, {"version": 7})
    ]
    assert versions == [1, 2, 2, 7]


async def test_the_default_branding_keeps_its_name_and_takes_images(beta: httpx.AsyncClient) -> None:
    (default,) = await documents(beta, BRANDING)
    one = f"{BRANDING}/{default['id']}"
    assert (default["profileName"], default["isDefaultProfile"]) == ("Default", True)
    refused = await beta.patch(one, json={"profileName": "Mine"})
    assert (refused.status_code, "profileName" in error_message(refused)) == (400, True)
    assert (await beta.get(f"{one}/themeColorLogo")).status_code == 204
    logo = {"type": "image/png", "value": "iVBORw0KGgo="}
    changed = await beta.patch(one, json={"displayName": "Contoso", "themeColorLogo": logo})
    assert changed.status_code == 200
    (listed,) = await documents(beta, BRANDING)
    assert (listed["displayName"], listed["themeColorLogo"]) == ("Contoso", None)
    image = (await beta.get(f"{one}/themeColorLogo")).json()
    assert {name: image[name] for name in logo} == logo
    assert (await beta.delete(one)).status_code == 400


async def test_a_policy_set_is_changed_by_its_action(beta: httpx.AsyncClient) -> None:
    group = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": await id_of_group(beta, "All Staff")}
    item = {"@odata.type": SCRIPT, "payloadId": ABSENT, "guidedDeploymentTags": []}
    made = await create(beta, SETS, displayName="S", items=[item], assignments=[{"target": group}])
    one = f"{SETS}/{made['id']}"
    expanded = (await beta.get(one, params={"$expand": "items,assignments"})).json()
    assert (len(expanded["assignments"]), [each["payloadId"] for each in expanded["items"]]) == (1, [ABSENT])
    assert (await beta.get(SETS, params={"$expand": "items"})).status_code != 200
    old = expanded["items"][0]["id"]
    body = {"addedPolicySetItems": [{**item, "payloadId": "new"}], "deletedPolicySetItems": [old], "assignments": []}
    assert (await beta.post(f"{one}/update", json=body)).status_code == 204
    assert [each["payloadId"] for each in await documents(beta, f"{one}/items")] == ["new"]
    assert await ids(beta, f"{one}/assignments") == []
    unknown = await beta.post(f"{one}/update", json={"deletedPolicySetItems": [old]})
    assert unknown.status_code == 404
    answer = await beta.post(f"{SETS}/getPolicySets", json={"policySetIds": [made["id"], ABSENT]})
    assert [each["id"] for each in answer.json()["value"]] == [made["id"]]
