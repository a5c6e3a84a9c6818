"""What processes that share a database on PostgreSQL ask one another, and ask before they use memory.

A question to other processes and its answers are rows until the process that asked has read them. What is left of one
that was killed meanwhile goes with the next question. Each of these is one statement.

Of each tenant there is a version, which a transaction replaces that changes what processes remember of it (its clock
and settings, its configuration, its fault rules). Whether anything at all was written is known from PostgreSQL itself:
its snapshot is the same text as long as no transaction that writes has begun or ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    Connection,
    LargeBinary,
    String,
    bindparam,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    text,
)

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import writes
from fauxtune.storage.columns import Moment
from fauxtune.storage.queries import fault_rules, logs
from fauxtune.storage.queries.tenants import tenant_by_key
from fauxtune.storage.rows.tenants import FaultRuleRow, ProcessMessageRow
from fauxtune.storage.tables import process_messages, tenant_versions, tenants
from fauxtune.storage.tenancy import of_tenant

#: No question is open for so long.
_LONGEST = timedelta(minutes=10)

_id, _question = process_messages.c.id, process_messages.c.question
_QUESTION = select(process_messages.c.content).where(_id == bindparam("id"))
_ANSWERS = select(process_messages.c.content).where(_question == bindparam("id"), _id != bindparam("id")).order_by(_id)
_ANSWER = insert(process_messages).from_select(
    ["id", "question", "content", "sent_at"],
    select(
        bindparam("answer"),
        bindparam("id"),
        cast(bindparam("content"), LargeBinary),
        bindparam("at", type_=Moment),
    ).where(exists(select(literal(1)).where(_id == bindparam("id")))),
)
_REMOVE = delete(process_messages).where(
    or_(_question == bindparam("id"), process_messages.c.sent_at < bindparam("old", type_=Moment))
)


def ask(connection: Connection, row: ProcessMessageRow) -> None:
    """Store a question."""
    writes.add_row(connection, process_messages, row=row)


def question(connection: Connection, question_id: str) -> bytes | None:
    """Return what is asked; None if nobody waits for the answer any more."""
    return connection.execute(_QUESTION, {"id": question_id}).scalar_one_or_none()


def answer(connection: Connection, row: ProcessMessageRow) -> None:
    """Store an answer, if somebody still waits for it."""
    values = {"answer": row.id, "id": row.question, "content": row.content, "at": row.sent_at}
    connection.execute(_ANSWER, values)


def answers(connection: Connection, question_id: str) -> list[bytes]:
    """Return the answers that there are to a question."""
    return list(connection.execute(_ANSWERS, {"id": question_id}).scalars())


def remove(connection: Connection, question_id: str, *, now: datetime) -> None:
    """Delete a question with its answers, and all that nobody can wait for any more."""
    connection.execute(_REMOVE, {"id": question_id, "old": now - _LONGEST})


_VERSION = func.coalesce(select(tenant_versions.c.version).where(of_tenant(tenant_versions)).scalar_subquery(), "")
_SEEN = Prepared(
    select(_VERSION, cast(func.pg_current_snapshot(), String)).where(
        select(tenants.c.id).where(tenants.c.id == bindparam("tenant")).exists()
    )
)
_READ = Prepared(select(_VERSION))
# One row for each tenant: two that change it wait for one another, so the version that stays is the last one.
_CHANGE = text(
    "INSERT INTO tenant_versions (tenant_id, version) VALUES (:tenant, gen_random_uuid()::text)"
    " ON CONFLICT (tenant_id) DO UPDATE SET version = excluded.version"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """The version of a tenant at a moment, and the database's snapshot."""

    version: str
    snapshot: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a process remembers of a tenant that has this version."""

    version: str
    tenant: Tenant
    fault_rules: list[FaultRuleRow]
    is_tracked: bool
    is_subscribed: bool


def seen(connection: Connection, tenant_id: TenantId) -> Seen | None:
    """Return what there is to see of a tenant now; None if it does not exist."""
    row = _SEEN.first(connection, {"tenant": tenant_id})
    return None if row is None else Seen(*row)


def version_of(connection: Connection, tenant_id: TenantId) -> str:
    """Return the version of a tenant."""
    return str(_READ.scalar(connection, {"tenant": tenant_id}))


def change_version(connection: Connection, tenant_id: TenantId) -> None:
    """Give the tenant another version. Call it last: it holds the version until the commit."""
    connection.execute(_CHANGE, {"tenant": tenant_id})


def remembered(connection: Connection, tenant_id: TenantId) -> Remembered | None:
    """Return what a process remembers of a tenant; None if it does not exist. All of it is at least as new as the
    version, which is read first.
    """
    version = version_of(connection, tenant_id)
    tenant = tenant_by_key(connection, tenant_id)
    if tenant is None:
        return None
    return Remembered(
        version,
        tenant,
        fault_rules.rules_of(connection, tenant_id),
        is_tracked=logs.tracking(connection, tenant_id) is not None,
        is_subscribed=bool(logs.subscriptions_of(connection, tenant_id)),
    )
