"""How the demonstration is told: lines that fit, commands that run, a pause that Enter ends."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fauxtune_sim.demo.words import WIDTH, enter_pressed, in_lines, runnable


def test_a_long_line_goes_on_indented_and_a_path_stays_whole() -> None:
    told: list[str] = []
    path = f"/{'folder/' * 20}file"
    in_lines(told.append)(f"  {'many words ' * 20}\n\n{path}")
    assert max(map(len, told[:3])) <= WIDTH
    assert [len(line) - len(line.lstrip()) for line in told[:3]] == [2, 4, 4]
    assert told[-2:] == ["", path]


def test_a_command_is_named_so_that_it_runs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.chdir(Path(sys.prefix).parent)
    command = runnable("fauxtune-sim")
    assert command == f"{Path(sys.prefix).name}/bin/fauxtune-sim"
    assert subprocess.run([command, "--help"], check=False, capture_output=True).returncode == 0
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert runnable("fauxtune-sim") == "fauxtune-sim"


async def test_enter_ends_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        pause = asyncio.create_task(enter_pressed())
        await asyncio.sleep(0)
        assert not pause.done()
        os.write(writing, b"\n")
        await pause
        os.close(writing)
        await enter_pressed()  # nobody is there any more


async def test_there_is_no_pause_without_a_standard_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (tmp_path / "file").open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        await enter_pressed()
