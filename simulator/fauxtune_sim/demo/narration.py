"""The output of the demonstration: lines that fit a screen, commands that can be copied, and a pause for Enter."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

Narrate = Callable[[str], None]

WIDTH = 80


def wrapped(narrate: Narrate) -> Narrate:
    """Print texts in lines of at most WIDTH columns. Words stay whole; continued lines are indented more."""

    def narrate_wrapped(text: str) -> None:
        for line in text.split("\n"):
            indent = line[: len(line) - len(line.lstrip())]
            lines = textwrap.wrap(
                line.strip(),
                WIDTH,
                initial_indent=indent,
                subsequent_indent=f"{indent}  ",
                break_long_words=False,
                break_on_hyphens=False,
            )
            for wrapped_line in lines or [""]:
                narrate(wrapped_line)

    return narrate_wrapped


def command_name(program: str) -> str:
    """The text that starts this program here: its name if it is on the PATH, else its path."""
    if shutil.which(program):
        return program
    path = Path(sys.executable).with_name(program)
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


async def wait_for_enter() -> None:
    """Wait for a line on standard input. Returns at once if there is no standard input to wait for."""
    loop = asyncio.get_running_loop()
    pressed: asyncio.Future[None] = loop.create_future()
    try:
        descriptor = sys.stdin.fileno()
        loop.add_reader(descriptor, lambda: None if pressed.done() else pressed.set_result(None))
    except (OSError, ValueError, NotImplementedError):  # a file, no descriptor, or a system without readers
        return
    try:
        await pressed
        os.read(descriptor, 4096)
    finally:
        loop.remove_reader(descriptor)
