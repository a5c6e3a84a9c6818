"""Tenants, their applications and sign-ins under way, the journal, the audit log, faults and scope tags, snapshots and
report jobs; and what processes that share a database tell one another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, TypedDict

from sqlalchemy import BigInteger, Index

from fauxtune.core.model.ids import TenantId, UserId
from fauxtune.core.model.made_often import made_often
from fauxtune.core.model.tenants import KeyOrigin
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.columns import Indexed, Key, Older, Unique, table


class TenantColumns:
    """The columns of a tenant, which is a `Tenant` of the core everywhere else."""

    id: Key[TenantId]
    name: Unique[str]
    domain: Unique[str]
    created_at: datetime
    ca_host: str
    ca_name: str
    public_http_url: str
    clock_mode: str
    clock_frozen_at: datetime | None
    clock_offset: Annotated[int, BigInteger(), "microseconds"]
    settings: JsonObject
    # Handed out under this row's lock, so that numbers become visible in their order and no reader misses one.
    journal_seq: int
    connector_seq: Annotated[int, "the same for the connectors' events"]
    keys: Annotated[KeyOrigin, "own, or shared: a test tenant's"]
    number: Annotated[int | None, BigInteger(), "of a deterministic tenant: what its chance comes from"]
    tick: Annotated[int, Older("0"), BigInteger(), "microseconds by which its clock moves with each request"]
    exchanges: Annotated[int, Older("0"), BigInteger(), "how many requests it has served in their order"]


tenants = table("tenants", TenantColumns)


@dataclass(frozen=True, slots=True)
class ApplicationRow:
    """An application. `secret`: in clear, only of a seed's application; `certificate`: DER; `registration`: see
    `operations.directory.registrations`.
    """

    tenant_id: Key[TenantId]
    client_id: Key[str]
    name: str
    # In clear on purpose, where a seed brought it: every start prints it. It guards an emulator, not data.
    secret: str | None
    secret_digest: Annotated[str | None, "of a secret that is not shown again"]
    certificate: Annotated[bytes | None, "what client assertions are checked with, DER"]
    roles: list[str]
    consented_scopes: Annotated[list[str], "what users' tokens may carry; * is everything"]
    redirect_uris: Annotated[list[str], "https addresses that codes may be sent to"]
    created_at: datetime
    registration: Annotated[
        JsonObject,
        Older("{}"),
        "Graph's properties of application and service principal, passwords as digests, granted roles",
    ] = field(default_factory=dict)


applications = table("applications", ApplicationRow)


class ApplicationChanges(TypedDict, total=False):
    """The columns of an application that can be changed."""

    name: str
    secret: str | None
    secret_digest: str | None
    certificate: bytes | None
    roles: list[str]
    consented_scopes: list[str]
    redirect_uris: list[str]
    registration: JsonObject


@dataclass(frozen=True, slots=True)
class SignInRow:
    """A sign-in under way. `state`: pending, approved, declined or redeemed; `challenge`: method and challenge of
    RFC 7636; `any_tenant`: requested under common or organizations. Times are the system's.
    """

    digest: Key[str]
    tenant_id: TenantId
    client_id: str
    state: Annotated[str, "pending, approved, declined or redeemed"]
    scope: str
    user_code: Annotated[Unique[str | None], "what a person types in for a device"]
    any_tenant: Annotated[bool, "asked under common or organizations"]
    user_tenant_id: TenantId | None
    user_id: UserId | None
    redirect_uri: str | None
    challenge: Annotated[str | None, "RFC 7636: method and challenge"]
    nonce: str | None
    polled_at: datetime | None
    expires_at: datetime


# Authorization codes and device codes: only their digests. Times are the system's, for clients judge by their watch.
sign_ins = table(
    "sign_ins",
    SignInRow,
    Index("ix_sign_ins_expires_at", "expires_at"),
    Index("ix_sign_ins_tenant", "tenant_id"),
)


class SignInChanges(TypedDict, total=False):
    """The columns of a sign-in that can be changed."""

    state: str
    user_tenant_id: TenantId | None
    user_id: UserId | None
    polled_at: datetime | None


@made_often
@dataclass(frozen=True, slots=True)
class JournalRow:
    """An event of the journal. `seq`: its number in the tenant, 0 before it is written."""

    tenant_id: Key[TenantId]
    seq: Key[int]
    time: datetime
    type: str
    user: str | None
    device: str | None
    profile: str | None
    certificate: JsonObject | None
    detail: JsonObject


journal = table(
    "journal",
    JournalRow,
    Index("ix_journal_device", "tenant_id", "device", "seq"),
)


@dataclass(frozen=True, slots=True)
class AuditEventRow:
    """An event of the audit log. `number`: its place in the tenant's log, 0 before it is written."""

    tenant_id: Key[TenantId]
    id: Key[str]
    number: int
    activity_at: datetime
    component: str
    document: JsonObject


# What administrators did through Graph. `number` tells apart what a standing clock does not.
audit_events = table(
    "audit_events",
    AuditEventRow,
    Index("ix_audit_events_number", "tenant_id", "number"),
    Index("ix_audit_events_time", "tenant_id", "activity_at", "number"),
    Index("ix_audit_events_component", "tenant_id", "component", "activity_at", "number"),
)


@dataclass(frozen=True, slots=True)
class FaultRuleRow:
    """A fault of a tenant. `number`: its place among the tenant's rules; `document`: match, when and effect."""

    tenant_id: Key[TenantId]
    id: Key[str]
    number: Annotated[int, "its place among the tenant's rules: they are tried in order"]
    name: str | None
    document: Annotated[JsonObject, "match, when and effect"]
    enabled: bool
    matched: Annotated[int, "occasions that it looked at"]
    hits: Annotated[int, "occasions that it struck"]
    last_hit_at: datetime | None
    created_at: datetime


# What goes wrong on purpose: core.faults.
fault_rules = table("fault_rules", FaultRuleRow)


class FaultRuleChanges(TypedDict, total=False):
    """The columns of a fault that can be changed."""

    name: str | None
    document: JsonObject
    enabled: bool
    matched: int
    hits: int
    last_hit_at: datetime | None


@dataclass(frozen=True, slots=True)
class RoleScopeTagRow:
    """A scope tag. `id` is `number` as text."""

    tenant_id: Key[TenantId]
    id: Annotated[Key[str], "the number, as text"]
    number: int
    document: JsonObject


role_scope_tags = table("role_scope_tags", RoleScopeTagRow)


@dataclass(frozen=True, slots=True)
class RoleScopeTagAssignmentRow:
    """An assignment of a scope tag to a group; `position`: its place among those of the tag."""

    tenant_id: Key[TenantId]
    tag_id: Key[str]
    id: Key[str]
    position: int
    document: JsonObject


role_scope_tag_assignments = table("role_scope_tag_assignments", RoleScopeTagAssignmentRow)


@dataclass(frozen=True, slots=True)
class FaultCount:
    """What a transaction adds to the counters of a rule: one occasion that it looked at, and whether it was struck."""

    rule_id: str
    is_hit: bool


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """A snapshot without its content. `key_files`: names of private keys, by `service` and `connector`."""

    tenant_id: Key[TenantId]
    name: Key[str]
    created_at: Annotated[datetime, "by the system's clock"]
    tenant_time: Annotated[datetime, "by the tenant's clock"]
    revision: Annotated[str, "of the schema whose tables it has"]
    size: Annotated[int, "bytes of the content"]
    counts: Annotated[dict[str, int], "{table: number of rows}"]
    # Private keys are files, in no database. A file that a snapshot names stays until the snapshot is deleted.
    key_files: Annotated[dict[str, list[str]], '{"service": [name, ...], "connector": [name, ...]}']


@dataclass(frozen=True, slots=True)
class SnapshotContent:
    """The state that a snapshot contains, packed: large, so it is read on its own."""

    content: Annotated[bytes, "the state, packed"]


snapshots = table("snapshots", SnapshotRow, beside=SnapshotContent, after="key_files")


@dataclass(frozen=True, slots=True)
class ReportJobRow:
    """A report that was asked for. `is_cached`: it is a configuration of a cached report."""

    tenant_id: Key[TenantId]
    id: Key[str]
    is_cached: Annotated[bool, "a configuration of a cached report, which has no file"]
    created_at: datetime
    expires_at: Annotated[datetime | None, "when the file goes; none while there is no file"]
    document: Annotated[JsonObject, "what was asked for, as Graph shows it"]
    status: Annotated[str, "notStarted, inProgress, completed or failed"]


report_jobs = table(
    "report_jobs",
    ReportJobRow,
    Index("ix_report_jobs_oldest", "tenant_id", "created_at", "id"),
)


class ReportJobChanges(TypedDict, total=False):
    """Columns of a job that change."""

    expires_at: datetime | None
    status: str


class TenantVersionColumns:
    """The version of what processes remember of a tenant."""

    tenant_id: Key[TenantId]
    version: Annotated[str, "another one after each change of what processes remember"]


#: A tenant without a row has the version "". One process that has a database for itself writes none.
tenant_versions = table("tenant_versions", TenantVersionColumns)


@dataclass(frozen=True, slots=True)
class ProcessMessageRow:
    """A question (`question` is its own id), or an answer to one. The content is sealed. `sent_at`: the system's
    time.
    """

    id: Key[str]
    question: Annotated[Indexed[str], "the id of the question, also in the question itself"]
    content: Annotated[bytes, "sealed under a key that all processes have"]
    sent_at: Annotated[datetime, "by the system's clock"]


#: Questions and answers, each until the process that asked has read it.
process_messages = table("process_messages", ProcessMessageRow)
