"""Certificate connectors: the public halves of their keys, their event log, and the requests to them with the answers.

The console shows from here what connectors did and what waits for them, with names.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Unpack

from sqlalchemy import Connection, and_, bindparam, delete, func, or_, select, true, union_all, update

from fauxtune.core.model.ids import ConnectorId, EnrollmentId, ItemKey, RequestId, TenantId
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import reads, writes
from fauxtune.storage.queries.authorities import DEVICES, ROOT
from fauxtune.storage.queries.locks import hold
from fauxtune.storage.reads import every
from fauxtune.storage.rows.certificates import (
    AnswerRow,
    ConnectorChanges,
    ConnectorEventRow,
    ConnectorKeyRow,
    ConnectorRow,
    RequestChanges,
    RequestRow,
    ServedRequestRow,
    WaitingRequestRow,
)
from fauxtune.storage.tables import (
    certificates,
    connector_events,
    connector_keys,
    connector_requests,
    connectors,
    enrollments,
    managed_devices,
    ra_certificates,
)
from fauxtune.storage.tenancy import by_key, by_keys, equal, of_tenant, rows_of, same_tenant

_CONNECTORS = Prepared(rows_of(connectors).order_by(connectors.c.created_at, connectors.c.id))
_CONNECTOR_KEYS = Prepared(rows_of(connector_keys).order_by(connector_keys.c.provider, connector_keys.c.key_name))
#: The names of the private keys' files: those of connectors' keys, and of RA certificates.
_KEY_FILES = union_all(
    *(select(table.c.connector_id, table.c.file).where(of_tenant(table)) for table in (connector_keys, ra_certificates))
)
_BY_CREDENTIAL = Prepared(rows_of(connectors).where(connectors.c.credential_digest == bindparam("digest")))


def connector_rows(connection: Connection, tenant_id: TenantId) -> list[ConnectorRow]:
    """Return the tenant's connectors, oldest first."""
    return reads.every(connection, _CONNECTORS, row=ConnectorRow, values={"tenant": tenant_id})


def connector_by_credential(connection: Connection, tenant_id: TenantId, *, digest: str) -> ConnectorRow | None:
    """Return the connector whose credential has this digest."""
    return reads.first(connection, _BY_CREDENTIAL, row=ConnectorRow, values={"tenant": tenant_id, "digest": digest})


def add_connector(connection: Connection, row: ConnectorRow) -> None:
    """Add a connector."""
    writes.add_row(connection, connectors, row=row)


def change_connector(
    connection: Connection, tenant_id: TenantId, *, connector_id: ConnectorId, **changes: Unpack[ConnectorChanges]
) -> None:
    """Change columns of a connector."""
    writes.change(connection, connectors, where={"tenant_id": tenant_id, "id": connector_id}, values=changes)


def delete_connector(connection: Connection, tenant_id: TenantId, *, connector_id: ConnectorId) -> None:
    """Delete the connector, the public halves of its keys and its RA certificates."""
    writes.remove(connection, connectors, tenant_id=tenant_id, id=connector_id)
    writes.remove(connection, connector_keys, tenant_id=tenant_id, connector_id=connector_id)
    writes.remove(connection, ra_certificates, tenant_id=tenant_id, connector_id=connector_id)


def connector_key_rows(
    connection: Connection, tenant_id: TenantId, *, connector_id: ConnectorId | None = None
) -> list[ConnectorKeyRow]:
    """Return the keys of all connectors, or of this one, by provider and name."""
    rows = reads.every(connection, _CONNECTOR_KEYS, row=ConnectorKeyRow, values={"tenant": tenant_id})
    return [row for row in rows if connector_id in (None, row.connector_id)]


def key_file_rows(connection: Connection, tenant_id: TenantId) -> list[tuple[ConnectorId, str]]:
    """Return each private key's file, with its connector."""
    rows = connection.execute(_KEY_FILES, {"tenant": tenant_id}).all()
    return sorted((ConnectorId(connector), str(file)) for connector, file in rows)


def add_connector_keys(connection: Connection, *rows: ConnectorKeyRow) -> None:
    """Add keys of connectors."""
    writes.add_rows(connection, connector_keys, rows=rows)


def delete_connector_key(
    connection: Connection, tenant_id: TenantId, *, connector_id: ConnectorId, provider: str, key_name: str
) -> None:
    """Delete a connector's key."""
    writes.remove(
        connection,
        connector_keys,
        tenant_id=tenant_id,
        connector_id=connector_id,
        provider=provider,
        key_name=key_name,
    )


def connector_log(
    connection: Connection,
    tenant_id: TenantId,
    *,
    connector_id: ConnectorId | None = None,
    after: int = 0,
    event_id: int | None = None,
    device: EnrollmentId | None = None,
    limit: int = 1000,
) -> list[ConnectorEventRow]:
    """Return the events with numbers above `after`, in order."""
    conditions = [of_tenant(connector_events, tenant_id), connector_events.c.number > after]
    for column, value in (("connector_id", connector_id), ("event_id", event_id), ("device", device)):
        if value is not None:
            conditions.append(connector_events.c[column] == value)
    statement = select(connector_events).where(and_(*conditions)).order_by(connector_events.c.number).limit(limit)
    return reads.every(connection, statement, row=ConnectorEventRow)


def newest_connector_events(
    connection: Connection,
    tenant_id: TenantId,
    *,
    connector_id: ConnectorId | None = None,
    before: int | None = None,
    event_id: int | None = None,
    limit: int,
) -> list[ConnectorEventRow]:
    """Return the newest entries of the log, those with a number below `before` if it is given; the newest first."""
    column = connector_events.c
    statement = rows_of(connector_events, tenant_id)
    if connector_id is not None:
        statement = statement.where(column.connector_id == connector_id)
    if before is not None:
        statement = statement.where(column.number < before)
    if event_id is not None:
        statement = statement.where(column.event_id == event_id)
    return every(connection, statement.order_by(column.number.desc()).limit(limit), row=ConnectorEventRow)


def waiting_requests(connection: Connection, tenant_id: TenantId, *, limit: int) -> list[WaitingRequestRow]:
    """Return requests that wait for a connector's answer, the oldest first."""
    column = connector_requests.c
    device = func.coalesce(managed_devices.c.device_name, enrollments.c.facts["deviceName"].as_string())
    statement = (
        select(column.enrollment_id, device, column.role, column.item_key, column.created_at, column.leased_by)
        .join(enrollments, enrollments.c.id == column.enrollment_id)
        .join(managed_devices, managed_devices.c.enrollment_id == column.enrollment_id, isouter=True)
        .where(of_tenant(column, tenant_id), column.state == "open")
        .order_by(column.created_at, column.id)
        .limit(limit)
    )
    return every(connection, statement, row=WaitingRequestRow)


def waiting_counts(connection: Connection, tenant_id: TenantId) -> dict[str, int]:
    """Return how many requests wait for a connector's answer, by role."""
    column = connector_requests.c
    statement = select(column.role, func.count()).where(of_tenant(column, tenant_id), column.state == "open")
    return {row[0]: row[1] for row in connection.execute(statement.group_by(column.role))}


_REQUEST = select(*(connector_requests.c[field.name] for field in fields(RequestRow)))
_SERVED = Prepared(
    _REQUEST.add_columns(
        certificates.c.thumbprint, certificates.c.not_before, certificates.c.not_after, certificates.c.authority
    )
    .outerjoin(
        certificates,
        and_(
            same_tenant(certificates, connector_requests),
            certificates.c.serial == connector_requests.c.serial,
            certificates.c.authority.not_in([ROOT, DEVICES]),
        ),
    )
    .where(by_keys(connector_requests.c.enrollment_id, bindparam("ids", expanding=True)))
    .order_by(connector_requests.c.created_at, connector_requests.c.id)
)
_ANSWERS = Prepared(
    select(*(connector_requests.c[field.name] for field in fields(AnswerRow))).where(
        by_key(connector_requests.c.enrollment_id, bindparam("device")), connector_requests.c.state == "answered"
    )
)

#: The bytes of a request that is not answered.
_NO_FILE: RequestChanges = {"sealed": None, "pfx": None, "kept_password": None}
_REPLACED = Prepared(
    delete(connector_requests).where(by_keys(connector_requests.c.id, bindparam("ids", expanding=True)))
)


def requests_of(connection: Connection, ids: Collection[EnrollmentId]) -> list[ServedRequestRow]:
    """Return all requests for these devices, answered or not, with their certificates; those for one device oldest
    first.
    """
    return reads.many(connection, _SERVED, row=ServedRequestRow, ids=ids)


def answers(connection: Connection, enrollment_id: EnrollmentId) -> list[AnswerRow]:
    """Return the bytes of the answered requests for the device."""
    return reads.every(connection, _ANSWERS, row=AnswerRow, values={"device": enrollment_id})


def put_requests(
    connection: Connection,
    requests: Collection[tuple[RequestRow, RequestChanges]],
    *,
    replaced: Sequence[RequestId],
) -> None:
    """Add requests, each with its answer (empty: not answered yet), in place of those with the ids in `replaced`."""
    if replaced:
        _REPLACED.run(connection, {"ids": list(replaced)})
    rows = [writes.values_of(row) | _NO_FILE | answer for row, answer in requests]
    writes.add_all(connection, connector_requests, rows=rows)


def answer_request(connection: Connection, request_id: RequestId, **answer: Unpack[RequestChanges]) -> bool:
    """Write the answer; return False when the request is no longer open, since another answer came first."""
    return writes.change(connection, connector_requests, where={"id": request_id, "state": "open"}, values=answer) > 0


def count_answered(connection: Connection, tenant_id: TenantId, *, role: str) -> int:
    """Return how many requests of this role connectors have answered, or refused, that are still there."""
    table = connector_requests.c
    taken = and_(of_tenant(table, tenant_id), table.role == role, table.answered_by.is_not(None))
    return connection.execute(select(func.count()).select_from(connector_requests).where(taken)).scalar_one()


def forget_refusals(
    connection: Connection, tenant_id: TenantId, *, item_key: ItemKey | None = None, role: str | None = None
) -> None:
    """Drop refused requests, so that they are asked again: what made them fail may have changed."""
    refused = and_(
        of_tenant(connector_requests, tenant_id),
        connector_requests.c.state == "failed",
        true() if item_key is None else connector_requests.c.item_key == item_key,
        true() if role is None else connector_requests.c.role == role,
    )
    hold(connection, connector_requests, where=refused)
    connection.execute(delete(connector_requests).where(refused))


def forget_unanswered(connection: Connection, tenant_id: TenantId, *, item_key: ItemKey) -> None:
    """Drop the unanswered requests for this item, so that they are asked again by the settings of now."""
    unanswered = and_(
        of_tenant(connector_requests, tenant_id),
        connector_requests.c.item_key == item_key,
        connector_requests.c.state != "answered",
    )
    hold(connection, connector_requests, where=unanswered)
    connection.execute(delete(connector_requests).where(unanswered))


def free_requests(
    connection: Connection,
    tenant_id: TenantId,
    *,
    connector_id: ConnectorId,
    roles: Sequence[str],
    now: datetime,
    before: datetime,
    limit: int,
) -> list[RequestRow]:
    """Return open requests for these roles that are not leased and that the connector may take, oldest first. `now` is
    the system's time, by which leases run; `before` the tenant's: requests asked later are left out.
    """
    statement = (
        _REQUEST.where(
            of_tenant(connector_requests, tenant_id),
            connector_requests.c.state == "open",
            connector_requests.c.role.in_(list(roles)),
            connector_requests.c.created_at <= before,
            or_(connector_requests.c.only_by.is_(None), connector_requests.c.only_by == connector_id),
            or_(connector_requests.c.leased_until.is_(None), connector_requests.c.leased_until <= now),
        )
        .order_by(connector_requests.c.created_at, connector_requests.c.id)
        .limit(limit)
        # Not in the order of ids: rows that others have locked are passed over, so that nothing waits for them.
        .with_for_update(key_share=True, skip_locked=True)
    )
    return reads.every(connection, statement, row=RequestRow)


def request(
    connection: Connection, tenant_id: TenantId, *, request_id: RequestId, lock: bool = False
) -> RequestRow | None:
    """Return one request; `lock` locks all requests of its device until the transaction ends."""
    if lock:
        device = select(connector_requests.c.enrollment_id).where(by_key(connector_requests.c.id, request_id))
        hold(connection, connector_requests, where=connector_requests.c.enrollment_id == device.scalar_subquery())
    statement = _REQUEST.where(of_tenant(connector_requests, tenant_id), connector_requests.c.id == request_id)
    return reads.first(connection, statement, row=RequestRow)


def lease(connection: Connection, request_id: RequestId, *, session: str, now: datetime, until: datetime) -> bool:
    """Lease a request to a connector's session; return False when another session was first."""
    statement = (
        update(connector_requests)
        .where(
            by_key(connector_requests.c.id, request_id),
            connector_requests.c.state == "open",
            or_(connector_requests.c.leased_until.is_(None), connector_requests.c.leased_until <= now),
        )
        .values(leased_by=session, leased_until=until)
    )
    return connection.execute(statement).rowcount > 0


def give_back(connection: Connection, tenant_id: TenantId, *, session: str) -> None:
    """End the leases of a session, so that other connectors can take its requests."""
    where = {"tenant_id": tenant_id, "leased_by": session, "state": "open"}
    _hold_requests(connection, where)
    writes.change(connection, connector_requests, where=where, values={"leased_by": None, "leased_until": None})


def release(connection: Connection, tenant_id: TenantId, *, connector_id: ConnectorId) -> None:
    """Let all connectors take the requests that only a removed connector could answer; they refuse them."""
    where = {"tenant_id": tenant_id, "only_by": connector_id, "state": "open"}
    _hold_requests(connection, where)
    writes.change(connection, connector_requests, where=where, values={"only_by": None})


def note_certificate(connection: Connection, request_id: RequestId, *, serial: str) -> None:
    """Note the certificate that the authority has issued for this request, which stays open."""
    writes.change(connection, connector_requests, where={"id": request_id}, values={"serial": serial})


def devices_that_wait(
    connection: Connection, tenant_id: TenantId, *, roles: Sequence[str], before: datetime
) -> set[EnrollmentId]:
    """Return the enrolments with an open request for one of these roles, asked no later than `before`."""
    statement = select(connector_requests.c.enrollment_id).where(
        of_tenant(connector_requests, tenant_id),
        connector_requests.c.state == "open",
        connector_requests.c.role.in_(list(roles)),
        connector_requests.c.created_at <= before,
    )
    return {EnrollmentId(row[0]) for row in connection.execute(statement.distinct())}


def oldest_request(
    connection: Connection, tenant_id: TenantId, *, roles: Sequence[str], after: datetime
) -> datetime | None:
    """Return when the first of the open requests was asked that were asked later than `after`."""
    statement = select(func.min(connector_requests.c.created_at)).where(
        of_tenant(connector_requests, tenant_id),
        connector_requests.c.state == "open",
        connector_requests.c.role.in_(list(roles)),
        connector_requests.c.created_at > after,
    )
    oldest: datetime | None = connection.execute(statement).scalar_one_or_none()
    return oldest


def _hold_requests(connection: Connection, where: Mapping[str, str]) -> None:
    conditions = (equal(connector_requests.c[name], value) for name, value in where.items())
    hold(connection, connector_requests, where=and_(*conditions))
