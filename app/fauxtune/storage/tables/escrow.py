"""What devices have escrowed: sealed for the service, which opens it when an administrator asks for it."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Table

from fauxtune.core.model.escrow import EscrowKind
from fauxtune.storage.tables.base import Choice, Document, Moment, Word, metadata

escrowed_secrets = Table(
    "escrowed_secrets",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    Column("enrollment_id", Word, nullable=False),
    Column("directory_device_id", Word, nullable=False),
    Column("kind", Choice(EscrowKind), nullable=False),
    Column("details", Document, nullable=False, comment="what is not secret: the volume, the account"),
    Column("sealed", LargeBinary, nullable=False, comment="CMS for the authority of the devices"),
    Column("created_at", Moment, nullable=False),
    Index("ix_escrowed_secrets_device", "tenant_id", "directory_device_id", "kind"),
)
