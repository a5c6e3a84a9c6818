"""What make says: of a demonstration that ends, of a step that takes long, of an installation that is complete."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}


def running(folder: Path, script: str) -> subprocess.Popen[str]:
    """`make run` with another program in the demonstration's place, and everything set up."""
    program = folder / "fauxtune"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    command = ["make", "-o", ".venv/.run", "run", f"BIN={folder}"]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_ctrl_c_in_the_demonstration_is_no_error_of_make(tmp_path: Path) -> None:
    # Like a demonstration, which stops its server first: GNU make errs ("wait: No child processes") in one of fifty
    # runs if its child ends before make itself has seen the signal.
    with running(tmp_path, "trap 'sleep 1; exit 130' INT; echo here; while :; do sleep 0.05; done") as make:
        assert make.stdout is not None
        assert make.stdout.readline() == "here\n"
        os.killpg(make.pid, signal.SIGINT)  # a terminal tells the whole group
        assert "***" not in make.communicate(timeout=30)[0]


@pytest.mark.parametrize("code", [1, 2])
def test_a_failure_of_the_demonstration_is_still_an_error_of_make(tmp_path: Path, code: int) -> None:
    with running(tmp_path, f"exit {code}") as make:
        assert f"Error {code}" in make.communicate(timeout=30)[0]
    assert make.returncode == 2


def test_the_commands_after_an_installation_can_be_pasted() -> None:
    command = ["make", "-o", f"{sys.prefix}/.run", "install", f"VENV={sys.prefix}"]
    said = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=True).stdout
    lines = [line for line in said.splitlines() if line.startswith("  ")]
    assert len(lines) == 3
    for line in lines:
        program, *_ = shlex.split(line, comments=True)
        assert os.access(program, os.X_OK)


@pytest.mark.parametrize("code", [0, 3])
def test_a_step_that_takes_long_is_not_silent_and_keeps_its_exit_code(code: int) -> None:
    command = ["make", "--eval", f"slow: ; $(DOTS) sh -c 'sleep 3; exit {code}'", "slow"]
    result = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert result.stderr.startswith(".")
    assert (f"Error {code}" in result.stderr) is (code != 0)


def test_the_help_lists_each_target_in_eighty_columns() -> None:
    said = subprocess.run(
        ["make", "help"], cwd=ROOT, env=environment(), capture_output=True, text=True, check=True
    ).stdout
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall("^([a-z-]+):", text, flags=re.MULTILINE)
    assert re.findall("^([a-z-]+)  ?", said, flags=re.MULTILINE)[1:] == targets
    assert max(map(len, said.splitlines())) <= 80
    (phony,) = re.findall("^[.]PHONY: (.*)$", text, flags=re.MULTILINE)
    assert phony.split() == targets
