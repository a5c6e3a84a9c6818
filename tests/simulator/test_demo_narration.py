"""The output of the demonstration: lines that fit, commands that run, a pause that Enter ends."""

from __future__ import annotations

import asyncio
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fauxtune_sim.demo.narration import Narration, ShownRequest, Table, command_name, wait_for_enter
from fauxtune_sim.keys.marks import Mark, Names

GUID = "3f2a9c1e-0000-4000-8000-000000000001"
THUMBPRINT = "0cf9b7e4" * 5


class Terminal(io.StringIO):
    """A terminal that keeps what is written to it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def plain() -> io.StringIO:
    return io.StringIO()


def test_a_paragraph_fits_80_columns_and_a_path_stays_whole(plain: io.StringIO) -> None:
    path = f"/{'folder/' * 20}file"
    narration = Narration(plain)
    narration.say("many words " * 20, indent=2, hang=2)
    narration.say(path)
    *paragraph, last = plain.getvalue().splitlines()
    assert max(map(len, paragraph)) <= 80
    assert [len(line) - len(line.lstrip()) for line in paragraph[:3]] == [2, 4, 4]
    assert last == path


def test_columns_of_a_table_are_aligned(plain: io.StringIO) -> None:
    Narration(plain).table(Table(("device", "certificate"), [("Alice's iPhone", "0cf9b7e4"), ("Bob's PC", "-")]))
    assert plain.getvalue().splitlines() == [
        "  device          certificate",
        "  Alice's iPhone  0cf9b7e4",
        "  Bob's PC        -",
    ]


async def test_a_request_is_shown_short(plain: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    body = {"displayName": "A name in words", "groupId": GUID, "thumbprint": THUMBPRINT, "blob": "x" * 500}
    await Narration(plain, step=True).before(ShownRequest("POST", f"/beta/things/{GUID}/assign", body, "(and 2 more)"))
    text = re.sub(r"\n {7}", " ", plain.getvalue())
    assert "POST /beta/things/3f2a9c1e/assign\n" in text
    assert '"displayName": "A name in words"' in text
    assert '"groupId": "3f2a9c1e", "thumbprint": "0cf9b7e4"' in text
    assert f'"{"x" * 24}..."' in text
    assert "(and 2 more)\n  (Press Enter to go on.)\n" in text


async def test_without_steps_no_request_is_shown(plain: io.StringIO) -> None:
    await Narration(plain).before(ShownRequest("POST", "/beta/things"))
    assert plain.getvalue() == ""


def test_equal_certificates_have_equal_colours_on_a_terminal_and_no_colour_elsewhere(
    plain: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    marks = {"0cf9b7e4": Mark("MULE", 4, "◆"), "0cf9b7e5": Mark("VIGE", 8, "●")}
    for stream in (terminal, plain):
        narration = Narration(stream)
        narration.names = Names(marks)
        narration.table(Table(("device", ""), [("a", "0cf9b7e4"), ("b", "0cf9b7e4"), ("c", "0cf9b7e5")]))
        narration.say("The certificate 0cf9b7e5 is known, and 0cf9b7e6 is not.")
    colours = re.findall(r"\x1b\[(38;5;\d+)m[◆●] (?:MULE|VIGE) \(0cf9b7e\d\)", terminal.getvalue())
    assert len(colours) == 4
    assert colours[0] == colours[1] != colours[2]
    assert plain.getvalue().splitlines()[1:] == [
        "  a       ◆ MULE (0cf9b7e4)",
        "  b       ◆ MULE (0cf9b7e4)",
        "  c       ● VIGE (0cf9b7e5)",
        "The certificate ● VIGE (0cf9b7e5) is known, and 0cf9b7e6 is not.",
    ]


def test_where_a_table_has_no_room_it_shows_less_of_the_names_of_certificates(plain: io.StringIO) -> None:
    narration = Narration(plain)
    narration.names = Names({"0cf9b7e4": Mark("MULE", 4, "◆")})
    for count, name in ((3, "◆ MULE (0cf9b7e4)"), (4, "MULE (0cf9b7e4)"), (9, "MULE")):
        narration.table(Table(("device", "certificates"), [("iPhone", " ".join(["0cf9b7e4"] * count))]))
        assert plain.getvalue().splitlines()[-1] == f"  iPhone  {' '.join([name] * count)}"


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
