"""PKCS certificates: the connector makes the key, gets the certificate by template, and wraps both for the device.

Intune's connector does the same for a PKCS certificate profile. The private key exists in the PFX file only. The
decisions of the certification authority are in operations/ca/issuance.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from fauxtune.connector.keypool import KeySource
from fauxtune.connector.password_escrow import escrow
from fauxtune.connector.refusals import AuthorityRefused, RecipientUnfit
from fauxtune.connector.wrapping import BARE, Wrapping
from fauxtune.core.errors import Invalid
from fauxtune.core.pki.authority import PrivateKey, PublicKey
from fauxtune.core.pki.cms import check_recipient, envelope
from fauxtune.core.pki.fresh import ec_key, rsa_key
from fauxtune.core.pki.pfx import write_pfx
from fauxtune.core.pki.template import KeyType, Template

_CURVES: dict[int, type[ec.EllipticCurve]] = {256: ec.SECP256R1, 384: ec.SECP384R1, 521: ec.SECP521R1}


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key for which the connector wants a certificate with this subject."""

    subject: x509.Name
    _key: PrivateKey = field(repr=False)

    @property
    def public_key(self) -> PublicKey:
        """The key that goes into the certificate: all that an authority in the same process needs."""
        return self._key.public_key()

    def request(self) -> x509.CertificateSigningRequest:
        """Return the request that proves to an authority elsewhere that the connector has the key (PKCS#10)."""
        return x509.CertificateSigningRequestBuilder(self.subject).sign(self._key, hashes.SHA256())


#: Has the certification authority issue a certificate for a key; returns it and its issuers, nearest first. Raises
#: subclasses of ConnectorRefused.
Certify = Callable[[NewKey], Sequence[x509.Certificate]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PkcsOrder:
    """One certificate for one device. `recipient` is the device's identity, for which the PFX password is encrypted in
    `wrapping`.

    `legacy` asks for a PFX file in 3DES, for systems that read nothing newer. `keeps`: the password is escrowed, for an
    account that contains the certificate.
    """

    subject: x509.Name
    template: str
    key_type: str
    key_size: int
    recipient: x509.Certificate
    friendly_name: str
    legacy: bool = False
    wrapping: Wrapping = BARE
    keeps: bool = False


@dataclass(frozen=True, slots=True)
class PkcsAnswer:
    """The certificate; the PFX file with its key and its issuers, without the root; the wrapped password, encrypted for
    the device (DER CMS); and the escrowed password.
    """

    certificate: x509.Certificate
    pfx: bytes = field(repr=False)
    sealed: bytes = field(repr=False)
    kept_password: bytes | None = field(repr=False, default=None)


def issue_pkcs(
    order: PkcsOrder, *, password: str, certify: Certify, keys: KeySource, escrow_key: RSAPublicKey | None = None
) -> PkcsAnswer:
    """Make a key and have it certified. Not safe to repeat: each call makes a new key and certificate.

    Raises subclasses of ConnectorRefused only.
    """
    secret = password.encode()
    try:
        check_recipient(order.recipient)  # before a key is made that nothing could use
    except Invalid as error:
        raise RecipientUnfit(error.message) from None
    key = make_key(order.key_type, size=order.key_size, keys=keys)
    certificate, *issuers = certify(NewKey(order.subject, key))
    try:
        pfx = write_pfx(
            key=key,
            certificate=certificate,
            # Without the root: a device trusts a root by a profile of its own, never through a PFX file.
            chain=[issuer for issuer in issuers if issuer.issuer != issuer.subject],
            password=password,
            name=order.friendly_name,
            legacy=order.legacy,
        )
    except Invalid as error:
        raise AuthorityRefused(
            f"No PFX file could be made of a certificate by the template {order.template}: {error.message}"
        ) from None
    return PkcsAnswer(
        certificate=certificate,
        pfx=pfx,
        sealed=envelope(order.wrapping.filled([(pfx, secret)]), order.recipient),
        kept_password=None if escrow_key is None else escrow(secret, escrow_key),
    )


def new_key(template: Template, keys: KeySource) -> PrivateKey:
    """Return a key of the kind and size that the template asks for. Blocks while an RSA key is made."""
    return make_key(template.key_type, size=template.minimum_key_size, keys=keys)


def make_key(key_type: str, *, size: int, keys: KeySource) -> PrivateKey:
    """Return a key of this kind and at least this size (bits)."""
    if key_type == KeyType.EC:
        return ec_key(_CURVES[size]())
    key = keys.take()
    if key.key_size >= size:
        return key
    return rsa_key(size)
