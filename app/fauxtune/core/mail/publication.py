"""What is wrong with a published certificate: why a sender cannot encrypt for it, or its recipient cannot read.

RFC 8550 (S/MIME 4.0 certificate handling) 3 and 4.4. Exchange publishes what it is given: the sender's program looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from fauxtune.core.engine.diagnosis.certificate_rules import ENCRYPTION, allows, is_for_mail
from fauxtune.core.pki.cms import MALFORMED
from fauxtune.core.pki.contents import CertificateContents


class Fault(StrEnum):
    """What is wrong with a published certificate, or worth to know. One with only `otherAddresses` can be used."""

    REVOKED = "revoked"
    EXPIRED = "expired"
    NOT_YET_VALID = "notYetValid"
    NOT_FOR_ENCRYPTION = "notForEncryption"
    NOT_FOR_MAIL = "notForMail"
    WRONG_ADDRESS = "wrongAddress"
    NOBODYS_ADDRESS = "nobodysAddress"
    OTHER_ADDRESSES = "otherAddresses"


#: Those that hinder no sender.
_NOTICES = frozenset({Fault.NOBODYS_ADDRESS, Fault.OTHER_ADDRESSES})


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing about a published certificate, in a word and in a sentence."""

    fault: Fault
    sentence: str

    @property
    def hinders(self) -> bool:
        """Whether a sender who looks does not encrypt for the certificate."""
        return self.fault not in _NOTICES


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known about a published certificate: `revoked_at` is when our own CA revoked it, `owned` whether a user
    of the tenant has the address.
    """

    address: str
    certificate: x509.Certificate
    contents: CertificateContents
    revoked_at: datetime | None = None
    owned: bool = True


def remarks(entry: Entry, *, now: datetime) -> tuple[Remark, ...]:
    """Return what is wrong with a published certificate at this moment, the worst first."""
    return (*_hindrances(entry, now=now), *_notices(entry))


def encrypts_with(certificate: x509.Certificate) -> bool:
    """Whether the server can encrypt for the certificate's key: only RSA."""
    try:
        return isinstance(certificate.public_key(), RSAPublicKey)
    except MALFORMED:
        return False


def _hindrances(entry: Entry, *, now: datetime) -> list[Remark]:
    result: list[Remark] = []
    certificate, parts = entry.certificate, entry.contents
    starts, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if entry.revoked_at is not None:
        result.append(Remark(Fault.REVOKED, f"The authority revoked it on {entry.revoked_at:%Y-%m-%d}."))
    if ends <= now:
        result.append(
            Remark(
                Fault.EXPIRED,
                f"It expired on {ends:%Y-%m-%d}: the entry is stale. Publish its successor and withdraw it.",
            )
        )
    if starts > now:
        result.append(Remark(Fault.NOT_YET_VALID, f"It is not valid before {starts:%Y-%m-%d}."))
    if not allows(parts, ENCRYPTION):
        result.append(Remark(Fault.NOT_FOR_ENCRYPTION, "Its key usage does not allow encryption."))
    if not is_for_mail(parts):
        result.append(Remark(Fault.NOT_FOR_MAIL, "It is not for mail: its extended key usage lacks emailProtection."))
    if entry.address not in _lower(parts):
        words = f"it is for {', '.join(parts.addresses)}" if parts.addresses else "it names no address"
        result.append(Remark(Fault.WRONG_ADDRESS, f"The address {entry.address} is not in it: {words}."))
    return result


def _notices(entry: Entry) -> list[Remark]:
    result: list[Remark] = []
    others = [address for address in _lower(entry.contents) if address != entry.address]
    if others and entry.address in _lower(entry.contents):
        result.append(
            Remark(
                Fault.OTHER_ADDRESSES,
                f"It is for {', '.join(others)} as well; a sender finds it there only if it is published there.",
            )
        )
    if not entry.owned:
        result.append(Remark(Fault.NOBODYS_ADDRESS, f"No user of this tenant has the address {entry.address}."))
    return result


def _lower(parts: CertificateContents) -> list[str]:
    return list(dict.fromkeys(address.lower() for address in parts.addresses))
