"""Counts of compliance: by policy, by setting, and of the devices of a tenant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, func, select

from fauxtune.core.model.ids import TenantId
from fauxtune.storage import reads
from fauxtune.storage.collections.compliance import (
    COMPLIANCE_USER_STATUSES,
    SHOWN_STATUS,
    joined,
)
from fauxtune.storage.queries.collections import whole
from fauxtune.storage.rows.compliance import ComplianceSettingsRow
from fauxtune.storage.tables import compliance_states, enrollments, managed_devices, resources
from fauxtune.storage.tenancy import of_tenant, same_tenant

_state = compliance_states.c


def device_counts(connection: Connection, tenant_id: TenantId, *, policy_id: str) -> dict[str, int]:
    """Count the devices by their status of a policy."""
    status = SHOWN_STATUS.label("status")
    statement = joined(tenant_id, select(status, func.count())).where(_state.policy_id == policy_id).group_by(status)
    return {str(word): number for word, number in connection.execute(statement)}


def user_counts(connection: Connection, tenant_id: TenantId, *, policy_id: str) -> dict[str, int]:
    """Count the users by their status of a policy: the worst on any of their devices."""
    users = whole(connection, tenant_id, collection=COMPLIANCE_USER_STATUSES, parent=policy_id).subquery()
    rows = connection.execute(select(users.c.status, func.count()).group_by(users.c.status))
    return {str(word): number for word, number in rows}


def state_counts(connection: Connection, tenant_id: TenantId) -> dict[str, int]:
    """Count the devices of the tenant by their complianceState."""
    column = managed_devices.c.compliance_state
    statement = select(column, func.count()).where(of_tenant(managed_devices, tenant_id)).group_by(column)
    return {str(word): number for word, number in connection.execute(statement)}


def setting_states(
    connection: Connection, tenant_id: TenantId, *, policy_id: str | None = None
) -> Iterator[ComplianceSettingsRow]:
    """Yield the states of settings on each device, by policy: of one policy, or of all; those of the built-in policy
    have no kind.
    """
    columns: tuple[Any, ...] = (
        _state.policy_id,
        resources.c.kind,
        _state.settings,
        _state.grace_ends_at,
        _state.user_id,
        managed_devices.c.id,
        managed_devices.c.document,
    )
    same = (
        same_tenant(resources, _state)
        & (resources.c.family == "deviceCompliancePolicies")
        & (resources.c.parent_id == "")
        & (resources.c.id == _state.policy_id)
    )
    statement = (
        select(*columns)
        .select_from(compliance_states)
        .join(managed_devices, managed_devices.c.enrollment_id == _state.enrollment_id)
        .outerjoin(resources, same)
        .where(of_tenant(_state, tenant_id))
        .order_by(managed_devices.c.id, _state.policy_id)
    )
    if policy_id is not None:
        statement = statement.where(_state.policy_id == policy_id)
    yield from reads.every(connection, statement, row=ComplianceSettingsRow)


def unjudged(connection: Connection, tenant_id: TenantId) -> int:
    """Count the devices with a record that were never judged."""
    judged = select(compliance_states.c.enrollment_id).where(of_tenant(_state, tenant_id))
    statement = (
        select(func.count())
        .select_from(managed_devices)
        .join(enrollments, enrollments.c.id == managed_devices.c.enrollment_id)
        .where(of_tenant(managed_devices, tenant_id), managed_devices.c.enrollment_id.not_in(judged))
    )
    total: int = connection.execute(statement).scalar_one()
    return total
