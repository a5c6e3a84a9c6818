"""What connectors that are processes of their own ask for, and what all connectors write into their logs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select, true, update

from fauxtune.core.model.ids import TenantId
from fauxtune.storage import writes
from fauxtune.storage.queries.locks import hold
from fauxtune.storage.tables import certificates, connector_events, connector_requests, connectors, tenants

Row = dict[str, Any]

_NEXT_NUMBERS = (
    update(tenants)
    .where(tenants.c.id == bindparam("tenant"))
    .values(connector_seq=tenants.c.connector_seq + bindparam("count"))
    .returning(tenants.c.connector_seq)
)
_BY_CREDENTIAL = select(connectors).where(
    connectors.c.tenant_id == bindparam("tenant"), connectors.c.credential_digest == bindparam("digest")
)


def connector_by_credential(connection: Connection, tenant_id: TenantId, *, digest: str) -> Row | None:
    """The connector that has this credential."""
    found = connection.execute(_BY_CREDENTIAL, {"tenant": tenant_id, "digest": digest}).mappings().first()
    return None if found is None else dict(found)


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


def asked_revocations(
    connection: Connection, tenant_id: TenantId, *, before: datetime, serial: str | None = None, limit: int = 500
) -> list[Row]:
    """Certificates that a connector is to have revoked (or the one of this number), asked at `before` at the latest."""
    statement = (
        select(certificates)
        .where(
            certificates.c.tenant_id == tenant_id,
            certificates.c.revocation_state == "asked",
            certificates.c.revocation_asked_at <= before,
            certificates.c.serial == serial if serial is not None else true(),
        )
        .order_by(certificates.c.revocation_asked_at, certificates.c.serial)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def ask_refused_again(connection: Connection, tenant_id: TenantId, *, authority_name: str, at: datetime) -> None:
    """What was refused to the connector at this authority is asked anew."""
    where = {"tenant_id": tenant_id, "authority": authority_name, "revocation_state": "refused"}
    values = {"revocation_state": "asked", "revocation_asked_at": at}
    writes.change(connection, certificates, where=where, values=values)


def tenants_with_asked_revocations(connection: Connection) -> list[str]:
    """Where a connector has something to revoke."""
    statement = select(certificates.c.tenant_id).where(certificates.c.revocation_state == "asked").distinct()
    return [row[0] for row in connection.execute(statement)]


def add_connector_events(connection: Connection, tenant_id: TenantId, *, events: list[Row]) -> None:
    """Write events under the tenant's next numbers. Call it last: it holds the tenant's row until the commit."""
    last = connection.execute(_NEXT_NUMBERS, {"tenant": tenant_id, "count": len(events)}).scalar_one_or_none()
    if last is None:
        return
    first = last - len(events) + 1
    numbered = [{"tenant_id": tenant_id, "number": first + index, **each} for index, each in enumerate(events)]
    writes.add_all(connection, connector_events, rows=numbered)


def connector_log(
    connection: Connection,
    tenant_id: TenantId,
    *,
    connector_id: str | None = None,
    after: int = 0,
    event_id: int | None = None,
    device: str | None = None,
    limit: int = 1000,
) -> list[Row]:
    """Events after a number, in order."""
    conditions = [connector_events.c.tenant_id == tenant_id, connector_events.c.number > after]
    for column, value in (("connector_id", connector_id), ("event_id", event_id), ("device", device)):
        if value is not None:
            conditions.append(connector_events.c[column] == value)
    statement = select(connector_events).where(and_(*conditions)).order_by(connector_events.c.number).limit(limit)
    return [dict(row) for row in connection.execute(statement).mappings()]


def _hold_requests(connection: Connection, where: Row) -> None:
    conditions = (connector_requests.c[name] == value for name, value in where.items())
    hold(connection, connector_requests, where=and_(*conditions))
