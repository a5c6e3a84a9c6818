"""A command of `fauxtune` at a terminal: a process whose input and output are a pseudo-terminal of 80 columns."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from dataclasses import dataclass
from pathlib import Path

from tests.support.running_server import SECONDS, environment


@dataclass(frozen=True, slots=True)
class Seen:
    """What stood on the screen, and how the command ended."""

    code: int
    screen: str


def at_a_terminal(*arguments: str | Path, commands: Path, types: str = "", **more: str) -> Seen:
    """Run one of the preloaded commands to its end. `types`: what somebody types."""
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    command: list[str | Path] = [commands / "fauxtune", *map(str, arguments)]
    surroundings = {**environment(**more), "TERM": "xterm-256color"}
    del surroundings["COLUMNS"]
    with subprocess.Popen(command, env=surroundings, stdin=there, stdout=there, stderr=there) as process:
        os.close(there)
        os.write(here, types.encode())
        screen = bytearray()
        while piece := _read(here):
            screen += piece
        os.close(here)
        return Seen(process.wait(SECONDS), screen.decode().replace("\r\n", "\n"))


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux: the other side is closed
        return b""
