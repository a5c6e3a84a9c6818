"""What the reports of apps count, and the states of one app."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, func, select

from fauxtune.core.model.ids import TenantId
from fauxtune.core.policies.app_states import AS_DEPENDENCY, AS_SUPERSEDED
from fauxtune.storage import reads
from fauxtune.storage.prepared import Prepared
from fauxtune.storage.rows.apps import AppStateRow
from fauxtune.storage.tables import app_states, assignments, enrollments, managed_devices
from fauxtune.storage.tenancy import of_tenant, rows_of

#: Intune: only apps that are assigned show states, not those that others depend on or replace.
_TARGETED = app_states.c.intent.not_in((AS_DEPENDENCY, AS_SUPERSEDED))
_COUNTS = (
    select(app_states.c.app_id, app_states.c.state, func.count(), func.count(enrollments.c.user_id.distinct()))
    .join_from(app_states, enrollments, enrollments.c.id == app_states.c.enrollment_id)
    .join(managed_devices, managed_devices.c.enrollment_id == app_states.c.enrollment_id)
    .where(of_tenant(app_states), _TARGETED)
    .group_by(app_states.c.app_id, app_states.c.state)
)
_OF_APP = Prepared(
    rows_of(app_states).where(app_states.c.app_id == bindparam("app"), _TARGETED).order_by(app_states.c.enrollment_id)
)


def counts(connection: Connection, tenant_id: TenantId) -> dict[str, tuple[dict[str, int], dict[str, int]]]:
    """Return of each app on how many devices it is in each state, and for how many users."""
    result: dict[str, tuple[dict[str, int], dict[str, int]]] = {}
    for app_id, state, devices, users in connection.execute(_COUNTS, {"tenant": tenant_id}):
        of_devices, of_users = result.setdefault(app_id, ({}, {}))
        of_devices[state], of_users[state] = devices, users
    return result


def states_of_app(connection: Connection, tenant_id: TenantId, *, app_id: str) -> list[AppStateRow]:
    """Return the states of an app on all devices."""
    return reads.every(connection, _OF_APP, row=AppStateRow, values={"tenant": tenant_id, "app": app_id})


def assigned(connection: Connection, tenant_id: TenantId) -> frozenset[str]:
    """Return the ids of what is assigned in the tenant: apps among it."""
    statement = select(assignments.c.profile_id).distinct().where(of_tenant(assignments, tenant_id))
    return frozenset(connection.scalars(statement))
