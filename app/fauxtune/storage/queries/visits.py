"""The device that checks in, locked, with what else is stored of it: so that only this is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, bindparam, func, select

from fauxtune.core.model.actions import WAITING
from fauxtune.core.model.ids import EnrollmentId
from fauxtune.storage.prepared import Prepared
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.storage.tables import (
    connector_requests,
    device_actions,
    enrollments,
    group_members,
    key_holdings,
    ledger,
    profile_states,
    steps,
)
from fauxtune.storage.tenancy import by_key, same_tenant


@dataclass(frozen=True, slots=True)
class StoredParts:
    """Whether there may be anything: items of the ledger, requests to connectors, states of profiles, steps, groups
    that have the device, keys that it has, and actions that wait for it.
    """

    ledger: bool = True
    requests: bool = True
    states: bool = True
    steps: bool = True
    groups: bool = True
    keys: bool = True
    actions: bool = True


def _held(column: Column[Any]) -> Prepared:
    """Return a SELECT that locks the requests of the device and then its enrolment, on PostgreSQL: the count has to be
    there before the enrolment is found.
    """
    device = select(enrollments.c.id).where(by_key(column, bindparam("key"))).scalar_subquery()
    requests = (
        select(connector_requests.c.id)
        .where(connector_requests.c.enrollment_id == device)
        .order_by(connector_requests.c.id)
        .with_for_update(key_share=True)
        .cte("held_requests")
    )
    counted = select(func.count()).select_from(requests).scalar_subquery()
    return Prepared(select(enrollments.c.id).where(by_key(column, bindparam("key")), counted >= 0).with_for_update())


def _read(column: Column[Any]) -> Prepared:
    parts: list[Any] = [
        select(table.c.enrollment_id).where(table.c.enrollment_id == enrollments.c.id).exists()
        for table in (ledger, connector_requests, profile_states, steps)
    ]
    groups = select(group_members.c.member_id).where(
        same_tenant(group_members, enrollments),
        group_members.c.member_id == enrollments.c.directory_device_id,
    )
    keys = select(key_holdings.c.enrollment_id).where(
        key_holdings.c.enrollment_id == enrollments.c.id, key_holdings.c.until_number.is_(None)
    )
    waiting = select(device_actions.c.id).where(
        device_actions.c.enrollment_id == enrollments.c.id, device_actions.c.state.in_(WAITING)
    )
    known = select(enrollments, *parts, groups.exists(), keys.exists(), waiting.exists())
    return Prepared(known.where(by_key(column, bindparam("key"))))


# Built once: each check-in that is not quiet asks one of them.
_BY_CREDENTIAL = (_held(enrollments.c.credential_digest), _read(enrollments.c.credential_digest))
_BY_ID = (_held(enrollments.c.id), _read(enrollments.c.id))
_COLUMNS = len(enrollments.c)


def is_alone(connection: Connection) -> bool:
    """Whether transactions are one after the other, so that none can change what another one has read: on SQLite."""
    return connection.dialect.name == "sqlite"


def device_of_credential(connection: Connection, digest: str) -> tuple[EnrollmentRow | None, StoredParts]:
    """Return the enrolment whose credential has this digest; None without one. It is locked until the transaction ends,
    and its requests are before it (see `locks`).
    """
    return _locked(connection, _BY_CREDENTIAL, key=digest)


def device_of_id(connection: Connection, enrollment_id: EnrollmentId) -> tuple[EnrollmentRow | None, StoredParts]:
    """Return the enrolment with this id, locked as by `device_of_credential`."""
    return _locked(connection, _BY_ID, key=enrollment_id)


def _locked(
    connection: Connection, statements: tuple[Prepared, Prepared], *, key: str
) -> tuple[EnrollmentRow | None, StoredParts]:
    held, read = statements
    if connection.dialect.name == "postgresql":
        # A statement that waited for a lock sees the locked row as it is then, and all others as they were before.
        held.first(connection, {"key": key})
    row = read.first(connection, {"key": key})
    if row is None:
        return None, StoredParts()
    return EnrollmentRow(*row[:_COLUMNS]), StoredParts(*map(bool, row[_COLUMNS:]))
