"""Tenants, their applications and sign-ins under way, the journal of what happened in them, and their faults."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table

from fauxtune.core.model.tenants import KeyOrigin
from fauxtune.storage.tables.base import Choice, Document, Moment, Word, metadata

tenants = Table(
    "tenants",
    metadata,
    Column("id", Word, primary_key=True),
    Column("name", Word, nullable=False, unique=True),
    Column("domain", Word, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("ca_host", Word, nullable=False),
    Column("ca_name", Word, nullable=False),
    Column("public_http_url", Word, nullable=False),
    Column("clock_mode", Word, nullable=False),
    Column("clock_frozen_at", Moment),
    Column("clock_offset", BigInteger, nullable=False, default=0, comment="microseconds"),
    Column("settings", Document, nullable=False),
    # Handed out under this row's lock, so that numbers become visible in their order and no reader misses one.
    Column("journal_seq", Integer, nullable=False, default=0),
    Column("connector_seq", Integer, nullable=False, default=0, comment="the same for the connectors' events"),
    Column("keys", Choice(KeyOrigin), nullable=False, default=KeyOrigin.OWN, comment="own, or shared: a test tenant's"),
)

applications = Table(
    "applications",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("client_id", Word, primary_key=True),
    Column("name", Word, nullable=False),
    # In clear on purpose, where a seed brought it: every start prints it. It guards an emulator, not data.
    Column("secret", Word),
    Column("secret_digest", Word, comment="of a secret that is not shown again"),
    Column("certificate", LargeBinary, comment="what client assertions are checked with, DER"),
    Column("roles", Document, nullable=False),
    Column("consented_scopes", Document, nullable=False, comment="what users' tokens may carry; * is everything"),
    Column("redirect_uris", Document, nullable=False, comment="https addresses that codes may be sent to"),
    Column("created_at", Moment, nullable=False),
    Column(
        "registration",
        Document,
        nullable=False,
        server_default="{}",
        comment="Graph's properties of application and service principal, passwords as digests, granted roles",
    ),
)

# Authorization codes and device codes: their digests alone. Times are the system's, for clients judge by their watch.
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("digest", Word, primary_key=True),
    Column("tenant_id", Word, nullable=False),
    Column("client_id", Word, nullable=False),
    Column("state", Word, nullable=False, comment="pending, approved, declined or redeemed"),
    Column("scope", Word, nullable=False),
    Column("user_code", Word, unique=True, comment="what a person types in for a device"),
    Column("any_tenant", Boolean, nullable=False, comment="asked under common or organizations"),
    Column("user_tenant_id", Word),
    Column("user_id", Word),
    Column("redirect_uri", Word),
    Column("challenge", Word, comment="RFC 7636: method and challenge"),
    Column("nonce", Word),
    Column("polled_at", Moment),
    Column("expires_at", Moment, nullable=False),
    Index("ix_sign_ins_expires_at", "expires_at"),
    Index("ix_sign_ins_tenant", "tenant_id"),
)

journal = Table(
    "journal",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("time", Moment, nullable=False),
    Column("type", Word, nullable=False),
    Column("user", Word),
    Column("device", Word),
    Column("profile", Word),
    Column("certificate", Document),
    Column("detail", Document, nullable=False),
    Index("ix_journal_device", "tenant_id", "device", "seq"),
)

# What administrators did through Graph. `number` tells apart what a standing clock does not.
audit_events = Table(
    "audit_events",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("activity_at", Moment, nullable=False),
    Column("component", Word, nullable=False),
    Column("document", Document, nullable=False),
    Index("ix_audit_events_number", "tenant_id", "number"),
    Index("ix_audit_events_time", "tenant_id", "activity_at", "number"),
    Index("ix_audit_events_component", "tenant_id", "component", "activity_at", "number"),
)

# What goes wrong on purpose: core.faults.
fault_rules = Table(
    "fault_rules",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    Column("number", Integer, nullable=False, comment="its place among the tenant's rules: they are tried in order"),
    Column("name", Word),
    Column("document", Document, nullable=False, comment="match, when and effect"),
    Column("enabled", Boolean, nullable=False),
    Column("matched", Integer, nullable=False, comment="occasions that it looked at"),
    Column("hits", Integer, nullable=False, comment="occasions that it struck"),
    Column("last_hit_at", Moment),
    Column("created_at", Moment, nullable=False),
)

role_scope_tags = Table(
    "role_scope_tags",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True, comment="the number, as text"),
    Column("number", Integer, nullable=False),
    Column("document", Document, nullable=False),
)

role_scope_tag_assignments = Table(
    "role_scope_tag_assignments",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("tag_id", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("document", Document, nullable=False),
)
