"""Tenants, their applications, and the journal of what happened in them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table

from fauxtune.storage.tables.base import Document, Moment, Word, metadata

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
)

applications = Table(
    "applications",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("client_id", Word, primary_key=True),
    Column("name", Word, nullable=False),
    # In clear on purpose: every start prints it. It guards an emulator, not data.
    Column("secret", Word, nullable=False),
    Column("roles", Document, nullable=False),
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
)
