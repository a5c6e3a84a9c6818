"""Revision 0047: certificates that authorities of SCEP reported, and when revocations were downloaded last.

A certificate was in the outcome of its challenge until now, where the next check of the challenge overwrote it.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "revocation_downloads",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("at", WORD, nullable=False, comment="of the last download that was not too early"),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_revocation_downloads")),
    )
    op.create_table(
        "scep_certificates",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("challenge_id", WORD, nullable=False),
        sa.Column("thumbprint", WORD, nullable=False, comment="in lower case"),
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("profile_id", WORD, nullable=False),
        sa.Column("report", sa.JSON(), nullable=False, comment="what the authority said of it"),
        sa.Column("reported_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "challenge_id", "thumbprint", name=op.f("pk_scep_certificates")),
    )
    with op.batch_alter_table("scep_certificates", schema=None) as batch_op:
        batch_op.create_index("ix_scep_certificates_device", ["tenant_id", "enrollment_id", "profile_id"], unique=False)
    _copy_reports()


def _copy_reports() -> None:
    same = ("tenant_id", "enrollment_id", "profile_id")
    challenges = sa.table(
        "scep_challenges",
        *(sa.column(name, sa.String) for name in (*same, "id", "state", "created_at")),
        sa.column("outcome", sa.JSON),
    )
    certificates = sa.table(
        "scep_certificates",
        *(sa.column(name, sa.String) for name in (*same, "challenge_id", "thumbprint", "reported_at")),
        sa.column("report", sa.JSON),
    )
    connection = op.get_bind()
    issued = sa.select(challenges).where(challenges.c.state == "issued")
    rows = [
        {
            **{name: row._mapping[name] for name in same},
            "challenge_id": row.id,
            "thumbprint": str(row.outcome.get("thumbprint") or "").lower(),
            "report": row.outcome,
            "reported_at": row.created_at,
        }
        for row in connection.execute(issued)
        if row.outcome
    ]
    if rows:
        connection.execute(sa.insert(certificates), rows)
