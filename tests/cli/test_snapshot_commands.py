"""`fauxtune snapshot`, and `fauxtune tenant export`, `import` and `reset`."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path

import pytest

from tests.support.commands import Commands
from tests.support.running_server import Served
from tests.support.terminal import at_a_terminal


@pytest.fixture(autouse=True)
def _as_at_the_beginning(run: Commands) -> None:
    for row in run.json("snapshot", "list"):
        run.text("snapshot", "delete", row["name"], "--yes")
    run.text("tenant", "reset", "--yes")


def test_a_snapshot_is_created_listed_restored_and_deleted(run: Commands) -> None:
    assert run.text("snapshot", "create", "at first") == "The snapshot at first has 3 users and 0 devices.\n"
    assert "'at first' already" in run.refused("snapshot", "create", "at first")
    heading, line = run.text("snapshot", "list").splitlines()
    assert heading.split() == ["name", "created", "tenant's", "time", "users", "devices", "size"]
    assert line.startswith("at first")
    run.text("user", "create", "dora")
    answer = run.run("snapshot", "restore", "at first", "--show-request")
    assert answer.output == "The tenant has the state of the snapshot at first. Lost: 1 user.\n"
    assert "/snapshots/at%20first/restore" in answer.errors
    assert len(run.json("user", "list")) == 3
    assert run.json("snapshot", "restore", "at first")["changes"].keys() <= {"journal"}
    assert "There are: at first" in run.refused("snapshot", "restore", "first")
    assert run.text("snapshot", "delete", "at first") == "The snapshot at first is deleted.\n"
    assert run.text("snapshot", "list").startswith("The tenant has no snapshots")


def test_at_a_terminal_what_would_be_lost_is_said_before(run: Commands, commands: Path) -> None:
    run.text("snapshot", "create", "one")
    run.text("user", "create", "dora")
    asked = at_a_terminal("snapshot", "restore", "one", "--data-dir", run.data_dir, commands=commands, types="n\n")
    assert "Restore the snapshot one? Lost: 1 user." in " ".join(asked.screen.split())
    assert len(run.json("user", "list")) == 4
    asked = at_a_terminal("tenant", "reset", "--data-dir", run.data_dir, commands=commands, types="y\n")
    assert "Reset the tenant? Lost: 1 user." in " ".join(asked.screen.split())
    assert len(run.json("user", "list")) == 3


def test_a_tenant_is_exported_compared_and_imported(run: Commands, tmp_path: Path) -> None:
    run.text("tenant", "create", "room12")
    first, second, third = (tmp_path / name for name in ("first.json", "second.json", "third.json"))
    done = run.text("tenant", "export", first, "--tenant", "room12", "--keys")
    assert done.endswith("rows, with private keys.\n")
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    assert "is there already" in run.refused("tenant", "export", first, "--tenant", "room12")
    run.json("tenant", "export", second, "--tenant", "room12", "--keys")
    assert first.read_bytes() == second.read_bytes()
    assert run.text("tenant", "export", "--tenant", "room12", "--keys") == first.read_text()
    assert "keys" not in run.json("tenant", "export", "--tenant", "room12")

    run.text("user", "create", "eve", "--tenant", "room12")
    assert "Lost: 1 user." in run.text("tenant", "import", first)
    run.text("tenant", "delete", "room12", "--yes")
    assert run.text("tenant", "import", first) == "The tenant room12 is created.\n"
    assert len(run.json("user", "list", "--tenant", "room12")) == 3
    run.json("tenant", "export", third, "--tenant", "room12", "--keys")
    assert json.loads(third.read_text())["tables"]["users"] == json.loads(first.read_text())["tables"]["users"]

    document = json.loads(first.read_text())
    document["tables"]["users"][0]["licensed"] = "yes"
    document["tables"]["group_members"][0]["member_id"] = "nobody"
    first.write_text(json.dumps(document))
    refused = run.refused("tenant", "import", first)
    assert "/tables/users/0/licensed: it must be true or false" in refused
    for text in ("[]", "{", '{"tenant": 1}'):
        second.write_text(text)
        assert "is no document of a tenant" in run.refused("tenant", "import", second)
    assert "cannot be read" in run.refused("tenant", "import", tmp_path / "none.json")
    run.text("tenant", "delete", "room12", "--yes")


@pytest.fixture
def phones(server: Served, run: Commands, commands: Path, tmp_path: Path) -> Path:
    """A folder with the folder of one phone."""
    folder = tmp_path / "phones"
    folder.mkdir()
    _enroll(commands, run, platform="android", state=str(folder / "first"))
    return folder


def _enroll(commands: Path, run: Commands, *, platform: str, state: str) -> None:
    where = ("--platform", platform, "--user", "alice", "--state", state, "--data-dir", str(run.data_dir))
    done = _simulate(commands, "enroll", *where)
    assert done.returncode == 0, done.stderr


def _simulate(commands: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(commands / "fauxtune-sim"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def _files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_folders_of_devices_go_along(run: Commands, commands: Path, phones: Path) -> None:
    before = _files(phones)
    created = run.text("snapshot", "create", "enrolled", "--devices", phones)
    assert created.startswith("The snapshot enrolled has 3 users and 1 device. phones is copied to ")
    assert "is there already" in run.refused("snapshot", "create", "enrolled", "--devices", phones)
    _simulate(commands, "unenroll", "--state", str(phones / "first"))
    assert _files(phones) != before
    run.text("snapshot", "restore", "enrolled", "--devices", phones)
    assert _files(phones) == before
    checked_in = _simulate(commands, "checkin", "--state", str(phones / "first"))
    assert checked_in.returncode == 0, checked_in.stderr
    run.text("snapshot", "delete", "enrolled", "--devices", phones)
    assert not list(phones.with_name("phones.snapshots").iterdir())
    assert sorted(path.name for path in phones.parent.iterdir()) == ["phones", "phones.snapshots"]


def test_folders_stay_as_they_are_when_the_server_refuses(run: Commands, phones: Path) -> None:
    before = _files(phones)
    assert "cannot be a name" in run.refused("snapshot", "create", "a+b", "--devices", phones)
    for outside in ("../x", "..", "/x"):
        assert "cannot be a name" in run.refused("snapshot", "create", outside, "--devices", phones)
    run.text("snapshot", "create", "known", "--devices", phones)
    run.text("snapshot", "delete", "known")  # of the server alone: the copies stay
    assert "There is no snapshot 'known'" in run.refused("snapshot", "restore", "known", "--devices", phones)
    assert _files(phones) == before
    assert sorted(path.name for path in phones.parent.iterdir()) == ["phones", "phones.snapshots"]
    assert "was created without" in run.refused("snapshot", "restore", "other", "--devices", phones)
    assert "is no folder" in run.refused("snapshot", "create", "x", "--devices", phones / "none")


def test_a_device_that_was_not_restored_with_its_tenant_is_told_that_it_is_not_enrolled(
    run: Commands, commands: Path, tmp_path: Path
) -> None:
    run.text("snapshot", "create", "nobody enrolled")
    words = {"android": "no longer managed", "ios": "no longer managed", "windows": "refused the session (401)"}
    for platform in words:
        state = str(tmp_path / platform)
        _enroll(commands, run, platform=platform, state=state)
    run.text("snapshot", "restore", "nobody enrolled")
    assert run.json("device", "list") == []
    for platform, said in words.items():
        checked_in = _simulate(commands, "checkin", "--state", str(tmp_path / platform))
        assert said in checked_in.stdout + checked_in.stderr, platform
