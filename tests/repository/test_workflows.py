"""The workflows for GitHub and the action, checked by jactionlint: they have never run there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.running_server import environment

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def problems(folder: Path) -> str:
    """What jactionlint says of the workflows and the action of a folder; it asks no other host."""
    command: list[str | Path] = [
        Path(sys.executable).with_name("jactionlint"),
        "--oneline",
        "--shellcheck=",
        "--strict-exit",
    ]
    done = subprocess.run(
        command, cwd=folder, env=environment(NO_COLOR="1"), capture_output=True, text=True, check=False
    )
    assert done.returncode == bool(done.stdout), done.stderr
    return done.stdout


def test_the_workflows_and_the_action_have_no_problem() -> None:
    assert problems(ROOT) == ""


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("needs: make", "needs: makes", "makes"),
        ("${{ github.token }}", "${{ github.tokens }}", "tokens"),
        ("persist-credentials:", "persist:", "persist"),
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7", "pinned"),
        ('make release VERSION="${GITHUB_REF_NAME#v}"', "make release VERSION=${{ github.ref_name }}", "injection"),
    ],
)
def test_a_problem_would_be_found(tmp_path: Path, right: str, wrong: str, says: str) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)  # jactionlint looks in repositories
    shutil.copytree(ROOT / ".github", tmp_path / ".github")
    release = tmp_path / ".github" / "workflows" / "release.yml"
    text = release.read_text(encoding="utf-8")
    assert right in text
    release.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    assert says in problems(tmp_path)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_calls_what_the_repository_has_and_says_that_it_never_ran(workflow: Path) -> None:
    text = workflow.read_text(encoding="utf-8")
    assert "This workflow has never run" in text.split("\nname:")[0]
    targets = re.findall(r"\bmake (\w+)", text)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(re.search(rf"^{target}:", makefile, re.M) for target in targets)
    programs = re.findall(r"run: (\.ci/\w+)$", text, re.M)
    assert all((ROOT / program).stat().st_mode & 0o100 for program in programs)
    assert targets or programs
