"""Challenges of SCEP requests with their outcome, the certificates that authorities reported for them, the requests
that the tenant's own NDES has accepted, with its RA certificates, and certificates that a partner's authority is asked
to revoke.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Table, UniqueConstraint

from fauxtune.storage.rows.scep import ChallengeState, PartnerRevocationState, RaPurpose, ScepRequestState
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

scep_certificates = Table(
    "scep_certificates",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("challenge_id", Word, primary_key=True),
    Column("thumbprint", Word, primary_key=True, comment="in lower case"),
    Column("enrollment_id", Word, nullable=False),
    Column("profile_id", Word, nullable=False),
    Column("report", Document, nullable=False, comment="what the authority said of it"),
    Column("reported_at", Moment, nullable=False),
    Index("ix_scep_certificates_device", "tenant_id", "enrollment_id", "profile_id"),
)

scep_requests = Table(
    "scep_requests",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("id", Word, primary_key=True),
    Column("transaction", Word, nullable=False, comment="the transactionID, which a repeated message has again"),
    Column("key_digest", Word, nullable=False, comment="SHA-256 of the public key of the request"),
    Column("signer_digest", Word, nullable=False, comment="SHA-256 of the public key that signed the message"),
    Column("challenge_id", Word, nullable=False),
    Column("connector_id", Word, nullable=False),
    Column("enrollment_id", Word, nullable=False),
    Column("profile_id", Word, nullable=False),
    Column("state", Word, nullable=False, comment="pending, issued or denied", info=one_of(ScepRequestState)),
    Column("csr", LargeBinary, comment="PKCS#10, while it is pending"),
    Column("renews", Word, comment="the serial number of the certificate that signed it"),
    Column("authority", Word, comment="which issued the certificate"),
    Column("serial", Word, comment="that of the certificate"),
    Column("message", Word, comment="why it was denied"),
    Column("created_at", Moment, nullable=False),
    Column("decided_at", Moment),
    UniqueConstraint("tenant_id", "challenge_id"),
    Index("ix_scep_requests_transaction", "tenant_id", "transaction"),
    Index("ix_scep_requests_newest", "tenant_id", "created_at", "id"),
)

ra_certificates = Table(
    "ra_certificates",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("connector_id", Word, primary_key=True),
    Column("purpose", Word, primary_key=True, comment="encryption or signing", info=one_of(RaPurpose)),
    Column("certificate", LargeBinary, nullable=False),
    Column("file", Word, nullable=False, comment="the private key's name in the connector's folder"),
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

revocation_downloads = Table(
    "revocation_downloads",
    metadata,
    Column("tenant_id", Word, primary_key=True),
    Column("at", Moment, nullable=False, comment="of the last download that was not too early"),
)
