"""Intents: made of a template, with settings that change and are never removed."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.support.graph import ABSENT, create, documents, error_message

Json = dict[str, Any]
TEMPLATES, INTENTS = "/deviceManagement/templates", "/deviceManagement/intents"
BITLOCKER = "d1174162-1dd2-4976-affc-6667049ab0ae"
START = "deviceConfiguration--windows10EndpointProtectionConfiguration_bitLocker"
KIND = "#microsoft.graph.deviceManagement"
pytestmark = pytest.mark.parametrize("seeded", ["sqlite"], indirect=True)


def setting(name: str, kind: str, **value: Any) -> Json:
    definition = name if "--" in name else f"{START}{name}"
    return {"@odata.type": f"{KIND}{kind}SettingInstance", "definitionId": definition, "id": ABSENT, **value}


async def intent(beta: httpx.AsyncClient, *delta: Json) -> Json:
    body = {"displayName": "BitLocker", "description": "", "settingsDelta": list(delta), "roleScopeTagIds": ["0"]}
    return await create(beta, f"{TEMPLATES}/{BITLOCKER}/createInstance", **body)


async def values(beta: httpx.AsyncClient, one: str) -> dict[str, Any]:
    page = (await beta.get(f"{one}/settings")).json()["value"]
    return {each["definitionId"].removeprefix(START): json.loads(each["valueJson"]) for each in page}


async def test_an_intent_has_the_settings_of_its_template_and_those_that_were_sent(beta: httpx.AsyncClient) -> None:
    rotation = setting("RecoveryPasswordRotation", "String", value="enabledForAzureAd")
    drive = setting("SystemDrivePolicy", "Complex", valueJson='{"startupAuthenticationRequired":true}')
    made = await intent(beta, rotation, drive)
    one = f"{INTENTS}/{made['id']}"
    assert (made["templateId"], made["isAssigned"]) == (BITLOCKER, False)
    now = await values(beta, one)
    assert (now["EncryptDevice"], now["RecoveryPasswordRotation"]) == (True, "enabledForAzureAd")
    assert (now["SystemDrivePolicy"], now["FixedDrivePolicy"]) == ({"startupAuthenticationRequired": True}, None)
    customized = (await beta.get(f"{one}/getCustomizedSettings")).json()["value"]
    assert {each["definitionId"].removeprefix(START) for each in customized} == {
        "RecoveryPasswordRotation",
        "SystemDrivePolicy",
    }
    found = (await beta.get(INTENTS, params={"$filter": f"templateId eq '{BITLOCKER}'", "$expand": "settings"})).json()
    assert [len(item["settings"]) for item in found["value"]] == [len(now)]


async def test_settings_are_changed_and_never_removed(beta: httpx.AsyncClient) -> None:
    one = f"{INTENTS}/{(await intent(beta))['id']}"
    before = (await beta.get(f"{one}/settings")).json()["value"]
    other = "deviceConfiguration--windows10EndpointProtectionConfiguration_smartScreenEnableInShell"
    changes = [setting("EncryptDevice", "Boolean", valueJson="null"), setting(other, "Boolean", value=True)]
    answer = await beta.post(f"{one}/updateSettings", json={"settings": changes})
    assert answer.status_code == 204, answer.text
    after = (await beta.get(f"{one}/settings")).json()["value"]
    assert [each["id"] for each in after][: len(before)] == [each["id"] for each in before]
    changed = {each["definitionId"]: each for each in after}
    assert (changed[f"{START}EncryptDevice"]["value"], changed[f"{START}EncryptDevice"]["valueJson"]) == (None, "null")
    assert (changed[other]["valueJson"], len(after)) == ("true", len(before) + 1)
    for wrong in (
        {},
        {"settings": "all"},
        {"settings": [setting("EncryptDevice", "Boolean", valueJson="maybe")]},
        {"settings": [setting("EncryptDevice", "Boolean", valueJson="[" * 100_000)]},
        {"settings": [changes[1], setting("no_such--", "Boolean", value=True)]},
        {"settings": [setting(f"{other}{number}", "Boolean", value=True) for number in range(1000)]},
    ):
        refused = await beta.post(f"{one}/updateSettings", json=wrong)
        assert refused.status_code == 400, wrong
    assert (await beta.get(f"{one}/settings")).json()["value"] == after
    assert (await beta.post(f"{INTENTS}/{ABSENT}/updateSettings", json={"settings": []})).status_code == 404


async def test_categories_have_settings_and_definitions(beta: httpx.AsyncClient) -> None:
    one = f"{INTENTS}/{(await intent(beta))['id']}"
    categories = (await beta.get(f"{one}/categories")).json()["value"]
    assert [category["displayName"] for category in categories] == ["BitLocker of the device", "BitLocker of drives"]
    place = f"{one}/categories/{categories[1]['id']}"
    settings = (await beta.get(f"{place}/settings")).json()["value"]
    definitions = (await beta.get(f"{place}/settingDefinitions")).json()["value"]
    assert [each["definitionId"] for each in settings] == [definition["id"] for definition in definitions]
    assert {definition["valueType"] for definition in definitions} == {"complex"}
    whole = (await beta.get(one, params={"$expand": "categories($expand=settings)"})).json()
    assert whole["categories"][1]["settings"] == settings
    above = f"{TEMPLATES}/{BITLOCKER}/categories"
    of_template = (await beta.get(above, params={"$expand": "recommendedSettings"})).json()["value"]
    assert [each["id"] for each in of_template] == [category["id"] for category in categories]
    recommended = (await beta.get(f"{above}/{categories[1]['id']}/recommendedSettings")).json()["value"]
    assert recommended == of_template[1]["recommendedSettings"]
    assert len((await beta.get(f"{TEMPLATES}/{BITLOCKER}/settings")).json()["value"]) == 7
    assert (await beta.get(f"{one}/categories/{ABSENT}/settings")).status_code == 404


async def test_what_cannot_be_made_is_refused(beta: httpx.AsyncClient) -> None:
    action = f"{TEMPLATES}/{BITLOCKER}/createInstance"
    for wrong in (
        {},
        {"displayName": 1},
        {"displayName": "x", "settings": []},
        {"displayName": "x", "settingsDelta": "all"},
        {"displayName": "x", "settingsDelta": [{"definitionId": "x"}]},
        {"displayName": "x", "roleScopeTagIds": "0"},
    ):
        assert (await beta.post(action, json=wrong)).status_code == 400, wrong
    absent = await beta.post(f"{TEMPLATES}/{ABSENT}/createInstance", json={"displayName": "x"})
    assert absent.status_code == 404
    assert (await beta.get(INTENTS)).json()["value"] == []
    refused = await beta.delete(f"{TEMPLATES}/{BITLOCKER}")
    assert (refused.status_code, "http verb DELETE" in error_message(refused)) == (400, True)


async def test_a_backup_of_settings_by_category_makes_the_same_intent(beta: httpx.AsyncClient) -> None:
    rotation = setting("RecoveryPasswordRotation", "String", value="enabledForAzureAd")
    first = f"{INTENTS}/{(await intent(beta, rotation))['id']}"
    delta: list[Json] = []
    for category in (await beta.get(f"{TEMPLATES}/{BITLOCKER}/categories")).json()["value"]:
        page = (await beta.get(f"{first}/categories/{category['id']}/settings")).json()
        assert first.rpartition("/")[2] in page["@odata.context"]
        delta += [{name: value for name, value in item.items() if name != "id"} for item in page["value"]]
    body = {"displayName": "Again", "description": None, "settingsDelta": delta, "assignments": []}
    again = await create(beta, f"{TEMPLATES}/{BITLOCKER}/createInstance", **body)
    assert await values(beta, f"{INTENTS}/{again['id']}") == await values(beta, first)


async def test_a_copy_has_the_settings_and_no_assignments(beta: httpx.AsyncClient) -> None:
    made = await intent(beta, setting("EncryptDevice", "Boolean", valueJson="false"))
    one = f"{INTENTS}/{made['id']}"
    target = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}
    assert (await beta.post(f"{one}/assign", json={"assignments": [target]})).status_code == 204
    copy = (await beta.post(f"{one}/createCopy", json={"displayName": "Copy", "description": None})).json()
    assert (copy["displayName"], copy["isAssigned"]) == ("Copy", False)
    assert await values(beta, f"{INTENTS}/{copy['id']}") == await values(beta, one)


async def test_there_are_no_states(beta: httpx.AsyncClient) -> None:
    one = f"{INTENTS}/{(await intent(beta))['id']}"
    for name in ("deviceStates", "userStates", "deviceSettingStateSummaries"):
        assert (await beta.get(f"{one}/{name}")).json()["value"] == []
    for name in ("deviceStateSummary", "userStateSummary"):
        assert (await beta.get(f"{one}/{name}")).json()["successCount"] == 0


async def test_security_baselines_are_told_apart_from_other_templates(beta: httpx.AsyncClient) -> None:
    baselines = await documents(beta, TEMPLATES, **{"$filter": "isof('microsoft.graph.securityBaselineTemplate')"})
    assert {baseline["templateType"] for baseline in baselines} == {"securityBaseline"}
    assert {baseline["@odata.type"] for baseline in baselines} == {"#microsoft.graph.securityBaselineTemplate"}
    others = await documents(beta, TEMPLATES, **{"$filter": "not isof('microsoft.graph.securityBaselineTemplate')"})
    assert "securityBaseline" not in {each["templateType"] for each in others}
    assert len(others) + len(baselines) == len(await documents(beta, TEMPLATES))
