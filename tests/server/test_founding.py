"""A first start: a child makes what later starts find, and the server neither loads nor waits for what that takes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from fauxtune.server import founding
from fauxtune.server.lifespan import SQLITE_FILE
from fauxtune.settings import Settings
from tests.support.running_server import SECONDS, environment, serving

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what a process has loaded is read in /proc")


def test_a_server_has_nothing_in_memory_of_what_its_first_start_made() -> None:
    with serving("--ephemeral") as running:
        loaded = Path(f"/proc/{running.process.pid}/maps").read_text(encoding="utf-8")
        assert "_sqlite3" in loaded
        assert "pydantic" not in loaded
        with running.signed_in() as client:  # which loads it
            assert len(client.get("/v1.0/users").raise_for_status().json()["value"]) > 1
        code, errors = running.stop()
    assert (code, errors) == (0, "")


@contextmanager
def started_with(found: str, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A server whose child executes this code in place of its work."""
    code = f"""
import os, sys, time
from fauxtune_cli.main import app
from fauxtune.server import founding
def found(settings, folder, *, addresses):
    {found}
founding._found = found
sys.argv = ["fauxtune", "serve", "--port", "0", "--http-port", "0", "--output", "json", *sys.argv[1:]]
app()
"""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    process = subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    with process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize(
    "found",
    [
        "raise RuntimeError('no')",
        "os.kill(os.getpid(), 9)",
        "(folder / 'fauxtune.sqlite').touch(0o600)",
        "print('never read', file=sys.stderr); sys.exit(3)",
    ],
)
def test_what_the_child_has_not_done_the_server_does(tmp_path: Path, found: str) -> None:
    with started_with(found, "--data-dir", tmp_path / "data") as process:
        assert process.stdout is not None
        assert '"tenant": "contoso"' in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert errors.replace("never read\n", "") == ""


def test_a_server_that_is_told_to_end_while_its_child_works_ends_it(tmp_path: Path) -> None:
    note = tmp_path / "child"
    with started_with(f"open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(600)", "--ephemeral") as process:
        while not (note.exists() and note.read_text(encoding="utf-8")) or _threads(process.pid) == 1:
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=SECONDS)
        assert (process.returncode, errors) == (0, "")
        with pytest.raises(ProcessLookupError):
            os.kill(int(note.read_text(encoding="utf-8")), 0)


def _threads(pid: int) -> int:
    """How many threads a process has: a second one, when it waits for its child."""
    return len(os.listdir(f"/proc/{pid}/task"))


def _is_first(monkeypatch: pytest.MonkeyPatch, folder: Path, *, threads: int = 1, **settings: Any) -> bool:
    monkeypatch.setattr(threading, "active_count", lambda: threads)
    return founding._is_first(Settings(**settings), folder)


def test_only_a_new_file_with_the_built_in_seed_is_for_a_child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert _is_first(monkeypatch, tmp_path)
    assert not _is_first(monkeypatch, tmp_path, threads=2), "a process with threads cannot be forked safely"
    assert not _is_first(monkeypatch, tmp_path, seed="none")
    assert not _is_first(monkeypatch, tmp_path, seed="seed.json"), "its devices need the listeners"
    assert not _is_first(monkeypatch, tmp_path, database_url="postgresql+psycopg://user@nowhere/name")
    (tmp_path / SQLITE_FILE).touch()
    assert not _is_first(monkeypatch, tmp_path)
