"""A statement that tests execute on SQLite alone is noticed (tests/support/both_databases.py)."""

from __future__ import annotations

from sqlalchemy import create_engine

from fauxtune.storage.queries import tenants
from fauxtune.storage.tables import metadata
from tests.support.both_databases import ExecutedStatements, statements_noted


def test_what_only_sqlite_executed_is_named_until_another_process_executes_it_on_postgresql() -> None:
    executed, engine = ExecutedStatements(), create_engine("sqlite://")
    metadata.create_all(engine)
    with statements_noted(executed), engine.connect() as connection:
        assert tenants.tenant_by_key(connection, "contoso") is None
        connection.exec_driver_sql("SELECT 1")
    engine.dispose()
    (place,) = executed.only_on_sqlite()
    assert "queries/tenants.py" in place, "what the test executes itself is none"
    executed.add({"postgresql": [place]})
    assert executed.only_on_sqlite() == []
