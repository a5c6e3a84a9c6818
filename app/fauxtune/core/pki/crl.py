"""Certificate revocation lists (RFC 5280 5): one complete list for each authority, which signs it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from fauxtune.core.errors import Invalid
from fauxtune.core.pki.authority import Authority
from fauxtune.core.pki.fresh import repeats

#: `removeFromCRL` is for delta CRLs, which are not issued here: as a reason it releases what is on hold.
HOLD, RELEASE = "certificateHold", "removeFromCRL"
#: The reasons of revocation by RFC 5280's names, with their numbers in CRLs and OCSP answers.
REASONS: dict[str, int] = {
    "unspecified": 0,
    "keyCompromise": 1,
    "cACompromise": 2,
    "affiliationChanged": 3,
    "superseded": 4,
    "cessationOfOperation": 5,
    HOLD: 6,
    "privilegeWithdrawn": 9,
    "aACompromise": 10,
}


@dataclass(frozen=True, slots=True)
class Revoked:
    """One revoked certificate."""

    serial: int
    at: datetime
    reason: str = "unspecified"


def check_reason(reason: str) -> str:
    """Return the reason. Raises Invalid for an unknown one."""
    if reason not in REASONS:
        raise Invalid(f"{reason!r} is no reason to revoke; known are {', '.join(REASONS)}.", target="reason")
    return reason


def build_crl(
    *, authority: Authority, revoked: Iterable[Revoked], number: int, this_update: datetime, next_update: datetime
) -> bytes:
    """Build the list, as DER. `number` must grow from list to list; of two entries with one serial, the
    first counts.
    """
    entries: dict[int, x509.RevokedCertificate] = {}
    for item in revoked:
        if item.serial not in entries:
            entries[item.serial] = _entry(item)
    try:
        # All entries at once: the builder's own method copies the list for each of them.
        builder = (
            x509.CertificateRevocationListBuilder(revoked_certificates=list(entries.values()))
            .issuer_name(authority.certificate.subject)
            .last_update(this_update)
            .next_update(next_update)
            .add_extension(authority.key_identifier(), critical=False)
            .add_extension(x509.CRLNumber(number), critical=False)
        )
    except ValueError as error:
        raise Invalid(f"No CRL can be valid from {this_update} to {next_update}: {error}") from None
    crl = builder.sign(authority.key, hashes.SHA256(), ecdsa_deterministic=repeats(authority.key))
    return crl.public_bytes(serialization.Encoding.DER)


def _entry(item: Revoked) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(item.serial).revocation_date(item.at)
    if check_reason(item.reason) != "unspecified":  # RFC 5280 5.3.1: the unspecified reason is left out
        builder = builder.add_extension(x509.CRLReason(x509.ReasonFlags(item.reason)), critical=False)
    return builder.build()
