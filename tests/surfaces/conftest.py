"""One emulator per test, in process: the real application over a database that was seeded once a session.

On SQLite and on PostgreSQL. The system's clock stands still until a test moves it; keys come from the session's ring.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Addresses, Emulator
from fauxtune.operations.tenants.seeds import BUILT_IN, parse_seed
from fauxtune.server.bootstrap import Environment, assemble, seed_tenant
from fauxtune.server.factory import Application
from fauxtune.server.system import SystemIds
from fauxtune.storage.database import Database, sqlite_url
from fauxtune.storage.tables import metadata
from tests.support import device_openapi, requests_here
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.clock import FixedClock
from tests.support.control import say_json_of
from tests.support.databases import OpenDatabases, remembered
from tests.support.postgresql import PostgresServer
from tests.support.soak import SOAK

FILE = "fauxtune.sqlite"
ORIGIN = "https://localhost:8443"
requests_here.shorten()
_ADDRESSES = Addresses(ORIGIN, "http://localhost:8080", "http://localhost:8080")


@dataclass(frozen=True, slots=True)
class Template:
    """A seeded emulator at rest: the URL of its database, and the folder with its private keys.

    `put_back` writes its rows into the database again, where the tests share one; else they get a copy of the folder.
    """

    url: str
    folder: Path
    put_back: Callable[[], None] | None = None


def emulator_of(database: Database, folder: Path, *, clock: FixedClock, keys: KeyRing) -> Emulator:
    around = Environment(clock=clock, ids=SystemIds(), addresses=_ADDRESSES)
    return assemble(database, folder, around=around, key_source=keys)


def _seed(url: str, folder: Path, *, keys: KeyRing) -> None:
    database = Database(url)
    metadata.create_all(database.engine)
    emulator = emulator_of(database, folder, clock=FixedClock(), keys=keys)
    asyncio.run(seed_tenant(emulator, parse_seed(BUILT_IN)))
    database.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, rsa_keys: KeyRing) -> Template:
    """The tenant `contoso` in a SQLite file."""
    folder = tmp_path_factory.mktemp("seeded-sqlite")
    url = sqlite_url(folder / FILE)
    _seed(url, folder, keys=rsa_keys)
    return Template(url, folder)


@pytest.fixture(scope="session")
def postgresql_template(
    tmp_path_factory: pytest.TempPathFactory, rsa_keys: KeyRing, postgresql_server: PostgresServer
) -> Iterator[Template]:
    """The tenant `contoso` in a PostgreSQL database, and every table once more in the schema `seed`."""
    folder, url = tmp_path_factory.mktemp("seeded-postgresql"), postgresql_server.url(postgresql_server.create())
    _seed(url, folder, keys=rsa_keys)
    engine = sqlalchemy.create_engine(url)
    yield Template(url, folder, remembered(engine, "seed"))
    engine.dispose()


@pytest.fixture(scope="session")
def emulator_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the emulators of the tests have their files: one folder a template, so that `databases` can stay open."""
    return tmp_path_factory.mktemp("emulator")


@pytest.hookimpl(tryfirst=True)  # before pytest reads the marks
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """In `make soak`, give the tests of a module with the mark `both_in_soak` a tenant on both databases."""
    definition = metafunc.definition
    own = any("seeded" in mark.args[0] for mark in definition.iter_markers("parametrize"))
    if SOAK and definition.get_closest_marker("both_in_soak") and "seeded" in metafunc.fixturenames and not own:
        definition.add_marker(ON_BOTH_DATABASES)


@pytest.fixture(params=["sqlite"])
def seeded(request: pytest.FixtureRequest, emulator_folder: Path) -> tuple[str, Path]:
    """The tenant `contoso`, fresh, for this test alone: the database's URL, and the folder with the keys.

    On SQLite in a new file; on PostgreSQL too, if the test has ON_BOTH_DATABASES. There a database would take half a
    second, so there is one for the session whose rows are put back. A test that asks for `populated` is given the
    tenant as it is with something in every list.
    """
    state = "populated" if "populated" in request.fixturenames else "template"
    template: Template = request.getfixturevalue(f"{request.param}_{state}")
    folder = emulator_folder / template.folder.name
    return copied(template, folder), folder


def copied(template: Template, folder: Path) -> str:
    """Copy a template into a folder; what was there goes. Returns the URL of the database."""
    _copy(template.folder, folder)
    if template.put_back is None:
        return sqlite_url(folder / FILE)
    template.put_back()
    return template.url


def _copy(source: Path, target: Path) -> None:
    """Make a folder what another one is. Files of one size and time are the same: keys are copied once a session."""
    if not target.exists():
        shutil.copytree(source, target)
        return
    present = {entry.name: entry for entry in os.scandir(target)}
    for entry in os.scandir(source):
        there = present.pop(entry.name, None)
        if entry.is_dir():
            _copy(Path(entry.path), target / entry.name)
        elif there is None or _version(there) != _version(entry):
            (target / entry.name).unlink(missing_ok=True)
            shutil.copy2(entry.path, target / entry.name)
    for entry in present.values():
        shutil.rmtree(entry.path) if entry.is_dir() else os.unlink(entry.path)


def _version(entry: os.DirEntry[str]) -> tuple[int, int]:
    status = entry.stat()
    return status.st_size, status.st_mtime_ns


@pytest.fixture
def clock() -> FixedClock:
    """The system's clock."""
    return FixedClock()


@pytest.fixture
def emulator(
    seeded: tuple[str, Path], clock: FixedClock, rsa_keys: KeyRing, databases: OpenDatabases
) -> Iterator[Emulator]:
    """An emulator with the tenant `contoso`; a test that asks for it runs on both databases."""
    url, folder = seeded
    with databases.lend(url) as database:
        yield emulator_of(database, folder, clock=clock, keys=rsa_keys)


@pytest.fixture(scope="session")
def applications() -> list[Application]:
    """The one application of the session, once there is one: its routes cost more to build than most tests take."""
    return []


@pytest.fixture
def app(emulator: Emulator, applications: list[Application]) -> Application:
    """The whole application, as the server serves it, around this test's emulator."""
    return application_around(emulator, applications)


def application_around(emulator: Emulator, applications: list[Application]) -> Application:
    """Return the session's application around this emulator."""
    if not applications:
        applications.append(Application(emulator))
    (app,) = applications
    app.state.emulator = emulator
    return app


@pytest.fixture
async def http(app: Application) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, with no credentials. What devices are answered is held against its description."""
    hooks: dict[str, list[Callable[..., Any]]] = {"request": [say_json_of], "response": [device_openapi.check]}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN, event_hooks=hooks) as client:
        yield client


@pytest.fixture
async def tenant(emulator: Emulator) -> Tenant:
    """The seeded tenant."""
    return await emulator.runner.tenant("contoso")


@pytest.fixture(scope="session")
def tokens() -> dict[tuple[Path, datetime], str]:
    """Access tokens, by the folder and the time of the emulator that issued them."""
    return {}


@pytest.fixture
async def app_token(
    http: httpx.AsyncClient, seeded: tuple[str, Path], clock: FixedClock, tokens: dict[tuple[Path, datetime], str]
) -> str:
    """An access token of the seeded application, for Graph. Each emulator of one folder accepts it: it has the keys."""
    key = seeded[1], clock.now()
    if key not in tokens:
        tokens[key] = await token_of_application(http)
    return tokens[key]


async def token_of_application(http: httpx.AsyncClient) -> str:
    """Ask for an access token of the seeded application, for Graph."""
    application = BUILT_IN["applications"][0]
    form = {
        "grant_type": "client_credentials",
        "client_id": application["clientId"],
        "client_secret": application["secret"],
        "scope": "https://graph.microsoft.com/.default",
    }
    answer = await http.post("/contoso/oauth2/v2.0/token", data=form)
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token
