"""Scripts on devices: what an agent is told to run, and what follows from its reports."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.errors import EnrollmentEnded, Invalid, NotAllowed, NotFound, UnsupportedAction
from fauxtune.core.graph.index import entity
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.ids import GroupId, ProfileId
from fauxtune.core.model.platforms import Platform
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies.compliance import COMPLIANCE_POLICIES, SCHEDULED_ACTIONS
from fauxtune.core.policies.script_runs import Part, PartResult
from fauxtune.core.policies.scripts import BY_FAMILY, rules_of
from fauxtune.operations.checkin.agent import AgentAnswer, serve
from fauxtune.operations.compliance.occasions import COMPLIANCE_HOOKS
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.devices import ending
from fauxtune.operations.insight.diagnosis import diagnose
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.assignments import Assignable, NewAssignment
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.scripts.device_scripts import SCRIPT_HOOKS, RunReport
from fauxtune.operations.tenants import snapshots
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import script_runs as queries
from fauxtune.storage.rows.resources import ScriptRunRow
from tests.support.devices.stepwise import StepwiseDevice, enrol_by_token, enrol_iphone
from tests.support.statements import statements
from tests.support.tenant import Contoso

SCRIPT = "deviceManagementScripts"


@dataclass
class Machine:
    """A device whose agent asks."""

    device: StepwiseDevice
    user_is_here: bool = True
    #: The exit code of every script that it runs.
    exit_code: int = 0
    output: str = ""

    async def ask(self, *reports: RunReport) -> AgentAnswer:
        contoso = self.device.contoso
        return await contoso.emulator.runner.run_check_in(
            contoso.tenant,
            serve,
            self.device.enrollment_id,
            reports={"scripts": reports},
            user_is_here=self.user_is_here,
        )

    async def work(self) -> list[str]:
        """Ask and run until nothing is ordered; the names of the scripts that it ran."""
        names: list[str] = []
        answer = await self.ask()
        while orders := answer.orders["scripts"]:
            names += [order["name"] for order in orders]
            answer = await self.ask(*map(self.carry_out, orders))
        return names

    def carry_out(self, order: JsonObject) -> RunReport:
        """Run a script; a remediation removes its issue."""
        if order["kind"] not in ("remediation", "compliance"):
            return report(order, self.exit_code, output=self.output)
        results = [PartResult(Part.DETECTION, self.exit_code, self.output)]
        if self.exit_code == 1 and order["remediation"]:
            results += [PartResult(Part.REMEDIATION, 0), PartResult(Part.DETECTION, 0)]
        return RunReport(order["id"], order["run"], tuple(results))

    async def runs(self) -> list[ScriptRunRow]:
        return await self.device.contoso.look(queries.of_device, self.device.enrollment_id)


def report(order: JsonObject, exit_code: int = 0, *, output: str = "", part: Part = Part.SCRIPT) -> RunReport:
    return RunReport(order["id"], order["run"], (PartResult(part, exit_code, output),))


async def script(
    contoso: Contoso,
    name: str,
    *groups: str,
    family: str = SCRIPT,
    how: JsonObject | None = None,
    **document: Any,
) -> str:
    """Create a script for these groups; its id. `how`: what its assignments say besides."""
    kind = family.removesuffix("s")
    content = base64.b64encode(name.encode()).decode()
    texts = dict.fromkeys(BY_FAMILY[family].contents, content)
    full = {**defaults(entity(kind)), "displayName": name, "fileName": name, **texts, **document}
    row = await contoso.do(resources.create, rules_of(family), kind=kind, document=full, hooks=SCRIPT_HOOKS)
    await assign(contoso, row.id, *groups, family=family, how=how)
    return row.id


async def assign(contoso: Contoso, key: str, *groups: str, family: str = SCRIPT, how: JsonObject | None = None) -> None:
    targets = [NewAssignment(TargetKind.GROUP, GroupId(contoso.groups[name]), {}, more=how or {}) for name in groups]
    to = Assignable(ProfileId(key), "script", None)
    await contoso.do(resources.assign, rules_of(family), key=key, to=to, targets=targets, hooks=SCRIPT_HOOKS)


async def test_a_script_runs_on_the_devices_that_it_reaches_and_once(contoso: Contoso) -> None:
    alice, carol = Machine(await enrol_by_token(contoso, "alice")), Machine(await enrol_by_token(contoso, "carol"))
    key = await script(contoso, "Map drives", "SMIME Pilot")
    assert contoso.emulator.runner.current(contoso.tenant).has_agents
    assert await carol.work() == []
    answer = await alice.ask()
    (order,) = answer.orders["scripts"]
    assert (order["id"], order["kind"], order["runAs"]) == (key, "powerShell", "system")
    assert base64.b64decode(order["content"]) == b"Map drives"
    answer = await alice.ask(report(order, output="x" * 3000))
    assert answer.orders["scripts"] == []
    assert (answer.ask_again_at - contoso.clock.now()).total_seconds() == 3600
    (run,) = await alice.runs()
    assert (run.state, run.due_at, len(run.results[0]["output"])) == ("success", None, 2048)
    assert [event.detail["state"] for event in await contoso.events("scriptRan", device=alice.device)] == ["success"]
    assert await alice.work() == []


async def test_a_report_that_comes_twice_counts_once_and_one_of_an_older_script_not_at_all(contoso: Contoso) -> None:
    pc = Machine(await enrol_by_token(contoso, "alice"))
    key = await script(contoso, "Rename", "All Staff")
    (order,) = (await pc.ask()).orders["scripts"]
    failure = report(order, 5)
    await pc.ask(failure, failure)
    await pc.ask(failure)
    (run,) = await pc.runs()
    assert (run.attempts, run.number, run.state) == (1, 2, "fail")
    changes = {"scriptContent": base64.b64encode(b"other").decode()}
    await contoso.do(resources.update, rules_of(SCRIPT), key=key, changes=changes, hooks=SCRIPT_HOOKS)
    await pc.ask(RunReport(key, 2, (PartResult(Part.SCRIPT, 0),)))
    (run,) = await pc.runs()
    assert (run.state, run.attempts) == ("pending", 0)
    assert await pc.work() == ["Rename"]


async def test_results_that_a_script_cannot_have_are_refused_and_change_nothing(contoso: Contoso) -> None:
    pc = Machine(await enrol_by_token(contoso, "alice"))
    await script(contoso, "Rename", "All Staff")
    (order,) = (await pc.ask()).orders["scripts"]
    before = await pc.runs()
    with pytest.raises(Invalid):
        await pc.ask(report(order, part=Part.DETECTION))
    with pytest.raises(Invalid):
        await pc.ask(RunReport(order["id"], order["run"], (PartResult(Part.SCRIPT, 0), PartResult(Part.SCRIPT, 0))))
    await pc.ask(RunReport("unknown", 1, (PartResult(Part.SCRIPT, 0),)))
    assert await pc.runs() == before


async def test_a_script_of_the_user_waits_until_somebody_is_signed_in(contoso: Contoso) -> None:
    pc = Machine(await enrol_by_token(contoso, "alice"), user_is_here=False)
    await script(contoso, "Wallpaper", "All Staff", runAsAccount="user")
    assert await pc.work() == []
    pc.user_is_here = True
    assert await pc.work() == ["Wallpaper"]


async def test_more_scripts_than_one_answer_takes_come_one_after_the_other(contoso: Contoso) -> None:
    pc = Machine(await enrol_by_token(contoso, "alice"))
    names = [f"Script {number}" for number in range(11)]
    for name in names:
        await script(contoso, name, "All Staff")
    assert sorted(await pc.work()) == sorted(names)


@pytest.mark.both_databases
async def test_what_is_not_assigned_or_is_deleted_has_no_runs(contoso: Contoso) -> None:
    pc = Machine(await enrol_by_token(contoso, "alice"))
    one, two = await script(contoso, "One", "All Staff"), await script(contoso, "Two", "All Staff")
    await pc.work()
    await contoso.do(resources.delete, rules_of(SCRIPT), key=one, hooks=SCRIPT_HOOKS)
    assert [row.script_id for row in await pc.runs()] == [two]
    await assign(contoso, two)
    assert await pc.work() == []
    assert await pc.runs() == []


@pytest.mark.both_databases
async def test_an_ended_device_is_refused_and_an_ending_one_has_nothing_to_do(contoso: Contoso) -> None:
    pc = Machine(await enrol_by_token(contoso, "alice"))
    await script(contoso, "One", "All Staff")
    await pc.ask()
    assert await pc.runs()
    await contoso.action(pc.device, device_actions.retire)
    assert not any((await pc.ask()).orders.values())

    def leave(tx: Transaction) -> None:
        row = device_queries.enrollment(tx.connection, pc.device.enrollment_id)
        assert row is not None
        ending.unenroll(tx, row)

    await contoso.do(leave)
    with pytest.raises(EnrollmentEnded):
        await pc.ask()
    assert await pc.runs() == []


async def test_a_mac_runs_shell_scripts_and_a_phone_has_no_agent(contoso: Contoso) -> None:
    desktop = Machine(await enrol_iphone(contoso, "alice", version="14.6", platform=Platform.MACOS), exit_code=1)
    await script(contoso, "For PCs", "All Staff")
    await script(contoso, "Tidy", "All Staff", family="deviceShellScripts", executionFrequency="P1D", retryCount=1)
    assert await desktop.work() == ["Tidy"]
    contoso.clock.forward(hours=8)
    assert await desktop.work() == ["Tidy"], "it is tried once more"
    contoso.clock.forward(hours=8)
    assert await desktop.work() == []
    contoso.clock.forward(hours=16)
    assert await desktop.work() == ["Tidy"], "a day after its last run"
    phone = await contoso.enroll("alice")
    with pytest.raises(NotAllowed):
        await contoso.do(serve, phone.enrollment_id, reports={}, user_is_here=True)


HEALTH = "deviceHealthScripts"
DAILY = {"@odata.type": "#microsoft.graph.deviceHealthScriptDailySchedule", "interval": 1, "time": "09:00:00.0000000"}
HOURLY = {"@odata.type": "#microsoft.graph.deviceHealthScriptHourlySchedule", "interval": 2}


async def test_a_remediation_runs_on_its_schedule_and_only_detects_unless_its_assignment_says_more(
    contoso: Contoso,
) -> None:
    pc = Machine(await enrol_by_token(contoso, "alice"), exit_code=1)
    how: JsonObject = {"runSchedule": HOURLY, "runRemediationScript": False}
    key = await script(contoso, "Clean", "All Staff", family=HEALTH, how=how)
    assert await pc.work() == ["Clean"]
    (run,) = await pc.runs()
    assert (run.state, run.remediation, run.due_at) == ("fail", "skipped", contoso.clock.now() + timedelta(hours=2))
    await assign(contoso, key, "All Staff", family=HEALTH, how={**how, "runRemediationScript": True})
    assert await pc.work() == ["Clean"], "another assignment is another order"
    (run,) = await pc.runs()
    assert (run.state, run.remediation, run.remediated_at) == ("fail", "success", contoso.clock.now())
    assert [result["part"] for result in run.results] == ["detection", "remediation", "detection"]
    contoso.clock.forward(hours=1)
    assert await pc.work() == []
    contoso.clock.forward(hours=1)
    assert await pc.work() == ["Clean"]


async def test_a_daily_remediation_waits_for_its_time(contoso: Contoso) -> None:
    pc = Machine(await enrol_by_token(contoso, "alice"))
    await script(contoso, "Clean", "All Staff", family=HEALTH, how={"runSchedule": DAILY})
    answer = await pc.ask()
    assert answer.orders["scripts"] == []
    (run,) = await pc.runs()
    assert run.due_at is not None
    assert (run.due_at.hour, run.state, run.ran_at) == (9, "pending", None)
    contoso.clock.forward(seconds=(run.due_at - contoso.clock.now()).total_seconds())
    assert await pc.work() == ["Clean"]


async def test_an_hourly_schedule_of_more_than_23_hours_is_refused(contoso: Contoso) -> None:
    kind = "#microsoft.graph.deviceHealthScriptHourlySchedule"
    for interval in (0, 24, 30):
        how = {"runSchedule": {"@odata.type": kind, "interval": interval}, "runRemediationScript": False}
        with pytest.raises(Invalid, match="1 to 23"):
            await script(contoso, "Often", "All Staff", family="deviceHealthScripts", how=how)


async def test_a_tenant_has_no_more_packages_than_the_most(contoso: Contoso) -> None:
    assert rules_of("deviceHealthScripts").most == {"deviceHealthScript": 200}
    kind, few = "deviceHealthScript", replace(rules_of("deviceHealthScripts"), most={"deviceHealthScript": 1})
    full = {**defaults(entity(kind)), "displayName": "One"}
    await contoso.do(resources.create, few, kind=kind, document=full)
    with pytest.raises(Invalid, match="the most"):
        await contoso.do(resources.create, few, kind=kind, document=full)


async def test_a_custom_attribute_is_read_each_eight_hours_and_has_20_kilobytes(contoso: Contoso) -> None:
    desktop = Machine(
        await enrol_iphone(contoso, "alice", version="14.6", platform=Platform.MACOS), output="x" * 30_000
    )
    await script(contoso, "Battery", "All Staff", family="deviceCustomAttributeShellScripts")
    assert await desktop.work() == ["Battery"]
    (run,) = await desktop.runs()
    assert len(run.results[0]["output"]) == 20 * 1024
    contoso.clock.forward(hours=8)
    assert await desktop.work() == ["Battery"]


async def test_what_a_compliance_script_prints_is_a_fact_of_the_device(contoso: Contoso) -> None:
    pc = Machine(await enrol_by_token(contoso, "alice"), output='{"BiosVersion": "2.4"}')
    more: JsonObject = {"platform": "windows10", "runAsAccount": "user"}
    key = await script(contoso, "Ask", family="deviceComplianceScripts", **more)
    assert await pc.work() == [], "no policy asks it"
    other = await script(contoso, "Ask more", family="deviceComplianceScripts", platform="windows10")
    for asked in (key, other):
        document = {
            **defaults(entity("windows10CompliancePolicy")),
            "displayName": "Custom",
            "deviceCompliancePolicyScript": {"deviceComplianceScriptId": asked, "rulesContent": None},
        }
        row = await contoso.do(
            resources.create,
            COMPLIANCE_POLICIES,
            kind="windows10CompliancePolicy",
            document={**document, SCHEDULED_ACTIONS.name: actions()},
            hooks=COMPLIANCE_HOOKS,
        )
        to = Assignable(ProfileId(row.id), "policy", None)
        targets = [NewAssignment(TargetKind.GROUP, GroupId(contoso.groups["All Staff"]), {})]
        await contoso.do(
            resources.assign, COMPLIANCE_POLICIES, key=row.id, to=to, targets=targets, hooks=COMPLIANCE_HOOKS
        )
    assert sorted(await pc.work()) == ["Ask", "Ask more"]
    assert (await pc.device.row()).facts["complianceScriptOutput"] == '{"BiosVersion": "2.4"}'
    contoso.clock.forward(hours=8)
    pc.output = '{"Antivirus": true}'
    await pc.work()
    assert json.loads((await pc.device.row()).facts["complianceScriptOutput"]) == {
        "BiosVersion": "2.4",
        "Antivirus": True,
    }
    contoso.clock.forward(hours=8)
    pc.exit_code = 3
    await pc.work()
    facts = (await pc.device.row()).facts
    assert json.loads(facts["complianceScriptErrors"]) == {key: 65007, other: 65007}
    assert json.loads(facts["complianceScriptOutput"])["BiosVersion"] == "2.4", "what was printed before is kept"
    contoso.clock.forward(hours=8)
    pc.exit_code, pc.output, pc.user_is_here = 0, "no JSON", False
    await pc.work()
    assert json.loads((await pc.device.row()).facts["complianceScriptErrors"]) == {key: 65009, other: 65009}


def actions() -> list[JsonObject]:
    action = {
        "actionType": "block",
        "gracePeriodHours": 0,
        "notificationTemplateId": "",
        "notificationMessageCCList": [],
    }
    return [{"ruleName": None, "scheduledActionConfigurations": [action]}]


@pytest.mark.both_databases
async def test_the_diagnosis_says_why_a_script_has_not_run_and_how_one_failed(contoso: Contoso) -> None:
    pc = Machine(await enrol_by_token(contoso, "alice"), user_is_here=False)
    phone = await contoso.enroll("alice")

    async def found() -> list[tuple[str, str]]:
        answer = await diagnose(contoso.emulator, contoso.tenant, user=contoso.upn("alice"))
        named = [finding for finding in answer.findings if finding.code.startswith("script")]
        assert all(each.observation.device != phone.enrollment_id for each in named)
        return [(each.code, each.observation.message) for each in named]

    assert await found() == []
    await script(contoso, "Wallpaper", "All Staff", runAsAccount="user")
    ((code, message),) = await found()
    assert (code, "has not asked since the script was assigned" in message) == ("script-waits", True)
    await pc.work()
    ((code, message),) = await found()
    assert (code, "who is not signed in" in message) == ("script-waits", True)
    pc.user_is_here, pc.exit_code = True, 3
    await pc.work()
    ((code, message),) = await found()
    assert (code, "exit code 3" in message) == ("script-failed", True)
    await script(contoso, "Clean", "All Staff", family=HEALTH, how={"runSchedule": DAILY})
    await pc.work()
    assert [code for code, message in await found() if "is due at" in message] == ["script-waits"]


async def test_runs_come_back_with_a_snapshot(contoso: Contoso) -> None:
    pc = Machine(await enrol_by_token(contoso, "alice"), exit_code=3)
    key = await script(contoso, "Map drives", "All Staff")
    await pc.work()
    before = await pc.runs()
    await snapshots.create_snapshot(contoso.emulator, contoso.tenant, name="ran")
    await contoso.do(resources.delete, rules_of(SCRIPT), key=key, hooks=SCRIPT_HOOKS)
    assert await pc.runs() == []
    await snapshots.restore_snapshot(contoso.emulator, contoso.tenant, name="ran")
    assert await pc.runs() == before
    contoso.clock.forward(hours=1)
    assert await pc.work() == ["Map drives"]


async def test_a_remediation_on_demand_runs_at_once_and_goes_on_with_its_schedule(contoso: Contoso) -> None:
    pc = Machine(await enrol_by_token(contoso, "alice"))
    key = await script(contoso, "Clean", family=HEALTH)
    asked = {"action": DeviceAction.REMEDIATE, "details": {"scriptPolicyId": key}}
    await contoso.action(pc.device, device_actions.perform, **asked)
    assert await pc.work() == ["Clean"]
    assert await pc.work() == []
    await assign(contoso, key, "All Staff", family=HEALTH, how={"runSchedule": DAILY})
    assert await pc.work() == [], "its time has not come"
    await contoso.action(pc.device, device_actions.perform, **asked)
    assert await pc.work() == ["Clean"]
    (run,) = await pc.runs()
    assert run.due_at is not None
    assert run.due_at.hour == 9
    phone = await contoso.enroll("alice")
    with pytest.raises(UnsupportedAction):
        await contoso.action(phone, device_actions.perform, **asked)
    with pytest.raises(NotFound):
        await contoso.action(
            pc.device, device_actions.perform, action=DeviceAction.REMEDIATE, details={"scriptPolicyId": "none"}
        )


async def test_an_agent_that_has_nothing_to_do_costs_the_device_and_its_runs(contoso: Contoso) -> None:
    pc = Machine(await enrol_by_token(contoso, "alice"))
    await script(contoso, "Map drives", "All Staff")
    await pc.work()
    await pc.ask()
    with statements(contoso.emulator) as sent:
        await pc.ask()
    # On PostgreSQL the device's requests are locked before its row.
    assert len([each for each in sent if "FOR UPDATE" not in each]) <= 2, sent
