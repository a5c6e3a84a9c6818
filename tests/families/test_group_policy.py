"""Administrative templates: values of definitions in a policy, and definitions that come from uploaded files."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path
from typing import Any

import httpx
import pytest

from fauxtune.operations.runtime.emulator import Emulator
from tests.families.samples import every_family, name_of, sample
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.graph import ABSENT, create, error_code, error_message
from tests.support.statements import statements

Json = dict[str, Any]
POLICIES = "/deviceManagement/groupPolicyConfigurations"
DEFINITIONS = "/deviceManagement/groupPolicyDefinitions"
CATEGORIES = "/deviceManagement/groupPolicyCategories"
FILES = "/deviceManagement/groupPolicyUploadedDefinitionFiles"
GRAPH = "https://graph.microsoft.com/beta"
SILENT, ON_DEMAND = "81c07ba0-7512-402d-b1f6-00856975cfab", "61b07a01-7e60-4127-b086-f6b32458a5c5"
VALUE = "#microsoft.graph.groupPolicyPresentationValue"
ADMX = (Path(__file__).parent / "admx/contoso.admx").read_text(encoding="utf-8")
ADML = (Path(__file__).parent / "admx/contoso.adml").read_text(encoding="utf-8")


def bind(definition: str) -> str:
    return f"{GRAPH}{DEFINITIONS}('{definition}')"


def value(definition: str, **more: Any) -> Json:
    return {"enabled": True, "definition@odata.bind": bind(definition), **more}


def with_presentations() -> Json:
    name = "groupPolicyConfigurations.definitionValues"
    body: Json = sample(next(family for family in every_family() if name_of(family) == name)).bodies[0]
    return body


async def policy(beta: httpx.AsyncClient) -> str:
    return f"{POLICIES}/{(await create(beta, POLICIES, displayName='OneDrive'))['id']}"


async def values(beta: httpx.AsyncClient, one: str, expand: str = "definition") -> list[Json]:
    answer = await beta.get(f"{one}/definitionValues", params={"$expand": expand})
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()["value"]
    return found


async def test_a_value_names_its_definition_when_it_is_expanded_and_not_else(beta: httpx.AsyncClient) -> None:
    one = await policy(beta)
    made = await create(beta, f"{one}/definitionValues", **with_presentations())
    assert "definition" not in made
    assert (await beta.get(one)).json()["policyConfigurationIngestionType"] == "builtIn"
    (found,) = await values(beta, one, "definition($select=id,classType,displayName,policyType,groupPolicyCategoryId)")
    definition = found["definition"]
    assert (found["id"], definition["classType"]) == (made["id"], "machine")
    assert set(definition) == {"id", "classType", "displayName", "policyType", "groupPolicyCategoryId"}
    alone = (await beta.get(f"{one}/definitionValues/{made['id']}/definition")).json()
    assert {name: alone[name] for name in definition} == definition
    page = await beta.get(f"{one}/definitionValues/{made['id']}/presentationValues", params={"$expand": "presentation"})
    shown = page.json()["value"]
    kinds = [each["presentation"]["@odata.type"].rpartition("Presentation")[2] for each in shown]
    assert (kinds, [each["value"] for each in shown][1]) == (["TextBox", "DropdownList"], "1")
    listed = (await beta.get(f"{DEFINITIONS}/{definition['id']}/presentations")).json()["value"]
    assert [each["presentation"] for each in shown] == listed
    deep = "definitionValues($expand=definition,presentationValues($expand=presentation))"
    whole = (await beta.get(one, params={"$expand": deep})).json()["definitionValues"]
    assert whole[0]["definition"]["id"] == definition["id"]
    assert [presentation_value["presentation"]["id"] for presentation_value in whole[0]["presentationValues"]] == [
        each["id"] for each in listed
    ]


async def test_many_values_change_at_once_or_none(beta: httpx.AsyncClient) -> None:
    one = await policy(beta)
    action = f"{one}/updateDefinitionValues"
    added = [value(SILENT, presentationValues=[]), value(ON_DEMAND, enabled="true"), with_presentations()]
    answer = await beta.post(action, json={"added": added, "updated": [], "deletedIds": []})
    assert answer.status_code == 204, answer.text
    before = await values(beta, one, "definition,presentationValues($expand=presentation)")
    by_definition = {each["definition"]["id"]: each for each in before}
    third = next(each["id"] for key, each in by_definition.items() if key not in {SILENT, ON_DEMAND})
    first, second = by_definition[SILENT]["id"], by_definition[ON_DEMAND]["id"]
    assert sorted(len(each["presentationValues"]) for each in before) == [0, 0, 2]
    changed = {"id": second, **value(ON_DEMAND, enabled=False)}
    wrong_ones: list[Json] = [
        {"added": [value(ON_DEMAND)]},
        {"added": [{"enabled": True}]},
        {"updated": [{"id": ABSENT, "enabled": False}]},
        {"updated": [{"enabled": False}]},
        {"updated": [{"id": second, **value(SILENT)}]},
        {"deletedIds": [first, ABSENT]},
        {"deletedIds": [1]},
        {"added": "all"},
        {"removed": []},
    ]
    for wrong in wrong_ones:
        refused = await beta.post(action, json={"deletedIds": [first], "updated": [changed], **wrong})
        assert refused.status_code in {400, 404}, wrong
    assert await values(beta, one, "definition,presentationValues($expand=presentation)") == before
    answer = await beta.post(action, json={"added": [], "updated": [changed], "deletedIds": [first]})
    assert answer.status_code == 204, answer.text
    assert {each["id"]: each["enabled"] for each in await values(beta, one)} == {second: False, third: True}


async def test_presentation_values_change_one_at_a_time_and_keep_their_ids(beta: httpx.AsyncClient) -> None:
    one, body = await policy(beta), with_presentations()
    made = await create(beta, f"{one}/definitionValues", **body)
    place = f"{one}/definitionValues/{made['id']}/presentationValues"
    before = (await beta.get(place)).json()["value"]
    changed = {**body["presentationValues"][1], "value": "0", "id": before[1]["id"]}
    updated = {"id": made["id"], "enabled": True, "presentationValues": [changed]}
    answer = await beta.post(f"{one}/updateDefinitionValues", json={"updated": [updated]})
    assert answer.status_code == 204, answer.text
    after = (await beta.get(place)).json()["value"]
    assert [(each["id"], each["value"]) for each in after] == [
        (before[0]["id"], before[0]["value"]),
        (before[1]["id"], "0"),
    ]
    presentation = (await beta.get(f"{place}/{before[1]['id']}/presentation")).json()
    assert presentation["@odata.type"] == "#microsoft.graph.groupPolicyPresentationDropdownList"
    twice = {**updated, "presentationValues": [changed, changed]}
    refused = await beta.post(f"{one}/updateDefinitionValues", json={"updated": [twice]})
    assert (refused.status_code, "one presentation value for each" in error_message(refused)) == (400, True)


async def test_what_comes_along_costs_no_statement_more_for_more_values(
    beta: httpx.AsyncClient, emulator: Emulator
) -> None:
    deep = {"$expand": "definitionValues($expand=definition,presentationValues($expand=presentation))"}
    costs = []
    for _ in range(2):
        one = await policy(beta)
        await create(beta, f"{one}/definitionValues", **with_presentations())
        await create(beta, f"{one}/definitionValues", **value(SILENT))
        with statements(emulator) as sent:
            policies = (await beta.get(POLICIES, params=deep)).json()["value"]
        costs.append(len(sent))
        assert [len(each["definitionValues"]) for each in policies] == [2] * len(policies)
    assert costs[0] == costs[1] > 0


async def test_a_definition_that_is_not_known_is_kept_by_its_id(beta: httpx.AsyncClient) -> None:
    one = await policy(beta)
    presentation = {"@odata.type": f"{VALUE}Text", "value": "x"}
    presentation["presentation@odata.bind"] = f"{bind(ABSENT)}/presentations('{SILENT}')"
    made = await create(beta, f"{one}/definitionValues", **value(ABSENT, presentationValues=[presentation]))
    (found,) = await values(beta, one, "definition,presentationValues($expand=presentation)")
    assert (found["definition"]["displayName"], found["id"]) == (ABSENT, made["id"])
    assert found["presentationValues"][0]["presentation"]["id"] == SILENT
    again = await beta.post(f"{one}/definitionValues", json=value(ABSENT))
    assert (again.status_code, "one value for each" in error_message(again)) == (400, True)


async def test_a_policy_has_a_thousand_values_and_no_more(beta: httpx.AsyncClient) -> None:
    one = await policy(beta)
    many = [value(f"00000000-0000-4000-8000-{number:012}") for number in range(1000)]
    answer = await beta.post(f"{one}/updateDefinitionValues", json={"added": many})
    assert answer.status_code == 204, answer.text
    refused = await beta.post(f"{one}/definitionValues", json=value(SILENT))
    assert (refused.status_code, "1,000" in error_message(refused)) == (400, True)
    assert (await beta.get(f"{one}/definitionValues/$count")).text == "1000"
    assert (await beta.delete(one)).status_code == 204


async def test_categories_have_parents_and_definitions(beta: httpx.AsyncClient) -> None:
    options = {
        "$expand": "parent($select=id,displayName,isRoot),definitions($select=id,displayName,categoryPath,classType)",
        "$select": "id,displayName,isRoot,ingestionSource",
        "$filter": "ingestionSource eq 'builtIn'",
    }
    found = {item["displayName"]: item for item in (await beta.get(CATEGORIES, params=options)).json()["value"]}
    start = found["Start page"]
    assert (start["parent"]["displayName"], start["isRoot"]) == ("Microsoft Edge", False)
    assert {definition["classType"] for definition in start["definitions"]} == {"machine", "user"}
    assert (found["OneDrive"]["parent"], found["OneDrive"]["isRoot"]) == (None, True)
    query = {"$filter": "classType eq 'user' and startswith(categoryPath, '\\Microsoft Edge')", "$expand": "category"}
    (edge,) = (await beta.get(DEFINITIONS, params=query)).json()["value"]
    assert edge["category"]["id"] == edge["groupPolicyCategoryId"] == start["id"]
    assert (await beta.get(f"{DEFINITIONS}/{ABSENT}")).status_code == 404


# ----------------------------------------------------------------------------------------------------------- files


def upload(admx: str = ADMX, adml: str = ADML, *, name: str = "contoso.admx", **more: Any) -> Json:
    texts = {"fileName": "contoso.adml", "languageCode": "en-US", "content": b64encode(adml.encode()).decode()}
    content = b64encode(admx.encode()).decode()
    whole = {"fileName": name, "defaultLanguageCode": "en-US", "content": content}
    return {**whole, "groupPolicyUploadedLanguageFiles": [texts], **more}


@ON_BOTH_DATABASES
async def test_an_uploaded_file_becomes_definitions(beta: httpx.AsyncClient) -> None:
    made = await create(beta, FILES, **upload())
    assert (made["status"], made["content"], made["languageCodes"]) == ("uploadInProgress", None, [])
    assert made["uploadDateTime"] == "0001-01-01T00:00:00Z"
    one = f"{FILES}/{made['id']}"
    now = (await beta.get(one)).json()
    assert (now["status"], now["targetPrefix"], now["languageCodes"]) == ("available", "contoso", ["en-US"])
    assert (now["content"], now["groupPolicyUploadedLanguageFiles"][0]["content"]) == (None, None)
    found = (await beta.get(DEFINITIONS, params={"$filter": "policyType eq 'admxIngested'"})).json()["value"]
    shown = [(each["displayName"], each["classType"], each["categoryPath"]) for each in found]
    assert sorted(shown) == [
        ("The agent runs", "machine", "\\Contoso"),
        ("The server of the agent", "machine", "\\Contoso\\Agent"),
        ("The server of the agent", "user", "\\Contoso\\Agent"),
    ]
    assert (await beta.get(f"{one}/definitions")).json()["value"] == found
    query = "$expand=definitions($select=id, displayName, categoryPath, classType)&$select=id, displayName"
    tool = await beta.get(f"{CATEGORIES}?{query}&$filter=ingestionSource eq 'custom'")
    assert sum(len(item["definitions"]) for item in tool.json()["value"]) == 3
    server = next(each for each in found if each["explainText"])
    presentations = (await beta.get(f"{DEFINITIONS}/{server['id']}/presentations")).json()["value"]
    kinds = [presentation["@odata.type"].rpartition("Presentation")[2] for presentation in presentations]
    assert kinds == ["Text", "TextBox", "DecimalTextBox", "CheckBox", "DropdownList", "ListBox", "MultiTextBox"]
    text, decimal, dropdown = presentations[1], presentations[2], presentations[4]
    assert (text["label"], text["defaultValue"], text["required"]) == ("Name", "agent.contoso.example", True)
    assert (decimal["minValue"], decimal["maxValue"], decimal["defaultValue"]) == (1, 65535, 443)
    assert dropdown["defaultItem"] == {"displayName": "Slow", "value": "slow"}
    one_policy = await policy(beta)
    place = f"{bind(server['id'])}/presentations"
    name = {"@odata.type": f"{VALUE}Text", "value": "x", "presentation@odata.bind": f"{place}('{text['id']}')"}
    port = {"@odata.type": f"{VALUE}Decimal", "value": 443, "presentation@odata.bind": f"{place}('{decimal['id']}')"}
    high = value(server["id"], presentationValues=[name, {**port, "value": 70000}])
    assert (await beta.post(f"{one_policy}/definitionValues", json=high)).status_code == 400
    await create(beta, f"{one_policy}/definitionValues", **value(server["id"], presentationValues=[name, port]))
    await create(beta, f"{one_policy}/definitionValues", **value(SILENT))
    assert (await beta.get(one_policy)).json()["policyConfigurationIngestionType"] == "mixed"
    used = await beta.post(f"{one}/remove")
    assert (used.status_code, "used by" in error_message(used)) == (400, True)
    assert (await beta.delete(one_policy)).status_code == 204
    gone = await beta.delete(one)
    assert (gone.status_code, error_code(gone)) == (400, "No method match route template")
    assert (await beta.post(f"{one}/remove")).status_code == 204
    assert (await beta.get(one)).status_code == 404
    left = (await beta.get(DEFINITIONS, params={"$filter": "policyType eq 'admxIngested'"})).json()["value"]
    custom = (await beta.get(CATEGORIES, params={"$filter": "ingestionSource eq 'custom'"})).json()["value"]
    assert (left, custom) == ([], [])


def growing() -> Json:
    """A file of some KiB in which each of many lists of presentations has all items, and each of these a long text."""
    items, lists = '<item displayName="$(string.long)"/>' * 300, '<dropdownList refId="Mode"/>' * 300
    texts = f'<string id="long">{"x" * 1000}</string></stringTable>'
    return upload(
        re.sub(r'(<enum id="Mode"[^>]*>)', rf"\1{items}", ADMX),
        ADML.replace("</stringTable>", texts).replace("</presentation>", f"{lists}</presentation>"),
    )


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (upload("no xml"), "cannot be read"),
        (upload(ADMX.replace("<policyDefinitions ", f"{BOMB}<policyDefinitions ", 1)), "document type declaration"),
        (upload(f"<a>{'<b>' * 60}{'</b>' * 60}</a>"), "levels"),
        (upload("<policyDefinitions/>"), "target namespace"),
        (upload(ADML), "must begin with policyDefinitions"),
        (upload(adml=ADMX), "must begin with policyDefinitionResources"),
        (upload(f"{ADMX}{' ' * 1024 * 1024}"), "1,024 KiB"),
        (growing(), "16 MiB of text"),
        (upload(ADMX.replace("<policies>", '<policies><policy name="Server" class="User"/>')), "another policy"),
        (upload(ADMX.replace("</policyN", '<using prefix="w" namespace="Other"/></policyN')), "NamespaceMissing"),
    ],
)  # fmt: skip
async def test_a_file_that_cannot_be_read_fails_and_says_why(beta: httpx.AsyncClient, file: Json, says: str) -> None:
    made = await create(beta, FILES, **file)
    one = f"{FILES}/{made['id']}"
    assert (await beta.get(one)).json()["status"] == "uploadFailed"
    (operation,) = (await beta.get(f"{one}/groupPolicyOperations")).json()["value"]
    assert (operation["operationStatus"], says in operation["statusDetails"]) == ("failed", True), operation
    assert (await beta.get(DEFINITIONS, params={"$filter": "policyType eq 'admxIngested'"})).json()["value"] == []
    assert (await beta.post(f"{one}/remove")).status_code == 204


async def test_a_file_that_is_none_is_refused(beta: httpx.AsyncClient) -> None:
    wrong = (
        (upload(name="contoso.txt"), ".admx"),
        (upload(content="?"), "content"),
        (upload(content=None), "content"),
        (upload(groupPolicyUploadedLanguageFiles=[]), "ADML"),
        (upload(noSuchProperty=1), "noSuchProperty"),
    )
    for body, says in wrong:
        refused = await beta.post(FILES, json=body)
        assert (refused.status_code, says in error_message(refused)) == (400, True), refused.text
    assert (await beta.get(FILES)).json()["value"] == []
    await create(beta, FILES, **upload())
    twice = await beta.post(FILES, json=upload())
    assert (twice.status_code, "already" in error_message(twice)) == (400, True)
    second = await create(beta, FILES, **upload(name="second.admx"))
    assert (await beta.get(f"{FILES}/{second['id']}")).json()["status"] == "uploadFailed"


async def test_a_file_that_another_one_uses_stays(beta: httpx.AsyncClient) -> None:
    base = await create(beta, FILES, **upload())
    using = ADMX.replace(
        'prefix="contoso" namespace="Contoso.Policies.Agent"', 'prefix="more" namespace="Contoso.More"'
    )
    using = using.replace(
        "</policyNamespaces>", '<using prefix="contoso" namespace="Contoso.Policies.Agent"/></policyNamespaces>'
    )
    more = await create(beta, FILES, **upload(using, name="more.admx"))
    assert (await beta.get(f"{FILES}/{more['id']}")).json()["status"] == "available"
    refused = await beta.post(f"{FILES}/{base['id']}/remove")
    assert (refused.status_code, "more.admx" in error_message(refused)) == (400, True)
    for each in (more, base):
        assert (await beta.post(f"{FILES}/{each['id']}/remove")).status_code == 204
