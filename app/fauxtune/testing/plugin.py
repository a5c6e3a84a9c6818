"""The pytest plugin: a server for the run, a tenant for each test, and what happened there when a test fails.

It is loaded in every run of pytest where Fauxtune is installed: until a test asks for one of its fixtures nothing else
of Fauxtune is imported, and no server is started.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fauxtune.testing import Devices, Graph, Server, Tenant
    from fauxtune.testing.clock import Clock
    from fauxtune.testing.faults import Faults
    from fauxtune.testing.history import Journal, Wire

_MARKER = (
    "fauxtune(seed=None, edition=None, state=None, params=None, keys='shared', deterministic=None): what the tenant of "
    "this test is made from: a seed, the edition of Intune, sentences that name its state, and the number that its "
    "chance comes from"
)
_OPTIONS = ("seed", "edition", "state", "params", "keys", "deterministic")
_FOLDER = pytest.StashKey[Path]()
_OWNER = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("fauxtune", "Fauxtune")
    group.addoption(
        "--fauxtune-url",
        metavar="URL",
        default=os.environ.get("FAUXTUNE_URL"),
        help="use the Fauxtune server that is running there, such as https://localhost:8443 (default: start one)",
    )
    group.addoption("--fauxtune-ca", metavar="FILE", help="the certificate of that server's authority (PEM)")
    group.addoption(
        "--fauxtune-database",
        metavar="URL",
        help="the database of the server that is started: postgresql+psycopg://... (default: SQLite)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and name the folder in which all processes of the run find the server."""
    config.addinivalue_line("markers", _MARKER)
    given = getattr(config, "workerinput", {}).get("fauxtune")
    if given is None:
        given = (str(Path(tempfile.gettempdir(), f"fauxtune-test-{secrets.token_hex(8)}")), os.getpid())
    config.stash[_FOLDER], config.stash[_OWNER] = Path(given[0]), given[1]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Name the folder to a process of pytest-xdist; the server ends with the process that starts the others."""
    config = node.config
    node.workerinput["fauxtune"] = (str(config.stash[_FOLDER]), config.stash[_OWNER])


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the server, once all processes of the run have ended."""
    folder = config.stash.get(_FOLDER, None)
    if folder is not None and config.stash[_OWNER] == os.getpid() and folder.exists():
        from fauxtune.testing.server import Server

        Server.stop_shared(folder)


@pytest.fixture(scope="session")
def fauxtune(pytestconfig: pytest.Config) -> Iterator[Server]:
    """The server: one for the whole run, for all processes of pytest-xdist."""
    from fauxtune.testing.server import Server, ServerNotStarted

    url = pytestconfig.getoption("--fauxtune-url")
    try:
        if url is not None:
            server = Server.at(url, ca_file=pytestconfig.getoption("--fauxtune-ca"))
        else:
            database = pytestconfig.getoption("--fauxtune-database")
            server = Server.shared(
                pytestconfig.stash[_FOLDER],
                owner=pytestconfig.stash[_OWNER],
                database=database,
                data=None if database is None else _keys_of(database, pytestconfig),
            )
    except ServerNotStarted as failed:
        pytest.fail(str(failed), pytrace=False)
    with server, server.lent_to_process():
        yield server


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give the classes of `fauxtune.testing.unittest`, and state machines, the server of the run."""
    if getattr(getattr(item, "cls", None), "uses_fauxtune", False):
        item.fixturenames.insert(0, "fauxtune")  # type: ignore[attr-defined]


def _keys_of(database: str, config: pytest.Config) -> Path | None:
    """The folder with the private keys that a database names, kept between runs; None without pytest's cache."""
    if not hasattr(config, "cache") or config.cache is None:
        return None
    return config.cache.mkdir("fauxtune") / hashlib.sha256(database.encode()).hexdigest()[:16]


@pytest.fixture
def tenant(fauxtune: Server, request: pytest.FixtureRequest) -> Iterator[Tenant]:
    """A tenant only for this test, with its own id, domain and secret; `@pytest.mark.fauxtune` says what is in it."""
    options: dict[str, Any] = {}
    for mark in reversed(list(request.node.iter_markers("fauxtune"))):
        wrong = [repr(value) for value in mark.args] + [f"{name}=" for name in mark.kwargs if name not in _OPTIONS]
        if wrong:
            names = ", ".join(f"{name}=" for name in _OPTIONS)
            pytest.fail(f"@pytest.mark.fauxtune takes {names}, not {', '.join(wrong)}", pytrace=False)
        options |= mark.kwargs
    with fauxtune.tenant(**options) as tenant:
        yield tenant


@pytest.fixture
def devices(tenant: Tenant) -> Devices:
    """The simulated devices of the test's tenant: `devices.enroll("alice", "ios")`."""
    return tenant.devices


@pytest.fixture
def clock(tenant: Tenant) -> Clock:
    """The clock of the test's tenant."""
    return tenant.clock


@pytest.fixture
def faults(tenant: Tenant) -> Faults:
    """The rules by which requests in the test's tenant fail."""
    return tenant.faults


@pytest.fixture
def journal(tenant: Tenant) -> Journal:
    """What happened in the test's tenant."""
    return tenant.journal


@pytest.fixture
def wire(tenant: Tenant) -> Wire:
    """The last requests to the test's tenant, with their answers."""
    return tenant.wire


@pytest.fixture
def graph(tenant: Tenant) -> Graph:
    """An httpx client of Graph in the test's tenant, with a token."""
    return tenant.graph


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show in the report of a failed test what happened in its tenant."""
    report = yield
    tenant: Any = getattr(item, "funcargs", {}).get("tenant")
    if report.when == "call" and report.failed and type(tenant).__module__ == "fauxtune.testing.tenant":
        from fauxtune.testing.failure import sections

        report.sections.extend(sections(tenant))
    return report
