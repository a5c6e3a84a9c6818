"""Revision 0028: Requests that NDES has accepted, and its RA certificates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "ra_certificates",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("connector_id", WORD, nullable=False),
        sa.Column("purpose", WORD, nullable=False, comment="encryption or signing"),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("file", WORD, nullable=False, comment="the private key's name in the connector's folder"),
        sa.PrimaryKeyConstraint("tenant_id", "connector_id", "purpose", name=op.f("pk_ra_certificates")),
    )
    op.create_table(
        "scep_requests",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("id", WORD, nullable=False),
        sa.Column("transaction", WORD, nullable=False, comment="the transactionID, which a repeated message has again"),
        sa.Column("key_digest", WORD, nullable=False, comment="SHA-256 of the public key of the request"),
        sa.Column("signer_digest", WORD, nullable=False, comment="SHA-256 of the public key that signed the message"),
        sa.Column("challenge_id", WORD, nullable=False),
        sa.Column("connector_id", WORD, nullable=False),
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("profile_id", WORD, nullable=False),
        sa.Column("state", WORD, nullable=False, comment="pending, issued or denied"),
        sa.Column("csr", sa.LargeBinary(), nullable=True, comment="PKCS#10, while it is pending"),
        sa.Column("renews", WORD, nullable=True, comment="the serial number of the certificate that signed it"),
        sa.Column("authority", WORD, nullable=True, comment="which issued the certificate"),
        sa.Column("serial", WORD, nullable=True, comment="that of the certificate"),
        sa.Column("message", WORD, nullable=True, comment="why it was denied"),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("decided_at", WORD, nullable=True),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_scep_requests")),
        sa.UniqueConstraint("tenant_id", "challenge_id", name=op.f("uq_scep_requests_tenant_id_challenge_id")),
    )
    with op.batch_alter_table("scep_requests", schema=None) as batch_op:
        batch_op.create_index("ix_scep_requests_newest", ["tenant_id", "created_at", "id"], unique=False)
        batch_op.create_index("ix_scep_requests_transaction", ["tenant_id", "transaction"], unique=False)
