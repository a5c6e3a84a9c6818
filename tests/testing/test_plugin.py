"""The plugin as a stranger has it: from the installed package, in runs of pytest of their own."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fauxtune.testing import Server
from tests.support.installed import ROOT, Installed
from tests.support.running_server import environment

#: Plugins that are here and that a stranger does not have.
OURS = " ".join(
    f"-p no:{name}"
    for name in ("schemathesis", "randomly", "cacheprovider", "asyncio", "hypothesispytest", "pact", "pytest_cov")
)
SECONDS = 240
EXAMPLES, PAGE = ROOT / "tests" / "examples", ROOT / "docs" / "testing" / "README.md"
PROPERTIES = PAGE.with_name("properties.md")
_BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(installed: Installed, tmp_path: Path) -> Run:
    """`run(text, *options)`: a run of pytest over one file with this text."""

    def run(text: str, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "test_it.py").write_text(text, encoding="utf-8")
        (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n", encoding="utf-8")
        words = ("python", "-m", "pytest", "-q", *options)
        return installed.run(*words, cwd=tmp_path, seconds=SECONDS, PYTEST_ADDOPTS=OURS, TMPDIR=str(tmp_path), **more)

    return run


@pytest.fixture(scope="module")
def remote(server: Server) -> tuple[str, ...]:
    """The options that name a running server."""
    return ("--fauxtune-url", server.url, "--fauxtune-ca", str(server.ca_file))


def servers_in(folder: Path) -> list[str]:
    """The processes whose command names a folder."""
    found = subprocess.run(["pgrep", "-f", str(folder)], capture_output=True, text=True, check=False)
    return found.stdout.split()


def gone(folder: Path) -> bool:
    """Whether neither a process nor a shared folder of a run is left."""
    return not servers_in(folder) and not list(folder.glob("fauxtune-test-*"))


def wait_until(reached: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_the_examples_and_those_of_the_page_pass_in_parallel_as_they_stand(
    installed: Installed, tmp_path: Path
) -> None:
    folder = shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    blocks = _BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) == 6
    for number, block in enumerate(blocks):
        text = block if "def test_" in block else f"def test_it():\n{textwrap.indent(block, '    ')}"
        (folder / f"test_page_{number}.py").write_text(text, encoding="utf-8")
    assert len((folder / "conftest.py").read_text(encoding="utf-8").splitlines()) <= 10
    words = ("python", "-m", "pytest", "-q", "-n2", "-W", "error")
    done = installed.run(*words, cwd=folder, seconds=SECONDS, PYTEST_ADDOPTS=OURS, TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "19 passed" in done.stdout
    assert gone(tmp_path)


def test_the_processes_of_a_run_share_one_server_which_ends_although_one_of_them_crashes(
    run: Run, tmp_path: Path
) -> None:
    text = """
import os
import pytest
from pathlib import Path

@pytest.mark.parametrize("number", range(6))
def test_one(fauxtune, tenant, number, worker_id):
    Path(f"seen-{number}").write_text(f"{fauxtune.url} {tenant.id} {worker_id}")

def test_crash(tenant):
    os._exit(3)
"""
    done = run(text, "-n2")
    assert "1 failed, 6 passed" in done.stdout, done.stdout + done.stderr
    seen = [file.read_text(encoding="utf-8").split() for file in tmp_path.glob("seen-*")]
    assert len({url for url, _, _ in seen}) == 1
    assert len({tenant for _, tenant, _ in seen}) == 6
    assert len({worker for _, _, worker in seen}) > 1
    wait_until(lambda: gone(tmp_path))


def test_the_server_ends_when_the_run_is_killed(installed: Installed, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("import time\n\ndef test_it(tenant):\n    time.sleep(600)\n")
    process = subprocess.Popen(
        [str(installed.folder / "bin" / "python"), "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=environment(PYTEST_ADDOPTS=OURS, TMPDIR=str(tmp_path)),
        stdout=subprocess.DEVNULL,
    )
    with process:
        wait_until(lambda: any(file.stat().st_size for file in tmp_path.glob("fauxtune-test-*/server.json")))
        process.send_signal(signal.SIGKILL)
    wait_until(lambda: gone(tmp_path))


def test_a_run_that_uses_no_fixture_imports_nothing_and_starts_nothing(run: Run, tmp_path: Path) -> None:
    text = """
import sys

def test_it():
    assert {name for name in sys.modules if name.startswith("fauxtune")} <= {
        "fauxtune", "fauxtune.testing", "fauxtune.testing.plugin"
    }
    assert "httpx" not in sys.modules
"""
    done = run(text)
    assert done.returncode == 0, done.stdout
    assert gone(tmp_path)


def test_a_failed_test_shows_requests_events_and_devices_of_its_tenant(run: Run, remote: tuple[str, ...]) -> None:
    text = """
def test_it(tenant, devices, graph, faults):
    devices.enroll("alice", "android", name="the phone")
    tenant.profiles.pkcs("Signing", "android", with_root=False).assign("All Staff")
    tenant.settle()
    for number in range(40):
        graph.get(f"/v1.0/users/nobody-{number}")
    devices.enroll("bob", "ios", name="the iPhone")
    tenant.profiles.imported("For Windows", "windows").assign("All Staff")
    tenant.settle()
    faults.add(match={"path": "/users"}, effect={"status": 429})
    graph.get("/v1.0/users/alice@nowhere.example")
    assert tenant.journal.events("installed")

def test_other(tenant):
    assert tenant.user("alice")
"""
    done = run(text, *remote)
    assert "1 failed, 1 passed" in done.stdout
    assert re.search(r"- Fauxtune: last requests to t-\w+ -", done.stdout)
    requests = done.stdout.partition("Fauxtune: last requests")[2].partition("- Fauxtune: ")[0]
    assert "404 GET /v1.0/users/nobody-39" in requests
    assert "nobody-20" not in requests
    assert "/mdm/" not in requests, "what devices send is counted"
    assert re.search(r"^the phone: \d+ requests, none refused$", requests, re.MULTILINE)
    assert (
        "fault 429, /users: struck 0 times; the nearest request was GET /users/alice@nowhere.example (another path)"
        in done.stdout
    )
    assert "enrolled: the phone" in done.stdout
    devices = done.stdout.partition("- Fauxtune: devices of ")[2].partition("short test summary")[0]
    assert "the phone (android/work-profile), connected, holds nothing" in devices
    why = " ".join(devices.partition("Signing: ")[2].partition("fix: ")[0].split())
    assert "needs the trusted root of its authority" in why
    assert "no trusted-root profile for Android work profile contains it." in why, "nothing is cut off"
    assert "\n    fauxtune profile create root --name " in devices
    assert "the iPhone (iPhone) gets no imported certificate: 'For Windows' is only for Windows." in devices
    assert '--platform ios --purpose encryption --group "All Staff"' in devices
    shown = done.stdout.partition("Fauxtune: last requests")[2].partition("short test summary")[0].splitlines()
    assert len(shown) < 70


def test_marks_say_what_is_in_the_tenant(run: Run, remote: tuple[str, ...]) -> None:
    text = """
import pytest

pytestmark = pytest.mark.fauxtune(seed="none")

def test_the_module(graph):
    assert graph.get("/v1.0/users").json()["value"] == []

@pytest.mark.fauxtune(seed="contoso", edition="2020-04", state="alice has three encryption certificates, two expired")
def test_its_own(tenant, clock, journal, wire, faults):
    assert len(tenant.graph.get("/beta/deviceManagement/userPfxCertificates").json()["value"]) == 3
    assert clock.now() and journal.events() and wire.exchanges() and faults.list() == []

@pytest.mark.fauxtune(sed="none")
def test_a_wrong_name(tenant):
    pass

@pytest.mark.fauxtune("none")
def test_no_name(tenant):
    pass

@pytest.mark.fauxtune(state="alice has a unicorn")
def test_an_unknown_sentence(tenant):
    pass
"""
    done = run(text, *remote)
    assert "2 passed, 3 errors" in done.stdout
    assert "takes seed=, edition=, state=, params=, keys=, deterministic=, not sed=" in done.stdout
    assert "There is no state 'alice has a unicorn'" in done.stdout


def test_the_blocks_about_hypothesis_pass_on_the_server_of_the_run(run: Run, remote: tuple[str, ...]) -> None:
    machine, strategies = _BLOCK.findall(PROPERTIES.read_text(encoding="utf-8"))
    assert machine.count("\n") <= 16
    text = f"""
from fauxtune.testing.unittest import TestCase
{machine}

{strategies}

class Where(TestCase):
    def test_where(self):
        machine = TenantMachine()
        machine.teardown()
        assert machine.tenant.server == self.fauxtune
        assert self.fauxtune.url == {remote[1]!r}
"""
    done = run(text, *remote)
    assert "3 passed" in done.stdout, done.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--fauxtune-url", "https://localhost:1"), "There is no Fauxtune server at https://localhost:1"),
        (("--fauxtune-url", "https://localhost:1", "--fauxtune-ca", "no.pem"), "There is no file no.pem"),
        (
            ("--fauxtune-database", "postgresql+psycopg://nobody@localhost:1/none"),
            r"the server ended with exit code 1 before it was ready:",
        ),
    ],
)
def test_a_server_that_is_not_there_is_one_clear_error(
    run: Run, tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    done = run("def test_it(tenant):\n    pass\n", *options, "--tb=line")
    assert "1 error" in done.stdout
    assert words in done.stdout
    assert gone(tmp_path)


def test_unittest_needs_no_pytest_and_its_server_ends_with_the_process(installed: Installed, tmp_path: Path) -> None:
    text = """
import sys
from fauxtune.testing.unittest import TestCase

class Leaver(TestCase):
    seed = "contoso"

    def test_a_phone_is_enrolled(self):
        phone = self.devices.enroll("alice", "ios")
        self.assertTrue(phone.enrolled)
        self.assertEqual(phone.tenant, self.tenant)

    def test_pytest_is_not_imported(self):
        self.assertNotIn("pytest", sys.modules)
        self.assertEqual(len(self.devices), 0)
"""
    (tmp_path / "test_case.py").write_text(text, encoding="utf-8")
    done = installed.run("python", "-W", "error", "-m", "unittest", "test_case", cwd=tmp_path, TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "Ran 2 tests" in done.stderr
    wait_until(lambda: gone(tmp_path))


def test_on_windows_it_says_how_to_name_a_server() -> None:
    code = """
import os, sys
sys.modules["fcntl"] = None
import fauxtune.testing.plugin
from fauxtune.testing import Device, Graph, Server, ServerNotStarted, Tenant
os.name = "nt"
try:
    Server.start()
except ServerNotStarted as refused:
    print(refused)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--fauxtune-url" in done.stdout
