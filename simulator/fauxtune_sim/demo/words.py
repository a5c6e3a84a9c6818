"""How the story is told: lines that fit a screen, commands that can be copied, and a pause where one is wanted."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

Tell = Callable[[str], None]

WIDTH = 100


def in_lines(tell: Tell) -> Tell:
    """Tells the same in lines of at most 100 columns; further lines are indented more. Words stay whole."""

    def told(text: str) -> None:
        for line in text.split("\n"):
            indent = line[: len(line) - len(line.lstrip())]
            wrapped = textwrap.wrap(
                line.strip(),
                WIDTH,
                initial_indent=indent,
                subsequent_indent=f"{indent}  ",
                break_long_words=False,
                break_on_hyphens=False,
            )
            for one in wrapped or [""]:
                tell(one)

    return told


def runnable(program: str) -> str:
    """How a command of ours is called here: by its name where that is enough, else by its path."""
    if shutil.which(program):
        return program
    beside = Path(sys.executable).with_name(program)
    here = Path.cwd()
    return shlex.quote(str(beside.relative_to(here) if beside.is_relative_to(here) else beside))


async def enter_pressed() -> None:
    """Wait for a line of standard input; return at once where there is no standard input."""
    loop = asyncio.get_running_loop()
    pressed: asyncio.Future[None] = loop.create_future()
    try:
        descriptor = sys.stdin.fileno()
        loop.add_reader(descriptor, lambda: None if pressed.done() else pressed.set_result(None))
    except (OSError, ValueError, NotImplementedError):  # a file, nothing at all, or a system that cannot
        return
    try:
        await pressed
        os.read(descriptor, 4096)
    finally:
        loop.remove_reader(descriptor)
