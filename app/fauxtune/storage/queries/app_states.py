"""Apps on devices: what is assigned to a device, and its state there."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, exists, literal, or_, select

from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.storage import reads, writes
from fauxtune.storage.prepared import Prepared
from fauxtune.storage.rows.apps import AppStateRow, InstalledAppRow
from fauxtune.storage.tables import app_states, assignments, enrollments, managed_devices, resources
from fauxtune.storage.tenancy import by_key, of_tenant, same_tenant

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
