"""The channel of management agents: who may ask, what is refused, and what Graph shows of the runs."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest

from fauxtune.core.policies.scripts import LARGEST
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.devices import windows_messages
from tests.support.devices.windows import Enroll, WindowsDevice

Json = dict[str, Any]
AGENT, SERVICE = "/mdm/contoso/agent", "/beta/deviceManagement"
EVERYBODY = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}
HOURLY = {"@odata.type": "#microsoft.graph.deviceHealthScriptHourlySchedule", "interval": 1}
RESULT = {"exitCode": 0}


class Graph:
    """An administrator of the tenant."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self._http, self._headers = http, {"authorization": f"Bearer {token}"}

    async def send(self, method: str, path: str, body: Json | None = None) -> httpx.Response:
        return await self._http.request(method, f"{SERVICE}/{path}", json=body, headers=self._headers)

    async def get(self, path: str) -> Any:
        answer = await self.send("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def script(self, family: str = "deviceManagementScripts", **more: Any) -> str:
        """Create a script and assign it to all devices; its id."""
        text = base64.b64encode(b"exit 0").decode()
        is_health = family == "deviceHealthScripts"
        names = ("detectionScriptContent", "remediationScriptContent") if is_health else ("scriptContent",)
        texts = dict.fromkeys(names, text)
        member = f"{'deviceHealthScript' if is_health else 'deviceManagementScript'}Assignments"
        target: Json = {"target": EVERYBODY}
        if is_health:
            target |= {"runRemediationScript": True, "runSchedule": HOURLY}
        body = {"displayName": "Clean", "fileName": "clean.ps1", "publisher": "Contoso", **texts, **more}
        body = body if is_health else {name: value for name, value in body.items() if name != "publisher"}
        body = {name: value for name, value in body.items() if not is_health or name != "fileName"}
        answer = await self.send("POST", family, body)
        assert answer.status_code == 201, answer.text
        key = str(answer.json()["id"])
        assert (await self.send("POST", f"{family}/{key}/assign", {member: [target]})).status_code in (200, 204)
        return key


@pytest.fixture
def graph(http: httpx.AsyncClient, app_token: str) -> Graph:
    return Graph(http, app_token)


async def ask(pc: WindowsDevice, body: Any = None, *, sign: bool = True, path: str = AGENT) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    headers = {"content-type": "application/json", **(pc.signed(content) if sign else {})}
    return await pc.http.post(path, content=content, headers=headers)


async def same_summary(graph: Graph, family: str, *, summary: Json) -> None:
    """A list and a script expand to what stands below the script."""
    (listed,) = (await graph.get(f"{family}?$expand=assignments,runSummary"))["value"]
    one = await graph.get(f"{family}/{listed['id']}?$expand=runSummary")
    assert one["runSummary"] == listed["runSummary"]
    assert listed["runSummary"] == {name: value for name, value in summary.items() if "@" not in name}


def reported(order: Json, *results: Json) -> Json:
    return {"scripts": [{"id": order["id"], "run": order["run"], "results": list(results or (RESULT,))}]}


@ON_BOTH_DATABASES
async def test_an_agent_runs_what_is_ordered_and_graph_shows_how(enroll: Enroll, graph: Graph) -> None:
    pc, key = await enroll(), await graph.script()
    (order,) = (await ask(pc)).json()["scripts"]
    assert (order["id"], order["kind"], order["remediation"]) == (key, "powerShell", None)
    answer = await ask(pc, reported(order, {"exitCode": 7, "output": "x" * 5000, "error": "no"}))
    assert answer.json()["scripts"] == []
    (state,) = (await graph.get(f"deviceManagementScripts/{key}/deviceRunStates"))["value"]
    assert (state["runState"], state["errorCode"], state["errorDescription"]) == ("fail", 7, "no")
    assert len(state["resultMessage"]) == 2048
    by_code = (
        "deviceRunStates?$filter=errorCode eq 7 and runState eq 'fail'&$orderby=lastStateUpdateDateTime&$count=true"
    )
    assert (await graph.get(f"deviceManagementScripts/{key}/{by_code}"))["@odata.count"] == 1
    summary = await graph.get(f"deviceManagementScripts/{key}/runSummary")
    await same_summary(graph, "deviceManagementScripts", summary=summary)
    assert (summary["errorDeviceCount"], summary["errorUserCount"], summary["successDeviceCount"]) == (1, 1, 0)
    (user,) = (await graph.get(f"deviceManagementScripts/{key}/userRunStates?$filter=errorDeviceCount eq 1"))["value"]
    assert user["userPrincipalName"] == "alice@contoso.example"


@ON_BOTH_DATABASES
async def test_a_remediation_shows_its_three_parts(enroll: Enroll, graph: Graph) -> None:
    pc, key = await enroll(), await graph.script("deviceHealthScripts")
    (order,) = (await ask(pc)).json()["scripts"]
    assert order["kind"] == "remediation"
    assert base64.b64decode(order["remediation"]) == b"exit 0"
    parts = [
        {"part": "detection", "exitCode": 1, "output": "full"},
        {"part": "remediation", "exitCode": 0},
        {"part": "detection", "exitCode": 0, "output": "clean"},
    ]
    await ask(pc, reported(order, *parts))
    (state,) = (await graph.get(f"deviceHealthScripts/{key}/deviceRunStates"))["value"]
    assert (state["detectionState"], state["remediationState"]) == ("fail", "success")
    assert state["preRemediationDetectionScriptOutput"] == "full"
    assert state["postRemediationDetectionScriptOutput"] == "clean"
    summary = await graph.get(f"deviceHealthScripts/{key}/runSummary")
    await same_summary(graph, "deviceHealthScripts", summary=summary)
    assert summary["issueRemediatedCumulativeDeviceCount"] == summary["issueRemediatedDeviceCount"] == 1
    assert summary["lastScriptRunDateTime"] == state["lastStateUpdateDateTime"]
    assert (await graph.get("deviceHealthScripts/getRemediationSummary"))["remediatedDeviceCount"] == 1
    (day,) = (await graph.get(f"deviceHealthScripts/{key}/getRemediationHistory"))["historyData"]
    assert (day["date"], day["remediatedDeviceCount"]) == (state["lastStateUpdateDateTime"][:10], 1)
    record = (await graph.get("managedDevices"))["value"][0]["id"]
    policies = f"managedDevices/{record}/deviceHealthScriptStates"
    (policy,) = (await graph.get(f"{policies}?$filter=remediationState eq 'success'"))["value"]
    assert (policy["policyId"], policy["deviceId"]) == (key, record)
    assert (await graph.get(f"{policies}/{policy['id']}"))["policyName"] == "Clean"


async def test_only_a_device_of_the_tenant_may_ask(enroll: Enroll, http: httpx.AsyncClient) -> None:
    pc = await enroll()
    unsigned = await ask(pc, sign=False)
    assert (unsigned.status_code, unsigned.json()["error"]["code"]) == (401, "unauthenticated")
    damaged = await http.post(AGENT, content=b"{}", headers=pc.signed(b"{ }"))
    assert damaged.status_code == 400
    assert (await ask(pc, path="/mdm/nobody/agent")).status_code == 404
    phone = await enroll("windowsphone81")
    assert (await ask(phone)).status_code == 403


async def test_a_removed_device_is_told_that_its_enrolment_has_ended(enroll: Enroll) -> None:
    pc = await enroll()
    await pc.check_in(more=windows_messages.UNENROLLED)
    answer = await ask(pc)
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "enrollmentEnded")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"scripts": 7}',
        b'{"scripts": [{"id": "x"}]}',
        b'{"scripts": [{"id": "", "run": 1, "results": [{"exitCode": 0}]}]}',
        b'{"scripts": [{"id": "x", "run": -1, "results": [{"exitCode": 0}]}]}',
        b'{"scripts": [{"id": "x", "run": 1, "results": []}]}',
        b'{"scripts": [{"id": "x", "run": 1, "results": [{"exitCode": 4294967296}]}]}',
        b'{"scripts": [{"id": "x", "run": 1, "results": [{"exitCode": 0, "output": "\\u0000"}]}]}',
        b'{"scripts": [{"id": "x", "run": 1, "results": [{"exitCode": 0, "part": "other"}]}]}',
        json.dumps({"scripts": [{"id": "x", "run": 1, "results": [RESULT] * 4}]}).encode(),
        json.dumps({"scripts": [{"id": "x", "run": 1, "results": [RESULT]}] * 65}).encode(),
        b"[" * 5_000,
    ],
)
async def test_a_body_that_is_no_message_is_refused_with_the_reason(enroll: Enroll, body: bytes) -> None:
    answer = await ask(await enroll(), body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid")
    assert len(answer.text) < 2000


async def test_results_in_the_wrong_order_change_nothing(enroll: Enroll, graph: Graph) -> None:
    pc, key = await enroll(), await graph.script("deviceHealthScripts")
    (order,) = (await ask(pc)).json()["scripts"]
    answer = await ask(pc, reported(order, {"part": "remediation", "exitCode": 0}))
    assert (answer.status_code, "the detection follows" in answer.json()["error"]["message"]) == (400, True)
    (state,) = (await graph.get(f"deviceHealthScripts/{key}/deviceRunStates"))["value"]
    assert (state["detectionState"], state["lastStateUpdateDateTime"][:4]) == ("pending", "0001")


async def test_devices_learn_of_the_channel_only_in_a_tenant_with_work(enroll: Enroll, graph: Graph) -> None:
    pc = await enroll()

    async def address() -> str | None:
        pc.session += 1
        body = windows_messages.opening(login="user", more="")
        message = windows_messages.sync(f"{pc.session:X}", 1, body, source=pc.device_id, largest=pc.largest)
        value: str | None = (await pc.post(message)).headers.get("fauxtune-agent")
        return value

    assert await address() is None
    await graph.script()
    told = await address()
    assert told is not None
    assert (await ask(pc, path=told)).status_code == 200


async def test_a_script_has_a_limit(graph: Graph) -> None:
    body = {
        "displayName": "Large",
        "fileName": "large.ps1",
        "scriptContent": base64.b64encode(b"x" * (LARGEST + 1)).decode(),
    }
    answer = await graph.send("POST", "deviceManagementScripts", body)
    assert answer.status_code == 400
    assert "200 KiB" in answer.text
