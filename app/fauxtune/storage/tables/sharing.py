"""What processes that share a database tell one another: that one has changed what they remember, and what one asks."""

from __future__ import annotations

from sqlalchemy import Column, LargeBinary, Table

from fauxtune.storage.tables.base import Moment, Word, metadata

#: A tenant without a row has the version "". One process that has a database for itself writes none.
tenant_versions = Table(
    "tenant_versions",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("version", Word, nullable=False, comment="another one after each change of what processes remember"),
)

#: Questions and answers, each until the process that asked has read it.
process_messages = Table(
    "process_messages",
    metadata,
    Column("id", Word, primary_key=True),
    Column("question", Word, nullable=False, index=True, comment="the id of the question, also in the question itself"),
    Column("content", LargeBinary, nullable=False, comment="sealed under a key that all processes have"),
    Column("sent_at", Moment, nullable=False, comment="by the system's clock"),
)
