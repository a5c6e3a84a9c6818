"""What all tests share: two databases, a ring of keys, loopback only, and no silent skips.

PostgreSQL is a throw-away server of the session's own (see tests/support/postgresql.py).
"""

from __future__ import annotations

import gc
import ipaddress
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy
from _pytest.assertion import rewrite
from _pytest.mark import deselect_by_keyword
from _pytest.runner import runtestprotocol
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.both_databases import ExecutedStatements, statements_noted
from tests.support.noted_writes import UnnotedWrites, unnoted_writes
from tests.support.postgresql import PostgresServer, running_server
from tests.support.preloaded import INTERPRETER, preloaded_commands, shared_commands

if TYPE_CHECKING:
    from fauxtune.connector.keypool import KeyRing
    from tests.support.authorities import Authorities
    from tests.support.databases import OpenDatabases
    from tests.support.installed import Installed

#: httpx looks for this module at every request within the process, and without trio there is none: to look through all
#: folders each time would take a tenth of a short request.
if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]

# ------------------------------------------------------------------------------------------------------ files in memory

#: The files of tests, of servers and of browsers are written here where it is a file system in memory with much room:
#: SQLite waits 50 ms for a disk each time that a database is opened, written and closed.
_IN_MEMORY = Path("/dev/shm")
_ROOM = 2 << 30
#: The profile of Hypothesis for a run that takes a minute: `make test FAST=1`.
FEW = "few"
_FOLDER = pytest.StashKey[Path]()


@pytest.hookimpl(tryfirst=True)  # before Hypothesis loads the profile
def pytest_configure(config: pytest.Config) -> None:
    """Let everything temporary lie in memory, unless TMPDIR says where: in a folder, as some servers are killed.

    It goes with the run; after one that failed, with the next.
    """
    _take_interrupts()
    if config.getoption("hypothesis_profile", None) == FEW:
        from hypothesis import settings  # here: it takes time, and most parts of the tests do without

        settings.register_profile(FEW, max_examples=10)
    if "TMPDIR" in os.environ or _room_in_memory() < _ROOM:
        return
    folder = _IN_MEMORY / f"ft-{os.getpid()}"
    for left in _IN_MEMORY.glob("ft-[0-9]*"):
        if left == folder or not Path("/proc", left.name.rpartition("-")[2]).exists():
            shutil.rmtree(left, ignore_errors=True)
    folder.mkdir()
    folder.chmod(0o755)  # PostgreSQL runs as nobody
    config.stash[_FOLDER] = folder
    os.environ["TMPDIR"] = str(folder)
    tempfile.tempdir = None  # what was found before this


def _take_interrupts() -> None:
    """Let programs that tests start take SIGINT: a shell's jobs in the background ignore it, and so would theirs."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _room_in_memory() -> int:
    """Return how many bytes there are, both in the file system and in the machine; 0 if no program may be run there."""
    try:
        if not os.access(_IN_MEMORY, os.W_OK) or os.statvfs(_IN_MEMORY).f_flag & os.ST_NOEXEC:
            return 0
        memory = re.search(r"^MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        return 0
    return min(int(memory[1]) << 10 if memory else 0, shutil.disk_usage(_IN_MEMORY).free)


# ----------------------------------------------------------------------------------------------- collecting in seconds

#: A stranger's tests: tests/testing runs them with the installed plugin.
collect_ignore = ["examples"]


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Collect without collecting garbage: there is little, and to look for it takes a quarter of the time.

    What was made stays until the end, so that no later search looks at it again. Tests look seldom: a
    twentieth of their time went there.
    """
    gc.disable()
    if _is_whole(session.config) and not sys.dont_write_bytecode:
        _compile_share(session.config)
    collected = yield
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()
    return collected


def _compile_share(config: pytest.Config) -> None:
    """Compile the share of this process of the modules of tests, as pytest compiles them: in a fresh clone each process
    would compile all of them, which takes 8 seconds.
    """
    worker = getattr(config, "workerinput", {"workerid": "gw0", "workercount": 1})
    first, step = int(worker["workerid"].removeprefix("gw")), worker["workercount"]
    for path in sorted(config.rootpath.glob("tests/**/test_*.py"))[first::step]:
        folder = rewrite.get_cache_dir(path)
        compiled = folder / f"{path.stem}{rewrite.PYC_TAIL}"
        if rewrite._read_pyc(path, compiled) is None and rewrite.try_makedirs(folder):
            status, code = rewrite._rewrite_test(path, config)
            rewrite._write_pyc(config.stash[rewrite.assertstate_key], code, status, compiled)


#: Modules of half a minute and more, which are begun first, since one that came last would hold up the run alone; in
#: this order: those that wait much are apart.
LONG = (
    "interop/test_cookbook.py",
    "interop/test_schemathesis.py",
    "browser/test_every_page.py",
    "journeys/test_labs.py",
    "journeys/test_several_processes.py",
    "interop/test_graph_sdk_families.py",
    "cli/test_scep_verify.py",
    "operations/test_removal_cells.py",
    "testing/test_plugin.py",
    "families/test_every_family.py",
    "surfaces/graph/test_query_options.py",
    "interop/test_intunecd.py",
)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None, object, object]:
    """Begin with what takes long, each worker with another part; the rest stays in its random order.

    `-k` chooses before all else: if no test of Hypothesis is chosen, it need not read every module for constants.
    """
    if "hypothesis" not in config.option.keyword:  # which is a mark that Hypothesis has yet to set
        deselect_by_keyword(items, config)
    result = yield
    items.sort(key=lambda item: _place_of(item.nodeid.partition("::")[0]))
    return result


@cache
def _place_of(module: str) -> int:
    """Return the place of a module among those that come first; for all others the last one."""
    return next((place for place, end in enumerate(LONG) if module.endswith(end)), len(LONG))


#: Modules that load Microsoft's SDKs, which takes 10 seconds: one worker runs them all.
_SDK = re.compile(r"tests/interop/test_(graph_sdk|sdk_references)\w*\.py::")

#: Modules that use the wheel, which takes 5 seconds to build, install and compile.
_WHEEL = re.compile(r"tests/(server/test_wheel|testing/test_plugin)\.py::")

#: Modules that read every source file, of which a process parses each once.
_SOURCES = re.compile(r"tests/repository/test_(dependencies|sizes|words)\.py::")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many processes run tests (`-n auto`): for all tests three on two cores.

    They wait for a sixth of their time; and each process collects all tests, and begins its own databases and tenants,
    which takes half a minute of a core. For some tests one a core.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + (max(1, cores // 2) if _is_whole(config) else 0)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Give each worker whole modules, as `--dist loadscope` does; those that share what is dear to the same one."""
    if config.getvalue("dist") != "loadscope":
        return None
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

    class Scheduling(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            if _SDK.match(nodeid):
                return "SDKs"
            if _SOURCES.match(nodeid):
                return "sources"
            return "wheel" if _WHEEL.match(nodeid) else str(super()._split_scope(nodeid))

    return Scheduling(config, log)


def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """In one of several processes, send one report of a test that passes. That it begins, is set up, is taken down and
    ends are four more: to send and to count them takes a millisecond a test. (`--durations` then shows calls alone.)
    """
    if not hasattr(item.config, "workerinput"):
        return None  # pytest's own way
    for report in runtestprotocol(item, log=False, nextitem=nextitem):
        if report.when == "call" or not report.passed:
            item.ihook.pytest_runtest_logreport(report=report)
    return True


# ---------------------------------------------------------------------------------------------- no test skips silently


def pytest_runtest_setup(item: pytest.Item) -> None:
    """`@pytest.mark.program("openssl", package="openssl")`: without the program, one line says what to install. Of
    several programs one is enough.
    """
    for marker in item.iter_markers("program"):
        if not any(map(shutil.which, marker.args)):
            package = marker.kwargs.get("package", marker.args[0])
            pytest.skip(f"needs {' or '.join(marker.args)}: apt-get install {package}")


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


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresServer]:
    """One server for the session."""
    with running_server() as server:
        yield server


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


@pytest.fixture(scope="session")
def databases() -> Iterator[OpenDatabases]:
    """Our own databases, which stay open between the tests that are lent them."""
    from tests.support.databases import OpenDatabases  # here: only tests that need storage load it

    opened = OpenDatabases()
    yield opened
    opened.close()


@pytest.fixture(autouse=True, scope="session")
def unnoted() -> Iterator[UnnotedWrites]:
    """What this process writes without letting check-ins know."""
    with unnoted_writes() as writes:
        yield writes


@pytest.fixture(autouse=True)
def _every_write_is_noted(unnoted: UnnotedWrites) -> Iterator[None]:
    """Fail the test in which storage writes rows of the configuration without noting it."""
    yield
    texts, unnoted.texts = unnoted.texts, []
    assert not texts, "written without being noted (tests/support/noted_writes.py):\n" + "\n".join(texts)


# ------------------------------------------------------------------------- what runs on SQLite, runs on PostgreSQL too

_EXECUTED = pytest.StashKey[ExecutedStatements]()
_ON_SQLITE_ALONE = pytest.StashKey[list[str]]()
#: How a run ends that was not broken off.
_ENDED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)


@pytest.fixture(autouse=True, scope="module")
def _statements_noted(request: pytest.FixtureRequest) -> Iterator[None]:
    """Note what the tests of storage, operations, surfaces and kinds execute, and on which database."""
    if {"storage", "operations", "surfaces", "families", "profiles"}.isdisjoint(request.path.parts):
        yield
        return
    with statements_noted(request.config.stash.setdefault(_EXECUTED, ExecutedStatements())):
        yield


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what another process of this run executed."""
    executed = node.config.stash.setdefault(_EXECUTED, ExecutedStatements())
    executed.add(getattr(node, "workeroutput", {}).get("executed", {}))


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run of all tests that executed a statement on SQLite alone (tests/support/both_databases.py).

    What a run without failure wrote goes.
    """
    config = session.config
    if exitstatus == pytest.ExitCode.OK and _FOLDER in config.stash:
        config.add_cleanup(lambda: shutil.rmtree(config.stash[_FOLDER], ignore_errors=True))
    executed = config.stash.setdefault(_EXECUTED, ExecutedStatements())
    if hasattr(config, "workeroutput"):
        config.workeroutput["executed"] = executed.texts()
    elif exitstatus in _ENDED and _is_whole(config) and executed.only_on_sqlite():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        config.stash[_ON_SQLITE_ALONE] = executed.only_on_sqlite()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name the statements that a run of all tests failed for."""
    for place in config.stash.get(_ON_SQLITE_ALONE, []):
        marks = "ON_BOTH_DATABASES, or if it is one of an operation with both_databases"
        terminalreporter.line(f"executed only on SQLite: {place}: mark a test of it with {marks}", red=True)


def _is_whole(config: pytest.Config) -> bool:
    """Whether no test was left out."""
    option = config.option
    left_out = (option.keyword, option.markexpr, option.deselect, option.ignore, option.ignore_glob, option.collectonly)
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and not any(left_out)


# ------------------------------------------------------------------------------------------------------------ commands


def pytest_collection_finish(session: pytest.Session) -> None:
    """Begin to import what commands need while the first tests run, or import something themselves."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is not None and any("commands" in getattr(item, "fixturenames", ()) for item in session.items):
        Thread(target=shared_commands, args=(run,), kwargs={"of": os.getppid()}, daemon=True).start()


@pytest.fixture(scope="session")
def commands() -> Iterator[Path]:
    """A folder with the commands `fauxtune` and `fauxtune-sim`, which start at once (tests/support/preloaded.py)."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None:
        with preloaded_commands() as folder:
            yield folder
    else:
        yield shared_commands(run, of=os.getppid())


@pytest.fixture(scope="module")
def preloaded_modules(commands: Path) -> Iterator[None]:
    """Let what the product starts from this process by `python -m` start at once, as the host of simulated devices."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "executable", str(commands / INTERPRETER))
        yield


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel, built and installed once a session."""
    from tests.support.installed import install  # here: two modules need it

    return install(tmp_path_factory.mktemp("wheel"))


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


@pytest.fixture(scope="session")
def authorities(rsa_keys: KeyRing) -> Authorities:
    """A root, an issuing and a device authority, made once a session."""
    from tests.support.authorities import make_authorities  # here: only tests that need authorities load the PKI

    return make_authorities(rsa_keys)
