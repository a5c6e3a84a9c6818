"""The register of issued certificates: what it has of each. What an administrator asks the CA for is in `counter`."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.model.ids import EnrollmentId, ItemKey, ProfileId, UserId
from fauxtune.core.pki.names import serial_hex, subject_text, thumbprint
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import certificates as queries
from fauxtune.storage.rows.certificates import CertificateRow


def note(
    tx: Transaction,
    certificate: x509.Certificate,
    *,
    authority_name: str,
    template: str | None = None,
    key_usage: Sequence[str] = (),
    user_id: UserId | None = None,
    enrollment_id: EnrollmentId | None = None,
    item_key: ItemKey | None = None,
    profile_id: ProfileId | None = None,
) -> None:
    """Write a certificate into the register of the authority that issued it."""
    row = CertificateRow(
        tenant_id=tx.tenant.id,
        authority=authority_name,
        serial=serial_hex(certificate),
        thumbprint=thumbprint(certificate),
        certificate=certificate.public_bytes(Encoding.DER),
        template=template,
        subject=subject_text(certificate.subject),
        issuer=subject_text(certificate.issuer),
        key_usage=list(key_usage),
        extended_key_usages=_extended_usages(certificate),
        key_length=_key_length(certificate),
        user_id=user_id,
        enrollment_id=enrollment_id,
        item_key=item_key,
        profile_id=profile_id,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        revoked_at=None,
        reason=None,
        revocation_state=None,
        revocation_asked_at=None,
    )
    queries.add_certificate(tx.connection, row)


def _key_length(certificate: x509.Certificate) -> int | None:
    length: int | None = getattr(certificate.public_key(), "key_size", None)
    return length


def _extended_usages(certificate: x509.Certificate) -> str | None:
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return None
    return ",".join(usage.dotted_string for usage in usages)


def pem_chain(certificates: tuple[x509.Certificate, ...]) -> str:
    """Return certificates as PEM, one after the other."""
    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)
