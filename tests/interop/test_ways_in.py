"""The GitHub Action, the GitLab template and the development container: their commands, run by bash as a runner would.

Not run: the actions of GitHub, `pip install` (what it would install is there), and containers.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from fauxtune.settings import Settings
from tests.support.running_server import environment, free_ports, serving

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
#: Asks Graph with the variables that a later step of the job has.
_NEXT_STEP = """
token=$(curl -sS --cacert "$FAUXTUNE_CA" "$AZURE_AUTHORITY_HOST/$AZURE_TENANT_ID/oauth2/v2.0/token" \
  -d grant_type=client_credentials -d "client_id=$AZURE_CLIENT_ID" \
  --data-urlencode "client_secret=$AZURE_CLIENT_SECRET" -d scope=https://localhost/.default)
token=${token#*'"access_token":"'}
curl -sS --cacert "$FAUXTUNE_CA" -H "Authorization: Bearer ${token%%'"'*}" "$FAUXTUNE_GRAPH_URL/users"
"""


class Runner:
    """What a runner gives to the steps of a job: files for variables and outputs, and a folder for temporary files."""

    def __init__(self, folder: Path, commands: Path) -> None:
        self.folder = folder
        self.files = {name: folder / name for name in ("GITHUB_ENV", "GITHUB_OUTPUT")}
        self.temporary = folder / "temporary files"
        self.temporary.mkdir()
        for file in self.files.values():
            file.touch()
        self.surroundings = environment(
            PATH=f"{commands}:{os.environ['PATH']}",
            GITHUB_ACTION_PATH=str(ROOT),
            RUNNER_TEMP=str(self.temporary),
            **free_ports(),
            **{name: str(file) for name, file in self.files.items()},
        )

    def values(self, name: str) -> dict[str, str]:
        """What the steps have written to a file."""
        return dict(line.split("=", 1) for line in self.files[name].read_text().splitlines())

    def run(self, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a step with what the steps before it have exported."""
        command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]
        around = self.surroundings | self.values("GITHUB_ENV") | variables
        return subprocess.run(command, cwd=self.folder, env=around, capture_output=True, text=True, check=False)

    def run_steps(self, **inputs: str) -> None:
        """Run the steps of the action that these inputs choose."""
        known = {name: str(each["default"]) for name, each in ACTION["inputs"].items()} | inputs
        for step in ACTION["runs"]["steps"]:
            name, operator, value = re.fullmatch(r"inputs\.(\S+) (==|!=) '(\w+)'", step["if"]).groups()  # type: ignore[union-attr]
            if "run" not in step or (known[name] == value) is not (operator == "=="):
                continue
            assert step["shell"] == "bash"
            variables = {
                variable: known[re.fullmatch(r"\$\{\{ inputs\.(\S+) \}\}", text)[1]]  # type: ignore[index]
                for variable, text in step.get("env", {}).items()
            }
            done = self.run(step["run"], **variables)
            assert done.returncode == 0, step["name"] + done.stdout + done.stderr


@pytest.fixture
def runner(tmp_path: Path, commands: Path) -> Iterator[Runner]:
    runner = Runner(tmp_path, commands)
    yield runner
    runner.run("fauxtune serve --stop")


@pytest.mark.program("curl")
def test_the_action_starts_a_server_for_later_steps_and_saves_what_was_sent(runner: Runner) -> None:
    runner.run_steps()
    exported = runner.values("GITHUB_ENV")
    assert {"FAUXTUNE_URL", "FAUXTUNE_CA", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"} <= exported.keys()
    assert runner.values("GITHUB_OUTPUT") == {"url": exported["FAUXTUNE_URL"], "ca": exported["FAUXTUNE_CA"]}
    assert "alice@contoso.example" in runner.run(_NEXT_STEP).stdout
    runner.run_steps(**{"upload-wire": "true"})
    (upload,) = (step for step in ACTION["runs"]["steps"] if "uses" in step)
    saved = [
        Path(line.replace("${{ runner.temp }}", str(runner.temporary)))
        for line in upload["with"]["path"].split("\n")
        if line
    ]
    assert all(file.is_file() for file in saved)
    entries = json.loads(saved[0].read_text())["log"]["entries"]
    assert any("/users" in entry["request"]["url"] for entry in entries)


def test_the_action_begins_with_a_seed_of_its_own(runner: Runner) -> None:
    seed = ROOT / "docs" / "examples" / "lakeside.json"
    runner.run_steps(seed=str(seed))
    assert "lakeside" in runner.run("fauxtune tenant list").stdout.lower()


@pytest.mark.program("curl")
def test_a_job_that_extends_the_gitlab_template_has_a_server(runner: Runner) -> None:
    (template,) = yaml.safe_load((ROOT / "docs" / "examples" / "gitlab-ci.yml").read_text(encoding="utf-8")).values()
    install, *before = template["before_script"]
    assert re.fullmatch(r'pip install "fauxtune\$\{FAUXTUNE_VERSION:\+==\$FAUXTUNE_VERSION\}"', install)
    done = runner.run("\n".join([*before, _NEXT_STEP]))
    assert "alice@contoso.example" in done.stdout, done.stderr
    assert runner.run("\n".join(template["after_script"])).returncode == 0
    assert (runner.folder / "seen" / "wire.har").stat().st_size


def test_the_development_container_uses_what_the_makefile_has() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    target = container["onCreateCommand"].removeprefix("make ")
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert container["postStartCommand"].startswith(".venv/bin/fauxtune serve")


#: In the place of Testcontainers: a server that runs already.
_STAND_IN = """
class DockerContainer:
    def __init__(self, image): assert image == "fauxtune"
    def with_exposed_ports(self, *ports): self.ports = dict(zip(ports, {ports}, strict=True)); return self
    def with_env(self, name, value): return self
    def __enter__(self): return self
    def __exit__(self, *_error): pass
    def get_exposed_port(self, port): return self.ports[port]
"""
_TOKEN = "only-for-this-test"
_CONTAINERS = (ROOT / "docs" / "testing" / "testcontainers.md").read_text(encoding="utf-8")
_BLOCKS = dict(re.findall(r"^```(\w+)\n(.*?)^```$", _CONTAINERS, re.M | re.S))


@pytest.mark.parametrize("language", ["python", "js", "java", "csharp", "go"])
def test_a_container_of_a_test_has_the_ports_paths_and_variables_of_the_image(language: str) -> None:
    block = _BLOCKS[language]
    assert {"8443", "8080"} == set(re.findall(r"\b\d{4}\b", re.sub(r"[\w-]*c0ffee[\w-]*", "", block)))
    assert "/readyz" in block
    names = {name.removeprefix("FAUXTUNE_").lower() for name in re.findall(r"FAUXTUNE_\w+", block)}
    assert names == {"control_token", "published_secrets"} <= set(Settings.known())


def test_the_python_of_the_page_on_testcontainers_asks_a_server(tmp_path: Path, commands: Path) -> None:
    (tmp_path / "testcontainers" / "core").mkdir(parents=True)
    variables = {"FAUXTUNE_CONTROL_TOKEN": _TOKEN, "FAUXTUNE_PUBLISHED_SECRETS": "true"}
    with serving("--ephemeral", commands=commands, **variables) as server:
        ports = [int(server.endpoints[name].rpartition(":")[2]) for name in ("https", "http")]
        (tmp_path / "testcontainers" / "core" / "container.py").write_text(_STAND_IN.replace("{ports}", str(ports)))
        ended = subprocess.run(
            [sys.executable, "-c", _BLOCKS["python"]],
            env=environment(PYTHONPATH=f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"),
            capture_output=True,
            text=True,
            check=False,
        )
    assert (ended.returncode, ended.stdout.count("\n")) == (0, 1), ended.stderr


def test_the_devices_of_compose_enrol_and_stay(tmp_path: Path, commands: Path) -> None:
    service = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]["devices"]
    assert (service["profiles"], service["network_mode"]) == (["devices"], "service:fauxtune")
    (program,) = service["entrypoint"]
    arguments = [each.replace("${FAUXTUNE_DEVICES:-10}", "4") for each in service["command"]]
    folder = tmp_path / "data"
    with serving("--data-dir", folder, commands=commands, FAUXTUNE_CONTROL_TOKEN=_TOKEN):
        process = subprocess.Popen(
            [commands / program, *arguments],
            env=environment(FAUXTUNE_CONTROL_TOKEN=_TOKEN, FAUXTUNE_DATA_DIR=str(folder)),
            cwd="/",
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            assert process.stderr is not None
            lines = []
            for line in process.stderr:
                lines.append(line.strip())
                if "stays connected" in line:
                    process.terminate()
    assert "settled: 4 of 4" in lines
    assert process.returncode == 0
