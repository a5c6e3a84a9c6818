"""Rows of certification authorities, certificates and certificate connectors."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypedDict

from fauxtune.core.model.connectors import Program
from fauxtune.core.model.ids import ConnectorId, EnrollmentId, ItemKey, ProfileId, RequestId, TenantId, UserId
from fauxtune.core.model.orders import RequestOrder
from fauxtune.core.model.states import ItemState
from fauxtune.core.model.text import JsonObject

AuthorityState = Literal["available", "unavailable"]
RevocationState = Literal["asked", "waiting", "refused"]
ConnectorState = Literal["online", "offline"]
ConnectorMode = Literal["immediate", "polling"]
RequestState = Literal["open", "answered", "failed"]


@dataclass(frozen=True, slots=True)
class AuthorityRow:
    """A certification authority of a tenant. Of those of one role, the one of the highest generation issues."""

    tenant_id: TenantId
    name: str
    role: str
    generation: int
    state: AuthorityState
    certificate: bytes
    key_name: str
    crl_number: int
    crl: bytes | None = None
    crl_next_update: datetime | None = None
    responder_certificate: bytes | None = None
    responder_key_name: str | None = None


class AuthorityChanges(TypedDict, total=False):
    """Columns of an authority that change."""

    state: AuthorityState
    responder_certificate: bytes | None
    responder_key_name: str | None


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """A certificate template of an authority."""

    tenant_id: TenantId
    authority: str
    name: str
    document: JsonObject


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """A certificate that an authority issued. `serial` and `thumbprint` (SHA-1) are lower-case hex."""

    tenant_id: TenantId
    authority: str
    serial: str
    thumbprint: str
    certificate: bytes
    template: str | None
    subject: str
    issuer: str | None
    key_usage: list[str]
    extended_key_usages: str | None
    key_length: int | None
    user_id: UserId | None
    enrollment_id: EnrollmentId | None
    item_key: ItemKey | None
    profile_id: ProfileId | None
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None
    reason: str | None
    revocation_state: RevocationState | None
    revocation_asked_at: datetime | None


class CertificateChanges(TypedDict, total=False):
    """Columns of an issued certificate that change."""

    enrollment_id: EnrollmentId | None
    revocation_state: RevocationState | None
    revocation_asked_at: datetime | None


@dataclass(frozen=True, slots=True)
class IssuedCertificateRow(CertificateRow):
    """An issued certificate; `imported`: a PFX file with it was imported for some user."""

    imported: bool


@dataclass(frozen=True, slots=True)
class RegisteredRow:
    """An issued certificate as lists show it, with the names of its user and its device."""

    authority: str
    serial: str
    thumbprint: str
    subject: str
    template: str | None
    user_id: UserId | None
    user_name: str | None
    enrollment_id: EnrollmentId | None
    item_key: ItemKey | None
    device_name: str | None
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None
    reason: str | None
    revocation_state: RevocationState | None
    imported: bool


@dataclass(frozen=True, slots=True)
class HoldingRow:
    """A device that was given a certificate, with its name and its user's; `state` is that of its item, since
    `changed_at`.
    """

    enrollment_id: EnrollmentId
    device_name: str | None
    user_id: UserId | None
    user_name: str | None
    state: ItemState
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class CertificateCounts:
    """How many certificates an authority issued; of those, how many are revoked, and expired without being revoked."""

    issued: int
    revoked: int
    expired: int


@dataclass(frozen=True, slots=True)
class PfxRow:
    """A certificate that was imported for a user, with its PFX file. `certificate` is None until a connector has opened
    the file.
    """

    tenant_id: TenantId
    user_id: UserId
    thumbprint: str
    purpose: str
    provider: str
    key_name: str
    padding: str
    encrypted_password: bytes = field(repr=False)
    pfx: bytes = field(repr=False)
    fingerprint: str
    verified: bool
    certificate: bytes | None
    not_after: datetime | None
    document: JsonObject


class PfxChanges(TypedDict, total=False):
    """Columns of an imported certificate that change."""

    purpose: str
    provider: str
    key_name: str
    padding: str
    encrypted_password: bytes
    pfx: bytes
    fingerprint: str
    verified: bool
    certificate: bytes | None
    not_after: datetime | None
    document: JsonObject


@dataclass(frozen=True, slots=True)
class PfxRecordRow:
    """An imported certificate without its PFX file."""

    user_id: UserId
    purpose: str
    document: JsonObject
    certificate: bytes | None


@dataclass(frozen=True, slots=True)
class ImportedLineRow:
    """An imported certificate as lists show it. `serial`, `revoked_at` and `reason` are those of the register, None for
    one of another CA; `devices`: how many devices of the user have it.
    """

    user_id: UserId
    user_name: str | None
    thumbprint: str
    purpose: str
    provider: str
    key_name: str
    verified: bool
    not_before: datetime | None
    not_after: datetime | None
    serial: str | None
    revoked_at: datetime | None
    reason: str | None
    devices: int = 0


@dataclass(frozen=True, slots=True)
class ConnectorRow:
    """A certificate connector. One with a credential is a process of its own, any other runs inside the server."""

    tenant_id: TenantId
    id: ConnectorId
    name: str
    program: Program
    version: str | None
    state: ConnectorState
    mode: ConnectorMode
    roles: list[str]
    created_at: datetime
    offline_since: datetime | None = None
    ra_certificate: bytes | None = None
    credential_digest: str | None = None
    machine: str | None = None
    session: str | None = None
    contact_at: datetime | None = None


class ConnectorChanges(TypedDict, total=False):
    """Columns of a connector that change."""

    program: Program
    version: str | None
    state: ConnectorState
    mode: ConnectorMode
    roles: list[str]
    offline_since: datetime | None
    ra_certificate: bytes | None
    machine: str | None
    session: str | None
    contact_at: datetime | None


@dataclass(frozen=True, slots=True)
class ConnectorKeyRow:
    """The public half of a connector's key (SubjectPublicKeyInfo, DER); `file` names the private one in its folder."""

    tenant_id: TenantId
    connector_id: ConnectorId
    provider: str
    key_name: str
    key_length: int
    public_key: bytes
    file: str


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request to the connectors for one item of one device, without the answer's bytes: see `AnswerRow`."""

    id: RequestId
    tenant_id: TenantId
    enrollment_id: EnrollmentId
    item_key: ItemKey
    fingerprint: str
    role: str
    only_by: str | None
    leased_by: str | None
    leased_until: datetime | None
    answered_by: ConnectorId | None
    order: RequestOrder
    state: RequestState
    serial: str | None
    error_code: int | None
    message: str | None
    created_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class ServedRequestRow(RequestRow):
    """A request with the certificate that the enterprise CA issued for it; None without one."""

    thumbprint: str | None
    not_before: datetime | None
    not_after: datetime | None
    authority: str | None


@dataclass(frozen=True, slots=True)
class WaitingRequestRow:
    """A request that waits for a connector's answer, with the name of its device; `leased_by`: the run of a connector
    that is at work on it.
    """

    enrollment_id: EnrollmentId
    device_name: str | None
    role: str
    item_key: ItemKey
    created_at: datetime
    leased_by: str | None


class RequestChanges(TypedDict, total=False):
    """Columns of a request that change with its answer."""

    answered_by: ConnectorId | None
    state: RequestState
    sealed: bytes | None
    pfx: bytes | None
    kept_password: bytes | None
    serial: str | None
    error_code: int | None
    message: str | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """The bytes of an answered request. Of a new certificate there is a PFX file, and its password as the connector has
    it (`kept_password`); an imported file stays where it is. `sealed` is readable by the device alone.
    """

    item_key: ItemKey
    fingerprint: str
    serial: str | None
    sealed: bytes | None = field(repr=False)
    pfx: bytes | None = field(repr=False)
    kept_password: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ConnectorEventRow:
    """An entry in a connector's event log. Its `number` is given when it is written."""

    tenant_id: TenantId
    number: int
    event_id: int
    name: str
    time: datetime
    connector_id: ConnectorId
    connector: str
    device: EnrollmentId | None
    user: str | None
    diagnostic_code: str | None
    detail: JsonObject
