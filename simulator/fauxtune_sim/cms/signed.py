"""SignedData (RFC 5652 5): verify signatures over attached or detached content, and write messages with one signer, as
DER.

Only the signature is verified here; `keys.certificates` validates the signer's certificate. A Mac or an iPhone signs
each message to its MDM server, and all devices sign their requests by SCEP.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.cms import der
from fauxtune_sim.cms.der import (
    CONSTRUCTED,
    CONTEXT,
    DAMAGE,
    GENERALIZED_TIME,
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    UTC_TIME,
    encoded,
    required_key_identifier,
)
from fauxtune_sim.cms.messages import RSA_PSS, SignerInfo, hash_of, issuer_of, pss_of, read_signed
from fauxtune_sim.errors import CmsRefused
from fauxtune_sim.keys.certificates import PrivateKey, addresses, load_certificate

#: Signed attributes (RFC 5652 11.2, 11.3).
MESSAGE_DIGEST, SIGNING_TIME = der.identifier("1.2.840.113549.1.9.4"), der.identifier("1.2.840.113549.1.9.5")
_FIRST, _SECOND, _THIRD = (CONTEXT | CONSTRUCTED | number for number in range(3))
_NULL = b"\x05\x00"


@dataclass(frozen=True, slots=True)
class Signature:
    """A verified signature: content, signer, the signing time by the signer, and the message's certificates."""

    content: bytes
    signer: x509.Certificate
    signing_time: datetime | None
    certificates: tuple[x509.Certificate, ...]


def verify(
    data: bytes, *, detached: bytes | None = None, known: Sequence[x509.Certificate] = (), sender: str = ""
) -> Signature:
    """Verify a signature of a DER or BER SignedData.

    `detached` is the content if the message does not have it. `known` are further certificates among which the signer's
    is searched. Of several signers, which DER sorts by their bytes, one with the address of the `sender` is taken, else
    the first. Raises CmsRefused, with the reason, if the signature does not verify.
    """
    message = read_signed(data)
    try:
        content = message.content if detached is None else detached
        if not message.signers:
            raise CmsRefused("the message has no signature: it brings only certificates")
        if content is None:
            raise CmsRefused("the signature is detached, and its content is missing")
        certificates = tuple(map(load_certificate, message.certificates))
        info, signer = _chosen(message.signers, (*certificates, *known), sender=sender)
        signing_time = _check(info, content, signer=signer)
    except DAMAGE as damaged:
        why = f": {damaged}" if str(damaged) else ""
        raise CmsRefused(f"the signature does not verify{why}") from damaged
    return Signature(content=content, signer=signer, signing_time=signing_time, certificates=certificates)


def _chosen(
    signers: Sequence[SignerInfo], certificates: Sequence[x509.Certificate], *, sender: str
) -> tuple[SignerInfo, x509.Certificate]:
    """The signer with this address, else the first, and the certificate. Raises CmsRefused if that is missing."""
    for info in signers if len(signers) > 1 else ():
        certificate = _named(info, certificates)
        if certificate is not None and sender.lower() in map(str.lower, addresses(certificate)):
            return info, certificate
    certificate = _named(signers[0], certificates)
    if certificate is None:
        raise CmsRefused(f"the signer's certificate is missing: {signers[0].identifier}")
    return signers[0], certificate


def _named(info: SignerInfo, certificates: Sequence[x509.Certificate]) -> x509.Certificate | None:
    return next((certificate for certificate in certificates if info.identifier.matches(certificate)), None)


def _check(info: SignerInfo, content: bytes, *, signer: x509.Certificate) -> datetime | None:
    """Verify one SignerInfo (RFC 5652 5.6). Returns the signing time that it claims."""
    digest = hash_of(info.digest)
    signing_time: datetime | None = None
    signed_bytes = content
    if info.attributes is not None:
        values = info.attribute_values()
        hashed = hashes.Hash(digest)
        hashed.update(content)
        if not hmac.compare_digest(values[MESSAGE_DIGEST].octets(), hashed.finalize()):
            raise CmsRefused("the content was changed after it was signed (the message digest differs)")
        if SIGNING_TIME in values:
            signing_time = values[SIGNING_TIME].time()
        signed_bytes = info.attributes
    _check_signature(info, signed_bytes, signer=signer, digest=digest)
    return signing_time


def _check_signature(
    info: SignerInfo, signed: bytes, *, signer: x509.Certificate, digest: hashes.HashAlgorithm
) -> None:
    public = signer.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        public.verify(info.signature, signed, ec.ECDSA(digest))
        return
    if not isinstance(public, rsa.RSAPublicKey):
        raise CmsRefused("the signer's key is neither RSA nor EC")
    if info.algorithm.name == RSA_PSS:
        pss, pss_digest = pss_of(info.algorithm)
        public.verify(info.signature, signed, pss, pss_digest)
        return
    public.verify(info.signature, signed, padding.PKCS1v15(), digest)


def _identifier(dotted: str) -> bytes:
    return encoded(OBJECT_IDENTIFIER, der.identifier(dotted))


_DATA, _SIGNED_DATA = _identifier("1.2.840.113549.1.7.1"), _identifier("1.2.840.113549.1.7.2")
_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_TIME = (_identifier(f"1.2.840.113549.1.9.{number}") for number in (3, 4, 5))
_RSA = encoded(SEQUENCE, _identifier("1.2.840.113549.1.1.1"), _NULL)


class _Digest:
    """A hash algorithm with the AlgorithmIdentifiers that it is part of."""

    def __init__(self, algorithm: hashes.HashAlgorithm, identifier: str, *, ecdsa: str) -> None:
        self.hash = algorithm
        self.identifier = encoded(SEQUENCE, _identifier(identifier), _NULL)
        self.ecdsa = encoded(SEQUENCE, _identifier(ecdsa))
        mask = encoded(SEQUENCE, _identifier("1.2.840.113549.1.1.8"), self.identifier)
        salt = encoded(INTEGER, bytes((algorithm.digest_size,)))
        parameters = encoded(_FIRST, self.identifier) + encoded(_SECOND, mask) + encoded(_THIRD, salt)
        if algorithm.name == "sha1":
            parameters = b""  # the defaults, which DER leaves out
        #: RSASSA-PSS with one hash algorithm throughout, and a salt of as many bytes (RFC 4055 3.1).
        self.pss = encoded(SEQUENCE, _identifier("1.2.840.113549.1.1.10"), encoded(SEQUENCE, parameters))


_DIGESTS = {
    "sha1": _Digest(hashes.SHA1(), "1.3.14.3.2.26", ecdsa="1.2.840.10045.4.1"),  # noqa: S303 - old authorities
    "sha224": _Digest(hashes.SHA224(), "2.16.840.1.101.3.4.2.4", ecdsa="1.2.840.10045.4.3.1"),
    "sha256": _Digest(hashes.SHA256(), "2.16.840.1.101.3.4.2.1", ecdsa="1.2.840.10045.4.3.2"),
    "sha384": _Digest(hashes.SHA384(), "2.16.840.1.101.3.4.2.2", ecdsa="1.2.840.10045.4.3.3"),
    "sha512": _Digest(hashes.SHA512(), "2.16.840.1.101.3.4.2.3", ecdsa="1.2.840.10045.4.3.4"),
}


@dataclass(frozen=True, slots=True)
class SigningOptions:
    """How a message is signed and its signer named.

    `detached` leaves the content out of the message. `pss` signs with RSASSA-PSS in place of PKCS#1 v1.5 (RSA keys
    only). `by_key_identifier` names the signer by its subject key identifier in place of issuer and serial number.
    `digest` is the hash algorithm, by its name in hashlib. `attributes` are further signed attributes: each a type
    (a dotted OBJECT IDENTIFIER) and its value (DER).
    """

    detached: bool = True
    pss: bool = False
    by_key_identifier: bool = False
    digest: str = "sha256"
    attributes: tuple[tuple[str, bytes], ...] = ()


def sign(
    content: bytes,
    *,
    certificate: x509.Certificate,
    key: PrivateKey,
    signing_time: datetime,
    others: Sequence[x509.Certificate] = (),
    options: SigningOptions | None = None,
) -> bytes:
    """Sign as SignedData (DER): RSA or ECDSA, by the type of the key.

    `others` are further certificates for the message, for readers that lack the intermediate ones. Raises CmsRefused
    for a certificate without the key identifier by which the options name it.
    """
    options = options or SigningOptions()
    digest = _DIGESTS[options.digest]
    hashed = hashes.Hash(digest.hash)
    hashed.update(content)
    attributes = _set(
        SET,
        (
            _attribute(_CONTENT_TYPE, _DATA),
            _attribute(_SIGNING_TIME, _time(signing_time)),
            _attribute(_MESSAGE_DIGEST, encoded(OCTET_STRING, hashed.finalize())),
            *(_attribute(_identifier(name), value) for name, value in options.attributes),
        ),
    )
    algorithm, signature = _signature(attributes, key, digest=digest, pss=options.pss)
    version = encoded(INTEGER, b"\x03" if options.by_key_identifier else b"\x01")
    signer = encoded(
        SEQUENCE,
        version,
        _signer_identifier(certificate, options),
        digest.identifier,
        # Signed as an explicit SET OF, carried with an implicit tag (RFC 5652 5.4).
        bytes((_FIRST,)) + attributes[1:],
        algorithm,
        encoded(OCTET_STRING, signature),
    )
    attached = b"" if options.detached else encoded(_FIRST, encoded(OCTET_STRING, content))
    message = encoded(
        SEQUENCE,
        version,
        encoded(SET, digest.identifier),
        encoded(SEQUENCE, _DATA, attached),
        _set(_FIRST, (each.public_bytes(Encoding.DER) for each in (certificate, *others))),
        encoded(SET, signer),
    )
    return encoded(SEQUENCE, _SIGNED_DATA, encoded(_FIRST, message))


def _set(tag: int, elements: Iterable[bytes]) -> bytes:
    """Return a SET OF, whose elements stand in the order of their bytes (X.690 11.6)."""
    return encoded(tag, *sorted(elements))


def _attribute(name: bytes, value: bytes) -> bytes:
    return encoded(SEQUENCE, name, encoded(SET, value))


def _signer_identifier(certificate: x509.Certificate, options: SigningOptions) -> bytes:
    if options.by_key_identifier:
        return encoded(CONTEXT, required_key_identifier(certificate))
    number = certificate.serial_number
    serial = encoded(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))
    return encoded(SEQUENCE, issuer_of(certificate), serial)


def _signature(data: bytes, key: PrivateKey, *, digest: _Digest, pss: bool) -> tuple[bytes, bytes]:
    """Return the SignatureAlgorithmIdentifier, and the signature."""
    if not isinstance(key, rsa.RSAPrivateKey):
        return digest.ecdsa, key.sign(data, ec.ECDSA(digest.hash))
    if not pss:
        return _RSA, key.sign(data, padding.PKCS1v15(), digest.hash)
    return digest.pss, key.sign(data, padding.PSS(padding.MGF1(digest.hash), digest.hash.digest_size), digest.hash)


def _time(moment: datetime) -> bytes:
    """UTCTime until 2049, GeneralizedTime from then on, whole seconds (RFC 5652 11.3)."""
    whole = moment.astimezone(UTC)
    # Not only with strftime, which writes years before 1000 without leading zeros on some systems.
    text = f"{whole.year:04}{whole:%m%d%H%M%SZ}"
    if 1950 <= whole.year < 2050:
        return encoded(UTC_TIME, text[2:].encode())
    return encoded(GENERALIZED_TIME, text.encode())
