"""`fauxtune record` and `fauxtune replay`: a run of a deterministic tenant is repeated bit for bit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.commands import Commands
from tests.support.running_server import fauxtune

PLATFORMS = ("android", "ios", "macos", "windows")


@pytest.fixture(scope="module")
def run_file(run: Commands, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with devices of all platforms, their certificates, mail, a wipe, and a month that goes by."""
    file = tmp_path_factory.mktemp("run") / "run.json"

    def do(*arguments: str) -> str:
        return run.text(*arguments, "--tenant", "lab7")

    run.text("tenant", "create", "lab7", "--deterministic", "7", "--at", "2026-03-01", "--tick", "2 seconds")
    assert "every exchange" in do("record", "start")
    do("profile", "create", "root", "--name", "Root", "--platform", "all", "--all-users")
    do("profile", "create", "pkcs", "--name", "Own", "--template", "SmimeSigning", "--platform", "all", "--all-users")
    do("profile", "create", "imported", "--name", "Imported", "--platform", "all", "--all-users")
    do("profile", "create", "scep", "--name", "Scep", "--platform", "android", "--all-users")
    do("certificate", "issue", "--user", "alice", "--template", "SmimeEncryption", "--import", "encryption")
    do("mail", "publish", "alice")
    for platform in PLATFORMS:
        do("device", "add", "--user", "alice", "--platform", platform, "--name", platform)
    do("mail", "send", "--from", "bob", "--to", "alice", "--subject", "Plan", "--text", "At noon.", "--encrypt")
    do("fault", "add", "--status", "504", "--carried-out", "--path", "/users", "--method", "GET", "--nth", "1")
    run.run("graph", "GET", "/users", "--tenant", "lab7")
    do("clock", "advance", "400 days", "--settle")
    do("device", "wipe", "ios", "--yes")
    do("journal")
    do("record", "stop", "--out", str(file))
    return file


def test_a_run_is_equal_in_another_process(run_file: Path) -> None:
    done = fauxtune("replay", run_file, "--output", "json", PYTHONHASHSEED="1")
    told = json.loads(done.stdout)
    assert told["difference"] is None
    assert (done.returncode, told["equal"]) == (0, True)
    assert told["exchanges"] > 100


def test_a_run_is_equal_on_postgresql(run: Commands, run_file: Path, postgresql_url: str) -> None:
    told = run.json("replay", run_file, "--database-url", postgresql_url)
    assert (told["difference"], told["equal"]) == (None, True)


def test_the_first_difference_is_named_and_can_be_accepted(run: Commands, run_file: Path, tmp_path: Path) -> None:
    document = json.loads(run_file.read_bytes())
    step = next(step for step in document["steps"] if "answer" in step and '"displayName":"Root' in _text(step))
    step["answer"]["body"] = step["answer"]["body"].replace('"displayName":"Root', '"displayName":"Boot')
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(document))
    done = run.run("replay", changed)
    assert done.code == 1
    assert f"from exchange {step['exchange']} on" in done.output
    assert "Boot" in done.output
    assert '"displayName": "Root' in done.output
    assert run.run("replay", changed, "--accept").code == 0
    assert json.loads(changed.read_bytes())["steps"] == json.loads(run_file.read_bytes())["steps"]


def test_a_part_of_a_run_is_written_for_other_programs(run: Commands, run_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = run.json("replay", run_file, "--until", "12", "--out", out)
    assert (told["exchanges"], told["equal"]) == (12, True)
    assert len(list(out.glob("*.http"))) == 12
    assert (out / "0001.http").read_bytes().startswith(b"POST ")
    assert json.loads((out / "export.json").read_bytes())["tenant"]["name"] == "lab7"
    assert "is there already" in run.refused("replay", run_file, "--out", out)


def test_two_tenants_of_a_number_are_told_apart(run: Commands) -> None:
    first, second = (run.json("tenant", "create", "--deterministic", "9") for _ in range(2))
    assert first["id"] != second["id"]
    assert first["name"] != second["name"]
    assert first["clock"] == second["clock"]
    assert "compute its private keys" in first["deterministic"]["warning"]


def _cut(text: str) -> str:
    return text[: len(text) // 2]


def _changed(**members: Any) -> Callable[[str], str]:
    return lambda text: json.dumps({**json.loads(text), **members})


def _disordered(text: str) -> str:
    document = json.loads(text)
    document["steps"].reverse()
    return json.dumps(document)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (_cut, "its end is missing"),
        (lambda _: "[]", "is no run"),
        (_changed(version=2), "has version 2"),
        (_changed(steps=[{"exchange": 0}]), "is damaged at steps.0"),
        (_changed(steps=[{"exchange": 1, "answer": {"status": 1, "headers": [], "body": ""}}]), "cannot stand here"),
        (_changed(unknown=1), "is damaged at unknown"),
        (_disordered, "cannot stand here"),
    ],
)
def test_a_file_that_holds_no_run_is_refused(
    run: Commands, run_file: Path, tmp_path: Path, damage: Callable[[str], str], sentence: str
) -> None:
    file = tmp_path / "damaged.json"
    file.write_text(damage(run_file.read_text()))
    assert sentence in " ".join(run.refused("replay", file).split())


def test_only_deterministic_tenants_are_recorded(run: Commands, graph: httpx.Client, tmp_path: Path) -> None:
    assert "cannot be recorded" in run.refused("record", "start")
    run.text("tenant", "create", "lab8", "--deterministic", "8")
    refused = run.refused("record", "stop", "--tenant", "lab8", "--out", tmp_path / "run.json")
    assert "Nothing is being recorded" in refused
    assert not (tmp_path / "run.json").exists()
    clock = "/_fauxtune/v1/tenants/lab8/clock"
    assert "its mode stays frozen" in graph.put(clock, json={"mode": "system"}).text


@pytest.mark.parametrize("number", [-1, 2**63, 1.5, "x", True])
def test_a_number_that_no_tenant_can_have_is_refused(graph: httpx.Client, number: object) -> None:
    def tenants() -> list[str]:
        return [tenant["id"] for tenant in graph.get("/_fauxtune/v1/tenants").json()["value"]]

    before = tenants()
    refused = graph.post("/_fauxtune/v1/tenants", json={"deterministic": number})
    assert (refused.status_code, "deterministic" in refused.text) == (400, True)
    assert tenants() == before


def _text(step: dict[str, Any]) -> str:
    body = step["answer"]["body"]
    return body if isinstance(body, str) else ""
