"""`fauxtune serve --detach` and `--stop`, and `fauxtune healthcheck --wait`: a server that scripts start and end."""

from __future__ import annotations

import json
import os
import signal
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from fauxtune_cli.server import background
from tests.support.openapi import documents
from tests.support.running_server import SECONDS, environment, fauxtune, serving

PORTS = ("--port", "0", "--http-port", "0")


@contextmanager
def detached(folder: Path, *arguments: str | Path, token: str, commands: Path) -> Iterator[dict[str, Any]]:
    """What `--detach` printed as JSON; the server is killed at the end if it still runs."""
    fixed = ("--data-dir", folder, *PORTS, "--output", "json")
    started = fauxtune("serve", "--detach", *fixed, *arguments, FAUXTUNE_CONTROL_TOKEN=token)
    assert started.returncode == 0, started.stderr
    ready = json.loads(started.stdout)
    try:
        yield ready
    finally:
        if fauxtune("serve", "--stop", "--data-dir", folder, commands=commands).returncode not in (0, 1):
            os.kill(ready["pid"], signal.SIGKILL)


def test_it_serves_when_the_command_returns_and_says_where_it_is(tmp_path: Path, commands: Path) -> None:
    folder = tmp_path / "data"
    with detached(folder, "--permissions", "off", "--mail-port", "smtp=0", token="0" * 16, commands=commands) as ready:
        assert httpx.get(f"{ready['http']}/readyz").status_code == 200
        assert json.loads((folder / "endpoints.json").read_text()).items() <= ready.items()
        assert ready["dataDir"] == str(folder)
        log = Path(ready["log"])
        assert "--mail-port (FAUXTUNE_MAIL_PORT) has no effect without --mail." in log.read_text(), "what it warns of"
        assert stat.S_IMODE(log.stat().st_mode) == 0o600
        # The settings came through: a control token is needed, a permission is not.
        assert httpx.get(f"{ready['http']}/_fauxtune/v1/tenants").status_code == 401
        with httpx.Client(base_url=ready["https"], verify=trusting(ready)) as client:
            assert client.get("/ca.pem").content == Path(ready["caFile"]).read_bytes()
        again = fauxtune("serve", "--detach", "--data-dir", folder, *PORTS, commands=commands)
        assert again.returncode == 1
        assert again.stderr.startswith(f"fauxtune: A server runs on {folder} already (process {ready['pid']}).")
        ended = fauxtune("serve", "--stop", "--data-dir", folder, "--output", "json", commands=commands)
        assert json.loads(ended.stdout) == {"stopped": ready["pid"], "dataDir": str(folder)}
        assert not background._is_alive(ready["pid"]), "it says so when the process is gone, not before"
        assert not (folder / "endpoints.json").exists()
        none = fauxtune("serve", "--stop", "--data-dir", folder, commands=commands)
        assert (none.returncode, none.stderr) == (
            1,
            f"fauxtune: No server runs on {folder}. Another folder is named by --data-dir.\n",
        )


def trusting(ready: dict[str, Any]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ready["caFile"])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--detach", "--ephemeral"), "--detach and --ephemeral cannot be used together"),
        (("--detach", "--stop"), "--detach and --stop cannot be used together"),
        (("--detach", "--host", "0.0.0.0"), "Set FAUXTUNE_CONTROL_TOKEN"),
        (("--detach", "--port", "7", "--http-port", "7"), "--port and --http-port are both 7"),
    ],
)
def test_a_start_that_fails_says_why_and_leaves_no_process(
    arguments: tuple[str, ...], reason: str, tmp_path: Path, commands: Path
) -> None:
    folder = () if "--ephemeral" in arguments else ("--data-dir", str(tmp_path))
    done = fauxtune("serve", *arguments, *folder, commands=commands)
    assert (done.returncode, done.stdout) == (1, "")
    assert reason in done.stderr
    assert fauxtune("serve", "--stop", "--data-dir", tmp_path, commands=commands).returncode == 1


def test_a_server_in_the_foreground_is_stopped_too(tmp_path: Path, commands: Path) -> None:
    with serving("--data-dir", tmp_path, commands=commands) as server:
        done = fauxtune("serve", "--stop", "--data-dir", tmp_path, commands=commands)
        assert done.stdout == f"The server on {tmp_path} (process {server.endpoints['pid']}) has ended.\n"
        assert server.process.wait(SECONDS) == 0


def test_waiting_ends_when_the_server_is_ready(tmp_path: Path, commands: Path) -> None:
    command = [str(commands / "fauxtune"), "healthcheck", "--wait", str(SECONDS), "--data-dir", str(tmp_path)]
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as waiting:
        assert waiting.stderr is not None
        assert waiting.stderr.readline().startswith(f"Waiting: No server is running on {tmp_path}")
        with serving("--data-dir", tmp_path, commands=commands) as server:
            said, _ = waiting.communicate(timeout=SECONDS)
            assert (waiting.returncode, said) == (0, f"{server.https} is ready.\n")


def test_waiting_for_nothing_ends_with_the_last_reason(tmp_path: Path, commands: Path) -> None:
    done = fauxtune(
        "healthcheck", "--wait", "0.3", "--url", "http://localhost:1", "--data-dir", tmp_path, commands=commands
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "fauxtune: Not ready after 0.3 seconds. Cannot connect to http://localhost:1/readyz: " in done.stderr
    assert done.stderr.count("Waiting: ") == 1, "one line for a reason, however often it is met"


def test_a_health_check_loads_no_library_of_clients(tmp_path: Path) -> None:
    code = (
        "import sys; from fauxtune_cli.server.healthcheck import healthcheck; "
        "print(*({'httpx', 'cryptography', 'pydantic', 'rich', 'asyncio'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], env=environment(), check=True, capture_output=True, text=True)
    assert run.stdout.strip() == ""


def test_what_is_answered_about_health_is_documented() -> None:
    paths = documents()["health"]["paths"]
    assert set(paths) == {"/livez", "/readyz", "/ca.pem"}
    assert set(paths["/readyz"]["get"]["responses"]) == {"200", "503"}
