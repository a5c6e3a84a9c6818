"""What is known of one certificate: of the register, of an import, or of an authority itself. Only reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from cryptography import x509

from fauxtune.core.errors import NotFound
from fauxtune.core.model.certificates import CertificateStatus, certificate_status
from fauxtune.core.model.ids import EnrollmentId, ProfileId, UserId
from fauxtune.core.model.items import key_source
from fauxtune.core.model.states import Source
from fauxtune.core.pki.names import serial_hex, subject_text, thumbprint
from fauxtune.operations.insight.user_certificates import certificates_of
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import certificates as queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from fauxtune.storage.rows.certificates import CertificateRow, PfxRecordRow, RegisteredRow, RevocationState

Origin = Literal["pkcs", "scep", "imported", "external"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCertificate:
    """One certificate. `authority`: its issuer here; `device`: the enrolment for which it was issued.

    `source`: that of `source_of`, or `external` for one of another CA, of which only thumbprint and times are known
    until a connector has opened its file.
    """

    thumbprint: str
    #: None: the CA of an external one is not asked.
    status: CertificateStatus | None = None
    serial: str | None = None
    authority: str | None = None
    subject: str | None = None
    user_id: UserId | None = None
    template: str | None = None
    source: Origin | None = None
    key_usage: tuple[str, ...] = ()
    not_before: datetime | None = None
    not_after: datetime | None = None
    reason: str | None = None
    revoked_at: datetime | None = None
    revocation: RevocationState | None = None
    device: EnrollmentId | None = None
    profile: ProfileId | None = None
    der: bytes | None = field(default=None, repr=False)
    imports: tuple[PfxRecordRow, ...] = ()
    #: It is in the register of its authority, and so can be revoked.
    is_registered: bool = False


def known_certificate(tx: Transaction, key: str) -> KnownCertificate:
    """Return the certificate with this serial number or thumbprint. Raises NotFound.

    An imported certificate of another CA is known by its thumbprint; an authority's own certificate is found too.
    """
    row = queries.certificate(tx.connection, tx.tenant.id, key=key)
    mark = key.lower() if row is None else row.thumbprint
    imports = tuple(pfx_queries.records_of_thumbprint(tx.connection, tx.tenant.id, thumbprint=mark))
    if row is not None:
        return _registered(tx, row, imports=imports)
    return _external(tx, mark, imports=imports) if imports else _of_authority(tx, key)


def _registered(tx: Transaction, row: CertificateRow, *, imports: tuple[PfxRecordRow, ...]) -> KnownCertificate:
    return KnownCertificate(
        thumbprint=row.thumbprint,
        status=certificate_status(
            not_before=row.not_before, not_after=row.not_after, revoked=row.revoked_at is not None, now=tx.now
        ),
        serial=row.serial,
        authority=row.authority,
        subject=row.subject,
        user_id=row.user_id,
        template=row.template,
        source=source_of(row, imported=bool(imports)),
        key_usage=tuple(row.key_usage),
        not_before=row.not_before,
        not_after=row.not_after,
        reason=row.reason,
        revoked_at=row.revoked_at,
        revocation=row.revocation_state,
        device=row.enrollment_id,
        profile=row.profile_id,
        der=row.certificate,
        imports=imports,
        is_registered=True,
    )


def source_of(row: CertificateRow | RegisteredRow, *, imported: bool) -> Literal["pkcs", "scep", "imported"] | None:
    """Return what a certificate of the register is to its user: `imported`, also where it was issued for one device
    first, since every device of the user gets it; `pkcs` or `scep` of one device; None for any other.
    """
    if row.authority == authority_queries.DEVICES:
        return None  # a device's identity: it is no S/MIME certificate
    if imported:
        return "imported"
    if row.enrollment_id is None:
        return None
    return "scep" if row.item_key is not None and key_source(row.item_key) is Source.SCEP else "pkcs"


def _external(tx: Transaction, mark: str, *, imports: tuple[PfxRecordRow, ...]) -> KnownCertificate:
    record = next((record for record in imports if record.certificate is not None), imports[0])
    known = next(
        certificate
        for certificate in certificates_of(tx, [record.user_id])[record.user_id]
        if certificate.thumbprint == mark
    )
    contents = known.contents
    return KnownCertificate(
        thumbprint=mark,
        serial=known.serial,
        subject=None if contents is None else contents.subject,
        user_id=record.user_id,
        source="external",
        key_usage=() if contents is None else tuple(sorted(contents.key_usage or ())),
        not_before=known.not_before,
        not_after=known.not_after,
        der=record.certificate,
        imports=imports,
    )


def _of_authority(tx: Transaction, key: str) -> KnownCertificate:
    """An authority's own certificate. Raises NotFound for an unknown one."""
    for row in authority_queries.authorities_of(tx.connection, tx.tenant.id):
        certificate = x509.load_der_x509_certificate(row.certificate)
        if key.lower() in (thumbprint(certificate), serial_hex(certificate)):
            start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
            return KnownCertificate(
                thumbprint=thumbprint(certificate),
                status=certificate_status(not_before=start, not_after=end, revoked=False, now=tx.now),
                serial=serial_hex(certificate),
                authority="root" if row.role == "issuing" else row.name,
                subject=subject_text(certificate.subject),
                key_usage=("keyCertSign", "cRLSign"),
                not_before=start,
                not_after=end,
                der=row.certificate,
            )
    raise NotFound(f"The CA issued no certificate '{key}'; use its serial number or SHA-1 thumbprint.")
