"""The migrations lead from nothing, and from every revision, to exactly the tables that the code knows. What is older
than the first of them is refused.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import ProgrammingError

import fauxtune_migrations
from fauxtune.core.errors import Conflict, Unavailable
from fauxtune.storage import migrate
from fauxtune.storage.database import Database, sqlite_url
from fauxtune.storage.tables import metadata
from fauxtune_migrations.__main__ import schema
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


def test_a_new_sqlite_file_gets_the_tables_that_the_code_knows() -> None:
    """To write the file again: `make migration`."""
    assert migrate.SCHEMA.read_text(encoding="utf-8") == schema()


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


@pytest.fixture
def next_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The revision that a later version adds to ours: a column of users."""
    package, number = tmp_path / tmp_path.name, f"{int(REVISIONS[-1]) + 1:04d}"
    shutil.copytree(Path(fauxtune_migrations.__path__[0]), package)
    (package / "versions" / f"{number}_a_column.py").write_text(
        f"""import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "{number}", "{REVISIONS[-1]}", None, None
def upgrade():
    op.add_column("users", sa.Column("shoe_size", sa.Integer(), nullable=False, server_default="44"))
""",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(migrate, "_LOCATION", package.name)
    migrate.newest_revision.cache_clear()
    yield number
    migrate.newest_revision.cache_clear()


def test_a_database_of_the_version_before_is_brought_to_the_next_revision(
    database: Database, next_revision: str
) -> None:
    migrate.upgrade(database, to=REVISIONS[-1])
    row = "('t', 'u', 'u', true, '2026-11-24T10:00:00.0000000Z', '{}')"
    insert = text(f"INSERT INTO users (tenant_id, id, upn_key, licensed, created_at, document) VALUES {row}")
    database.run_now(lambda connection: connection.execute(insert))
    assert migrate.upgrade(database)
    assert (database.run_now(migrate.revision), migrate.newest_revision()) == (next_revision, next_revision)
    size = database.run_now(lambda connection: connection.execute(text("SELECT shoe_size FROM users")).scalar_one())
    assert (size, migrate.upgrade(database)) == (44, False)


def test_a_database_from_before_the_first_revision_is_refused(database: Database) -> None:
    version = "CREATE TABLE alembic_version (version_num VARCHAR(32))", "INSERT INTO alembic_version VALUES ('0046')"
    for statement in version:
        database.run_now(Connection.execute, text(statement))
    with pytest.raises(Conflict, match="revision 0046") as refused:
        migrate.upgrade(database)
    assert "with the version that made it (fauxtune tenant export FILE --keys)" in refused.value.message
    assert "fauxtune tenant import FILE" in refused.value.message
    assert database.run_now(lambda connection: inspect(connection).get_table_names()) == ["alembic_version"]
    assert database.run_now(migrate.revision) == "0046"


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
