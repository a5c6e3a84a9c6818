"""Revision 0010: connectors of two editions, as processes of their own, and what they write into their logs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    """Go to this revision. Every connector so far is the present program, inside the server."""
    op.create_table(
        "connector_events",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("time", WORD, nullable=False),
        sa.Column("connector_id", WORD, nullable=False),
        sa.Column("connector", WORD, nullable=False, comment="its name then"),
        sa.Column("device", WORD, nullable=True, comment="the enrolment"),
        sa.Column("user", WORD, nullable=True),
        sa.Column("diagnostic_code", WORD, nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "number", name=op.f("pk_connector_events")),
    )
    op.create_index("ix_connector_events_connector", "connector_events", ["tenant_id", "connector_id", "number"])
    op.create_index("ix_connector_events_device", "connector_events", ["tenant_id", "device", "number"])

    with op.batch_alter_table("connectors", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "program", WORD, nullable=True, comment="certificate-connector, intune-connector or pfx-connector"
            )
        )
        batch_op.add_column(
            sa.Column("version", WORD, nullable=True, comment="null: it updates itself, and has the newest")
        )
        batch_op.add_column(
            sa.Column(
                "ra_certificate",
                sa.LargeBinary(),
                nullable=True,
                comment="with which DigiCert knows it; its key is in the connector's folder",
            )
        )
        batch_op.add_column(
            sa.Column(
                "credential_digest",
                WORD,
                nullable=True,
                comment="SHA-256 of the credential; null: it runs in the server",
            )
        )
        batch_op.add_column(sa.Column("machine", WORD, nullable=True, comment="where it runs"))
        batch_op.add_column(sa.Column("session", WORD, nullable=True, comment="the run that is served; null: none"))
        batch_op.add_column(
            sa.Column("contact_at", WORD, nullable=True, comment="when it was last heard of, by the tenant's clock")
        )
        batch_op.create_unique_constraint(batch_op.f("uq_connectors_credential_digest"), ["credential_digest"])
    op.execute("UPDATE connectors SET program = 'certificate-connector'")
    with op.batch_alter_table("connectors", schema=None) as batch_op:
        batch_op.alter_column("program", existing_type=WORD, nullable=False)

    with op.batch_alter_table("connector_requests", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "only_by",
                WORD,
                nullable=True,
                comment="the connector that alone can answer, or server; null: any with the role",
            )
        )
        batch_op.add_column(
            sa.Column("leased_by", WORD, nullable=True, comment="the run of a connector that is at work on it")
        )
        batch_op.add_column(sa.Column("leased_until", WORD, nullable=True, comment="by the system's clock"))
        batch_op.add_column(sa.Column("answered_by", WORD, nullable=True, comment="the connector"))

    with op.batch_alter_table("tenants", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "connector_seq",
                sa.Integer(),
                nullable=False,
                server_default="0",
                comment="the same for the connectors' events",
            )
        )
    with op.batch_alter_table("tenants", schema=None) as batch_op:
        batch_op.alter_column("connector_seq", existing_type=sa.Integer(), server_default=None)

    with op.batch_alter_table("certificates", schema=None) as batch_op:
        batch_op.alter_column(
            "revocation_state",
            existing_type=WORD,
            existing_nullable=True,
            comment="asked: of a connector; waiting or refused: where the connector asked for it in vain",
        )
        batch_op.add_column(sa.Column("revocation_asked_at", WORD, nullable=True))
