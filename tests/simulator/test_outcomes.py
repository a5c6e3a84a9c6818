"""What a device's owner has declared: what it refuses, and how scripts and apps of a management agent end.

Each platform answers a refusal in its own way, and an agent reports how a script ended, by code or commands.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.agent.extension import Extension, change_app, script_report
from fauxtune_sim.android.messages import status_report
from fauxtune_sim.cli.main import app
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.outcomes import Programs
from fauxtune_sim.errors import NotAllowedHere, NotFoundHere, ServerUnreachable
from fauxtune_sim.platforms import Platform
from fauxtune_sim.server.transport import Answer, Transport

if TYPE_CHECKING:
    from tests.simulator.conftest import Enrolled, Pki, Service


class Files(Transport):
    """A server with one file; without content it cannot be reached."""

    def __init__(self, content: bytes | None) -> None:
        self.content = content

    async def get(self, url: str, *, bearer: str | None = None, timeout: float | None = None) -> Answer:
        if self.content is None:
            raise ServerUnreachable("no network")
        return Answer(status=200, body=self.content, url=url)


async def done(
    device: Device, action: str, *, content: bytes | None = b"file", address: str = "", script: str | None = None
) -> tuple[bool, int]:
    """Carry out an order; whether the app is detected then, and the exit code (-1: nothing was run)."""
    digest = "3b9c358f36f0a31b6ad3e14f309c7cf198ac9246e8316f9ce543d5b19ac02b80"  # SHA-256 of "file"
    order = {"id": "1", "name": "Notes", "action": action, "content": "1", "version": "2.0", "address": address}
    extension = Extension(device, Files(content), lambda _body: {}, server="https://server")
    report, line = await change_app(extension, {**order, "digest": digest, "detectionScript": script})
    assert "Notes" in line
    assert (report["id"], report["content"]) == ("1", "1")
    return report["detected"], -1 if report["exitCode"] is None else report["exitCode"]


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


def test_refusals_are_kept_in_the_folder(tmp_path: Path) -> None:
    device = Device.new(folder=tmp_path)
    device.refuse("imported", 9006)
    device.refuse("root")
    assert load_device(tmp_path).refusals.document() == {"imported": 9006, "root": None}
    device.accept("root")
    assert load_device(tmp_path).refusals.document() == {"imported": 9006}
    device.accept()
    assert load_device(tmp_path).refusals == {}


def test_what_cannot_be_refused_is_said(tmp_path: Path) -> None:
    device = Device.new()
    with pytest.raises(NotFoundHere, match="can refuse root, pkcs, imported, scep, email, setting, app, not pfx"):
        device.refuse("pfx")
    for code in (0, 200, 1 << 32):
        with pytest.raises(NotAllowedHere, match="from 400"):
            device.refuse("root", code)
    assert device.refusals == {}


async def test_an_android_device_refuses_roots_and_accounts_but_keeps_what_it_has(
    enrolled: Enrolled, service: Service, pki: Pki
) -> None:
    agent = await enrolled()
    served = service.of(agent)
    served.give(roots=[pki.root], pairs=[served.pair(pki.issue())])
    await agent.check_in()
    for kind in ("root", "pkcs", "email"):
        agent.device.refuse(kind, 700)
    account = {
        "packageName": "com.google.android.gm",
        "emailAccount": {"id": "email-1", "digest": "d"},
        "managedConfiguration": {"email_address": "alice@contoso.example", "exchange_host": "mail.contoso.example"},
    }
    served.give(roots=[pki.root, pki.intermediate], applications=[account])
    await agent.check_in()
    assert len(agent.device.keystore.trusted) == 1
    assert list(agent.device.keystore.entries) == ["pkcs-1"]
    assert agent.device.accounts == {}
    details = status_report(agent.device)["nonComplianceDetails"]
    assert [detail["settingName"] for detail in details] == ["caCerts", "applications"]
    assert all(detail["currentValue"].endswith("(error 700)") for detail in details)


async def test_an_app_of_which_nothing_is_declared_is_installed_and_uninstalled() -> None:
    pc = Device.new("pc", platform=Platform.WINDOWS)
    assert await done(pc, "detect") == (False, -1)
    assert await done(pc, "install", address="/blobs/x") == (True, 0)
    assert await done(pc, "install") == (True, -1), "what is there is not installed again"
    assert pc.programs.installed == {"1": "2.0"}
    assert await done(pc, "uninstall") == (False, 0)


async def test_declared_outcomes_decide() -> None:
    pc = Device.new("pc", platform=Platform.WINDOWS)
    pc.installs("NOTES", exit_code=1603)
    assert await done(pc, "install") == (False, 1603)
    pc.installs("1", exit_code=3010, after=False)
    assert await done(pc, "install") == (False, 3010), "the id counts before the name"
    pc.installs("1", before=True, after=True)
    assert await done(pc, "detect") == (True, -1)
    assert await done(pc, "uninstall") == (True, 0)
    pc.refuse("app", 1602)
    pc.installs("1")
    pc.programs.installed.clear()
    assert await done(pc, "install") == (False, 1602)


@pytest.mark.parametrize("content", [None, b"another file"])
async def test_a_file_that_cannot_be_loaded_is_not_installed(content: bytes | None) -> None:
    pc = Device.new("pc", platform=Platform.WINDOWS)
    there, code = await done(pc, "install", content=content, address="/blobs/x")
    assert not there
    assert code & 0xFFFFFFFF == 0x80072EE7


def test_programs_are_kept_and_outcomes_have_bounds(tmp_path: Path) -> None:
    pc = Device.new("pc", platform=Platform.WINDOWS, folder=tmp_path)
    pc.programs.installed["1"] = "2.0"
    pc.installs("Notes", exit_code=1)
    assert load_device(tmp_path).programs == pc.programs
    assert Programs.from_document(None) == Programs()
    with pytest.raises(NotAllowedHere, match="32 bits"):
        pc.installs("Notes", exit_code=2**31)
    with pytest.raises(NotAllowedHere, match="name the app"):
        pc.installs(" ")
    for number in range(199):
        pc.installs(f"app {number}")
    with pytest.raises(NotAllowedHere, match="the most"):
        pc.installs("one more")


async def test_an_app_that_a_script_detects_is_there_if_the_script_succeeds_and_writes_something() -> None:
    pc = Device.new("pc", platform=Platform.WINDOWS)
    assert await done(pc, "install", script="ZQ==") == (True, 0), "nothing is declared of the script"
    pc.runs("Notes", output="found")
    assert await done(pc, "detect") == (True, -1), "no script detects it"
    assert await done(pc, "uninstall", script="ZQ==") == (True, 0)
    pc.runs("Notes", output="found", error="a warning")
    assert await done(pc, "detect", script="ZQ==") == (False, -1), "whatever it writes as an error counts"
    pc.runs("Notes", output=" ")
    assert await done(pc, "detect", script="ZQ==") == (False, -1)
    pc.runs("Notes", exit_code=1, output="found")
    assert await done(pc, "install", script="ZQ==") == (False, 0)
    pc.installs("Notes", exit_code=1603)
    assert await done(pc, "install", script="ZQ==") == (False, 1603)


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
