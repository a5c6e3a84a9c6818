"""Policies of the settings catalog: settings, which PUT alone replaces; definitions, templates, secrets, limits."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.families.samples import Sample, every_family, name_of, sample
from tests.support.graph import TENANT, create, error_code, error_message

Json = dict[str, Any]
POLICIES = "/deviceManagement/configurationPolicies"
REUSABLE = "/deviceManagement/reusablePolicySettings"
KIND = "#microsoft.graph.deviceManagementConfiguration"
DEFENDER = "device_vendor_msft_policy_config_defender"


def sampled(name: str) -> Sample:
    return sample(next(family for family in every_family() if name_of(family) == name))


def choice(definition: str, option: str, *children: Json) -> Json:
    value = {"value": f"{definition}_{option}", "children": list(children)}
    instance = {"@odata.type": f"{KIND}ChoiceSettingInstance", "settingDefinitionId": definition}
    return {**instance, "choiceSettingValue": value}


def simple(definition: str, kind: str, **value: Any) -> Json:
    instance = {"@odata.type": f"{KIND}SimpleSettingInstance", "settingDefinitionId": definition}
    return {**instance, "simpleSettingValue": {"@odata.type": f"{KIND}{kind}SettingValue", **value}}


def setting(instance: Json) -> Json:
    return {"@odata.type": f"{KIND}Setting", "settingInstance": instance}


def policy(*settings: Json, name: str = "One", **more: Any) -> Json:
    return {"name": name, "platforms": "windows10", "technologies": "mdm", "settings": list(settings), **more}


async def test_settings_are_counted_listed_by_their_places_and_shown_by_expand(beta: httpx.AsyncClient) -> None:
    body = sampled("configurationPolicies").bodies[0]
    made = await create(beta, POLICIES, **body)
    one = f"{POLICIES}/{made['id']}"
    assert (made["settingCount"], "settings" in made) == (5, False)
    page = (await beta.get(f"{one}/settings?&top=1000")).json()["value"]
    assert [each["id"] for each in page] == ["0", "1", "2", "3", "4"]
    assert [each["settingInstance"] for each in page] == [each["settingInstance"] for each in body["settings"]]
    assert (await beta.get(f"{one}/settings/$count")).text == "5"
    second = (await beta.get(f"{one}/settings", params={"$top": "2", "$skip": "1"})).json()
    assert ([item["id"] for item in second["value"]], "@odata.nextLink" in second) == (["1", "2"], True)
    assert (await beta.get(f"{one}/settings('3')")).json()["settingInstance"] == page[3]["settingInstance"]
    for address in (one, POLICIES):
        document = (await beta.get(address, params={"$expand": "settings,assignments"})).json()
        found = document if address == one else document["value"][0]
        assert ([each["id"] for each in found["settings"]], found["assignments"]) == (["0", "1", "2", "3", "4"], [])


async def test_definitions_of_settings_are_shown_by_expand(beta: httpx.AsyncClient) -> None:
    made = await create(beta, POLICIES, **sampled("configurationPolicies").bodies[0])
    one = f"{POLICIES}/{made['id']}"
    listed = (await beta.get(f"{one}/settings", params={"$expand": "settingDefinitions"})).json()["value"]
    lock = listed[1]["settingDefinitions"]
    assert [each["id"].rpartition("_")[2] for each in lock] == ["devicepasswordenabled", "mindevicepasswordlength"]
    assert lock[1]["dependentOn"] == [{"parentSettingId": lock[0]["id"], "dependentOn": f"{lock[0]['id']}_0"}]
    assert lock[1]["valueDefinition"]["maximumValue"] == 16
    (unknown,) = listed[4]["settingDefinitions"]
    assert (unknown["displayName"], unknown["@odata.type"]) == (unknown["id"], f"{KIND}SettingDefinition")
    deep = (await beta.get(one, params={"$expand": "settings($expand=settingDefinitions)"})).json()
    assert [each["settingDefinitions"] for each in deep["settings"]] == [each["settingDefinitions"] for each in listed]
    single = (await beta.get(f"{one}/settings/1", params={"$expand": "settingDefinitions"})).json()
    assert single["settingDefinitions"] == lock
    assert (await beta.get(f"{one}/settings/1/settingDefinitions")).json()["value"] == lock
    known = (await beta.get(f"/deviceManagement/configurationSettings/{lock[0]['id']}")).json()
    assert known["options"] == lock[0]["options"]


async def test_settings_of_which_nothing_is_known_are_told_in_a_header_or_refused_by_a_strict_tenant(
    beta: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    typo = "device_vendor_msft_policy_config_no_such_area_at_all_setting"
    body = policy(setting(choice(typo, "1")))
    made = await beta.post(POLICIES, json=body)
    assert (made.status_code, made.headers["x-fauxtune-fidelity"]) == (201, "unknown-definitions=1")
    known = await beta.post(POLICIES, json=sampled("configurationPolicies").bodies[0])
    assert known.headers.get("x-fauxtune-fidelity") == "unknown-definitions=1", "the sample has one of its own"
    assert "x-fauxtune-fidelity" not in (await beta.post(POLICIES, json=policy())).headers
    (await http.patch(TENANT, json={"settings": {"catalog.strict": True}})).raise_for_status()
    refused = await beta.post(POLICIES, json=body)
    assert (refused.status_code, typo in error_message(refused)) == (400, True)
    group = await create(beta, "/deviceManagement/groupPolicyConfigurations", displayName="G")
    definitions = "https://graph.microsoft.com/beta/deviceManagement/groupPolicyDefinitions"
    sent = {"enabled": True, "definition@odata.bind": f"{definitions}('00000000-0000-4000-8000-00000000dead')"}
    values = f"/deviceManagement/groupPolicyConfigurations/{group['id']}/definitionValues"
    refused = await beta.post(values, json=sent)
    assert (refused.status_code, "catalog.strict" in error_message(refused)) == (400, True)
    (await http.patch(TENANT, json={"settings": {"catalog.strict": False}})).raise_for_status()
    assert (await beta.post(values, json=sent)).status_code == 201


async def test_each_option_of_a_choice_says_on_which_options_it_depends(beta: httpx.AsyncClient) -> None:
    start = "device_vendor_msft_policy_config_devicelock_"
    enabled = {"parentSettingId": f"{start}devicepasswordenabled", "dependentOn": f"{start}devicepasswordenabled_0"}
    characters = f"{start}alphanumericdevicepasswordrequired"
    asked = {"parentSettingId": characters, "dependentOn": f"{characters}_0"}
    kinds = f"{start}mindevicepasswordcomplexcharacters"
    for key, depends in ((characters, [enabled]), (kinds, [enabled, asked])):
        definition = (await beta.get(f"/deviceManagement/configurationSettings/{key}")).json()
        assert [option["dependentOn"] for option in definition["options"]] == [depends] * len(definition["options"])
        assert (definition["riskLevel"], definition["uxBehavior"]) == ("low", "default")
    (first, *others) = (await beta.get(f"/deviceManagement/configurationSettings/{characters}")).json()["options"]
    assert [each["dependedOnBy"] for each in others] == [[], []]
    assert first["dependedOnBy"] == [{"dependedOnBy": kinds, "required": False}]
    network = "device_vendor_msft_policy_config_defender_allowscanningnetworkfiles"
    definition = (await beta.get(f"/deviceManagement/configurationSettings/{network}")).json()
    assert (definition["defaultOptionId"], definition["uxBehavior"]) == (f"{network}_1", "toggle")


async def test_a_patch_takes_no_settings_and_a_put_replaces_the_whole(beta: httpx.AsyncClient) -> None:
    body = sampled("configurationPolicies").bodies[0]
    made = await create(beta, POLICIES, **body)
    one = f"{POLICIES}/{made['id']}"
    refused = await beta.patch(one, json={"settings": []})
    assert refused.status_code == 400
    assert error_message(refused) == (
        "Cannot apply PATCH to navigation property 'settings' on entity type "
        "'microsoft.management.services.api.deviceManagementConfigurationPolicy'."
    )
    whole = {**body, "name": "Whole", "settings": body["settings"][:1], "@odata.type": f"{KIND}Policy"}
    assert (await beta.put(one, json=whole)).status_code == 204
    now = (await beta.get(one)).json()
    assert (now["id"], now["name"], now["settingCount"]) == (made["id"], "Whole", 1)
    assert now["createdDateTime"] == made["createdDateTime"]
    assert len((await beta.get(f"{one}/settings")).json()["value"]) == 1
    for wrong in ({**whole, "platforms": "linux"}, {**whole, "settings": [{}]}, {}, {**whole, "noSuchProperty": 1}):
        assert (await beta.put(one, json=wrong)).status_code == 400, wrong
    assert (await beta.get(one)).json() == now
    assert (await beta.put(f"{POLICIES}/{ABSENT_POLICY}", json=whole)).status_code == 404
    for method in ("PATCH", "POST", "DELETE"):
        answer = await beta.request(method, f"{one}/settings/0", json={})
        assert (answer.status_code, error_code(answer)) == (400, "No method match route template")


ABSENT_POLICY = "00000000-0000-0000-0000-00000000dead"


async def test_a_template_says_what_it_is_and_what_it_has(beta: httpx.AsyncClient) -> None:
    made = await create(beta, POLICIES, **sampled("configurationPolicies").bodies[1])
    reference = made["templateReference"]
    assert (reference["templateFamily"], reference["templateDisplayVersion"]) == (
        "endpointSecurityAccountProtection",
        "Version 1",
    )
    path = f"/deviceManagement/configurationPolicyTemplates/{reference['templateId']}"
    template = (await beta.get(path)).json()
    answer = await beta.get(f"{path}/settingTemplates", params={"$expand": "settingDefinitions", "$top": "1000"})
    settings = answer.json()["value"]
    assert (template["lifecycleState"], template["settingTemplateCount"]) == ("active", len(settings))
    first = settings[0]["settingInstanceTemplate"]
    assert settings[0]["settingDefinitions"][0]["id"] == first["settingDefinitionId"]
    assert first["settingInstanceTemplateId"] == "a3270f64-e493-499d-8900-90290f61ed8a"
    wanted = f"Name eq 'LAPS' and templateReference/TemplateId eq '{reference['templateId']}'"
    for query in (wanted, "templateReference/templateFamily eq 'endpointSecurityAccountProtection'"):
        found = (await beta.get(POLICIES, params={"$filter": query})).json()
        assert [item["id"] for item in found["value"]] == [made["id"]], found
    unknown = {"templateId": "01234567-89ab-cdef-0123-456789abcdef_2", "templateFamily": "baseline"}
    kept = (await create(beta, POLICIES, **policy(templateReference=unknown)))["templateReference"]
    assert (kept["templateId"], kept["templateFamily"]) == (unknown["templateId"], "baseline")


async def test_definitions_and_categories_are_filtered_as_tools_filter_them(beta: httpx.AsyncClient) -> None:
    categories = "/deviceManagement/configurationCategories"
    windows = {"$filter": "platforms has 'windows10' and technologies has 'mdm'"}
    found = (await beta.get(categories, params=windows)).json()["value"]
    assert found
    assert {each["platforms"] for each in found} == {"windows10"}
    query = {"$filter": f"categoryId eq '{found[0]['id']}' and visibility has 'settingsCatalog'"}
    settings = (await beta.get("/deviceManagement/configurationSettings", params=query)).json()["value"]
    assert settings
    assert {each["categoryId"] for each in settings} == {found[0]["id"]}
    apple = {"$filter": "applicability/platform has 'macOS' and applicability/technologies has 'appleRemoteManagement'"}
    answer = await beta.get("/deviceManagement/configurationSettings", params=apple)
    assert {item["applicability"]["platform"] for item in answer.json()["value"]} == {"iOS,macOS", "macOS"}
    assert (await beta.post(categories, json={"displayName": "x"})).status_code == 400


async def test_definitions_are_searched_for_a_text_as_tools_search_them(beta: httpx.AsyncClient) -> None:
    path = "/deviceManagement/configurationSettings"
    every = (await beta.get(path)).json()["value"]
    for text, headers in (('"camera"', {"ConsistencyLevel": "eventual"}), ("Camera", {})):
        found = (await beta.get(path, params={"$search": text, "$top": "50"}, headers=headers)).json()["value"]
        texts = {each["id"]: f"{each['displayName']} {each['name']} {each['description']}".lower() for each in every}
        assert {each["id"] for each in found} == {name for name, said in texts.items() if "camera" in said}
        assert 0 < len(found) < len(every)
    assert (await beta.get(path, params={"$search": '"no such setting"'})).json()["value"] == []
    assert (await beta.get("/deviceManagement/configurationCategories", params={"$search": "x"})).status_code == 501


async def test_a_secret_becomes_a_token_that_only_its_policy_has(beta: httpx.AsyncClient) -> None:
    base = "device_vendor_msft_windowsadvancedthreatprotection"
    package = simple(f"{base}_onboarding", "Secret", value="a secret of Contoso", valueState="notEncrypted")
    body = policy(setting(choice(f"{base}_configurationtype", "Onboard", package)))
    one = f"{POLICIES}/{(await create(beta, POLICIES, **body))['id']}"
    (shown,) = (await beta.get(f"{one}/settings")).json()["value"]
    (child,) = shown["settingInstance"]["choiceSettingValue"]["children"]
    value = child["simpleSettingValue"]
    assert (value["valueState"], "Contoso" in json.dumps(shown)) == ("encryptedValueToken", False)
    again = policy(setting(shown["settingInstance"]), name="Again")
    assert (await beta.put(one, json=again)).status_code == 204
    assert (await beta.get(f"{one}/settings")).json()["value"] == [shown]
    refused = await beta.post(POLICIES, json=again)
    assert (refused.status_code, "token" in error_message(refused)) == (400, True)


async def test_a_copy_is_not_assigned(beta: httpx.AsyncClient) -> None:
    made = await create(beta, POLICIES, **sampled("configurationPolicies").bodies[0])
    one = f"{POLICIES}/{made['id']}"
    target = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}
    assigned = await beta.post(f"{one}/assign", json={"assignments": [target]})
    assert (assigned.status_code, len(assigned.json()["value"])) == (200, 1)
    copy = (await beta.post(f"{one}/createCopy", json={"displayName": "Copy", "description": None})).json()
    assert (copy["name"], copy["settingCount"], copy["isAssigned"]) == ("Copy", 5, False)
    assert (await beta.get(one)).json()["isAssigned"] is True
    settings = [(await beta.get(f"{POLICIES}/{key}/settings")).json()["value"] for key in (made["id"], copy["id"])]
    assert settings[0] == settings[1]
    assert (await beta.post(f"{one}/createCopy", json={})).status_code == 400


async def test_a_reusable_setting_that_a_policy_refers_to_stays(beta: httpx.AsyncClient) -> None:
    body = sampled("reusablePolicySettings").bodies[0]
    made = await create(beta, REUSABLE, **body)
    one = f"{REUSABLE}/{made['id']}"
    rule = "vendor_msft_firewall_mdmstore_firewallrules_{firewallrulename}_remoteaddressdynamickeywords"
    refers = policy(setting(simple(rule, "Reference", value=made["id"])))
    user = await create(beta, POLICIES, **refers)
    assert (await beta.get(one)).json()["referencingConfigurationPolicyCount"] == 1
    users = (await beta.get(f"{one}/referencingConfigurationPolicies")).json()["value"]
    assert [each["id"] for each in users] == [user["id"]]
    assert (await beta.delete(one)).status_code == 400
    clone = (await beta.post(f"{one}/clone")).json()
    assert (clone["referencingConfigurationPolicyCount"], clone["displayName"]) == (0, body["displayName"])
    absent = policy(setting(simple(rule, "Reference", value=ABSENT_POLICY)))
    assert (await beta.post(POLICIES, json=absent)).status_code == 400
    assert (await beta.put(f"{POLICIES}/{user['id']}", json=policy())).status_code == 204
    assert (await beta.delete(one)).status_code == 204


async def test_a_policy_has_a_thousand_settings_and_no_more(beta: httpx.AsyncClient) -> None:
    settings = [setting(choice(f"device_vendor_msft_contoso_{number}", "1")) for number in range(1001)]
    made = await create(beta, POLICIES, **policy(*settings[:1000]))
    assert made["settingCount"] == 1000
    page = (await beta.get(f"{POLICIES}/{made['id']}/settings", params={"$top": "1000"})).json()
    assert page["value"][999]["settingInstance"]["settingDefinitionId"].endswith("_999")
    refused = await beta.post(POLICIES, json=policy(*settings))
    assert (refused.status_code, "1,000" in error_message(refused)) == (400, True)


@pytest.mark.parametrize("levels", [21, 300])
async def test_settings_that_go_too_deep_are_refused(beta: httpx.AsyncClient, levels: int) -> None:
    instance = choice("device_vendor_msft_deep", "1")
    for _ in range(levels - 1):
        instance = choice("device_vendor_msft_deep", "1", instance)
    refused = await beta.post(POLICIES, json=policy(setting(instance)))
    assert (refused.status_code, "deep" in error_message(refused)) == (400, True)
    assert (await beta.get(POLICIES)).json()["value"] == []


async def test_a_compliance_policy_for_linux_has_scheduled_actions_of_its_own(beta: httpx.AsyncClient) -> None:
    path = "/deviceManagement/compliancePolicies"
    made = await create(beta, path, **sampled("compliancePolicies").bodies[0])
    one = f"{path}/{made['id']}"
    assert made["settingCount"] == 3
    block = {"actionType": "block", "gracePeriodHours": 0, "notificationTemplateId": ""}
    later = {"actionType": "retire", "gracePeriodHours": 48}
    rules = [{"ruleName": None, "scheduledActionConfigurations": [block, later]}]
    answer = await beta.post(f"{one}/setScheduledActions", json={"scheduledActions": rules})
    assert (answer.status_code, len(answer.json()["value"])) == (200, 1), answer.text
    deep = {"$expand": "settings,scheduledActionsForRule($expand=scheduledActionConfigurations)"}
    shown = (await beta.get(one, params=deep)).json()
    items = shown["scheduledActionsForRule"][0]["scheduledActionConfigurations"]
    assert [item["actionType"] for item in items] == ["block", "retire"]
    assert len(shown["settings"]) == 3
    bodies: list[Json] = [{}, {"scheduledActions": []}]
    for wrong in (*bodies, {"scheduledActions": [{"scheduledActionConfigurations": [later]}]}):
        assert (await beta.post(f"{one}/setScheduledActions", json=wrong)).status_code == 400


async def test_no_compliance_policy_for_linux_is_without_scheduled_actions(beta: httpx.AsyncClient) -> None:
    path, whole = "/deviceManagement/compliancePolicies", sampled("compliancePolicies").bodies[0]
    one = f"{path}/{(await create(beta, path, **whole))['id']}"
    without = {name: value for name, value in whole.items() if name != "scheduledActionsForRule"}
    for wrong in (without, {**whole, "scheduledActionsForRule": []}, {**whole, "scheduledActionsForRule": None}):
        for refused in (await beta.post(path, json=wrong), await beta.put(one, json=wrong)):
            assert refused.status_code == 400
            assert "must have one and only one block scheduled action" in error_message(refused)
    assert (await beta.patch(one, json={"description": "x"})).status_code == 200
    # As IntuneCD reads them for its backup.
    rules = await beta.get(f"{one}/scheduledActionsForRule", params={"$expand": "scheduledActionConfigurations"})
    (rule,) = rules.json()["value"]
    assert [configuration["actionType"] for configuration in rule["scheduledActionConfigurations"]] == ["block"]
