"""`fauxtune serve --detach` and `--stop`: a server in the background, which its data folder names.

The server is a process of its own session. Its settings are passed on as variables, its first line tells that it is
ready, and what it writes later goes to `<data-dir>/server.log`. Whether one runs is decided by the lock on the folder,
which the kernel releases however a process ends.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fauxtune.settings import Settings
from fauxtune_cli.options import Output, emit, fail, plain

LOG_NAME = "server.log"
_STOP_SECONDS = 30.0
_PAUSE_SECONDS = 0.05


def detach(settings: Settings) -> dict[str, Any]:
    """Start a server in the background and return what it announces, with the file of its log, once it is ready.

    A start that fails ends this command with the reason; so does a server that runs on this folder already.
    """
    if settings.ephemeral:
        fail(
            "--detach and --ephemeral cannot be used together: by its data folder a server in the background is found "
            'and stopped. Use --detach --data-dir "$(mktemp -d)".'
        )
    folder = settings.data_dir.absolute()
    holder = _holder(folder)
    if holder is not None:
        fail(
            f"A server runs on {folder} already (process {holder}). `fauxtune healthcheck` asks whether it is ready, "
            "`fauxtune serve --stop` stops it; or choose another --data-dir."
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = os.open(folder / LOG_NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        fail(f"The data folder {folder} cannot be written: {error.strerror}.")
    try:
        begin = os.fstat(log).st_size
        line = _started(settings, log=log)
    finally:
        os.close(log)
    with (folder / LOG_NAME).open("rb") as file:
        file.seek(begin)
        notes = file.read().decode(errors="replace").strip()
    if not line:
        fail(notes.removeprefix("fauxtune: ") or "The server did not start.")
    if notes:
        print(plain(notes), file=sys.stderr)
    return {**json.loads(line), "log": str(folder / LOG_NAME)}


def _started(settings: Settings, *, log: int) -> bytes:
    """The first line of a new server; empty if it ended without one. Ctrl-C ends it, too."""
    command = [sys.executable, "-m", "fauxtune", "serve", "--output", "json"]
    environment = {**os.environ, **_variables(settings)}
    process = subprocess.Popen(  # noqa: S603 - our own program
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, start_new_session=True
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if line:
        process.returncode = 0  # it goes on without this command: nobody waits for its end
    else:
        process.wait()
    process.stdout.close()
    return line


def _variables(settings: Settings) -> Mapping[str, str]:
    """The settings that were given, as the variables that a server reads."""
    known = settings.known()
    return {known[name].variable: _text(settings.values[name]) for name in settings.given}


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ",".join(f"{name}={each}" for name, each in value.items())
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def stop(folder: Path, *, output: Output) -> None:
    """Stop the server that runs on this data folder, and wait until it has ended."""
    folder = folder.absolute()
    holder = _holder(folder)
    if holder is None:
        fail(f"No server runs on {folder}. Another folder is named by --data-dir.")
    if not holder:
        fail(f"A server runs on {folder}, but its lock file does not say which process it is: stop it by hand.")
    try:
        os.kill(holder, signal.SIGTERM)
    except ProcessLookupError:
        pass  # it ended meanwhile
    except PermissionError:
        fail(f"The server on {folder} (process {holder}) belongs to another user, who must stop it.")
    end = time.monotonic() + _STOP_SECONDS
    while _holder(folder) == holder:
        if time.monotonic() > end:
            fail(f"Process {holder} was asked to end and still runs after {_STOP_SECONDS:g} seconds: kill -9 {holder}")
        time.sleep(_PAUSE_SECONDS)
    while _is_alive(holder) and time.monotonic() < end:
        time.sleep(_PAUSE_SECONDS)
    document = {"stopped": holder, "dataDir": str(folder)}
    word = "is ending: its ports and its data folder are free" if _is_alive(holder) else "has ended"
    emit(output, document, text=f"The server on {folder} (process {holder}) {word}.")


def _is_alive(process: int) -> bool:
    """Whether there is such a process, which has not ended to the last: one that its parent has not asked about yet
    has.
    """
    try:
        os.kill(process, 0)
    except (ProcessLookupError, PermissionError):
        return False
    state = Path(f"/proc/{process}/stat")
    try:
        return state.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return not Path("/proc/self").exists()


def _holder(folder: Path) -> int | None:
    """The process that has the lock on the folder (0: it has not said so), or None if nobody has it."""
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.read(descriptor, 100).decode(errors="replace").strip()
        return int(text) if text.isdigit() else 0
    else:
        return None
    finally:
        os.close(descriptor)
