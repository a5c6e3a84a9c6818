"""The contoso tenant on each kind of database (tests/support/tenant.py)."""

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
from tests.support.tenant import Contoso, open_tenant


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


@pytest.fixture(params=["sqlite", "postgresql"])
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
