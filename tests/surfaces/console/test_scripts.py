"""The scripts of a device on its page: how each ran last, what it wrote, and what it writes is not taken for markup."""

from __future__ import annotations

import base64
from typing import Any

import httpx

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies.script_runs import Part, PartResult
from fauxtune.core.policies.scripts import BY_FAMILY, rules_of
from fauxtune.operations.checkin.agent import serve
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.assignments import Assignable, NewAssignment
from fauxtune.operations.scripts.device_scripts import SCRIPT_HOOKS, RunReport
from tests.support.console import show
from tests.support.devices.stepwise import StepwiseDevice, enrol_by_token
from tests.support.tenant import Contoso


async def script(contoso: Contoso, family: str, name: str, **more: Any) -> str:
    """Create a script for all devices; its id."""
    kind, text = family.removesuffix("s"), base64.b64encode(b"exit 0").decode()
    document = {**defaults(entity(kind)), "displayName": name, **dict.fromkeys(BY_FAMILY[family].contents, text)}
    row = await contoso.do(resources.create, rules_of(family), kind=kind, document=document, hooks=SCRIPT_HOOKS)
    to, everybody = Assignable(ProfileId(row.id), "script", None), TargetKind.ALL_DEVICES
    targets = [NewAssignment(everybody, None, {}, more=more)]
    await contoso.do(resources.assign, rules_of(family), key=row.id, to=to, targets=targets, hooks=SCRIPT_HOOKS)
    return str(row.id)


async def work(pc: StepwiseDevice, results: dict[str, tuple[PartResult, ...]]) -> None:
    """Let the device's agent run what it is told to, with these results by name."""
    reports: list[RunReport] = []
    while True:
        answer = await pc.contoso.do(serve, pc.enrollment_id, reports={"scripts": reports}, user_is_here=True)
        orders = answer.orders["scripts"]
        if not orders:
            return
        reports = [RunReport(order["id"], order["run"], results[order["name"]]) for order in orders]


async def test_the_page_of_a_device_shows_how_its_scripts_ran(console: httpx.AsyncClient, contoso: Contoso) -> None:
    pc = await enrol_by_token(contoso, "alice")
    page = f"/devices/{pc.enrollment_id}"
    assert "Table of scripts" not in (await console.get(page)).text
    await script(contoso, "deviceManagementScripts", "Map drives")
    await script(contoso, "deviceHealthScripts", "Clean <b>", runRemediationScript=True)
    detected = PartResult(Part.DETECTION, 1, "<script>alert(1)</script>")
    fixed = (detected, PartResult(Part.REMEDIATION, 0), PartResult(Part.DETECTION, 0))
    await work(pc, {"Map drives": (PartResult(Part.SCRIPT, 5, "half", "no access"),), "Clean <b>": fixed})
    text = await show(console, page)
    assert "Map drives PowerShell script failed just now exit code 5 half no access" in text
    assert "Clean <b> remediation the issue was removed just now exit code 1, then 0, then 0" in text
    answer = await console.get(page)
    assert "<script>alert(1)" not in answer.text
    assert "ran the script 'Map drives': fail, exit code 5" in text
