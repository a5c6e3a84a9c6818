"""The fault rules of tenants."""

from __future__ import annotations

from datetime import datetime
from typing import Unpack

from sqlalchemy import Connection, bindparam, func, select, update

from fauxtune.core.model.ids import TenantId
from fauxtune.storage import writes
from fauxtune.storage.reads import every, first
from fauxtune.storage.rows.tenants import FaultRuleChanges, FaultRuleRow
from fauxtune.storage.tables import fault_rules
from fauxtune.storage.tenancy import across_tenants, of_tenant, rows_of

# Every struck request writes this.
_COUNT = (
    update(fault_rules)
    .where(of_tenant(fault_rules), fault_rules.c.id == bindparam("rule"))
    .values(
        matched=fault_rules.c.matched + bindparam("looked"),
        hits=fault_rules.c.hits + bindparam("struck"),
        last_hit_at=func.coalesce(bindparam("at", type_=fault_rules.c.last_hit_at.type), fault_rules.c.last_hit_at),
    )
)

_NUMBER = (
    update(fault_rules)
    .where(of_tenant(fault_rules), fault_rules.c.id == bindparam("rule"))
    .values(matched=fault_rules.c.matched + bindparam("looked"))
    .returning(fault_rules.c.matched)
)


def all_rules(connection: Connection) -> list[FaultRuleRow]:
    """Return the rules of all tenants."""
    statement = across_tenants(select(fault_rules), "a start reads the rules of all tenants")
    return every(connection, statement, row=FaultRuleRow)


def rules_of(connection: Connection, tenant_id: TenantId) -> list[FaultRuleRow]:
    """Return the tenant's rules in the order in which they are tried."""
    statement = rows_of(fault_rules, tenant_id)
    return every(connection, statement.order_by(fault_rules.c.number, fault_rules.c.id), row=FaultRuleRow)


def rule(connection: Connection, tenant_id: TenantId, *, rule_id: str) -> FaultRuleRow | None:
    """Return one rule of the tenant."""
    statement = rows_of(fault_rules, tenant_id).where(fault_rules.c.id == rule_id)
    return first(connection, statement, row=FaultRuleRow)


def add_rule(connection: Connection, row: FaultRuleRow) -> None:
    """Add a rule."""
    writes.add_row(connection, fault_rules, row=row)


def change_rule(
    connection: Connection, tenant_id: TenantId, *, rule_id: str, **changes: Unpack[FaultRuleChanges]
) -> None:
    """Change columns of a rule."""
    writes.change(connection, fault_rules, where={"tenant_id": tenant_id, "id": rule_id}, values={**changes})


def count_occasion(
    connection: Connection, tenant_id: TenantId, *, rule_id: str, hit_at: datetime | None, has_number: bool = False
) -> None:
    """Count an occasion that a rule looked at; `hit_at`: the tenant's time, if it was struck. `has_number`: it was
    numbered (`number_occasion`), and is counted only as one that was struck.
    """
    values = {"tenant": tenant_id, "rule": rule_id, "looked": int(not has_number), "struck": int(hit_at is not None)}
    connection.execute(_COUNT, {**values, "at": hit_at})


def number_occasion(connection: Connection, tenant_id: TenantId, *, rule_id: str, by: int) -> int | None:
    """Count an occasion that a rule looks at, and return its number; with -1 take the last number back. None: there is
    no such rule.
    """
    values = {"tenant": tenant_id, "rule": rule_id, "looked": by}
    return connection.execute(_NUMBER, values).scalar_one_or_none()


def delete_rule(connection: Connection, tenant_id: TenantId, *, rule_id: str) -> int:
    """Delete a rule; return how many that were."""
    return writes.remove(connection, fault_rules, tenant_id=tenant_id, id=rule_id)


def delete_rules(connection: Connection, tenant_id: TenantId) -> int:
    """Delete every rule of the tenant; return how many that were."""
    return writes.remove(connection, fault_rules, tenant_id=tenant_id)
