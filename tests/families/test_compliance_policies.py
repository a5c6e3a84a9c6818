"""Compliance policies: their scheduled actions, which only `$expand` shows and only an action changes."""

from __future__ import annotations

from typing import Any

import httpx

from tests.families.life import Maker
from tests.families.samples import every_family, name_of
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.graph import create, error_code, error_message

pytestmark = ON_BOTH_DATABASES

Json = dict[str, Any]
POLICIES = "/deviceManagement/deviceCompliancePolicies"
DEEP = {"$expand": "scheduledActionsForRule($expand=scheduledActionConfigurations)"}
NO_TEMPLATE = "00000000-0000-0000-0000-000000000000"
BLOCK: Json = {"actionType": "block", "gracePeriodHours": 0}
NOTIFY: Json = {"actionType": "notification", "gracePeriodHours": 24, "notificationTemplateId": ""}


async def policy(graph: httpx.AsyncClient) -> Json:
    served = next(family for family in every_family() if name_of(family) == "deviceCompliancePolicies")
    return await create(graph, POLICIES, **(await Maker(graph).bodies(served))[0])


async def actions(graph: httpx.AsyncClient, one: str) -> list[Json]:
    document = (await graph.get(one, params=DEEP)).json()
    (rule,) = document["scheduledActionsForRule"]
    items: list[Json] = rule["scheduledActionConfigurations"]
    return items


async def test_scheduled_actions_are_shown_by_expand_alone(beta: httpx.AsyncClient, v1: httpx.AsyncClient) -> None:
    made = await policy(beta)
    one = f"{POLICIES}/{made['id']}"
    assert "scheduledActionsForRule" not in made
    assert "scheduledActionsForRule" not in (await beta.get(one)).json()
    shallow = (await beta.get(one, params={"$expand": "scheduledActionsForRule"})).json()
    assert set(shallow["scheduledActionsForRule"][0]) == {"id", "ruleName"}
    for graph in (beta, v1):
        (item,) = await actions(graph, one)
        assert (item["actionType"], item["gracePeriodHours"]) == ("block", 12)
        assert item["notificationTemplateId"] == NO_TEMPLATE
    listed = (await beta.get(POLICIES, params=DEEP)).json()["value"]
    assert listed[0]["scheduledActionsForRule"][0]["scheduledActionConfigurations"] == await actions(beta, one)
    refused = await beta.get(f"{one}/scheduledActionsForRule")
    assert (refused.status_code, error_code(refused)) == (400, "No method match route template")
    unknown = await beta.get(one, params={"$expand": "scheduledActionsForRule($expand=assignments)"})
    assert unknown.status_code == 501


async def test_a_patch_ignores_scheduled_actions_and_the_action_replaces_them(beta: httpx.AsyncClient) -> None:
    made = await policy(beta)
    one, before = f"{POLICIES}/{made['id']}", await actions(beta, f"{POLICIES}/{made['id']}")
    body = {"@odata.type": made["@odata.type"], "scheduledActionsForRule": [], "displayName": "Renamed"}
    assert (await beta.patch(one, json=body)).json()["displayName"] == "Renamed"
    assert await actions(beta, one) == before
    rule = {"ruleName": None, "scheduledActionConfigurations": [BLOCK, NOTIFY]}
    answer = await beta.post(f"{one}/scheduleActionsForRules", json={"deviceComplianceScheduledActionForRules": [rule]})
    assert (answer.status_code, answer.content) == (200, b""), answer.text
    assert [action["actionType"] for action in await actions(beta, one)] == ["block", "notification"]


async def test_there_is_exactly_one_action_that_blocks(beta: httpx.AsyncClient) -> None:
    made = await policy(beta)
    one, before = f"{POLICIES}/{made['id']}", await actions(beta, f"{POLICIES}/{made['id']}")
    for items in ([], [NOTIFY], [BLOCK, BLOCK]):
        rules = [{"ruleName": "x", "scheduledActionConfigurations": items}]
        answer = await beta.post(
            f"{one}/scheduleActionsForRules", json={"deviceComplianceScheduledActionForRules": rules}
        )
        assert (answer.status_code, error_message(answer)) == (
            400,
            "Compliance policy must have one and only one block scheduled action",
        )
        body = {"@odata.type": "#microsoft.graph.iosCompliancePolicy", "displayName": "No"}
        answer = await beta.post(POLICIES, json={**body, "scheduledActionsForRule": rules})
        assert answer.status_code == 400
    assert await actions(beta, one) == before
    assert len((await beta.get(POLICIES)).json()["value"]) == 1


async def test_its_filter_is_one_for_its_platform(beta: httpx.AsyncClient) -> None:
    one = f"{POLICIES}/{(await policy(beta))['id']}"
    for platform, status in (("windows10AndLater", 200), ("iOS", 400)):
        rule = '(device.deviceName -eq "x")'
        body = {"displayName": platform, "platform": platform, "rule": rule}
        made = await create(beta, "/deviceManagement/assignmentFilters", **body)
        target = {
            "@odata.type": "#microsoft.graph.allDevicesAssignmentTarget",
            "deviceAndAppManagementAssignmentFilterId": made["id"],
            "deviceAndAppManagementAssignmentFilterType": "include",
        }
        answer = await beta.post(f"{one}/assign", json={"assignments": [{"target": target}]})
        assert answer.status_code == status, answer.text
        payloads = (await beta.get(f"/deviceManagement/assignmentFilters/{made['id']}")).json()["payloads"]
        assert [payload["payloadId"] for payload in payloads] == ([one.rpartition("/")[2]] if status == 200 else [])
        if status == 200:
            used = await beta.delete(f"/deviceManagement/assignmentFilters/{made['id']}")
            assert used.status_code == 400


async def test_v1_neither_takes_nor_shows_the_members_of_enumerations_that_only_beta_has(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient
) -> None:
    lock = {"actionType": "remoteLock", "gracePeriodHours": 24}
    body: Json = {"@odata.type": "#microsoft.graph.iosCompliancePolicy", "displayName": "Locked"}
    body |= {"scheduledActionsForRule": [{"ruleName": None, "scheduledActionConfigurations": [BLOCK, lock]}]}
    refused = await v1.post(POLICIES, json=body)
    assert refused.status_code == 400
    assert "'remoteLock' is not a value of microsoft.graph.deviceComplianceActionType" in error_message(refused)
    one = f"{POLICIES}/{(await create(beta, POLICIES, **body))['id']}"
    assert [action["actionType"] for action in await actions(beta, one)] == ["block", "remoteLock"]
    assert [action["actionType"] for action in await actions(v1, one)] == ["block", "noAction"]
    for graph, there in ((beta, True), (v1, False)):
        described = (await graph.get("/$metadata")).text.partition('<EnumType Name="deviceComplianceActionType"')[2]
        assert ('Name="remoteLock"' in described.partition("</EnumType>")[0]) is there
