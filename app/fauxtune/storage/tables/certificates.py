"""The CA's certificates and templates, imported PFX files, and the connector's requests and public keys."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, UniqueConstraint

from fauxtune.core.model.connectors import Program
from fauxtune.storage.rows.certificates import (
    AuthorityState,
    ConnectorMode,
    ConnectorState,
    RequestState,
    RevocationState,
)
from fauxtune.storage.tables.base import Choice, Document, Moment, Word, metadata, one_of
from fauxtune.storage.tables.orders import OrderDocument

authorities = Table(
    "authorities",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("name", Word, primary_key=True, comment="root, issuing or devices; after a rollover also issuing-2, ..."),
    Column("role", Word, nullable=False, comment="root, issuing or devices"),
    Column("generation", Integer, nullable=False, comment="of those of one role: the highest is the current one"),
    Column("state", Word, nullable=False, comment="available or unavailable", info=one_of(AuthorityState)),
    Column("certificate", LargeBinary, nullable=False),
    Column("key_name", Word, nullable=False),
    Column("crl_number", Integer, nullable=False),
    Column("crl", LargeBinary, comment="its bytes, kept until something changes"),
    Column("crl_next_update", Moment),
    Column("responder_certificate", LargeBinary, comment="with which its OCSP answers are signed"),
    Column("responder_key_name", Word),
)

templates = Table(
    "templates",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("authority", Word, primary_key=True),
    Column("name", Word, primary_key=True),
    Column("document", Document, nullable=False),
)

certificates = Table(
    "certificates",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("authority", Word, primary_key=True),
    Column("serial", Word, primary_key=True),
    Column("thumbprint", Word, nullable=False),
    Column("certificate", LargeBinary, nullable=False),
    Column("template", Word),
    Column("subject", Word, nullable=False),
    Column("issuer", Word),
    Column("key_usage", Document, nullable=False),
    Column("extended_key_usages", Word, comment="OIDs, with commas between them"),
    Column("key_length", Integer, comment="bits"),
    Column("user_id", Word),
    Column("enrollment_id", Word, index=True),
    Column("item_key", Word),
    Column("profile_id", Word),
    Column("not_before", Moment, nullable=False),
    Column("not_after", Moment, nullable=False),
    Column("revoked_at", Moment),
    Column("reason", Word),
    Column(
        "revocation_state",
        Word,
        comment="asked: of a connector; waiting or refused: where the connector asked for it without success",
        info=one_of(RevocationState),
    ),
    Column("revocation_asked_at", Moment),
    # With the authority it covers what ledgers are joined by: else SQLite, without statistics, reads all of a tenant.
    Index("ix_certificates_serial", "tenant_id", "serial", "authority"),
    Index("ix_certificates_thumbprint", "tenant_id", "thumbprint"),
    # A user's newest first. Without the order in it, SQLite would read the whole register in that order.
    Index("ix_certificates_user", "tenant_id", "user_id", "not_before", "serial"),
)
_register = certificates.c
# What lists of the register are ordered, filtered and counted by: the rows themselves have a kilobyte each.
Index(
    "ix_certificates_newest",
    _register.tenant_id,
    _register.not_before,
    _register.serial,
    _register.authority,
    _register.not_after,
    _register.template,
    _register.revoked_at,
    _register.reason,
    _register.revocation_state,
)
# Few rows of many: the entries of CRLs, and the revocations that wait. On PostgreSQL the indices have all rows: its
# option would import the whole of its dialect at every start.
_revoked, _asked = _register.revoked_at.is_not(None), _register.revocation_state.is_not(None)
Index(
    "ix_certificates_revoked",
    _register.tenant_id,
    _register.authority,
    _register.revoked_at,
    sqlite_where=_revoked,
)
Index(
    "ix_certificates_asked",
    _register.tenant_id,
    _register.revocation_state,
    _register.revocation_asked_at,
    sqlite_where=_asked,
)

pfx_certificates = Table(
    "pfx_certificates",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("user_id", Word, primary_key=True),
    Column("thumbprint", Word, primary_key=True),
    Column("purpose", Word, nullable=False),
    Column("provider", Word, nullable=False),
    Column("key_name", Word, nullable=False),
    Column("padding", Word, nullable=False),
    Column("encrypted_password", LargeBinary, nullable=False),
    Column("pfx", LargeBinary, nullable=False),
    Column("fingerprint", Word, nullable=False, comment="SHA-256 of the PFX file"),
    Column("verified", Boolean, nullable=False, comment="the connector has opened it once: password and key fit"),
    Column("certificate", LargeBinary, comment="as the connector found it in the file; null: not opened yet"),
    Column("not_after", Moment),
    Column("document", Document, nullable=False),
)

connectors = Table(
    "connectors",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    Column("name", Word, nullable=False),
    Column(
        "program", Choice(Program), nullable=False, comment="certificate-connector, intune-connector or pfx-connector"
    ),
    Column("version", Word, comment="null: it updates itself, and has the newest"),
    Column("state", Word, nullable=False, comment="online or offline", info=one_of(ConnectorState)),
    Column("mode", Word, nullable=False, comment="immediate or polling", info=one_of(ConnectorMode)),
    Column("roles", Document, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("offline_since", Moment, comment="when it was last heard of, while it is offline"),
    Column("ra_certificate", LargeBinary, comment="with which DigiCert knows it; its key is in the connector's folder"),
    # Of one that is a process of its own.
    Column("credential_digest", Word, unique=True, comment="SHA-256 of the credential; null: it runs in the server"),
    Column("machine", Word, comment="where it runs"),
    Column("session", Word, comment="the run that is served; null: none"),
    Column("contact_at", Moment, comment="when it was last heard of, by the tenant's clock"),
)

connector_keys = Table(
    "connector_keys",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("connector_id", Word, primary_key=True),
    Column("provider", Word, primary_key=True),
    Column("key_name", Word, primary_key=True),
    Column("key_length", Integer, nullable=False),
    Column("public_key", LargeBinary, nullable=False, comment="SubjectPublicKeyInfo, DER"),
    Column("file", Word, nullable=False, comment="the private key's name in the connector's folder"),
)

connector_requests = Table(
    "connector_requests",
    metadata,
    Column("id", Word, primary_key=True),
    Column("tenant_id", Word, nullable=False),
    Column("enrollment_id", Word, nullable=False),
    Column("item_key", Word, nullable=False),
    Column("fingerprint", Word, nullable=False, comment="which answer is asked for, so that nothing is asked twice"),
    Column("role", Word, nullable=False, comment="pkcs or imported-pfx"),
    Column("only_by", Word, comment="the connector that alone can answer, or server; null: any with the role"),
    Column("leased_by", Word, comment="the run of a connector that is at work on it"),
    Column("leased_until", Moment, comment="by the system's clock"),
    Column("answered_by", Word, comment="the connector"),
    Column("order", OrderDocument, nullable=False),
    Column("state", Word, nullable=False, comment="open, answered or failed", info=one_of(RequestState)),
    Column("sealed", LargeBinary, comment="what only the device can read: see operations.packaging"),
    Column("pfx", LargeBinary, comment="a PKCS answer's; an imported one stays where it is"),
    Column("kept_password", LargeBinary, comment="a PKCS answer's, readable by the connector alone"),
    Column("serial", Word),
    Column("error_code", Integer),
    Column("message", Word),
    Column("created_at", Moment, nullable=False),
    Column("answered_at", Moment),
    UniqueConstraint("enrollment_id", "item_key", "fingerprint"),
    Index("ix_connector_requests_state", "tenant_id", "state"),
)

connector_events = Table(
    "connector_events",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("event_id", Integer, nullable=False),
    Column("name", Word, nullable=False),
    Column("time", Moment, nullable=False),
    Column("connector_id", Word, nullable=False),
    Column("connector", Word, nullable=False, comment="its name then"),
    Column("device", Word, comment="the enrolment"),
    Column("user", Word),
    Column("diagnostic_code", Word),
    Column("detail", Document, nullable=False),
    Index("ix_connector_events_connector", "tenant_id", "connector_id", "number", "event_id"),
    Index("ix_connector_events_device", "tenant_id", "device", "number"),
)
