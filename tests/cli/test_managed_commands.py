"""`fauxtune compliance`, `app` and `script`: created, assigned, followed on a device, taken away."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.support.commands import Commands


@pytest.fixture(scope="module", autouse=True)
def devices(run: Commands) -> None:
    """An iPhone and a PC of Alice's, which the server holds."""
    run.text("device", "add", "--user", "alice", "--platform", "ios", "--name", "phone")
    run.text("device", "add", "--user", "alice", "--platform", "windows", "--name", "pc")


def test_a_compliance_policy_is_created_with_its_grace_and_shows_who_meets_it(
    run: Commands, graph: httpx.Client
) -> None:
    created = run.json(
        *("compliance", "create", "--name", "Passcode", "--platform", "ios"),
        *("--set", "passcodeRequired=true", "--set", "osMinimumVersion=16.10", "--grace-days", "1.5"),
    )
    assert created["osMinimumVersion"] == "16.10"
    path = f"/beta/deviceManagement/deviceCompliancePolicies/{created['id']}"
    expanded = "scheduledActionsForRule($expand=scheduledActionConfigurations)"
    (rule,) = graph.get(path, params={"$expand": expanded}).json()["scheduledActionsForRule"]
    assert rule["scheduledActionConfigurations"][0]["gracePeriodHours"] == 36
    assert "to all users" in run.text("compliance", "assign", "Passcode", "--all-users")
    graph.post("/_fauxtune/v1/tenants/contoso/settle", json={"timeout": 60}).raise_for_status()
    states = {
        device_state["device"]: device_state["state"]
        for device_state in run.json("compliance", "show", "passcode")["deviceStates"]
    }
    assert states == {"phone": "compliant", "pc": "notApplicable"}
    assert run.text("compliance", "list").splitlines()[1].split() == ["Passcode", "iOS/iPadOS", "all", "users"]
    assert "assigned to nobody" in run.text("compliance", "unassign", "Passcode", "--yes")
    run.text("compliance", "delete", "Passcode", "--yes")
    assert "nothing of this kind" in run.text("compliance", "list")


def test_an_app_is_created_by_its_identifier_and_shows_where_it_is_installed(
    run: Commands, graph: httpx.Client
) -> None:
    run.text("app", "create", "--name", "Notes", "--kind", "ios-store", "--of", "com.example.notes")
    run.text("app", "assign", "Notes", "--all-users", "--intent", "required")
    graph.post("/_fauxtune/v1/tenants/contoso/settle", json={"timeout": 60}).raise_for_status()
    (state,) = run.json("app", "show", "Notes")["deviceStates"]
    assert (state["device"], state["state"]) == ("phone", "Installed")
    assert "There is no intent 'wanted'" in run.refused("app", "assign", "Notes", "--all-users", "--intent", "wanted")
    assert "There is no kind 'msi' here" in run.refused("app", "create", "--name", "x", "--kind", "msi", "--of", "y")
    lines = run.text("app", "list").splitlines()
    assert next(line for line in lines if line.startswith("Notes")).split()[1:] == ["ios-store", "all", "users"]


@pytest.mark.parametrize(("kind", "device"), [("powershell", "pc"), ("remediation", "pc"), ("shell", None)])
def test_a_script_is_created_from_a_file_and_shows_its_runs(
    run: Commands, graph: httpx.Client, tmp_path: Path, kind: str, device: str | None
) -> None:
    script = tmp_path / "script.ps1"
    script.write_text("exit 0")
    remedy = ("--remedy", script) if kind == "remediation" else ()
    run.text("script", "create", "--name", kind, "--kind", kind, "--file", script, *remedy)
    run.text("script", "assign", kind, "--all-users")
    graph.post("/_fauxtune/v1/tenants/contoso/settle", json={"timeout": 60}).raise_for_status()
    graph.post("/_fauxtune/v1/tenants/contoso/clock/advance", json={"by": "P1D"}).raise_for_status()
    graph.post("/_fauxtune/v1/tenants/contoso/settle", json={"timeout": 60}).raise_for_status()
    states = run.json("script", "show", kind)["deviceStates"]
    assert [(state["device"], state["state"]) for state in states] == ([] if device is None else [(device, "success")])
    other = ("--remedy", script) if kind != "remediation" else ()
    refused = run.refused("script", "create", "--name", "x", "--kind", kind, "--file", script, *other)
    assert "A remediation has two scripts" in refused


def test_any_request_is_sent_to_graph(run: Commands, graph: httpx.Client, tmp_path: Path) -> None:
    body = {"displayName": "New", "platform": "iOS", "rule": '(device.model -eq "iPad")'}
    created = run.json("graph", "post", "/deviceManagement/assignmentFilters", "--body", json.dumps(body))
    path = f"/deviceManagement/assignmentFilters/{created['id']}"
    (tmp_path / "change.json").write_text('{"displayName": "Tablets"}')
    run.text("graph", "PATCH", path, "--body", f"@{tmp_path / 'change.json'}")
    assert '"displayName": "Tablets"' in run.text("graph", "GET", path)
    assert run.text("graph", "DELETE", path).strip() == "Done."
    assert graph.get(f"/beta{path}").status_code == 404
    assert "begins with a slash" in run.refused("graph", "GET", "users")
    assert "is no JSON" in run.refused("graph", "POST", "/groups", "--body", "{")


def test_mistakes_are_named_before_anything_is_created(run: Commands, tmp_path: Path) -> None:
    before = run.json("script", "list")
    assert "cannot be read" in run.refused(
        *("script", "create", "--name", "x", "--kind", "shell", "--file", tmp_path / "nothing.sh")
    )
    for words, says in (
        (("--platform", "all"), "for one platform"),
        (("--platform", "ios", "--set", "passcodeRequired"), "takes NAME=VALUE"),
        (("--platform", "ios", "--set", "noSuchProperty=true"), "noSuchProperty"),
    ):
        assert says in run.refused("compliance", "create", "--name", "x", *words)
    assert run.json("script", "list") == before
    assert "Say to whom" in run.refused("compliance", "assign", "x")
