"""Revision 0021: Which device held which private key, and when: it decides who could read a mail."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op
from cryptography import x509

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

#: Text compared by code point, on PostgreSQL as on SQLite.
WORD = sa.String().with_variant(sa.String(collation="C"), "postgresql")
#: What devices have now. What they had earlier is not known: ledgers are written over.
_HELD = sa.text(
    "SELECT l.enrollment_id, l.item_key, l.thumbprint, l.changed_at, l.tenant_id,"
    " (SELECT min(c.serial) FROM certificates c WHERE c.tenant_id = l.tenant_id AND c.thumbprint = l.thumbprint),"
    " (SELECT min(p.user_id) FROM pfx_certificates p WHERE p.tenant_id = l.tenant_id AND p.thumbprint = l.thumbprint)"
    " FROM ledger l WHERE l.source IN ('pkcs', 'imported', 'scep') AND l.thumbprint IS NOT NULL"
    " AND l.state IN ('installed', 'removing', 'kept') AND l.installed_fingerprint IS NOT NULL"
)
_ISSUED = sa.text("SELECT certificate FROM certificates WHERE tenant_id = :tenant AND serial = :key")
_IMPORTED = sa.text(
    "SELECT certificate FROM pfx_certificates WHERE tenant_id = :tenant AND user_id = :key AND thumbprint = :thumbprint"
)


def upgrade() -> None:
    """Go to this revision. The keys that devices have now are taken over, as held since the journal's beginning."""
    table = op.create_table(
        "key_holdings",
        sa.Column("enrollment_id", WORD, nullable=False),
        sa.Column("item_key", WORD, nullable=False),
        sa.Column("thumbprint", WORD, nullable=False),
        sa.Column("since_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("since", WORD, nullable=False, comment="when the device confirmed that it has the key"),
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column("until_number", sa.Integer(), nullable=True, comment="null: it has the key still"),
        sa.Column("until", WORD, nullable=True, comment="when the device confirmed that the key is gone"),
        sa.Column("cause", WORD, nullable=True, comment="why it is gone, is to go, or is not wanted any more"),
        sa.Column(
            "issuer_and_serial", WORD, nullable=False, comment="of its certificate: see core.mail.recipients"
        ),
        sa.Column("key_id", WORD, nullable=True, comment="of its certificate: the subject key identifier"),
        sa.PrimaryKeyConstraint(
            "enrollment_id", "item_key", "thumbprint", "since_number", name=op.f("pk_key_holdings")
        ),
    )
    op.create_index("ix_key_holdings_recipient", "key_holdings", ["tenant_id", "issuer_and_serial"], unique=False)
    op.create_index("ix_key_holdings_key_id", "key_holdings", ["tenant_id", "key_id"], unique=False)
    op.create_table(
        "mail_recipients",
        sa.Column("tenant_id", WORD, nullable=False),
        sa.Column(
            "name", WORD, nullable=False, comment="of a certificate: see core.mail.readability.recipient_names"
        ),
        sa.Column("message_id", WORD, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "name", "message_id", name=op.f("pk_mail_recipients")),
    )
    op.create_index("ix_mail_recipients_message", "mail_recipients", ["tenant_id", "message_id"], unique=False)
    _take_over(op.get_bind(), table)


def _take_over(connection: sa.Connection, table: sa.Table) -> None:
    """Write the keys that devices have by their ledgers."""
    for device, item, thumbprint, since, tenant, serial, user in connection.execute(_HELD).all():
        query, key = (_ISSUED, serial) if serial else (_IMPORTED, user)
        values = {"tenant": tenant, "key": key, "thumbprint": thumbprint}
        data = connection.execute(query, {name: values[name] for name in query.compile().params}).scalar()
        named, key_id = _names(data)
        connection.execute(
            table.insert(),
            {
                "enrollment_id": device,
                "item_key": item,
                "thumbprint": thumbprint,
                "since_number": 0,
                "since": since,
                "tenant_id": tenant,
                "issuer_and_serial": named,
                "key_id": key_id,
            },
        )


def _names(data: bytes | None) -> tuple[str, str | None]:
    """Return the names of a certificate as the first version of core.mail.recipients does."""
    if data is None:
        return "", None
    certificate = x509.load_der_x509_certificate(bytes(data))
    issuer = hashlib.sha256(certificate.issuer.public_bytes()).hexdigest()[:16]
    try:
        key = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest.hex()
    except (x509.ExtensionNotFound, ValueError):
        key = None
    return f"{certificate.serial_number:x}/{issuer}", key
