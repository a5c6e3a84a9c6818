"""A deleted tenant leaves no row in any table, and takes none of its neighbours' rows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Boolean, Column, Connection, Integer, LargeBinary, Table, text

from fauxtune.core.model.ids import TenantId
from fauxtune.storage.columns import OrderDocument
from fauxtune.storage.queries import tenants
from fauxtune.storage.tables import metadata

ONE, TWO = map(TenantId, ("one", "two"))


def _value(column: Column[Any], tenant: TenantId) -> object:
    for kind, value in ((LargeBinary, b"x"), (Boolean, True), (Integer, 1), (JSON, "{}"), (OrderDocument, "{}")):
        if isinstance(column.type, kind):
            return value
    return str(tenant)


#: What processes ask one another, sealed, until it is answered; all other rows are a tenant's.
_OF_PROCESSES = "process_messages"
_OWNED = [table for table in metadata.sorted_tables if table.name != _OF_PROCESSES]


def _add_row(connection: Connection, table: Table, *, tenant: TenantId) -> None:
    """Add a row whose texts are all the tenant's id, so that no key is taken twice."""
    values = {column.name: _value(column, tenant) for column in table.columns}
    names, marks = ", ".join(f'"{name}"' for name in values), ", ".join(f":{name}" for name in values)
    connection.execute(text(f"INSERT INTO {table.name} ({names}) VALUES ({marks})"), values)


def _tenants(connection: Connection) -> dict[str, list[str]]:
    """Return the tenants that have rows in each table."""
    tables = {table.name: "tenant_id" if "tenant_id" in table.c else "id" for table in _OWNED}
    return {
        name: sorted(connection.execute(text(f"SELECT {key} FROM {name}")).scalars()) for name, key in tables.items()
    }


def test_a_deleted_tenant_leaves_no_row_in_any_table_and_its_neighbour_every_row(connection: Connection) -> None:
    for tenant in (ONE, TWO):
        for table in _OWNED:
            _add_row(connection, table, tenant=tenant)
    assert all(rows == [ONE, TWO] for rows in _tenants(connection).values())
    tenants.delete_tenant(connection, ONE)
    assert [name for name, rows in _tenants(connection).items() if rows != [TWO]] == []


def test_every_table_says_whose_its_rows_are() -> None:
    assert [table.name for table in _OWNED if "tenant_id" not in table.c] == ["tenants"]


def test_deleting_a_tenant_reads_no_other_tenants_rows(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return  # PostgreSQL reads small tables as a whole
    read = []
    for name in tenants._of_tenants():
        statement = str(tenants._deletion_of(name)).replace(":tenant", "'x'")
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}").all()
        read += [name for step in plan if str(step[3]).startswith("SCAN")]
    assert read == []
