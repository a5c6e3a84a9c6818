"""All certificates of users, and the devices that hold them. Only reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from cryptography import x509

from fauxtune.core.clock import from_iso
from fauxtune.core.engine.diagnosis.facts import Holder, UserCertificate
from fauxtune.core.model.ids import ProfileId, UserId
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.pki.contents import contents
from fauxtune.core.pki.names import serial_hex
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries.insight import diagnosis as queries
from fauxtune.storage.queries.insight.diagnosis import HolderRow, ImportedCertificateRow
from fauxtune.storage.rows.certificates import CertificateRow


def certificates_of(tx: Transaction, user_ids: Collection[UserId]) -> dict[UserId, tuple[UserCertificate, ...]]:
    """Return every certificate of each of these users, oldest first: imported ones, those of devices, and those that
    the CA issued by hand.
    """
    known: dict[UserId, list[UserCertificate]] = {user_id: [] for user_id in user_ids}
    imported = set()
    for record in queries.imported_of_users(tx.connection, tx.tenant.id, user_ids=user_ids):
        known[record.user_id].append(_imported(record))
        imported.add((record.user_id, record.thumbprint))
    for row in queries.certificates_of_users(tx.connection, tx.tenant.id, user_ids=user_ids):
        assert row.user_id is not None
        if (row.user_id, row.thumbprint) not in imported:
            known[row.user_id].append(_issued(row))
    thumbprints = {certificate.thumbprint for certificates in known.values() for certificate in certificates}
    holders = queries.holders_of_certificates(tx.connection, tx.tenant.id, thumbprints=thumbprints)
    return {
        user_id: tuple(
            _with_holders(certificate, holders.get(certificate.thumbprint, ()))
            for certificate in sorted(certificates, key=lambda each: (str(each.not_before or ""), each.thumbprint))
        )
        for user_id, certificates in known.items()
    }


def _imported(row: ImportedCertificateRow) -> UserCertificate:
    starts = row.document.get("startDateTime")
    certificate = UserCertificate(
        thumbprint=row.thumbprint,
        source=Source.IMPORTED,
        not_before=None if not starts else from_iso(str(starts)),
        not_after=row.not_after,
        serial=row.serial,
        template=row.template,
        purpose=row.purpose,
        provider=row.provider,
        key_name=row.key_name,
        revoked_at=row.revoked_at,
        reason=row.reason,
    )
    return certificate if row.certificate is None else _with_contents(certificate, row.certificate)


def _with_contents(certificate: UserCertificate, der: bytes) -> UserCertificate:
    """Add the contents of the X.509 certificate, which `core.pki.foreign` read before it was stored."""
    known = x509.load_der_x509_certificate(der)
    return replace(
        certificate,
        not_before=known.not_valid_before_utc,
        not_after=known.not_valid_after_utc,
        contents=contents(known),
        serial=serial_hex(known),
    )


def _issued(row: CertificateRow) -> UserCertificate:
    word = str(row.item_key or "").partition("/")[0]
    return UserCertificate(
        thumbprint=row.thumbprint,
        source=Source(word) if word in (Source.PKCS, Source.SCEP) else None,
        not_before=row.not_before,
        not_after=row.not_after,
        contents=contents(x509.load_der_x509_certificate(row.certificate)),
        serial=row.serial,
        template=row.template,
        device=row.enrollment_id,
        profile=None if row.profile_id is None else ProfileId(row.profile_id),
        revoked_at=row.revoked_at,
        reason=row.reason,
    )


def _with_holders(certificate: UserCertificate, rows: Iterable[HolderRow]) -> UserCertificate:
    return replace(certificate, holders=tuple(Holder(row.enrollment_id, ItemState(row.state)) for row in rows))
