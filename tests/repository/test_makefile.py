"""What `make run` says when its demonstration ends: nothing of its own after Ctrl-C, its error otherwise."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def running(folder: Path, script: str) -> subprocess.Popen[str]:
    """`make run` with another program in the demonstration's place, and everything set up."""
    program = folder / "fauxtune"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    command = ["make", "-o", ".venv/.run", "run", f"BIN={folder}"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_ctrl_c_in_the_demonstration_is_no_error_of_make(tmp_path: Path) -> None:
    with running(tmp_path, "trap 'exit 130' INT; echo here; while :; do sleep 0.05; done") as make:
        assert make.stdout is not None
        assert make.stdout.readline() == "here\n"
        os.killpg(make.pid, signal.SIGINT)  # a terminal tells the whole group
        assert "***" not in make.communicate(timeout=30)[0]


@pytest.mark.parametrize("code", [1, 2])
def test_a_failure_of_the_demonstration_is_still_an_error_of_make(tmp_path: Path, code: int) -> None:
    with running(tmp_path, f"exit {code}") as make:
        assert f"Error {code}" in make.communicate(timeout=30)[0]
    assert make.returncode == 2
