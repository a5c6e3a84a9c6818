"""Resources belong to their tenant's state: snapshots, exports and resets have them, and the audit log names them."""

from __future__ import annotations

from typing import Any

import httpx

from tests.families.life import Maker
from tests.families.samples import every_family, name_of
from tests.support.graph import TENANT, create, documents

Json = dict[str, Any]
SCRIPTS = "/deviceManagement/deviceShellScripts"
EVERYWHERE = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}


async def script(graph: httpx.AsyncClient) -> Json:
    served = next(family for family in every_family() if name_of(family) == "deviceShellScripts")
    made = await create(graph, SCRIPTS, **(await Maker(graph).bodies(served))[0])
    body = {"deviceManagementScriptAssignments": [EVERYWHERE]}
    assert (await graph.post(f"{SCRIPTS}/{made['id']}/assign", json=body)).status_code == 200
    return made


async def everything(graph: httpx.AsyncClient) -> list[Json]:
    return await documents(graph, SCRIPTS, **{"$expand": "assignments"})


async def test_a_snapshot_has_them_and_a_reset_leaves_none(beta: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    made = await script(beta)
    before = await everything(beta)
    assert (await http.post(f"{TENANT}/snapshots", json={"name": "with"})).status_code == 201
    assert (await beta.delete(f"{SCRIPTS}/{made['id']}")).status_code == 204
    assert await everything(beta) == []
    assert (await http.post(f"{TENANT}/snapshots/with/restore")).status_code in (200, 204)
    assert await everything(beta) == before
    assert (await http.post(f"{TENANT}/reset")).status_code in (200, 204)
    assert await everything(beta) == []


async def test_each_change_is_in_the_audit_log_without_the_script(beta: httpx.AsyncClient) -> None:
    made = await script(beta)
    one = f"{SCRIPTS}/{made['id']}"
    assert (await beta.patch(one, json={"displayName": "Other"})).status_code == 200
    assert (await beta.delete(one)).status_code == 204
    events = await documents(beta, "/deviceManagement/auditEvents")
    assert {event["activityType"] for event in events} == {
        "Create DeviceShellScript",
        "Create DeviceManagementScriptAssignment",
        "Patch DeviceShellScript",
        "Delete DeviceShellScript",
    }
    assert made["scriptContent"] not in str(events)
    known = await beta.get("/deviceManagement/auditEvents/getAuditActivityTypes(category='DeviceConfiguration')")
    assert {event["activityType"] for event in events} - set(known.json()["value"]) == {
        "Create DeviceManagementScriptAssignment"
    }
