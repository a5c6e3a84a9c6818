"""The contoso tenant (tests/support/tenant.py), on SQLite; of tests with the mark `both_databases` on PostgreSQL too.

An operation is the same code on both. What can differ is what a statement does: at least one test of each that
operations execute runs on PostgreSQL (tests/support/both_databases.py holds it), and so do whole modules whose subject
is what happens at once, in one transaction, or in the order of rows. `make soak` runs all on both.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.connector.keypool import KeyRing
from fauxtune.storage.database import Database, sqlite_url
from fauxtune.storage.tables import metadata
from tests.support.databases import OpenDatabases
from tests.support.postgresql import PostgresServer
from tests.support.soak import SOAK
from tests.support.tenant import Contoso, open_tenant

#: The fixtures that are a tenant in a database: `healthy` is that of the diagnosis.
_TENANTS = frozenset({"contoso", "healthy"})


@pytest.fixture(scope="session")
def urls(postgresql_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """One database of each kind with all tables: every test has a tenant of its own, so that they never meet."""
    name = postgresql_server.create()
    results = {
        "sqlite": sqlite_url(tmp_path_factory.mktemp("operations") / "operations.sqlite"),
        "postgresql": postgresql_server.url(name),
    }
    for url in results.values():
        database = Database(url)
        metadata.create_all(database.engine)
        database.close()
    yield results
    postgresql_server.drop(name)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose the databases of a test that has a tenant and does not choose them itself."""
    definition = metafunc.definition
    for tenant in _TENANTS.intersection(metafunc.fixturenames):
        if not any(tenant in mark.args[0] for mark in definition.iter_markers("parametrize")):
            on_both = SOAK or definition.get_closest_marker("both_databases") is not None
            metafunc.parametrize(tenant, ["sqlite", "postgresql"] if on_both else ["sqlite"], indirect=True)


@pytest.fixture
async def contoso(
    request: pytest.FixtureRequest,
    urls: dict[str, str],
    tmp_path: Path,
    *,
    rsa_keys: KeyRing,
    raw_rsa_keys: list[RSAPrivateKey],
    databases: OpenDatabases,
) -> AsyncIterator[Contoso]:
    """A tenant with alice, bob and carol in `All Staff` and alice and bob in `SMIME Pilot`."""
    with databases.lend(urls[request.param]) as database:
        yield await open_tenant(database, tmp_path, keys=rsa_keys, raw_keys=raw_rsa_keys)
