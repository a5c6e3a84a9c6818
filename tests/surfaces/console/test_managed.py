"""Compliance policies, apps and scripts in the console: created, assigned with a look at the effects, deleted.

The scripts of a device on its page: how each ran last, what it wrote, and what it writes is not taken for markup.
"""

from __future__ import annotations

import base64
import re
from typing import Any

import httpx
import pytest

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
from tests.support.console import done, show, submit, text_of
from tests.support.devices.stepwise import StepwiseDevice, enrol_by_token
from tests.support.tenant import Contoso

NEW: dict[str, tuple[dict[str, str], str]] = {
    "compliance": ({"platform": "ios", "settings": "passcodeRequired = true\nosMinimumVersion = 17.0"}, "iOS/iPadOS"),
    "app": ({"kind": "ios-store", "of": "com.example.notes"}, "an app of Apple's App Store, by its bundle id"),
    "script": ({"kind": "remediation", "script": "exit 1", "remedy": "exit 0"}, "remediation, on Windows"),
}


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


@pytest.mark.parametrize("noun", NEW)
async def test_one_is_created_assigned_with_a_look_at_the_effects_and_deleted(
    console: httpx.AsyncClient, noun: str
) -> None:
    fields, kind = NEW[noun]
    page = done(await submit(console, f"/managed/{noun}/new", name="Ours", **fields)).partition("?")[0]
    path = re.sub(r"^.*/console/contoso", "", page)
    assert f"{kind}. Assigned to: nobody" in await show(console, path)
    wanted = {"target": "users", "intent": "required"}
    preview = text_of(await submit(console, f"{path}/assign", step="confirm", **wanted))
    assert "It is assigned to all users as well." in preview
    assert "nobody" in await show(console, path)
    done(await submit(console, f"{path}/assign", step="change", **wanted))
    assert "Assigned to: all users" in await show(console, path)
    assert "Ours" in await show(console, "/managed")
    done(await submit(console, f"{path}/delete"))
    assert "Ours" not in await show(console, "/managed")
    assert (await console.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("noun", "fields", "says"),
    [
        ("compliance", {"platform": "ios", "settings": "passcodeRequired"}, "has no value"),
        ("compliance", {"platform": "ios", "settings": "noSuch = 1"}, "noSuch"),
        ("compliance", {"platform": "beos"}, "Choose a platform"),
        ("app", {"kind": "msi", "of": "x"}, "Choose a kind"),
        ("script", {"kind": "shell", "script": "exit", "remedy": "exit"}, "A remediation has two scripts"),
        ("script", {"kind": "powershell", "script": "exit", "name": ""}, "Give it a name"),
    ],
)
async def test_a_form_that_is_refused_says_why_and_creates_nothing(
    console: httpx.AsyncClient, noun: str, fields: dict[str, str], says: str
) -> None:
    before = await show(console, "/managed")
    answer = await submit(console, f"/managed/{noun}/new", **{"name": "Ours", **fields})
    assert (answer.status_code, says in text_of(answer)) == (400, True)
    assert await show(console, "/managed") == before


async def test_an_unknown_kind_of_page_is_not_found(console: httpx.AsyncClient) -> None:
    assert (await console.get("/managed/printer/new")).status_code == 404


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
