"""How scripts end on a simulated device: what its owner declares, by code or commands, and what its agent reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.agent.extension import script_report
from fauxtune_sim.cli.main import app
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import NotAllowedHere
from fauxtune_sim.platforms import Platform

REMEDIATION = "YQ=="


def order(kind: str = "powerShell", **more: Any) -> dict[str, Any]:
    return {"id": "script-1", "run": 4, "name": "Clean", "kind": kind, "content": "YQ==", "remediation": None, **more}


def codes(report: dict[str, Any]) -> list[tuple[str, int]]:
    return [(result["part"], result["exitCode"]) for result in report["results"]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    device = Device.new("pc", platform=Platform.WINDOWS, folder=tmp_path / "pc")
    device.save()
    return tmp_path / "pc"


def command(*words: str, folder: Path) -> Any:
    result = CliRunner().invoke(app, ["script", *words, "--state", str(folder), "--output", "json"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_script_that_nothing_is_declared_of_succeeds() -> None:
    report = script_report(Device.new("pc", platform=Platform.WINDOWS), order())
    assert (codes(report), report["run"]) == ([("script", 0)], 4)


@pytest.mark.parametrize("name", ["clean", "CLEAN", "script-1"])
def test_a_script_is_named_by_its_name_or_id_in_any_case(name: str) -> None:
    device = Device.new("pc", platform=Platform.WINDOWS)
    device.runs(name, exit_code=7, output="x" * 3000)
    report = script_report(device, order())
    assert codes(report) == [("script", 7)]
    assert len(report["results"][0]["output"]) == 2048


def test_a_remediation_that_fixes_an_issue_is_not_wanted_again() -> None:
    device = Device.new("pc", platform=Platform.WINDOWS)
    device.runs("Clean", exit_code=1)
    detection, remediation = order("remediation"), order("remediation", remediation=REMEDIATION)
    assert codes(script_report(device, detection)) == [("detection", 1)], "it only detects"
    assert codes(script_report(device, remediation)) == [("detection", 1), ("remediation", 0), ("detection", 0)]
    assert codes(script_report(device, remediation)) == [("detection", 0)], "the issue is gone"
    device.runs("Clean", exit_code=1, fixes=False)
    assert codes(script_report(device, remediation)) == [("detection", 1), ("remediation", 0), ("detection", 1)]
    device.runs("Clean", exit_code=1, remediation=5)
    assert codes(script_report(device, remediation)) == [("detection", 1), ("remediation", 5)]


def test_outcomes_have_limits() -> None:
    device = Device.new("pc", platform=Platform.WINDOWS)
    with pytest.raises(NotAllowedHere):
        device.runs("Clean", exit_code=2**31)
    with pytest.raises(NotAllowedHere):
        device.runs(" ")
    for number in range(200):
        device.runs(f"Script {number}")
    with pytest.raises(NotAllowedHere):
        device.runs("One more")
    device.runs("Script 7", exit_code=1)
    assert len(device.scripts) == 200


def test_commands_set_list_and_forget_outcomes_in_the_folder(folder: Path) -> None:
    command("set", "Clean", "--exit-code", "1", "--writes", "disk full", "--fixes-nothing", folder=folder)
    assert load_device(folder).scripts.of("clean").output == "disk full"
    listed = command("list", folder=folder)
    assert listed["scripts"]["clean"] == {
        "exit_code": 1,
        "output": "disk full",
        "error": "",
        "remediation": 0,
        "fixes": False,
    }
    assert command("forget", "Clean", folder=folder)["scripts"] == {}
    again = CliRunner().invoke(app, ["script", "forget", "Clean", "--state", str(folder)])
    assert again.exit_code == 1
    assert "no outcome of 'Clean'" in again.output
