"""Challenges of SCEP requests with their outcome, and certificates that a partner's authority is asked to revoke."""

from __future__ import annotations

from sqlalchemy import Column, Index, Table

from fauxtune.storage.rows.scep import ChallengeState, PartnerRevocationState
from fauxtune.storage.tables.base import Document, Moment, Word, metadata, one_of

scep_challenges = Table(
    "scep_challenges",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    Column("enrollment_id", Word, nullable=False),
    Column("profile_id", Word, nullable=False),
    Column("user_id", Word),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column(
        "state",
        Word,
        nullable=False,
        comment="given, validated, refused, issued or failed",
        info=one_of(ChallengeState),
    ),
    Column("outcome", Document, comment="what the authority reported of the last request"),
    Column("fingerprint", Word, comment="of the item as it was offered"),
    Index("ix_scep_challenges_device", "tenant_id", "enrollment_id", "profile_id"),
    Index("ix_scep_challenges_newest", "tenant_id", "created_at", "id"),
)

partner_revocations = Table(
    "partner_revocations",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True, comment="the request context of the partner's API"),
    Column("serial", Word, nullable=False, comment="as the authority reported it"),
    Column("issuer", Word, nullable=False),
    Column("ca_configuration", Word),
    Column("created_at", Moment, nullable=False),
    Column("leased_until", Moment, comment="until then no other download gets it"),
    Column("state", Word, nullable=False, comment="open, revoked or failed", info=one_of(PartnerRevocationState)),
    Column("error_code", Word),
    Column("error_message", Word),
    Index("ix_partner_revocations_state", "tenant_id", "state", "created_at", "id"),
)
