"""How far a command is: on a terminal, without one, and for programs. The terminals are pseudo-terminals."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from fauxtune_cli import progress as told
from fauxtune_client.endpoints import ClientError
from fauxtune_sim.cli import commands
from tests.support.commands import Commands
from tests.support.running_server import environment

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
_HIDDEN, _SHOWN = "\x1b[?25l", "\x1b[?25h"
_FLEET = ["identity keys are made", "enrolled: 8 of 8", "settled: 8 of 8", "checked in again: 80 of 80"]
#: Three items, of which the second one fails. The last argument says whether the first one takes until a bar is shown.
WORK = """
import sys, time
from fauxtune_cli.options import Output
from fauxtune_cli.progress import progress
output, ends = Output(sys.argv[1]), sys.argv[2]
with progress("Importing [files]", output=output, total=3, unit="files", lines=True) as meter:
    while sys.argv[3] == "bar" and meter._bar is None:
        time.sleep(0.05)
    for name in ("one", "two", "three"):
        meter.one_done(f"{name}.pfx", succeeded=name != "two")
    if ends == "error":
        raise SystemExit(3)
    if ends == "wait":
        print("ready", flush=True)
        time.sleep(60)
print("rich.progress" in sys.modules)
"""
#: The program `fauxtune`, which shows its bar at once, however fast the machine is.
WITHOUT_PATIENCE = """
from fauxtune_cli import progress, progress_bar
progress._PATIENCE = 0
from fauxtune_cli.main import app
app()
"""


@dataclass
class Ended:
    """A command that ran at a terminal: standard output is a pipe, standard error the terminal."""

    code: int
    out: str
    screen: str

    @property
    def text(self) -> str:
        """What was on the screen, without colours and movements of the cursor."""
        return _CONTROL.sub("", self.screen)


def at_terminal(
    command: Sequence[str | Path],
    *,
    columns: int = 80,
    sent: signal.Signals | None = None,
    **variables: str,
) -> Ended:
    screen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    settings = environment(**{"TERM": "xterm-256color", **variables})
    settings.pop("COLUMNS", None)
    with subprocess.Popen(
        command, stdin=terminal, stdout=subprocess.PIPE, stderr=terminal, env=settings, text=True
    ) as process:
        os.close(terminal)
        if sent is not None:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(0.2)
            process.send_signal(sent)
        shown = _until_closed(screen)
        assert process.stdout is not None
        return Ended(process.wait(60), process.stdout.read(), shown)


def _until_closed(screen: int) -> str:
    pieces = []
    try:
        while select.select([screen], [], [], 60)[0] and (piece := os.read(screen, 65536)):
            pieces.append(piece)
    except OSError:  # the other end is closed
        pass
    os.close(screen)
    return b"".join(pieces).decode()


def work(output: str = "text", ends: str = "well", until: str = "bar") -> list[str]:
    return [sys.executable, "-c", WORK, output, ends, until]


def test_a_terminal_shows_a_bar_with_numbers_and_the_failures() -> None:
    done = at_terminal(work())
    assert (done.code, done.out) == (0, "True\n")
    assert "Importing [files]" in done.text
    assert re.search(r"\b3 of 3 files\b", done.text)
    assert "two.pfx" in done.text
    assert "one.pfx" not in done.text
    assert done.screen.count(_HIDDEN) == done.screen.count(_SHOWN) == 1


def test_work_that_ends_at_once_shows_no_bar_and_loads_no_rich() -> None:
    done = at_terminal(work(until="now"))
    assert (done.code, done.out, done.text.split()) == (0, "False\n", ["two.pfx"])


@pytest.mark.parametrize("columns", [20, 40, 80])
def test_no_line_is_wider_than_the_terminal(columns: int) -> None:
    lines = [line.rstrip() for line in re.split(r"[\r\n]+", at_terminal(work(), columns=columns).text)]
    assert max(map(len, lines)) <= columns
    assert any("files" in line or "…" in line for line in lines)


@pytest.mark.parametrize(("sent", "code"), [(None, 3), (signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 143)])
def test_the_cursor_comes_back_whatever_ends_the_command(sent: signal.Signals | None, code: int) -> None:
    done = at_terminal(work(ends="error" if sent is None else "wait"), sent=sent)
    assert done.code == code
    assert done.screen.count(_HIDDEN) == done.screen.count(_SHOWN) == 1


def test_without_colours_there_are_none() -> None:
    done = at_terminal(work(), NO_COLOR="1")
    assert "3 of 3 files" in done.text
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m|38;5", done.screen)


def test_a_terminal_that_cannot_move_its_cursor_is_told_lines() -> None:
    done = at_terminal(work(until="now"), TERM="dumb")
    assert (done.out, done.screen.split()) == ("False\n", ["one.pfx", "two.pfx", "three.pfx"])


@pytest.mark.parametrize(("output", "lines"), [("text", "one.pfx\ntwo.pfx\nthree.pfx\n"), ("json", "")])
def test_without_a_terminal_items_leave_lines_and_programs_are_told_nothing(output: str, lines: str) -> None:
    done = subprocess.run(work(output, until="now"), env=environment(), capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("False\n", lines)


def test_programs_at_a_terminal_are_told_nothing() -> None:
    assert at_terminal(work("json", until="now")).screen == ""


def test_what_is_part_of_other_work_is_not_told_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "_is_on_terminal", lambda: True)
    with told.progress("All", total=2, unit="seats") as whole, told.progress("A part") as part:
        assert told._current is whole
        part.reach(5, 10)
    assert told._current is None


def test_the_server_is_asked_until_the_work_ends_or_a_question_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told, "_is_on_terminal", lambda: True)
    monkeypatch.setattr(told, "_BETWEEN_QUESTIONS", 0.01)
    monkeypatch.setattr(told, "_PATIENCE", 0.02)
    monkeypatch.setattr(told, "_PAUSE", 0)
    monkeypatch.setattr(told.Meter, "show", lambda _meter: None)

    def asked(question: Callable[[list[int]], float], enough: int) -> tuple[int, float]:
        times: list[int] = []
        end = time.monotonic() + 60
        with told.progress("Opening", total=40, unit="seats", ask=lambda: question(times)) as meter:
            while len(times) < enough and time.monotonic() < end:
                time.sleep(0.01)
            time.sleep(0.1)
        so_far = len(times)
        time.sleep(0.1)
        assert len(times) <= so_far + 1  # one question may have been under way
        return so_far, meter._done

    def refused(times: list[int]) -> float:
        times.append(1)
        raise ClientError("away")

    def counted(times: list[int]) -> float:
        times.append(1)
        return float(len(times))

    number, done = asked(counted, enough=3)
    assert number > 2
    assert number - 1 <= done <= number + 1
    assert asked(refused, enough=1) == (1, 0.0)


def test_bytes_are_told_in_megabytes() -> None:
    meter = told.Meter("Importing", total=None, unit=told.BYTES, lines=False)
    assert meter._amount() == ""
    meter.reach(1_250_000, 2_500_000)
    assert meter._amount() == "1.2 of 2.5 MB"
    meter.reach(2_500_000, None)
    assert meter._amount() == "2.5 MB"


def test_a_large_body_is_told_in_pieces_and_arrives_whole(
    run: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The document is imported into its tenant again, padded to several pieces."""
    file = tmp_path / "tenant.json"
    run.text("tenant", "export", "--keys", str(file))
    file.write_text(file.read_text() + " " * 2_000_000)
    sizes: list[tuple[float, float | None]] = []
    monkeypatch.setattr(told.Meter, "reach", lambda _meter, done, total: sizes.append((done, total)))
    assert "has the state of the document" in run.text("tenant", "import", str(file), "--yes")
    size = file.stat().st_size
    sent = [each for each in sizes if each[1] == size]
    assert sent == sorted(sent)
    assert len(sent) > 6
    assert sizes[len(sent)] == (size, None)


def test_a_classroom_tells_the_seats_that_are_open(run: Commands, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("fauxtune")
    arguments: list[str | Path] = ["classroom", "start", "12", "--class", "shown", "--out", tmp_path / "cards"]
    command: list[str | Path] = [sys.executable, "-c", WITHOUT_PATIENCE, *arguments]
    done = at_terminal(command, FAUXTUNE_DATA_DIR=str(run.data_dir))
    assert done.code == 0, done.text
    assert "The classroom shown is open. Seats: 12" in done.out
    assert re.search(r"Opening the seats .* \d+ of 12 seats", done.text)
    quiet = subprocess.run(
        [program, "classroom", "stop", "shown", "--yes", "--output", "json"],
        env=environment(FAUXTUNE_DATA_DIR=str(run.data_dir)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert quiet.stderr == ""


def test_a_wait_of_unknown_length_shows_what_it_is_for() -> None:
    code = """
import time
from fauxtune_cli.progress import progress
with progress("Resetting [it]") as meter:
    while meter._bar is None:
        time.sleep(0.05)
"""
    done = at_terminal([sys.executable, "-c", code])
    assert re.search(r"Resetting \[it\] .*0:00:00", done.text)
    assert "%" not in done.text


def test_a_fleet_has_a_bar_or_lines_and_programs_are_told_nothing(run: Commands) -> None:
    program = Path(sys.executable).with_name("fauxtune-sim")
    command: list[str | Path] = [program, "fleet", "--devices", "8", "--mix", "ios", "--again", "10", "--rate", "40"]
    folder = str(run.data_dir)
    done = at_terminal(command, FAUXTUNE_DATA_DIR=folder)
    assert (done.code, done.out.partition(",")[0]) == (0, "8 of 8 devices enrolled")
    assert re.search(r"checked in again .* \d+ of 80", done.text)
    assert done.screen.count(_HIDDEN) == done.screen.count(_SHOWN) == 1
    for output, lines in (("text", _FLEET), ("json", [])):
        settings = environment(FAUXTUNE_DATA_DIR=folder)
        other = subprocess.run([*command, "--output", output], env=settings, capture_output=True, text=True, check=True)
        assert other.stderr.splitlines() == lines


def test_devices_that_settle_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one did not settle."""
    counted: list[tuple[int, int]] = []

    async def check_in(state: Path, **_options: object) -> commands.CommandOutput:
        return commands.CommandOutput({"device": state.name}, ["settled"], succeeded=state.name != "two")

    monkeypatch.setattr(commands, "check_in", check_in)

    def progress(reached: int, *, tried: int) -> None:
        counted.append((reached, tried))

    states = [Path("one"), Path("two"), Path("three")]
    asyncio.run(commands.check_in_each(states, until_settled=True, timeout=1, progress=progress))
    assert counted == [(1, 1), (1, 2), (2, 3)]


def test_a_device_that_settles_shows_for_how_long(run: Commands, tmp_path: Path) -> None:
    program, folder = Path(sys.executable).with_name("fauxtune-sim"), tmp_path / "phone"
    environ = environment(FAUXTUNE_DATA_DIR=str(run.data_dir))
    enrol: list[str | Path] = [
        program,
        "enroll",
        "--platform",
        "android",
        "--user",
        "alice@contoso.example",
        "--state",
        folder,
    ]
    subprocess.run(enrol, env=environ, check=True, capture_output=True)
    run.text("fault", "add", "--surface", "devices", "--latency", "2", "--next", "1")
    done = at_terminal([program, "checkin", "--state", folder, "--until-settled"], FAUXTUNE_DATA_DIR=str(run.data_dir))
    assert done.code == 0, done.text
    assert re.search(r"settled .* 0 of 1", done.text)
