"""Apps of management agents: what is ordered, what reports change, and reports that change nothing."""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies.app_states import AppRun
from fauxtune.core.policies.apps import APP_RULES, DEPENDENCY, PUBLISHED, SUPERSEDENCE, new_app
from fauxtune.operations.apps import apps
from fauxtune.operations.apps.apps import Relation
from fauxtune.operations.checkin.agent import AgentAnswer, serve
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.assignments import Assignable, NewAssignment
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import app_states
from tests.support.devices.stepwise import StepwiseDevice, enrol_by_token
from tests.support.tenant import Contoso


async def win32(contoso: Contoso, name: str, **settings: Any) -> str:
    def create(tx: Transaction) -> str:
        document = {"displayName": name, "publisher": "Contoso", **settings}
        full = {**defaults(entity("win32LobApp")), **new_app("win32LobApp", document), "publishingState": PUBLISHED}
        return str(resources.create(tx, APP_RULES, kind="win32LobApp", document=full).id)

    return await contoso.do(create)


async def assign(contoso: Contoso, key: str, intent: str) -> None:
    target = NewAssignment(
        kind=TargetKind.ALL_DEVICES,
        group_id=None,
        document={"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"},
        more={"intent": intent, "settings": None},
    )

    def act(tx: Transaction) -> None:
        to = Assignable(ProfileId(key), noun="mobileApp", platforms=None)
        resources.assign(tx, APP_RULES, key=key, to=to, targets=[target])

    await contoso.do(act)


async def ask(contoso: Contoso, pc: StepwiseDevice, *reports: AppRun, user: bool = True) -> AgentAnswer:
    answer: AgentAnswer = await contoso.do(serve, pc.enrollment_id, reports={"apps": list(reports)}, user_is_here=user)
    return answer


async def orders(contoso: Contoso, pc: StepwiseDevice, *reports: AppRun, user: bool = True) -> list[tuple[str, str]]:
    answer = await ask(contoso, pc, *reports, user=user)
    return [(app["action"], app["name"]) for app in answer.orders["apps"]]


async def states(contoso: Contoso, pc: StepwiseDevice) -> dict[str, tuple[str, str]]:
    rows = await contoso.look(app_states.of_device, pc.enrollment_id)
    return {row.app_id: (row.intent, row.state) for row in rows}


@pytest.mark.both_databases
async def test_an_order_goes_out_when_what_it_needs_is_there(contoso: Contoso) -> None:
    pc = await enrol_by_token(contoso, "alice")
    assert await orders(contoso, pc) == [], "a tenant without apps"
    runtime, old, new = [await win32(contoso, name) for name in ("Runtime", "Old", "New")]
    await contoso.do(
        apps.relate,
        new,
        new=[Relation(DEPENDENCY, runtime, "autoInstall"), Relation(SUPERSEDENCE, old, "replace")],
    )
    await assign(contoso, new, "required")
    assert await orders(contoso, pc) == [("detect", "Old")], "nothing is known of what it replaces"
    there = AppRun(old, "", True)
    assert await orders(contoso, pc, there) == [("uninstall", "Old"), ("install", "Runtime")]
    gone, installed = AppRun(old, "", False, exit_code=0), AppRun(runtime, "", True, exit_code=0)
    assert await orders(contoso, pc, gone, installed) == [("install", "New")]
    assert await orders(contoso, pc, AppRun(new, "", True, exit_code=3010)) == []
    assert await states(contoso, pc) == {
        runtime: ("dependency", "installed"),
        old: ("superseded", "notInstalled"),
        new: ("required", "installed"),
    }
    (row,) = await contoso.look(app_states.states_of_app, contoso.tenant.id, app_id=new)
    assert "has to be restarted" in str(row.reason)
    assert await contoso.look(app_states.states_of_app, contoso.tenant.id, app_id=runtime) == []
    assert set(await contoso.look(app_states.counts, contoso.tenant.id)) == {new}


async def test_a_failure_is_ordered_three_times_five_minutes_apart_and_again_a_day_later(contoso: Contoso) -> None:
    pc = await enrol_by_token(contoso, "alice")
    key = await win32(contoso, "Notes")
    await assign(contoso, key, "required")
    assert await orders(contoso, pc) == [("install", "Notes")]
    broken = AppRun(key, "", False, exit_code=1603)
    for minutes in (5, 5, 24 * 60, 5):
        answer = await ask(contoso, pc, broken)
        assert answer.orders["apps"] == []
        if minutes == 5:
            assert (answer.ask_again_at - contoso.clock.now()).total_seconds() == 300
        contoso.clock.forward(minutes=minutes - 1)
        assert await orders(contoso, pc) == [], "the failure counts from its own time"
        contoso.clock.forward(minutes=1)
        assert await orders(contoso, pc) == [("install", "Notes")]


async def test_an_app_of_the_user_waits_until_the_user_is_signed_in(contoso: Contoso) -> None:
    pc = await enrol_by_token(contoso, "alice")
    await assign(contoso, await win32(contoso, "Notes", installExperience={"runAsAccount": "user"}), "required")
    assert await orders(contoso, pc, user=False) == []
    assert await orders(contoso, pc) == [("install", "Notes")]


async def test_a_report_of_another_app_or_another_content_changes_nothing(contoso: Contoso) -> None:
    pc = await enrol_by_token(contoso, "alice")
    key = await win32(contoso, "Notes")
    await assign(contoso, key, "required")
    await ask(contoso, pc)
    for report in (AppRun("nonsense", "", True), AppRun(key, "7", True)):
        assert await orders(contoso, pc, report) == [("install", "Notes")]
    assert await states(contoso, pc) == {key: ("required", "pendingInstall")}


async def test_an_order_has_the_script_that_detects_its_app(contoso: Contoso) -> None:
    pc = await enrol_by_token(contoso, "alice")
    kind = "#microsoft.graph.win32LobAppPowerShellScriptRule"
    rule = {"@odata.type": kind, "ruleType": "detection", "scriptContent": "ZWNobw=="}
    await assign(contoso, await win32(contoso, "By script", rules=[rule]), "required")
    (order,) = (await ask(contoso, pc)).orders["apps"]
    assert (order["name"], order["detection_script"]) == ("By script", "ZWNobw==")
