"""Apps on devices: what is assigned to a device, its state there, and what the reports of apps count."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, exists, func, literal, or_, select

from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.core.policies.app_states import AS_DEPENDENCY, AS_SUPERSEDED
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import reads, writes
from fauxtune.storage.rows.resources import AppStateRow, InstalledAppRow
from fauxtune.storage.tables import app_states, assignments, enrollments, managed_devices, resources
from fauxtune.storage.tenancy import by_key, of_tenant, rows_of, same_tenant

_OF_DEVICE = Prepared(
    select(app_states).where(by_key(app_states.c.enrollment_id, bindparam("device"))).order_by(app_states.c.app_id)
)
_ASSIGNED = exists().where(
    of_tenant(resources),
    resources.c.family == bindparam("family"),
    resources.c.id == assignments.c.profile_id,
    same_tenant(assignments, resources),
)
_HELD = exists().where(of_tenant(app_states))
_CONCERNED = Prepared(select(literal(1)).where(or_(_ASSIGNED, _HELD)))
_ON_DEVICES = Prepared(
    select(
        app_states.c.app_id,
        app_states.c.identifier,
        app_states.c.version,
        managed_devices.c.id.label("managed_device_id"),
        enrollments.c.user_id,
        app_states.c.intent,
        app_states.c.state,
    )
    .join_from(app_states, enrollments, enrollments.c.id == app_states.c.enrollment_id)
    .join(managed_devices, managed_devices.c.enrollment_id == app_states.c.enrollment_id)
    .where(of_tenant(app_states))
    .order_by(app_states.c.identifier, managed_devices.c.id)
)


def concern(connection: Connection, tenant_id: TenantId, *, family: str) -> bool:
    """Whether the tenant has assigned an app, or a device of it was given one before."""
    values = {"tenant": tenant_id, "family": family}
    return _CONCERNED.first(connection, values) is not None


def of_device(connection: Connection, enrollment_id: EnrollmentId) -> list[AppStateRow]:
    """Return the apps that are assigned to a device, by id."""
    return reads.every(connection, _OF_DEVICE, row=AppStateRow, values={"device": enrollment_id})


def on_devices(connection: Connection, tenant_id: TenantId) -> list[InstalledAppRow]:
    """Return the apps of all managed devices."""
    return reads.every(connection, _ON_DEVICES, row=InstalledAppRow, values={"tenant": tenant_id})


def put(connection: Connection, rows: Sequence[AppStateRow]) -> None:
    """Add states, each in place of that of the same device and app."""
    writes.put_rows(connection, app_states, rows=rows)


def drop(connection: Connection, enrollment_id: EnrollmentId, *, app_id: str) -> None:
    """Drop the state of an app that is not assigned to the device any more."""
    writes.remove(connection, app_states, enrollment_id=enrollment_id, app_id=app_id)


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
