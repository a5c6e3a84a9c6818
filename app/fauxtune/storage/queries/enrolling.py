"""What an enrolment asks of a tenant: tokens, restrictions, corporate identifiers, a user's devices."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select, update

from fauxtune.core.engine.enrollment_restrictions import JUDGED, LIMITED, Restriction
from fauxtune.core.model.ids import ProfileId, TenantId, UserId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import reads, writes
from fauxtune.storage.columns import Moment
from fauxtune.storage.queries.configuration import assignment_targets, assignments_by_profile
from fauxtune.storage.rows.devices import EnrollmentTokenRow
from fauxtune.storage.rows.resources import ResourceRow
from fauxtune.storage.tables import enrollment_tokens, enrollments, resources
from fauxtune.storage.tenancy import of_tenant, rows_of

_RESTRICTIONS = Prepared(
    rows_of(resources)
    .where(
        resources.c.family == bindparam("family"),
        resources.c.parent_id == "",
        resources.c.kind.in_(sorted(JUDGED)),
    )
    .order_by(resources.c.priority, resources.c.id)
)
_LIVE_OF_USER = (
    select(func.count())
    .select_from(enrollments)
    .where(
        of_tenant(enrollments),
        enrollments.c.user_id == bindparam("user"),
        enrollments.c.hardware_key != bindparam("besides"),
        enrollments.c.state != EnrollmentState.ENDED.value,
        enrollments.c.variant.in_(sorted(LIMITED)),
        func.coalesce(enrollments.c.last_checkin_at, enrollments.c.enrolled_at) >= bindparam("since", type_=Moment),
    )
)


def restrictions(connection: Connection, tenant_id: TenantId, *, family: str) -> list[Restriction]:
    """Return the stored enrolment configurations that can refuse devices, with their assignments, the strongest first
    but for the defaults.
    """
    rows = reads.every(connection, _RESTRICTIONS, row=ResourceRow, values={"tenant": tenant_id, "family": family})
    ids = [ProfileId(row.id) for row in rows if row.priority]
    assigned = assignments_by_profile(connection, tenant_id, ids=ids) if ids else {}
    return [
        Restriction(
            id=row.id,
            kind=row.kind,
            priority=row.priority or 0,
            document=row.document,
            assignments=tuple(assignment_targets(assigned.get(ProfileId(row.id), []))),
        )
        for row in rows
    ]


def resources_with(
    connection: Connection, tenant_id: TenantId, *, family: str, named: str, texts: Collection[str]
) -> list[ResourceRow]:
    """Return the resources of a family of which the property `named` is one of these texts, written in small letters;
    oldest first.
    """
    if not texts:
        return []
    values = {"tenant": tenant_id, "family": family, "texts": sorted(texts)}
    return reads.every(connection, _with(named), row=ResourceRow, values=values)


@cache
def _with(named: str) -> Select[Any]:
    text = func.lower(resources.c.document[named].as_string())
    return (
        rows_of(resources)
        .where(
            resources.c.family == bindparam("family"),
            resources.c.parent_id == "",
            text.in_(bindparam("texts", expanding=True)),
        )
        .order_by(resources.c.created_at, resources.c.id)
    )


def newest(
    connection: Connection, tenant_id: TenantId, *, family: str, limit: int, user_id: str | None = None
) -> list[ResourceRow]:
    """Return the newest resources of a family, those of a user (`userId`) or of all."""
    statement = rows_of(resources, tenant_id).where(resources.c.family == family, resources.c.parent_id == "")
    if user_id is not None:
        statement = statement.where(resources.c.document["userId"].as_string() == user_id)
    ordered = statement.order_by(resources.c.created_at.desc(), resources.c.id.desc()).limit(limit)
    return reads.every(connection, ordered, row=ResourceRow)


def devices_of_user(
    connection: Connection, tenant_id: TenantId, *, user_id: UserId, besides: str, since: datetime
) -> int:
    """Return how many live devices of the user a limit counts: those that were in contact `since`, but for the hardware
    with the key `besides`.
    """
    values = {"tenant": tenant_id, "user": user_id, "besides": besides, "since": since}
    return int(connection.execute(_LIVE_OF_USER, values).scalar_one())


# What every enrolment asks, built once.
_CAN_BE_USED = (
    of_tenant(enrollment_tokens),
    enrollment_tokens.c.digest == bindparam("token"),
    enrollment_tokens.c.expires_at > bindparam("now"),
    enrollment_tokens.c.uses_left > 0,
)
_USER = Prepared(select(enrollment_tokens.c.user_id).where(*_CAN_BE_USED))
_USE = Prepared(
    update(enrollment_tokens)
    .where(*_CAN_BE_USED)
    .values(uses_left=enrollment_tokens.c.uses_left - 1)
    .returning(enrollment_tokens.c.user_id)
)


def add_token(connection: Connection, row: EnrollmentTokenRow) -> None:
    """Insert an enrolment token."""
    writes.add_row(connection, enrollment_tokens, row=row)


def use_token(connection: Connection, tenant_id: TenantId, *, digest: str, now: datetime) -> UserId | None:
    """Take one use from the token and return its user; None for a token that is unknown, expired or used up. Two
    callers never take the same use: the UPDATE is the check.
    """
    values = {"tenant": tenant_id, "token": digest, "now": now}
    user_id: UserId | None = _USE.scalar(connection, values)
    return user_id


def token_user(connection: Connection, tenant_id: TenantId, *, digest: str, now: datetime) -> UserId | None:
    """Return the user of a token that can be used; take no use from it."""
    values = {"tenant": tenant_id, "token": digest, "now": now}
    user_id: UserId | None = _USER.scalar(connection, values)
    return user_id
