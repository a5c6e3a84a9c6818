"""What runs on Windows, as far as Linux can show it: clients, the commands for a server elsewhere, simulated devices.

A process in which `sys.platform` is win32, and in which the modules of POSIX that Python for Windows lacks cannot be
imported. Not shown: paths, consoles and event loops of Windows, and the libraries' own code for it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.running_server import SECONDS, Running, environment, serving

#: What stands before each program. Libraries and the standard library are imported as what they are here.
WINDOWS = """
import asyncio, concurrent.futures, ctypes, importlib.abc, importlib.util, json, pkgutil, subprocess, sys, tempfile
import cryptography.hazmat.primitives.serialization.pkcs12, httpx, pydantic.type_adapter, click, click.shell_completion
import rich.console, rich.live, rich.panel, rich.progress, rich.table
for name in {libraries!r}:
    importlib.import_module(name)

MISSING = {{"fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty", "uvloop"}}

class Windows(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in MISSING:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

for name in [*sys.modules]:
    if name.partition(".")[0] in MISSING or name.startswith("fauxtune"):
        del sys.modules[name]
sys.meta_path.insert(0, Windows())
sys.platform = "win32"
"""
LIBRARIES = ("aiohttp", "asn1crypto.cms", "orjson", "pytest", "pytest_asyncio")
#: Where a module needs POSIX because what it does is not for Windows; each command of it says so (tested below).
SERVER_ONLY = {"fauxtune_cli.server.background", "fauxtune.testing.server"}


def on_windows(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    code = WINDOWS.format(libraries=LIBRARIES) + program
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=SECONDS, check=False)


#: Runs commands one after another: exit code, standard output and standard error of each.
RUN = """
import contextlib, io
from PROGRAM import app
results = []
for arguments in json.loads(sys.argv[1]):
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            app(arguments)
            code = 0
        except SystemExit as ended:
            code = ended.code or 0
    results.append((code, output.getvalue(), errors.getvalue()))
print(json.dumps(results))
"""


def results(*commands: tuple[str | Path, ...], program: str = "fauxtune_cli.main") -> list[tuple[int, str, str]]:
    """What the commands did, in one process."""
    done = on_windows(RUN.replace("PROGRAM", program), json.dumps([[*map(str, words)] for words in commands]))
    assert done.returncode == 0, done.stderr
    return [(code, output, errors) for code, output, errors in json.loads(done.stdout)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, commands: Path) -> Iterator[Running]:
    with serving("--data-dir", tmp_path_factory.mktemp("windows"), commands=commands) as server:
        yield server


def test_clients_commands_test_library_and_simulated_devices_can_be_imported_and_modules_of_posix_cannot() -> None:
    done = on_windows(f"""
imported = []
for root in ("fauxtune_client", "fauxtune_cli", "fauxtune.testing", "fauxtune_sim"):
    names = [root, *(each.name for each in pkgutil.walk_packages(importlib.import_module(root).__path__, root + "."))]
    for name in names:
        if name not in {SERVER_ONLY!r} and not name.endswith("__main__"):
            importlib.import_module(name)
            imported.append(name)
print(json.dumps(imported))
try:
    import fauxtune.server.lock
except ModuleNotFoundError as missing:
    print(missing)
""")
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    imported = set(json.loads(first))
    assert {
        "fauxtune_client.http",
        "fauxtune_cli.device.device",
        "fauxtune.testing.plugin",
        "fauxtune_sim.hosting.host",
    } < imported
    assert second == "No module named 'fcntl'"


def test_what_needs_posix_says_what_to_do_instead() -> None:
    connectors = [("connector", "run", "--state", "x"), ("connector", "stop", "--state", "x")]
    servers = [("serve",), ("serve", "--detach"), ("serve", "--stop"), ("demo",), ("db", "upgrade")]
    for code, output, errors in results(*servers, *connectors):
        assert (code, output) == (1, "")
        assert "does not run on Windows itself. Run it in WSL (wsl fauxtune serve) or in a container" in errors
        assert errors.count("\n") == 1


def test_commands_reach_a_server_elsewhere(server: Running) -> None:
    there = ("--url", server.https, "--ca", server.endpoints["caFile"])
    ready, users, variables, by_folder = results(
        ("healthcheck", "--wait", "5", *there),
        ("user", "list", "--output", "json", *there),
        ("env", "--for", "powershell", *there),
        # Signal 0 would be Ctrl-C there: the process of a data folder is not asked.
        ("healthcheck", "--data-dir", server.endpoints["dataDir"]),
    )
    assert ready == (0, f"{server.https} is ready.\n", "")
    assert "alice@contoso.example" in users[1], users[2]
    assert "$env:AZURE_TENANT_ID" in variables[1]
    assert by_folder[0] == 0


def test_a_simulated_device_enrols_at_a_server_elsewhere(server: Running, tmp_path: Path) -> None:
    there = ("--server", server.https, "--ca", server.endpoints["caFile"], "--tenant", "contoso")
    state = ("--state", tmp_path)
    outcomes = results(
        ("enroll", "--platform", "windows", "--user", "alice", *state, *there),
        ("checkin", *state, "--until-settled"),
        program="fauxtune_sim.cli.main",
    )
    assert [code for code, _, _ in outcomes] == [0, 0], outcomes


def test_the_test_library_uses_a_server_elsewhere(server: Running) -> None:
    done = on_windows(
        """
from fauxtune.testing import Server
with Server.at(sys.argv[1], ca_file=sys.argv[2]) as server, server.tenant() as tenant:
    phone = tenant.devices.enroll("alice", "ios")
    print(phone.enrolled, tenant.graph.get(f"/v1.0/deviceManagement/managedDevices/{phone.id}").status_code)
""",
        server.https,
        server.endpoints["caFile"],
    )
    assert done.stdout == "True 200\n", done.stderr
