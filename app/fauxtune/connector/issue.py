"""PKCS certificates: the connector makes the key, gets the certificate by template, and wraps both for the device.

What Intune's connector does for a PKCS certificate profile. The private key exists in the PFX only: it is stored
nowhere else. What the certification authority decides about the request stands in operations.issuing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from fauxtune.connector.keypool import KeySource
from fauxtune.connector.password_escrow import keep
from fauxtune.connector.refusals import AuthorityRefused, RecipientUnfit
from fauxtune.connector.wrapping import BARE, Wrapping
from fauxtune.core.errors import Invalid
from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.cms import envelope
from fauxtune.core.pki.pfx import write_pfx
from fauxtune.core.pki.template import KeyType, Template

_CURVES: dict[int, type[ec.EllipticCurve]] = {256: ec.SECP256R1, 384: ec.SECP384R1, 521: ec.SECP521R1}

#: The certification authority's door: a request goes in; the certificate comes out, and its issuers, nearest first.
#: Raises ConnectorRefused's kinds.
Certify = Callable[[x509.CertificateSigningRequest], Sequence[x509.Certificate]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PkcsOrder:
    """One certificate for one device, as far as the connector must know. `recipient` is the device's identity: the PFX
    password is sealed for it, in what `wrapping` says.

    `legacy` asks for a PFX in 3DES, for systems that read nothing newer. `keeps`: the connector is to be able to open
    the password later, for an account that carries the certificate.
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
    """The certificate; the PFX with its key and its issuers but the root; the wrapped password, sealed (DER CMS); and
    the password as the connector keeps it.
    """

    certificate: x509.Certificate
    pfx: bytes = field(repr=False)
    sealed: bytes = field(repr=False)
    kept_password: bytes | None = field(repr=False, default=None)


def issue_pkcs(
    order: PkcsOrder, *, password: str, certify: Certify, keys: KeySource, keeper: RSAPublicKey | None = None
) -> PkcsAnswer:
    """Makes a key and has it certified. Each call is a new key and certificate: not safe to repeat for one request.

    Raises ConnectorRefused's kinds only.
    """
    secret = password.encode()
    try:
        envelope(secret, order.recipient)  # before a key is made in vain
    except Invalid as error:
        raise RecipientUnfit(error.message) from None
    key = make_key(order.key_type, size=order.key_size, keys=keys)
    csr = x509.CertificateSigningRequestBuilder(order.subject).sign(key, hashes.SHA256())
    certificate, *issuers = certify(csr)
    try:
        pfx = write_pfx(
            key=key,
            certificate=certificate,
            # The root is left out: a device trusts a root by a profile of its own, never through a PFX.
            chain=[each for each in issuers if each.issuer != each.subject],
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
        kept_password=None if keeper is None else keep(secret, keeper),
    )


def new_key(template: Template, keys: KeySource) -> PrivateKey:
    """A key of the kind and size that the template asks for. Blocks while an RSA key is made."""
    return make_key(template.key_type, size=template.minimum_key_size, keys=keys)


def make_key(key_type: str, *, size: int, keys: KeySource) -> PrivateKey:
    """A key of this kind, of this size at least."""
    if key_type == KeyType.EC:
        return ec.generate_private_key(_CURVES[size]())
    key = keys.take()
    if key.key_size >= size:
        return key
    return rsa.generate_private_key(public_exponent=65537, key_size=size)
