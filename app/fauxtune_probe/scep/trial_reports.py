"""Reports of commands that try a service: the file's form, by the end of its name; and the choice of what is tried."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from fauxtune_cli.options import fail

Writer = Callable[[dict[str, Any]], str]


def writer(file: Path, writers: Mapping[str, Writer]) -> Writer:
    """Return the function that writes files with this suffix. Ends the command for another suffix."""
    if file.suffix not in writers:
        *others, last = writers
        fail(f"--report must end in {', '.join(others)} or {last}; {file} does not.")
    return writers[file.suffix]


def as_json(result: dict[str, Any]) -> str:
    """Return a result as a file of JSON."""
    return json.dumps(result, indent=2) + "\n"


def save(file: Path, text: str) -> None:
    """Write a file. Ends the command if it cannot be written."""
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}.")


def check_patterns(patterns: Iterable[str], ids: Collection[str], *, noun: str, command: str) -> None:
    """End the command at a pattern that fits no id. `noun`: what has the ids; `command`: the one that lists them."""
    for pattern in patterns:
        if not any(fits(each, [pattern]) for each in ids):
            fail(f"No {noun} has an id like '{pattern}': `{command}` lists them.")


def fits(id_: str, patterns: Iterable[str]) -> bool:
    """Whether an id is like one of the patterns, which have * and ?."""
    return any(fnmatch.fnmatchcase(id_, pattern) for pattern in patterns)
