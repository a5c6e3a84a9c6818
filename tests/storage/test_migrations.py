"""The migrations lead from nothing, and from every revision, to exactly the tables that the code knows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import ProgrammingError

import fauxtune_migrations
from fauxtune.core.errors import Conflict, Unavailable
from fauxtune.core.mail.recipients import names_of
from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.storage import migrate
from fauxtune.storage.database import Database, sqlite_url
from fauxtune.storage.queries import directory, key_holdings, role_scope_tags, tenants
from fauxtune.storage.tables import metadata
from tests.support.certificates import self_signed
from tests.support.postgresql import PostgresServer

REVISIONS = sorted(
    file.name.partition("_")[0] for file in (Path(fauxtune_migrations.__path__[0]) / "versions").glob("[0-9]*_*.py")
)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()


def differences(database: Database) -> list[object]:
    with database.engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))


def insert_row(database: Database, table: str, values: dict[str, Any]) -> None:
    statement = text(f"INSERT INTO {table} ({', '.join(values)}) VALUES (:{', :'.join(values)})")
    database.run_now(lambda connection: connection.execute(statement, values))


def insert_tenant(database: Database, tenant: str) -> None:
    """Add a tenant to a database of an early revision: rows without theirs do not outlive revision 0046."""
    values = dict.fromkeys(("id", "name", "domain", "ca_host", "ca_name", "public_http_url"), tenant)
    values |= {"created_at": "2026-11-24T10:00:00.0000000Z", "clock_mode": "offset", "keys": "own", "settings": "{}"}
    numbers = dict.fromkeys(("clock_offset", "journal_seq", "connector_seq"), 0)
    columns = {column["name"] for column in inspect(database.engine).get_columns("tenants")}
    insert_row(database, "tenants", {name: value for name, value in (values | numbers).items() if name in columns})


def migrate_from_the_first(database: Database) -> None:
    """Let every revision do its work, which an empty database does not need: all but the first in one transaction."""
    migrate.upgrade(database, to=REVISIONS[0])
    migrate.upgrade(database)


@pytest.fixture(scope="module")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(sqlite_url(tmp_path_factory.mktemp("migrated") / "migrated.sqlite"))
    migrate_from_the_first(database)
    yield database
    database.close()


@pytest.fixture(scope="module")
def migrated_postgresql(postgresql_server: PostgresServer) -> Iterator[Database]:
    name = postgresql_server.create()
    database = Database(postgresql_server.url(name))
    migrate_from_the_first(database)
    yield database
    database.close()
    postgresql_server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated(request: pytest.FixtureRequest) -> Database:
    """A database that every revision has worked on, for tests that only look."""
    database: Database = request.getfixturevalue(f"migrated_{request.param}")
    return database


def test_every_revision_leads_to_the_next(database: Database) -> None:
    """Each in a transaction of its own, as when every version was installed; `migrated` has all of them in one."""
    for revision in REVISIONS:
        migrate.upgrade(database, to=revision)
        assert database.run_now(migrate.revision) == revision
    assert database.run_now(migrate.is_current)
    assert differences(database) == []


def test_every_revision_is_on_the_way_from_the_first_to_the_newest(migrated: Database) -> None:
    assert migrated.run_now(migrate.revision) == REVISIONS[-1]
    assert migrated.run_now(migrate.is_current)


def test_devices_of_older_databases_are_found_by_their_device_id(database: Database) -> None:
    migrate.upgrade(database, to="0002")
    insert_tenant(database, "t")
    row = "('t', 'd', 'e', '2026-11-24T10:00:00.0000000Z', '{\"deviceId\": \"ABC\"}')"
    columns = "tenant_id, id, enrollment_id, created_at, document"
    database.run_now(
        lambda connection: connection.execute(text(f"INSERT INTO directory_devices ({columns}) VALUES {row}"))
    )
    migrate.upgrade(database)
    read = directory.directory_device_by_device_id
    result = database.run_now(lambda connection: read(connection, TenantId("t"), device_id="abc"))
    assert result is not None
    assert result.id == "d"


def test_tenants_of_older_databases_get_the_built_in_scope_tag(database: Database) -> None:
    migrate.upgrade(database, to="0006")
    columns = "id, name, domain, created_at, ca_host, ca_name, public_http_url, clock_mode, clock_offset, settings"
    row = "('t', 'n', 'd', '2026-11-24T10:00:00.0000000Z', 'h', 'c', 'u', 'offset', 0, '{}')"
    insert = text(f"INSERT INTO tenants ({columns}, journal_seq) VALUES ({row[1:-1]}, 0)")
    database.run_now(lambda connection: connection.execute(insert))
    migrate.upgrade(database)
    tag = database.run_now(lambda connection: role_scope_tags.tag(connection, TenantId("t"), tag_id="0"))
    assert tag is not None
    assert (tag.number, tag.document["displayName"], tag.document["isBuiltIn"]) == (0, "Default", True)


def test_the_two_settings_of_older_databases_become_one_edition(database: Database) -> None:
    migrate.upgrade(database, to="0011")
    columns = "id, name, domain, created_at, ca_host, ca_name, public_http_url, clock_mode, clock_offset, settings"
    before = {
        "removal": '{"removalEdition": "2020-03", "windows.rootPaths": true}',
        "connectors": '{"connectorEdition": "2020"}',
        "neither": '{"removalEdition": "2024-04"}',
    }
    for name, settings in before.items():
        row = f"'{name}', '{name}', '{name}', '2026-11-24T10:00:00.0000000Z', 'h', 'c', 'u', 'offset', 0, '{settings}'"
        statement = text(
            f"INSERT INTO tenants ({columns}, journal_seq, connector_seq) VALUES ({row}, 0, 0)".replace(":", "\\:")
        )
        database.run_now(Connection.execute, statement)
    migrate.upgrade(database)
    by_key = {each.name: each.settings for each in database.run_now(tenants.all_tenants)}
    assert by_key == {
        "removal": {"windows.rootPaths": True, "edition": "2020-04"},
        "connectors": {"edition": "2020-04"},
        "neither": {"edition": "current"},
    }


def test_imported_files_that_were_opened_before_are_opened_once_more(database: Database) -> None:
    migrate.upgrade(database, to="0012")
    insert_tenant(database, "x")
    words = ("tenant_id", "user_id", "thumbprint", "purpose", "provider", "key_name", "padding", "fingerprint")
    values = dict.fromkeys(words, "x") | {"encrypted_password": b"x", "pfx": b"x", "verified": True, "document": "{}"}
    insert = text(f"INSERT INTO pfx_certificates ({', '.join(values)}) VALUES (:{', :'.join(values)})")
    database.run_now(lambda connection: connection.execute(insert, values))
    migrate.upgrade(database)
    result = database.run_now(
        lambda connection: connection.execute(text("SELECT verified, certificate FROM pfx_certificates")).one()
    )
    assert (bool(result.verified), result.certificate) == (False, None)


def test_the_keys_that_devices_of_older_databases_have_are_taken_over(database: Database) -> None:
    migrate.upgrade(database, to="0020")
    insert_tenant(database, "t")
    certificate = self_signed(ec.generate_private_key(ec.SECP256R1()), serial=255)
    ledger = {"tenant_id": "t", "wanted_by": "[]", "changed_at": "2026-11-24T10:00:00.0000000Z", "source": "imported"}
    file = dict.fromkeys(("purpose", "provider", "key_name", "padding", "fingerprint"), "x") | {
        "tenant_id": "t",
        "user_id": "u",
        "thumbprint": "aa",
        "encrypted_password": b"x",
        "pfx": b"x",
        "verified": True,
        "document": "{}",
        "certificate": certificate.public_bytes(Encoding.DER),
    }
    held = {**ledger, "enrollment_id": "has it", "item_key": "k", "thumbprint": "aa", "state": "kept"}
    insert_row(database, "pfx_certificates", file)
    insert_row(database, "ledger", {**held, "installed_fingerprint": "f"})
    insert_row(database, "ledger", {**held, "enrollment_id": "had it", "state": "removed"})
    migrate.upgrade(database)
    (row,) = database.run_now(
        key_holdings.present_keys, TenantId("t"), enrollments=[EnrollmentId("has it"), EnrollmentId("had it")]
    )
    assert (row.enrollment_id, row.thumbprint, row.since_number) == ("has it", "aa", 0)
    assert (row.issuer_and_serial, row.key_id) == names_of(certificate)


def test_the_migrated_schema_is_the_one_that_the_code_knows(migrated: Database) -> None:
    assert differences(migrated) == []


def described(connection: Connection) -> dict[str, list[str]]:
    """Return what each table has, in no order."""
    about = inspect(connection)
    parts = (about.get_columns, about.get_indexes, about.get_unique_constraints, about.get_foreign_keys)
    return {
        table: sorted(
            json.dumps(part, default=str, sort_keys=True)
            for part in (about.get_pk_constraint(table), *(part for read in parts for part in read(table)))
        )
        for table in about.get_table_names()
    }


def test_an_empty_database_gets_the_tables_that_all_revisions_together_make(
    migrated: Database, request: pytest.FixtureRequest
) -> None:
    database = Database(request.getfixturevalue("sqlite_url" if migrated.is_sqlite else "postgresql_url"))
    migrate.upgrade(database)
    tables = migrated.run_now(described)
    assert database.run_now(described) == tables
    assert len(tables) == len(metadata.tables) + 1
    assert database.run_now(migrate.revision) == REVISIONS[-1]
    database.close()


def test_all_revisions_together_leave_an_empty_database_without_a_row(migrated: Database) -> None:
    with migrated.engine.connect() as connection:
        full = [table for table in metadata.tables if connection.execute(text(f"SELECT 1 FROM {table}")).first()]
    assert full == []


@pytest.fixture
def new_postgresql(postgresql_url: str) -> Iterator[Database]:
    database = Database(postgresql_url)
    migrate.upgrade(database)
    yield database
    database.close()


@pytest.mark.parametrize("name", ["new_postgresql", "migrated_postgresql"])
def test_pages_of_enrolments_have_room_for_changed_rows(name: str, request: pytest.FixtureRequest) -> None:
    database: Database = request.getfixturevalue(name)
    statement = text("SELECT reloptions FROM pg_class WHERE relname = 'enrollments'")
    assert database.run_now(lambda connection: connection.execute(statement).scalar_one()) == ["fillfactor=50"]


@pytest.mark.parametrize("name", ["new_postgresql", "migrated_postgresql"])
def test_text_compares_by_code_point_in_every_column(name: str, request: pytest.FixtureRequest) -> None:
    database: Database = request.getfixturevalue(name)
    statement = (
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND data_type IN ('character varying', 'text') AND table_name <> 'alembic_version'"
        " AND collation_name IS DISTINCT FROM 'C'"
    )
    result = database.run_now(lambda connection: connection.execute(text(statement)).all())
    assert result == []


def test_a_current_database_has_nothing_to_do(database: Database) -> None:
    assert migrate.upgrade(database)
    assert not migrate.upgrade(database)


def test_a_database_of_a_newer_version_is_refused_by_name(database: Database) -> None:
    migrate.upgrade(database)
    database.run_now(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    with pytest.raises(Conflict, match="9999"):
        migrate.upgrade(database)


def test_an_upgrade_that_breaks_off_leaves_nothing_behind(database: Database) -> None:
    # The last table that the first revision makes is there already, so it fails after all the others.
    database.run_now(lambda connection: connection.execute(text("CREATE TABLE users (id INTEGER)")))
    with pytest.raises((Unavailable, ProgrammingError)):
        migrate.upgrade(database)
    assert database.run_now(lambda connection: inspect(connection).get_table_names()) == ["users"]
    database.run_now(lambda connection: connection.execute(text("DROP TABLE users")))
    migrate.upgrade(database)
    assert differences(database) == []


def test_a_database_out_of_reach_is_said_to_be_so(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/missing/folder.sqlite")
    with pytest.raises(Unavailable, match="cannot be used"):
        migrate.upgrade(database)
    database.close()
