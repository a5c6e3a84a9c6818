"""The check that every statement on a tenant's table is bound to a tenant or an enrolment."""

from __future__ import annotations

from pydoc import locate
from types import FunctionType

import sqlalchemy
from sqlalchemy import delete, false, select, update

from fauxtune.core.model.ids import TenantId
from fauxtune.storage import writes
from fauxtune.storage.odata import as_pairs
from fauxtune.storage.tables import enrollments, ledger, tenants, users
from tests.support.tenancy import ACROSS_TENANTS, UnboundStatements, is_bound


def test_a_statement_needs_a_key_of_one_tenant() -> None:
    pairs = as_pairs({"e": "x"})
    for bound in (
        select(users).where(users.c.tenant_id == "t"),
        select(users).where(users.c.tenant_id.in_(["t"])),
        select(ledger).where(ledger.c.enrollment_id == "e"),
        update(enrollments).where(enrollments.c.id == "e").values(plans=1),
        select(enrollments).where(enrollments.c.credential_digest == "d"),
        delete(users).where(false()),
        select(tenants),
        select(ledger).where(ledger.c.enrollment_id == pairs.c.key),
    ):
        assert is_bound(bound), str(bound)
    for unbound in (
        select(users),
        select(users).where(users.c.id == "u"),
        select(users).join(enrollments, enrollments.c.tenant_id == users.c.tenant_id),
        update(enrollments).values(plans=1),
        delete(users).where(users.c.tenant_id != "t"),
        select(users).where(users.c.id == pairs.c.key),
    ):
        assert not is_bound(unbound), str(unbound)


def test_what_storage_executes_is_judged_and_what_a_test_executes_is_not(
    engine: sqlalchemy.Engine, unbound: UnboundStatements
) -> None:
    with engine.begin() as connection:
        users.create(connection)
        connection.execute(select(users))
        writes.remove(connection, users, tenant_id=TenantId("t"))
        assert unbound.texts == []
        writes.remove(connection, users, id="u")
    (text,), unbound.texts = unbound.texts, []
    assert text.startswith("fauxtune.storage.writes.remove: DELETE FROM users")


def test_every_query_across_tenants_exists() -> None:
    for name in ACROSS_TENANTS:
        assert callable(locate(name)), name


def test_a_query_that_writes_configuration_by_a_statement_of_its_own_is_found(
    engine: sqlalchemy.Engine, unbound: UnboundStatements
) -> None:
    def query(connection: sqlalchemy.Connection, statement: sqlalchemy.Update) -> None:
        connection.execute(statement)

    of_storage = FunctionType(query.__code__, {"__name__": "fauxtune.storage.queries.of_a_test"})
    for table, found in ((users, ["fauxtune.storage.queries.of_a_test.query"]), (enrollments, [])):
        with engine.begin() as connection:
            table.create(connection)
            of_storage(connection, update(table).where(table.c.tenant_id == "t").values(tenant_id="t"))
        texts, unbound.texts = unbound.texts, []
        assert [text.partition(" writes without")[0] for text in texts] == found
