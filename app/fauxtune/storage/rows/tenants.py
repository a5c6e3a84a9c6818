"""Rows of applications, sign-ins, the journal, the audit log, faults and scope tags. A tenant itself is a `Tenant`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

from fauxtune.core.model.ids import TenantId, UserId
from fauxtune.core.model.text import JsonObject

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class ApplicationRow:
    """An application. `secret`: in clear, of a seed's application alone; `certificate`: DER; `registration`: see
    `operations.directory.registrations`.
    """

    tenant_id: TenantId
    client_id: str
    name: str
    secret: str | None
    secret_digest: str | None
    certificate: bytes | None
    roles: list[str]
    consented_scopes: list[str]
    redirect_uris: list[str]
    created_at: datetime
    registration: JsonObject = field(default_factory=dict)


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

    digest: str
    tenant_id: TenantId
    client_id: str
    state: str
    scope: str
    user_code: str | None
    any_tenant: bool
    user_tenant_id: TenantId | None
    user_id: UserId | None
    redirect_uri: str | None
    challenge: str | None
    nonce: str | None
    polled_at: datetime | None
    expires_at: datetime


class SignInChanges(TypedDict, total=False):
    """The columns of a sign-in that can be changed."""

    state: str
    user_tenant_id: TenantId | None
    user_id: UserId | None
    polled_at: datetime | None


@dataclass(frozen=True, slots=True)
class JournalRow:
    """An event of the journal. `seq`: its number in the tenant, 0 before it is written."""

    tenant_id: TenantId
    seq: int
    time: datetime
    type: str
    user: str | None
    device: str | None
    profile: str | None
    certificate: JsonObject | None
    detail: JsonObject


@dataclass(frozen=True, slots=True)
class AuditEventRow:
    """An event of the audit log. `number`: its place in the tenant's log, 0 before it is written."""

    tenant_id: TenantId
    id: str
    number: int
    activity_at: datetime
    component: str
    document: JsonObject


@dataclass(frozen=True, slots=True)
class FaultRuleRow:
    """A fault of a tenant. `number`: its place among the tenant's rules; `document`: match, when and effect."""

    tenant_id: TenantId
    id: str
    number: int
    name: str | None
    document: JsonObject
    enabled: bool
    matched: int
    hits: int
    last_hit_at: datetime | None
    created_at: datetime


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

    tenant_id: TenantId
    id: str
    number: int
    document: JsonObject


@dataclass(frozen=True, slots=True)
class RoleScopeTagAssignmentRow:
    """An assignment of a scope tag to a group; `position`: its place among those of the tag."""

    tenant_id: TenantId
    tag_id: str
    id: str
    position: int
    document: JsonObject


@dataclass(frozen=True, slots=True)
class FaultCount:
    """What a transaction adds to the counters of a rule: one occasion that it looked at, and whether it was struck."""

    rule_id: str
    is_hit: bool
