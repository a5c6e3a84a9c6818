"""Start a server for a test run and stop it: one for all processes of the run, found by a file in a shared folder.

Only on POSIX systems, as the server itself. The server's parent is a `keeper`, which ends it when the process that owns
the run has ended, even if that was killed.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_INTERVAL = 0.02
#: Seconds until a server must be ready: a machine under load needs ten.
_LONGEST_START = 120.0
_LONGEST_END = 20.0
#: Lines of the server's log that an error shows.
_LINES = 15


class NotStarted(Exception):
    """The server did not start; the text has its last lines."""


def started(folder: Path, *, owner: int, arguments: Sequence[str]) -> dict[str, Any]:
    """Return the document of the server of this folder, after starting it if no process of the run has done so yet.

    `owner` is the process with which the server ends at the latest. Raises NotStarted.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(folder / "lock"):
        if not (folder / "server.json").exists():
            _start(folder, owner=owner, arguments=arguments)
        return _document(folder)


def stop(folder: Path) -> None:
    """End the server of this folder, if there is one, and delete the folder."""
    if not folder.exists():
        return
    (folder / "stop").touch()
    ends = time.monotonic() + _LONGEST_END
    while (folder / "server.json").exists() and not (folder / "ended").exists() and time.monotonic() < ends:
        time.sleep(_INTERVAL)
    shutil.rmtree(folder, ignore_errors=True)


def last_lines(folder: Path) -> str:
    """Return the last lines of the server's log."""
    try:
        text = (folder / "log").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-_LINES:])


def _start(folder: Path, *, owner: int, arguments: Sequence[str]) -> None:
    keeper = Path(__file__).with_name("keeper.py")
    # -P: a folder of tests with the name of a module must not be imported by the server.
    server = [sys.executable, "-P", "-m", "fauxtune", "serve", "--output", "json", *arguments]
    subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-I", "-S", str(keeper), str(folder), str(owner), *server],
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        check=True,
    )


def _document(folder: Path) -> dict[str, Any]:
    """Wait for the server's first line, and return it. Raises NotStarted."""
    ends = time.monotonic() + _LONGEST_START
    while time.monotonic() < ends:
        document = _read(folder / "server.json")
        if document is not None:
            return document
        if (folder / "ended").exists():
            code = (folder / "ended").read_text(encoding="ascii")
            raise NotStarted(f"the server ended with exit code {code} before it was ready:\n{last_lines(folder)}")
        time.sleep(_INTERVAL)
    raise NotStarted(f"the server was not ready after {_LONGEST_START:g} seconds:\n{last_lines(folder)}")


def _read(file: Path) -> dict[str, Any] | None:
    try:
        line, newline, _ = file.read_text(encoding="utf-8").partition("\n")
    except FileNotFoundError:
        return None
    return json.loads(line) if newline else None


def _environment() -> dict[str, str]:
    """The environment without settings of another server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FAUXTUNE_")}
    return {**kept, "COLUMNS": "200"}


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold a lock that the system releases when this process ends."""
    with file.open("wb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
