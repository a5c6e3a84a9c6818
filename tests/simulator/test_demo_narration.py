"""The output of the demonstration: lines that fit, commands that run, a pause that Enter ends."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fauxtune_sim.demo.narration import WIDTH, command_name, wait_for_enter, wrapped


def test_a_long_line_goes_on_indented_and_a_path_stays_whole() -> None:
    lines: list[str] = []
    path = f"/{'folder/' * 20}file"
    wrapped(lines.append)(f"  {'many words ' * 20}\n\n{path}")
    assert max(map(len, lines[:3])) <= WIDTH
    assert [len(line) - len(line.lstrip()) for line in lines[:3]] == [2, 4, 4]
    assert lines[-2:] == ["", path]


def test_a_command_is_named_so_that_it_runs_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.chdir(Path(sys.prefix).parent)
    command = command_name("fauxtune-sim")
    assert command == f"{Path(sys.prefix).name}/bin/fauxtune-sim"
    assert subprocess.run([command, "--help"], check=False, capture_output=True).returncode == 0
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert command_name("fauxtune-sim") == "fauxtune-sim"


async def test_enter_ends_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        pause = asyncio.create_task(wait_for_enter())
        await asyncio.sleep(0)
        assert not pause.done()
        os.write(writing, b"\n")
        await pause
        os.close(writing)
        await wait_for_enter()  # standard input has ended


async def test_there_is_no_pause_without_a_standard_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (tmp_path / "file").open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        await wait_for_enter()
