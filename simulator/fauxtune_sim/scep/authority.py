"""The capabilities of a SCEP server, and the certificates of its CA and RA (RFC 8894 3.5.2 and 4.2).

AES with SHA-256 if the server has the capability, else triple DES or single DES with SHA-1, the legacy minimum.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.cms.ciphers import ContentCipher, LegacyCipher, NamedCipher
from fauxtune_sim.cms.der import DAMAGE
from fauxtune_sim.cms.messages import read_signed
from fauxtune_sim.errors import CmsRefused
from fauxtune_sim.keys.certificates import can_encrypt, is_ca, is_issued_by
from fauxtune_sim.scep.settings import Failure, ScepFailed

#: The keywords of hash algorithms, best first: SHA-256 is what every modern authority has.
_DIGESTS = {"sha-256": "sha256", "sha-512": "sha512", "sha-384": "sha384", "sha-224": "sha224", "sha-1": "sha1"}
#: The keywords of ciphers, best first.
_CIPHERS = {"aes": ContentCipher.AES128_CBC, "des3": ContentCipher.TRIPLE_DES_CBC}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The capabilities of an authority (RFC 8894 3.5.2); `digests` are the hash algorithms that it names, best
    first.
    """

    posts: bool = False
    renews: bool = False
    digests: tuple[str, ...] = ()
    cipher: NamedCipher = LegacyCipher.DES_CBC

    def digest(self, wanted: str = "sha256") -> str:
        """The hash algorithm of messages: the wanted one if the authority has it, else its best."""
        return wanted if wanted in self.digests else next(iter(self.digests), "sha1")


@dataclass(frozen=True, slots=True)
class CaCertificates:
    """The certificates from GetCACert: the recipient of requests, and all that may sign answers."""

    recipient: x509.Certificate
    certificates: tuple[x509.Certificate, ...]

    @property
    def issuer(self) -> x509.Name:
        """The name of the CA, which is not the recipient's if that is an RA."""
        return self.recipient.subject if is_ca(self.recipient) else self.recipient.issuer


def read_capabilities(text: str) -> Capabilities:
    """Read an answer to GetCACaps; an empty answer means the legacy minimum."""
    keywords = {line.strip().lower() for line in text.splitlines()}
    if "scepstandard" in keywords:
        keywords |= {"aes", "postpkioperation", "sha-256"}
    return Capabilities(
        posts="postpkioperation" in keywords,
        renews="renewal" in keywords,
        digests=tuple(name for keyword, name in _DIGESTS.items() if keyword in keywords),
        cipher=next((cipher for keyword, cipher in _CIPHERS.items() if keyword in keywords), LegacyCipher.DES_CBC),
    )


def read_ca_certificates(
    body: bytes, *, fingerprint: bytes | None = None, known: Iterable[x509.Certificate] = ()
) -> CaCertificates:
    """Read an answer to GetCACert: the certificates of the CA, and of its RA if it has one.

    The fingerprint may be that of a certificate which the device knows already, and from which the others descend.
    Raises ScepFailed if there is no certificate, if none has the fingerprint, or if one is not related to it.
    """
    certificates = _load(body)
    if fingerprint is not None:
        # Unverified: that a device also takes a root from its store, where the authority sends an intermediate alone.
        anchors = [each for each in (*certificates, *known) if _matches(each, fingerprint)]
        if not anchors:
            text = "no certificate of the SCEP authority has the fingerprint that the profile names"
            raise ScepFailed(Failure.FINGERPRINT, text)
        related = _related(anchors, certificates)
        if any(certificate not in related for certificate in certificates):
            text = "the SCEP authority sends a certificate that is not related to its own"
            raise ScepFailed(Failure.FINGERPRINT, text)
    end_entities = [certificate for certificate in certificates if not is_ca(certificate)]
    for certificate in (*end_entities, *certificates):
        if isinstance(certificate.public_key(), rsa.RSAPublicKey) and _is_recipient(certificate):
            return CaCertificates(recipient=certificate, certificates=certificates)
    raise ScepFailed(Failure.CA_CERTIFICATE, "the SCEP authority has no RSA certificate for encryption")


def _is_recipient(certificate: x509.Certificate) -> bool:
    """Whether requests can be encrypted to it: its key usage allows encryption, or it is a CA (RFC 8894 2.1.2)."""
    return can_encrypt(certificate) or is_ca(certificate)


def _load(body: bytes) -> tuple[x509.Certificate, ...]:
    try:
        return (x509.load_der_x509_certificate(body),)
    except ValueError:
        pass
    try:
        certificates = bundled(body)
    except (CmsRefused, *DAMAGE) as broken:
        text = f"the SCEP authority's answer holds no certificates: {broken}"
        raise ScepFailed(Failure.CA_CERTIFICATE, text) from broken
    if not certificates:
        raise ScepFailed(Failure.CA_CERTIFICATE, "the SCEP authority's answer holds no certificates")
    return certificates


def bundled(data: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates of a certs-only SignedData, in their order."""
    return tuple(map(x509.load_der_x509_certificate, read_signed(data).certificates))


def _matches(certificate: x509.Certificate, fingerprint: bytes) -> bool:
    der = certificate.public_bytes(Encoding.DER)
    names = ("md5", "sha1", "sha256", "sha512")
    return fingerprint in {hashlib.new(name, der, usedforsecurity=False).digest() for name in names}


def _related(anchors: list[x509.Certificate], others: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """The anchors with all certificates that issued them or that they issued, directly or indirectly."""
    related = list(anchors)
    for _ in others:
        related += [
            other
            for other in others
            if other not in related
            and any(is_issued_by(other, known) or is_issued_by(known, other) for known in related)
        ]
    return related
