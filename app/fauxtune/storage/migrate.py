"""Brings a database's schema up to date. An empty database gets the tables at once, which takes a tenth of the time of
all revisions (a test compares the two); SQLite gets them from `schema.sql`, the same statements written in advance.
Alembic is loaded only for an older schema: it costs 300 ms.

Revisions are numbered files, `versions/0047_baseline.py`; the highest number is the newest, and the lowest the oldest
that is opened.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

from sqlalchemy import Column, MetaData, PrimaryKeyConstraint, String, Table, inspect, text
from sqlalchemy.exc import OperationalError

from fauxtune.core.errors import Conflict, Unavailable
from fauxtune.storage.database import Connection, Database
from fauxtune.storage.tables import metadata

_LOCATION = "fauxtune_migrations"
#: What SQLite is told for the tables of the newest revision, a blank line after each statement. `make migration`
#: writes it; to make the statements from the tables takes ten times as long as to run them.
SCHEMA = Path(__file__).with_name("schema.sql")
#: Where Alembic notes the schema's revision.
_VERSION = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def is_current(connection: Connection) -> bool:
    """Whether the schema has the newest revision. Raises Conflict if this version does not know its revision."""
    revisions = _revisions()
    result = revision(connection)
    if result is not None and result < revisions[0]:
        raise Conflict(
            f"The database has revision {result}, made by an older Fauxtune, and this one opens {revisions[0]} and "
            "later: write each tenant into a file with the version that made it (fauxtune tenant export FILE --keys), "
            "and import the files into a new database here (fauxtune tenant import FILE --replace)."
        )
    if result is not None and result not in revisions:
        raise Conflict(f"The database has revision {result}, made by a newer Fauxtune; this one knows {revisions[-1]}.")
    return result == revisions[-1]


def revision(connection: Connection) -> str | None:
    """The schema's revision; None for an empty database."""
    if not inspect(connection).has_table(_VERSION.name):
        return None
    result = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if result is None else str(result)


@cache
def newest_revision() -> str:
    """Return the schema's revision that this version works with."""
    return _revisions()[-1]


def upgrade(database: Database, *, to: str = "head") -> bool:
    """Bring the schema to a revision, in one transaction; False when it was there already.

    Safe to repeat and to kill. Unavailable when the database cannot be reached.
    """
    try:
        with database.engine.connect() as connection:
            if to == "head" and is_current(connection):
                return False
        _run(database, to=to)
    except OperationalError as error:
        raise Unavailable(f"The database cannot be used: {error.orig}") from None
    return True


def _run(database: Database, *, to: str) -> None:
    with database.engine.begin() as connection:
        if database.is_sqlite:
            # Python's driver begins no transaction for CREATE TABLE; a killed upgrade would leave half a schema.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        if to == "head" and not inspect(connection).has_table(_VERSION.name):
            _create(connection)
        else:
            _migrate(connection, to=to)


def _create(connection: Connection) -> None:
    """Create the tables of the newest revision in an empty database."""
    if connection.dialect.name == "sqlite":
        for statement in SCHEMA.read_text(encoding="utf-8").split("\n\n"):
            connection.exec_driver_sql(statement)
    else:
        metadata.create_all(connection, checkfirst=False)
    _VERSION.create(connection)
    connection.execute(_VERSION.insert(), {"version_num": newest_revision()})


def _migrate(connection: Connection, *, to: str) -> None:
    from alembic import command, config  # here: see above

    how = config.Config()
    how.set_main_option("script_location", f"{_LOCATION}:.")
    how.attributes["connection"] = connection
    command.upgrade(how, to)


def _revisions() -> list[str]:
    spec = importlib.util.find_spec(_LOCATION)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    folder = Path(spec.submodule_search_locations[0]) / "versions"
    return sorted(file.name.partition("_")[0] for file in folder.glob("[0-9]*_*.py"))
