"""What is known of certificates: of one, of all that users have, of one that a device is to get by SCEP. Only reads.

One certificate is of the register, of an import, or of an authority itself. What a challenge contains is told without
the challenge itself; Intune shows it to nobody. It is put together from what the device was offered, since nobody keeps
challenges.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from cryptography import x509

from fauxtune.core.clock import from_iso
from fauxtune.core.engine.diagnosis.facts import Holder, UserCertificate
from fauxtune.core.errors import NotFound
from fauxtune.core.model.certificates import CertificateStatus, certificate_status
from fauxtune.core.model.ids import EnrollmentId, ProfileId, UserId
from fauxtune.core.model.items import key_source, scep_key
from fauxtune.core.model.scep import ScepOrder, ScepRequest
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.pki.contents import contents
from fauxtune.core.pki.names import serial_hex, subject_text, thumbprint
from fauxtune.core.scep.challenge import Challenge
from fauxtune.operations.checkin import scep_challenges
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.visits.situations import situations
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from fauxtune.storage.queries import scep as scep_queries
from fauxtune.storage.queries.insight import diagnosis as diagnosis_queries
from fauxtune.storage.queries.insight.diagnosis import HolderRow, ImportedCertificateRow
from fauxtune.storage.rows.certificates import CertificateRow, PfxRecordRow, RegisteredRow, RevocationState
from fauxtune.storage.rows.scep import ScepChallengeRow

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
    row = certificate_queries.certificate(tx.connection, tx.tenant.id, key=key)
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


def certificates_of(tx: Transaction, user_ids: Collection[UserId]) -> dict[UserId, tuple[UserCertificate, ...]]:
    """Return every certificate of each of these users, oldest first: imported ones, those of devices, and those that
    the CA issued by hand.
    """
    known: dict[UserId, list[UserCertificate]] = {user_id: [] for user_id in user_ids}
    imported = set()
    for record in diagnosis_queries.imported_of_users(tx.connection, tx.tenant.id, user_ids=user_ids):
        known[record.user_id].append(_imported(record))
        imported.add((record.user_id, record.thumbprint))
    for row in diagnosis_queries.certificates_of_users(tx.connection, tx.tenant.id, user_ids=user_ids):
        assert row.user_id is not None
        if (row.user_id, row.thumbprint) not in imported:
            known[row.user_id].append(_issued(row))
    thumbprints = {certificate.thumbprint for certificates in known.values() for certificate in certificates}
    holders = diagnosis_queries.holders_of_certificates(tx.connection, tx.tenant.id, thumbprints=thumbprints)
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


def known_challenge(tx: Transaction, challenge_id: str) -> Challenge:
    """Return the content of a challenge. Raises NotFound for one that was never given, or whose device or profile has
    changed since.
    """
    row = scep_queries.challenge(tx.connection, tx.tenant.id, challenge_id=challenge_id)
    if row is None:
        raise NotFound(f"No device was given a challenge with the id '{challenge_id[:80]}'.")
    record = device_queries.managed_device_of(tx.connection, row.enrollment_id)
    request = _request(tx, row)
    if record is None or request is None:
        raise NotFound(
            "The device or its profile has changed since: what this challenge was for is not known any more."
        )
    return scep_challenges.challenge_of(row, device=record.id, request=request)


def _request(tx: Transaction, row: ScepChallengeRow) -> ScepRequest | None:
    """Return the request for which a challenge was given, if it is still what the device is offered."""
    key = scep_key(row.profile_id)
    ledger = device_queries.ledger_rows(tx.connection, row.enrollment_id)
    offered = ledger.get(key)
    if offered is not None and offered.fingerprint == row.fingerprint and offered.payload is not None:
        return ScepOrder.decode(offered.payload).request
    enrollment = device_queries.enrollment(tx.connection, row.enrollment_id)
    if enrollment is None:
        return None
    present = situations(tx, [enrollment], ledgers={enrollment.id: ledger}).get(enrollment.id)
    item = None if present is None else present.situation.items.get(key)
    return item.request if item is not None and item.fingerprint == row.fingerprint else None
