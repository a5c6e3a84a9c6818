"""Requests to the certificate connectors, and the answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, or_, select, true, update

from fauxtune.core.model.ids import TenantId
from fauxtune.storage import writes
from fauxtune.storage.queries.locks import hold
from fauxtune.storage.tables import connector_requests

Row = dict[str, Any]

_REQUESTS = (
    select(*(column for column in connector_requests.c if column.name not in {"pfx", "sealed", "kept_password"}))
    .where(connector_requests.c.enrollment_id == bindparam("device"))
    .order_by(connector_requests.c.created_at)
)


def requests(connection: Connection, enrollment_id: str) -> list[Row]:
    """Every request for the device, answered or not, without its answer's bytes."""
    return [dict(row) for row in connection.execute(_REQUESTS, {"device": enrollment_id}).mappings()]


def answers(connection: Connection, enrollment_id: str) -> list[Row]:
    """The answered requests for the device with their bytes."""
    statement = select(connector_requests).where(
        connector_requests.c.enrollment_id == enrollment_id, connector_requests.c.state == "answered"
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def put_request(connection: Connection, **values: Any) -> None:
    """A new request, or the same one asked again: unique by device, item key and fingerprint."""
    connection.execute(
        delete(connector_requests).where(
            connector_requests.c.enrollment_id == values["enrollment_id"],
            connector_requests.c.item_key == values["item_key"],
            connector_requests.c.fingerprint == values["fingerprint"],
        )
    )
    writes.add(connection, connector_requests, **values)


def answer_request(connection: Connection, request_id: str, **values: Any) -> bool:
    """Write an answer; False when the request is no longer open: somebody answered it first."""
    return writes.change(connection, connector_requests, where={"id": request_id, "state": "open"}, values=values) > 0


def forget_refusals(
    connection: Connection, tenant_id: TenantId, *, item_key: str | None = None, role: str | None = None
) -> None:
    """Drop refused requests, so that they are asked anew: what made them fail may have changed."""
    refused = and_(
        connector_requests.c.tenant_id == tenant_id,
        connector_requests.c.state == "failed",
        true() if item_key is None else connector_requests.c.item_key == item_key,
        true() if role is None else connector_requests.c.role == role,
    )
    hold(connection, connector_requests, where=refused)
    connection.execute(delete(connector_requests).where(refused))


def forget_unanswered(connection: Connection, tenant_id: TenantId, *, item_key: str) -> None:
    """Drop what was asked for this item and not answered: it is asked anew, in the words of now."""
    unanswered = and_(
        connector_requests.c.tenant_id == tenant_id,
        connector_requests.c.item_key == item_key,
        connector_requests.c.state != "answered",
    )
    hold(connection, connector_requests, where=unanswered)
    connection.execute(delete(connector_requests).where(unanswered))


def free_requests(
    connection: Connection,
    tenant_id: TenantId,
    *,
    connector_id: str,
    roles: Sequence[str],
    now: datetime,
    before: datetime,
    limit: int,
) -> list[Row]:
    """Open requests for these roles that nobody is at work on and that the connector may take, oldest first. `now` is
    the system's: leases run by it; `before` the tenant's: what was asked later is not looked at yet.
    """
    statement = (
        select(connector_requests)
        .where(
            connector_requests.c.tenant_id == tenant_id,
            connector_requests.c.state == "open",
            connector_requests.c.role.in_(list(roles)),
            connector_requests.c.created_at <= before,
            or_(connector_requests.c.only_by.is_(None), connector_requests.c.only_by == connector_id),
            or_(connector_requests.c.leased_until.is_(None), connector_requests.c.leased_until <= now),
        )
        .order_by(connector_requests.c.created_at, connector_requests.c.id)
        .limit(limit)
        # Not in the order of ids: what somebody else holds is passed over, and so nobody is waited for.
        .with_for_update(key_share=True, skip_locked=True)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def lease(connection: Connection, request_id: str, *, session: str, now: datetime, until: datetime) -> bool:
    """Take a request; False when another was first."""
    statement = (
        update(connector_requests)
        .where(
            connector_requests.c.id == request_id,
            connector_requests.c.state == "open",
            or_(connector_requests.c.leased_until.is_(None), connector_requests.c.leased_until <= now),
        )
        .values(leased_by=session, leased_until=until)
    )
    return connection.execute(statement).rowcount > 0


def give_back(connection: Connection, tenant_id: TenantId, *, session: str) -> None:
    """What a run was at work on is anybody's again."""
    where = {"tenant_id": tenant_id, "leased_by": session, "state": "open"}
    _hold_requests(connection, where)
    writes.change(connection, connector_requests, where=where, values={"leased_by": None, "leased_until": None})


def release(connection: Connection, tenant_id: TenantId, *, connector_id: str) -> None:
    """The connector is gone: what it alone could answer is anybody's, who will say that it cannot."""
    where = {"tenant_id": tenant_id, "only_by": connector_id, "state": "open"}
    _hold_requests(connection, where)
    writes.change(connection, connector_requests, where=where, values={"only_by": None})


def request(connection: Connection, tenant_id: TenantId, *, request_id: str, lock: bool = False) -> Row | None:
    """One request; `lock` holds all of its device until the transaction ends."""
    if lock:
        device = select(connector_requests.c.enrollment_id).where(connector_requests.c.id == request_id)
        hold(connection, connector_requests, where=connector_requests.c.enrollment_id == device.scalar_subquery())
    statement = select(connector_requests).where(
        connector_requests.c.tenant_id == tenant_id, connector_requests.c.id == request_id
    )
    found = connection.execute(statement).mappings().first()
    return None if found is None else dict(found)


def note_certificate(connection: Connection, request_id: str, *, serial: str) -> None:
    """The authority has issued for this request; it is still open."""
    writes.change(connection, connector_requests, where={"id": request_id}, values={"serial": serial})


def devices_that_wait(
    connection: Connection, tenant_id: TenantId, *, roles: Sequence[str], before: datetime
) -> set[str]:
    """The enrolments with an open request for one of these roles, asked at `before` at the latest."""
    statement = select(connector_requests.c.enrollment_id).where(
        connector_requests.c.tenant_id == tenant_id,
        connector_requests.c.state == "open",
        connector_requests.c.role.in_(list(roles)),
        connector_requests.c.created_at <= before,
    )
    return {row[0] for row in connection.execute(statement.distinct())}


def oldest_request(
    connection: Connection, tenant_id: TenantId, *, roles: Sequence[str], after: datetime
) -> datetime | None:
    """When the first of the open requests was asked that were asked after this moment."""
    statement = select(func.min(connector_requests.c.created_at)).where(
        connector_requests.c.tenant_id == tenant_id,
        connector_requests.c.state == "open",
        connector_requests.c.role.in_(list(roles)),
        connector_requests.c.created_at > after,
    )
    found: datetime | None = connection.execute(statement).scalar_one_or_none()
    return found


def _hold_requests(connection: Connection, where: Row) -> None:
    conditions = (connector_requests.c[name] == value for name, value in where.items())
    hold(connection, connector_requests, where=and_(*conditions))
