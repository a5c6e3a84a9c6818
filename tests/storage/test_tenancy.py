"""The guard of the tables of tenants: a statement says whose rows it is about, or it is refused."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import delete, false, func, insert, select, text, true, update

from fauxtune.internals.sqlalchemy_guard import UnboundStatement
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import writes
from fauxtune.storage.odata import as_pairs
from fauxtune.storage.tables import enrollments, ledger, tenant_versions, tenants, users
from fauxtune.storage.tenancy import (
    across_tenants,
    by_key,
    by_keys,
    equal,
    of_other_tenants,
    of_tenant,
    of_tenant_unindexed,
    of_tenants,
    rows_of,
    same_tenant,
)
from tests.support.noted_writes import UnnotedWrites

_PAIRS = as_pairs({"e": "x"})
_OTHERS = users.alias()
_BOUND: list[Any] = [
    rows_of(users, "t"),
    select(users.c.id).where(of_tenant(users.c, "t"), users.c.id == "u"),
    select(_OTHERS).where(of_tenants(_OTHERS, ["t"])),
    select(users).where(of_tenant_unindexed(users, "t")),
    select(users).join(enrollments, same_tenant(enrollments, users)).where(of_tenant(users, "t")),
    select(ledger).where(by_key(ledger.c.enrollment_id, "e")),
    select(ledger).where(by_key(ledger.c.enrollment_id, _PAIRS.c.key)),
    select(enrollments).where(by_keys(enrollments.c.id, ["e"])),
    update(enrollments).where(equal(enrollments.c.credential_digest, "d")).values(plans=1),
    delete(ledger).where(ledger.c.enrollment_id.in_(select(enrollments.c.id).where(of_tenant(enrollments, "t")))),
    select(ledger).join(enrollments, enrollments.c.id == ledger.c.enrollment_id).where(of_tenant(enrollments, "t")),
    across_tenants(select(users), "a test").limit(1),
    across_tenants(update(users), "a test").values(licensed=True),
    across_tenants(delete(users), "a test"),
    across_tenants(select(users).where(of_other_tenants(users)), "a test").params(tenant="t"),
    delete(users).where(false(), of_tenant(users, "t")),
    select(tenants),
    select(func.count()),
]
_UNBOUND: list[Any] = [
    select(users),
    select(users.c.id).where(users.c.id == "u"),
    select(users).where(users.c.tenant_id == "t"),
    select(_OTHERS.c.id),
    select(users).join(enrollments, same_tenant(enrollments, users)),
    select(users).outerjoin(enrollments, of_tenant(enrollments, "t")),
    select(users).join(enrollments, enrollments.c.user_id == users.c.id).where(of_tenant(users, "t")),
    delete(users).where(users.c.id.in_(select(enrollments.c.user_id).where(of_tenant(enrollments, "t")))),
    select(tenants).join(users, of_tenant(users, tenants.c.id)),
    select(users).where(~of_tenant(users, "t")),
    select(users).where(equal(users.c.id, _PAIRS.c.key)),
    select(tenants).where(tenants.c.id.in_(select(users.c.tenant_id))),
    select(select(users).cte().c.id),
    select(users).where(of_other_tenants(users)).params(tenant="t"),
    insert(users).from_select(["tenant_id", "id"], select(users.c.tenant_id, users.c.id)),
    update(enrollments).values(plans=1),
    update(tenants).values(name=select(func.max(users.c.id)).scalar_subquery()),
    delete(users).where(true()),
]


@pytest.mark.parametrize("statement", _BOUND)
def test_a_statement_with_a_condition_of_tenancy_is_executed(connection: sqlalchemy.Connection, statement: Any) -> None:
    connection.execute(statement)


@pytest.mark.parametrize("statement", _UNBOUND)
def test_a_statement_without_one_is_refused_each_time(connection: sqlalchemy.Connection, statement: Any) -> None:
    for _ in range(2):
        with pytest.raises(UnboundStatement, match=r"rows of all tenants in (enrollments|users|enrollments, users)\."):
            connection.execute(statement)
    with pytest.raises(UnboundStatement):
        Prepared(statement).run(connection, {})


def test_a_statement_is_not_taken_for_a_bound_one_with_the_same_text(connection: sqlalchemy.Connection) -> None:
    for bound, unbound in (
        (rows_of(users, "t"), select(users).where(users.c.tenant_id == "t")),
        (across_tenants(select(users), "a test"), select(users)),
        (across_tenants(delete(users), "a test"), delete(users)),
    ):
        connection.execute(bound)
        with pytest.raises(UnboundStatement):
            connection.execute(unbound)


def test_what_several_tenants_may_have_is_no_key() -> None:
    for column in (users.c.id, users.c.upn_key, enrollments.c.hardware_key):
        with pytest.raises(ValueError, match="several tenants"):
            by_key(column, "x")


def test_a_write_by_columns_needs_a_key_of_one_tenant(connection: sqlalchemy.Connection) -> None:
    writes.remove(connection, users, tenant_id="t")
    writes.change(connection, enrollments, where={"id": "e"}, values={"plans": 1})
    for values in ({"licensed": True}, {"licensed": ~users.c.licensed}):
        with pytest.raises(UnboundStatement):
            writes.change(connection, users, where={"id": "u"}, values=values)
    with pytest.raises(UnboundStatement):
        writes.remove(connection, users, id="u")


def test_an_insert_of_values_and_text_are_not_concerned(connection: sqlalchemy.Connection) -> None:
    connection.execute(insert(tenant_versions), {"tenant_id": "t", "version": "1"})
    assert connection.execute(text("SELECT version FROM tenant_versions")).scalar() == "1"


def test_a_query_that_writes_configuration_by_a_statement_of_its_own_is_found(
    connection: sqlalchemy.Connection, unnoted: UnnotedWrites
) -> None:
    def query(connection: sqlalchemy.Connection, statement: sqlalchemy.Update) -> None:
        connection.execute(statement)

    of_storage = FunctionType(query.__code__, {"__name__": "fauxtune.storage.queries.of_a_test"})
    for table, found in ((users, ["fauxtune.storage.queries.of_a_test.query"]), (enrollments, [])):
        of_storage(connection, update(table).where(of_tenant(table, "t")).values(tenant_id="t"))
        texts, unnoted.texts = unnoted.texts, []
        assert [text.partition(" writes without")[0] for text in texts] == found
