"""Certification authorities, certificates and certificate connectors with their requests."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal, TypedDict

from sqlalchemy import Index, UniqueConstraint, text

from fauxtune.core.model.connectors import Program
from fauxtune.core.model.ids import ConnectorId, EnrollmentId, ItemKey, ProfileId, RequestId, TenantId, UserId
from fauxtune.core.model.items import RequestOrder
from fauxtune.core.model.made_often import made_often
from fauxtune.core.model.states import ItemState
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.columns import Indexed, Key, OrderDocument, Unique, table

AuthorityState = Literal["available", "unavailable"]
RevocationState = Literal["asked", "waiting", "refused"]
ConnectorState = Literal["online", "offline"]
ConnectorMode = Literal["immediate", "polling"]
RequestState = Literal["open", "answered", "failed"]


@dataclass(frozen=True, slots=True)
class AuthorityRow:
    """A certification authority of a tenant. Of those of one role, the one of the highest generation issues."""

    tenant_id: Key[TenantId]
    name: Annotated[Key[str], "root, issuing or devices; after a rollover also issuing-2, ..."]
    role: Annotated[str, "root, issuing or devices"]
    generation: Annotated[int, "of those of one role: the highest is the current one"]
    state: Annotated[AuthorityState, "available or unavailable"]
    certificate: bytes
    key_name: str
    crl_number: int
    crl: Annotated[bytes | None, "its bytes, kept until something changes"] = None
    crl_next_update: datetime | None = None
    responder_certificate: Annotated[bytes | None, "with which its OCSP answers are signed"] = None
    responder_key_name: str | None = None


authorities = table("authorities", AuthorityRow)


class AuthorityChanges(TypedDict, total=False):
    """Columns of an authority that change."""

    state: AuthorityState
    responder_certificate: bytes | None
    responder_key_name: str | None


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """A certificate template of an authority."""

    tenant_id: Key[TenantId]
    authority: Key[str]
    name: Key[str]
    document: JsonObject


templates = table("templates", TemplateRow)


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """A certificate that an authority issued. `serial` and `thumbprint` (SHA-1) are lower-case hex."""

    tenant_id: Key[TenantId]
    authority: Key[str]
    serial: Key[str]
    thumbprint: str
    certificate: bytes
    template: str | None
    subject: str
    issuer: str | None
    key_usage: list[str]
    extended_key_usages: Annotated[str | None, "OIDs, with commas between them"]
    key_length: Annotated[int | None, "bits"]
    user_id: UserId | None
    enrollment_id: Indexed[EnrollmentId | None]
    item_key: ItemKey | None
    profile_id: ProfileId | None
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None
    reason: str | None
    revocation_state: Annotated[
        RevocationState | None,
        "asked: of a connector; waiting or refused: where the connector asked for it without success",
    ]
    revocation_asked_at: datetime | None


certificates = table(
    "certificates",
    CertificateRow,
    # With the authority it covers what ledgers are joined by: else SQLite, without statistics, reads all of a tenant.
    Index("ix_certificates_serial", "tenant_id", "serial", "authority"),
    Index("ix_certificates_thumbprint", "tenant_id", "thumbprint"),
    # A user's newest first. Without the order in it, SQLite would read the whole register in that order.
    Index("ix_certificates_user", "tenant_id", "user_id", "not_before", "serial"),
    # What lists of the register are ordered, filtered and counted by: the rows themselves have a kilobyte each.
    Index(
        "ix_certificates_newest",
        *("tenant_id", "not_before", "serial", "authority", "not_after"),
        *("template", "revoked_at", "reason", "revocation_state"),
    ),
    # Few rows of many: the entries of CRLs, and the revocations that wait. On PostgreSQL the indices have all rows: its
    # option would import the whole of its dialect at every start.
    Index(
        "ix_certificates_revoked",
        *("tenant_id", "authority", "revoked_at"),
        sqlite_where=text("revoked_at IS NOT NULL"),
    ),
    Index(
        "ix_certificates_asked",
        *("tenant_id", "revocation_state", "revocation_asked_at"),
        sqlite_where=text("revocation_state IS NOT NULL"),
    ),
)


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

    tenant_id: Key[TenantId]
    user_id: Key[UserId]
    thumbprint: Key[str]
    purpose: str
    provider: str
    key_name: str
    padding: str
    encrypted_password: bytes = field(repr=False)
    pfx: bytes = field(repr=False)
    fingerprint: Annotated[str, "SHA-256 of the PFX file"]
    verified: Annotated[bool, "the connector has opened it once: password and key fit"]
    certificate: Annotated[bytes | None, "as the connector found it in the file; null: not opened yet"]
    not_after: datetime | None
    document: JsonObject


pfx_certificates = table("pfx_certificates", PfxRow)


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

    tenant_id: Key[TenantId]
    id: Key[ConnectorId]
    name: str
    program: Annotated[Program, "certificate-connector, intune-connector or pfx-connector"]
    version: Annotated[str | None, "null: it updates itself, and has the newest"]
    state: Annotated[ConnectorState, "online or offline"]
    mode: Annotated[ConnectorMode, "immediate or polling"]
    roles: list[str]
    created_at: datetime
    offline_since: Annotated[datetime | None, "when it was last heard of, while it is offline"] = None
    ra_certificate: Annotated[bytes | None, "with which DigiCert knows it; its key is in the connector's folder"] = None
    # Of one that is a process of its own.
    credential_digest: Annotated[Unique[str | None], "SHA-256 of the credential; null: it runs in the server"] = None
    machine: Annotated[str | None, "where it runs"] = None
    session: Annotated[str | None, "the run that is served; null: none"] = None
    contact_at: Annotated[datetime | None, "when it was last heard of, by the tenant's clock"] = None


connectors = table("connectors", ConnectorRow)


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

    tenant_id: Key[TenantId]
    connector_id: Key[ConnectorId]
    provider: Key[str]
    key_name: Key[str]
    key_length: int
    public_key: Annotated[bytes, "SubjectPublicKeyInfo, DER"]
    file: Annotated[str, "the private key's name in the connector's folder"]


connector_keys = table("connector_keys", ConnectorKeyRow)


@made_often
@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request to the connectors for one item of one device, without the answer's bytes: see `AnswerRow`."""

    id: Key[RequestId]
    tenant_id: TenantId
    enrollment_id: EnrollmentId
    item_key: ItemKey
    fingerprint: Annotated[str, "which answer is asked for, so that nothing is asked twice"]
    role: Annotated[str, "pkcs or imported-pfx"]
    only_by: Annotated[str | None, "the connector that alone can answer, or server; null: any with the role"]
    leased_by: Annotated[str | None, "the run of a connector that is at work on it"]
    leased_until: Annotated[datetime | None, "by the system's clock"]
    answered_by: Annotated[ConnectorId | None, "the connector"]
    order: Annotated[RequestOrder, OrderDocument()]
    state: Annotated[RequestState, "open, answered or failed"]
    serial: str | None
    error_code: int | None
    message: str | None
    created_at: datetime
    answered_at: datetime | None


@made_often
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
    it (`kept_password`); an imported file stays where it is. `sealed` is readable only by the device.
    """

    item_key: ItemKey
    fingerprint: str
    serial: str | None
    sealed: Annotated[bytes | None, "what only the device can read"] = field(repr=False)
    pfx: Annotated[bytes | None, "a PKCS answer's; an imported one stays where it is"] = field(repr=False)
    kept_password: Annotated[bytes | None, "a PKCS answer's, readable by the connector alone"] = field(repr=False)


connector_requests = table(
    "connector_requests",
    RequestRow,
    UniqueConstraint("enrollment_id", "item_key", "fingerprint"),
    Index("ix_connector_requests_state", "tenant_id", "state"),
    beside=AnswerRow,
    after="state",
)


@made_often
@dataclass(frozen=True, slots=True)
class ConnectorEventRow:
    """An entry in a connector's event log. Its `number` is given when it is written."""

    tenant_id: Key[TenantId]
    number: Key[int]
    event_id: int
    name: str
    time: datetime
    connector_id: ConnectorId
    connector: Annotated[str, "its name then"]
    device: Annotated[EnrollmentId | None, "the enrolment"]
    user: str | None
    diagnostic_code: str | None
    detail: JsonObject


connector_events = table(
    "connector_events",
    ConnectorEventRow,
    Index("ix_connector_events_connector", "tenant_id", "connector_id", "number", "event_id"),
    Index("ix_connector_events_device", "tenant_id", "device", "number"),
)
