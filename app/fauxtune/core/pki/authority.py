"""Certification authorities: a root, the issuing authority below it, and the one that signs devices' identities.

Decides the contents of an authority's own certificate, and how it signs. RFC 5280 4.2 (CA certificates) and 5.1.1
(signatures). The O of every authority warns that this is an emulator.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Literal
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from fauxtune.core.errors import Invalid
from fauxtune.core.pki.fresh import SHA256_ECDSA, repeats

AuthorityName = Literal["root", "issuing", "devices"]
#: The name of the authority that emulates DigiCert's, in a tenant that has one.
DIGICERT = "digicert"
PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey
PublicKey = RSAPublicKey | EllipticCurvePublicKey

#: The O of every authority: a warning that is visible in each certificate, while common names stay short.
WARNING = "EMULATOR - NOT TRUSTED"
#: The common name of the root of a server's TLS.
ROOT_NAME = "Fauxtune TLS Root"


@dataclass(frozen=True, slots=True)
class Addresses:
    """The URLs of an authority's certificate, CRL and OCSP responder, which are written into certificates it issues."""

    aia: str
    crl: str
    ocsp: str


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority with its key. `chain` contains its issuers, nearest first, the root last; empty for a root."""

    name: str
    certificate: x509.Certificate
    key: PrivateKey = field(repr=False)
    chain: tuple[x509.Certificate, ...]
    addresses: Addresses

    def certify(self, builder: x509.CertificateBuilder) -> x509.Certificate:
        """Sign the certificate, with the extensions that refer to this authority: AKI, AIA, OCSP and CRL addresses."""
        access, points = _references(self.addresses)
        return (
            builder.issuer_name(self.certificate.subject)
            .add_extension(self.key_identifier(), critical=False)
            .add_extension(access, critical=False)
            .add_extension(points, critical=False)
            .sign(self.key, hashes.SHA256(), ecdsa_deterministic=repeats(self.key))
        )

    def key_identifier(self) -> x509.AuthorityKeyIdentifier:
        """The extension that identifies this authority's key in certificates and CRLs."""
        own = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


@lru_cache(maxsize=64)
def _references(addresses: Addresses) -> tuple[x509.AuthorityInformationAccess, x509.CRLDistributionPoints]:
    """The extensions with an authority's addresses, which are the same in all its certificates."""
    access = [
        x509.AccessDescription(AuthorityInformationAccessOID.OCSP, _url(addresses.ocsp)),
        x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, _url(addresses.aia)),
    ]
    point = x509.DistributionPoint([_url(addresses.crl)], None, None, None)
    return x509.AuthorityInformationAccess(access), x509.CRLDistributionPoints([point])


def addresses_for(public_http_url: str, *, tenant_name: str, authority: str) -> Addresses:
    """The URLs of an authority, below the emulator's plain HTTP address (with or without a slash at its end)."""
    base = f"{public_http_url.rstrip('/')}/pki/{quote(tenant_name, safe='')}/{authority}"
    return Addresses(aia=f"{base}/ca.cer", crl=f"{base}/crl", ocsp=f"{base}/ocsp")


def self_signed_root(
    *,
    name: AuthorityName,
    common_name: str,
    key: PrivateKey,
    serial: int,
    not_before: datetime,
    not_after: datetime,
    addresses: Addresses,
) -> Authority:
    """A new self-signed authority: the enterprise `root` (path length 1) or `devices` (path length 0)."""
    builder = _authority_certificate(
        common_name,
        key=key,
        serial=serial,
        not_before=not_before,
        not_after=not_after,
        below=1 if name == "root" else 0,
        opens=name == "devices",  # SCEP: RFC 8894 2.1.2
    )
    certificate = builder.issuer_name(authority_subject(common_name)).sign(
        key, hashes.SHA256(), ecdsa_deterministic=repeats(key)
    )
    return Authority(name=name, certificate=certificate, key=key, chain=(), addresses=addresses)


def subordinate(
    *,
    parent: Authority,
    name: str = "issuing",
    common_name: str,
    key: PrivateKey,
    serial: int,
    not_before: datetime,
    not_after: datetime,
    addresses: Addresses,
) -> Authority:
    """A new authority below `parent`, with path length 0. `addresses` are its own, not its parent's."""
    builder = _authority_certificate(
        common_name, key=key, serial=serial, not_before=not_before, not_after=not_after, below=0
    )
    certificate = parent.certify(builder)
    return Authority(
        name=name, certificate=certificate, key=key, chain=(parent.certificate, *parent.chain), addresses=addresses
    )


def signature(key: PrivateKey, data: bytes) -> bytes:
    """Sign `data` with SHA-256 and RSA PKCS#1 v1.5, or with ECDSA."""
    if isinstance(key, RSAPrivateKey):
        return key.sign(data, PKCS1v15(), hashes.SHA256())
    return key.sign(data, SHA256_ECDSA)


def begin_certificate(
    *, subject: x509.Name, public_key: PublicKey, serial: int, not_before: datetime, not_after: datetime
) -> x509.CertificateBuilder:
    """Start a certificate with its fixed parts and its key identifier. Raises Invalid for impossible times
    or serials.
    """
    try:
        builder = x509.CertificateBuilder(
            subject_name=subject, public_key=public_key, serial_number=_serial(serial)
        ).not_valid_before(not_before)
        builder = builder.not_valid_after(not_after)
    except ValueError as error:
        raise Invalid(f"No certificate can be valid from {not_before} to {not_after}: {error}") from None
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)


def key_usage(**used: bool) -> x509.KeyUsage:
    """The key usage extension with these usages, by cryptography's names."""
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: used.get(name, False) for name in names})


def key_bits(public_key: PublicKey) -> bytes:
    """The input of an OCSP key hash: the subjectPublicKey without tag and length (RFC 6960 4.1.1)."""
    if isinstance(public_key, RSAPublicKey):
        return public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    return public_key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _authority_certificate(
    common_name: str,
    *,
    key: PrivateKey,
    serial: int,
    not_before: datetime,
    not_after: datetime,
    below: int,
    opens: bool = False,
) -> x509.CertificateBuilder:
    """The certificate of an authority. `opens`: it also decrypts messages, with the key usage keyEncipherment."""
    builder = begin_certificate(
        subject=authority_subject(common_name),
        public_key=key.public_key(),
        serial=serial,
        not_before=not_before,
        not_after=not_after,
    )
    # digitalSignature: the device authority itself signs its SCEP answers.
    usage = key_usage(digital_signature=True, key_encipherment=opens, key_cert_sign=True, crl_sign=True)
    return builder.add_extension(x509.BasicConstraints(ca=True, path_length=below), critical=True).add_extension(
        usage, critical=True
    )


def authority_subject(common_name: str) -> x509.Name:
    """The subject of an authority, or of its OCSP responder. Raises Invalid for an impossible common name."""
    try:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, WARNING),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            ]
        )
    except ValueError as error:
        raise Invalid(f"{common_name!r} cannot be an authority's name: {error}", target="name") from None


def _serial(serial: int) -> int:
    if not 0 < serial < 1 << 159:
        raise Invalid(f"A serial number is positive and has 159 bits at most, not {serial:x} (RFC 5280 4.1.2.2).")
    return serial


def _url(address: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(address)
