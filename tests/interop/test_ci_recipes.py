"""The recipes of docs/testing/ci.md: each is YAML of at most 15 lines, and its commands are run by a shell.

Not run: the actions of GitHub, `pip install` (what it would install is there), and containers: the server that the
recipe calls a service is started here, at other ports.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from fauxtune.settings import Settings
from tests.support.running_server import SECONDS, environment, serving

pytestmark = [
    pytest.mark.program("node", package="nodejs"),
    pytest.mark.program("npm"),
    pytest.mark.program("curl", package="curl"),
]

PAGE = Path(__file__).parents[2] / "docs" / "testing" / "ci.md"
LIMIT = 15
#: A project whose tests want what the recipe promises.
PYTHON_TEST = """
def test_a_tenant_has_alice(tenant, graph):
    assert "alice" in graph.get("/v1.0/users").text
"""
NODE_TEST = """
import assert from "node:assert";
import { test } from "node:test";

test("Graph is there, and its certificate is trusted", async () => {
  const answer = await fetch(`${process.env.FAUXTUNE_URL}/v1.0/users`);
  assert.equal(answer.status, 401);
});
"""
PACKAGE = {"name": "program", "version": "1.0.0", "scripts": {"test": "node --test"}}
LOCK = {**PACKAGE, "lockfileVersion": 3, "packages": {"": {"name": "program", "version": "1.0.0"}}}


@dataclass(frozen=True, slots=True)
class Recipe:
    """A block of YAML: the commands of its one job in their order, the job's variables, and those of its service."""

    text: str
    document: dict[Any, Any]
    commands: tuple[str, ...]
    variables: dict[str, str] = field(default_factory=dict)
    service: dict[str, str] | None = None


def read(text: str) -> Recipe:
    document = yaml.safe_load(text)
    if "jobs" in document:
        (job,) = document["jobs"].values()
        assert job["runs-on"]
        assert [step for step in job["steps"] if set(step) & {"uses", "run"}] == job["steps"]
        commands = tuple(step["run"] for step in job["steps"] if "run" in step)
        services = [service["env"] for service in job.get("services", {}).values()]
        return Recipe(text, document, commands, job.get("env", {}), *services)
    (job,) = (value for name, value in document.items() if name != "variables")
    assert job["image"]
    commands = (*job["script"], *job.get("after_script", ()))
    # On GitLab a service has the job's variables, too.
    services = [{**document["variables"], **service["variables"]} for service in job.get("services", ())]
    return Recipe(text, document, commands, document.get("variables", {}), *services)


def recipes() -> list[Recipe]:
    return [read(text) for text in re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text("utf-8"), re.M | re.S)]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The program that is tested, and a `pip` that installs nothing."""
    (tmp_path / "test_program.py").write_text(PYTHON_TEST)
    (tmp_path / "program.test.mjs").write_text(NODE_TEST)
    (tmp_path / "package.json").write_text(json.dumps(PACKAGE))
    (tmp_path / "package-lock.json").write_text(json.dumps(LOCK))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pip").write_text('#!/bin/sh\n[ "$1" = install ]\n')
    (tmp_path / "bin" / "pip").chmod(0o755)
    return tmp_path


def test_there_is_a_recipe_for_each_way_on_both_services() -> None:
    texts = [recipe.text for recipe in recipes()]
    assert [text.splitlines()[0] for text in texts] == ["# .github/workflows/tests.yml", "# .gitlab-ci.yml"] * 3
    assert all(text.count("\n") - 1 <= LIMIT for text in texts), "lines, without the name of the file"


def test_the_commands_are_those_of_the_other_service() -> None:
    """So that each is run once below."""
    plugin, plugin_too, job, job_too, *_ = recipes()
    assert plugin.commands == plugin_too.commands
    assert job.commands == job_too.commands


@pytest.mark.parametrize("number", [0, 2])
def test_the_commands_of_the_recipe_work(number: int, project: Path, commands: Path) -> None:
    run(recipes()[number], project, programs=commands)


def test_the_commands_of_a_job_with_a_service_work(project: Path, commands: Path) -> None:
    on_github, on_gitlab = (recipe for recipe in recipes() if recipe.service is not None)
    for recipe in (on_github, on_gitlab):
        Settings(**{name.removeprefix("FAUXTUNE_").lower(): value for name, value in own(recipe.service).items()})
    with serving("--ephemeral", commands=commands, FAUXTUNE_CONTROL_TOKEN="only-for-this-job") as server:
        for recipe in (on_github, on_gitlab):
            run(recipe, project, programs=commands, addresses=(server.https, server.endpoints["http"]))


def own(variables: dict[str, str] | None) -> dict[str, Any]:
    """The settings of the server among variables of a job that its service has, too."""
    ours = {name: value for name, value in (variables or {}).items() if name.startswith("FAUXTUNE_")}
    ours.pop("FAUXTUNE_URL", None)  # of the commands
    assert "FAUXTUNE_CONTROL_TOKEN" in ours
    return ours


def run(recipe: Recipe, project: Path, *, programs: Path, addresses: tuple[str, str] | None = None) -> None:
    """Run the commands as a shell of the service would; an address of the service is that of the server here."""

    def here(text: str) -> str:
        for pattern, address in zip(("https://[a-z]+:8443", "http://[a-z]+:8080"), addresses or (), strict=False):
            text = re.sub(pattern, address, text)
        return text

    kept = {name: value for name, value in environment().items() if not name.startswith(("PYTEST_", "COV_"))}
    variables = {
        **kept,
        **{name: here(value) for name, value in recipe.variables.items()},
        "PATH": os.pathsep.join([str(project / "bin"), str(programs), f"{sys.prefix}/bin", os.environ["PATH"]]),
        "FAUXTUNE_PORT": "0",
        "FAUXTUNE_HTTP_PORT": "0",
        "npm_config_offline": "true",
    }
    script = "\n".join(map(here, recipe.commands))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=project,
        env=variables,
        capture_output=True,
        text=True,
        timeout=2 * SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\b1 passed|\bpass 1$", done.stdout, re.M), done.stdout
