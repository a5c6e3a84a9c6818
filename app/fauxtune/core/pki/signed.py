"""Signed messages (CMS SignedData, RFC 5652 5), read and written.

Decides whether a signature is right, and nothing about its signer: chain, validity and revocation are checked
elsewhere. Exactly one signer, whose certificate is in the message; RSA (PKCS#1 v1.5 and PSS, RFC 4056) and ECDSA (RFC
5753), with SHA-1 still, because device platforms and SCEP clients sign with it. Messages are written with SHA-256, in
DER, and without a signing time: that would be the machine's time, not the tenant's.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial

from asn1crypto import algos, cms, core
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, AsymmetricPadding, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.errors import Invalid, UnknownAlgorithm
from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.cms import MALFORMED, children, content_of, dotted, identifies, octets, reason, within
from fauxtune.core.pki.der import (
    LARGEST_CERTIFICATE,
    LARGEST_MESSAGE,
    OCTETS,
    SEQUENCE,
    SET,
    TAG_0,
    TAG_1,
    check_limits,
    check_size,
    element,
    identifier,
)
from fauxtune.core.pki.foreign import readable
from fauxtune.core.pki.fresh import SHA256_ECDSA
from fauxtune.core.pki.signed_forms import (
    MOST_ATTRIBUTES,
    MOST_CERTIFICATES,
    MOST_VALUES,
    Named,
    SignedParts,
    usual_parts,
)

_ATTRIBUTES = "signed attributes, or too many values of one"

_CONTENT_TYPE = "1.2.840.113549.1.9.3"
_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
_DATA = cms.ContentType("data").dump()
#: Parts of the messages that are written, DER.
_SIGNED_DATA = cms.ContentType("signed_data").dump()
_VERSION = cms.CMSVersion("v1").dump()
_SHA256 = algos.DigestAlgorithm({"algorithm": "sha256"}).dump()
_RSA = algos.SignedDigestAlgorithm({"algorithm": "rsassa_pkcs1v15"}).dump()
_ECDSA = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}).dump()
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - what older clients sign with
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
#: Signature algorithms by asn1crypto's names; "" if the name contains only the kind of key.
_WITH_RSA = {"rsassa_pkcs1v15": "", **{f"{name}_rsa": name for name in _HASHES}}
_WITH_EC = {"ecdsa": "", **{f"{name}_ecdsa": name for name in _HASHES}}
_MOST_SALT = 512
#: Bytes of the certificates of a message whose signer is remembered.
_LARGEST_REMEMBERED = 2048


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A message as received: nothing in it is proved before `verify` has returned."""

    #: The signer's.
    certificate: x509.Certificate
    _parts: SignedParts = field(repr=False)

    @property
    def content(self) -> bytes | None:
        """The embedded content; None in a detached signature."""
        return self._parts.content

    @property
    def attributes(self) -> Mapping[str, tuple[bytes, ...]]:
        """The signed attributes' values in DER, by dotted OID. Empty if the content itself was signed."""
        return self._parts.attributes

    @property
    def digest(self) -> str:
        """The hash of the signature, by asn1crypto's name, such as `sha256`."""
        return self._parts.digest

    def certificates(self) -> list[x509.Certificate]:
        """Return the certificates that the message brings: the signer's, and others that may lead to an authority."""
        try:
            return [readable(_loaded(certificate)) for certificate in self._parts.certificates]
        except MALFORMED as error:
            raise _unreadable(error) from None

    def verify(self, body: bytes) -> None:
        """Raise Invalid unless the signer signed these bytes, whatever is embedded; UnknownAlgorithm for an unknown
        one.
        """
        try:
            self._verify(body)
        except MALFORMED as error:
            raise _unreadable(error) from None
        except InvalidSignature:
            raise _wrong() from None

    def _verify(self, body: bytes) -> None:
        digest = self.digest
        if digest not in _HASHES:
            raise UnknownAlgorithm(f"The signature's hash is {digest}; known are {', '.join(_HASHES)}.")
        signed = body
        if self.attributes:
            computed = hashlib.new(digest, body, usedforsecurity=False).digest()
            # RFC 5652 5.3: signed attributes are DER, of which there is one for an octet string.
            if not hmac.compare_digest(self._one(_MESSAGE_DIGEST), b"\x04" + bytes([len(computed)]) + computed):
                raise _wrong()
            if self._one(_CONTENT_TYPE) != _DATA:
                raise ValueError("its attributes are about another type of content")
            signed = self._parts.signed
        _check(self.certificate, self._parts, data=signed)

    def _one(self, oid: str) -> bytes:
        values = self.attributes.get(oid, ())
        if len(values) != 1:
            raise ValueError(f"the signed attribute {oid} must be there once")
        return values[0]


def read(data: bytes, *, largest: int = LARGEST_MESSAGE) -> SignedMessage:
    """Read a message of at most `largest` bytes, without verifying it. Raises Invalid for other bytes, and for a
    message without exactly one signer.
    """
    try:
        parts = usual_parts(check_size(data, largest=largest)) or unusual_parts(data, largest=largest)
        return message_of(parts)
    except MALFORMED as error:
        raise _unreadable(error) from None


def message_of(parts: SignedParts) -> SignedMessage:
    """Return the message of these parts. Raises one of MALFORMED if its signer's certificate is not among them."""
    is_small = isinstance(parts.is_signer, Named) and sum(map(len, parts.certificates)) <= _LARGEST_REMEMBERED
    find = _remembered if is_small else _signer
    return SignedMessage(find(parts.certificates, parts.is_signer), parts)


def _signer(certificates: tuple[bytes, ...], is_signer: Callable[[x509.Certificate], bool]) -> x509.Certificate:
    for each in certificates:
        certificate = _loaded(each)
        if is_signer(certificate):
            return readable(certificate)
    raise ValueError("the signer's certificate is not in it")


def _loaded(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(check_limits(der, largest=LARGEST_CERTIFICATE))


#: A device signs each message of a conversation: its certificate is read once, and so is its key. One takes about
#: 6 KiB, 9 at most, and all of them 36 MiB.
_remembered = lru_cache(maxsize=4096)(_signer)


def unusual_parts(data: bytes, *, largest: int) -> SignedParts:
    """Read a message in any form that asn1crypto knows. Raises one of MALFORMED."""
    message = content_of(data, "signed_data", largest=largest)
    inner = message["encap_content_info"]
    if inner["content_type"].native != "data":
        raise ValueError(f"it is about {inner['content_type'].native}, not about data")
    if len(message["signer_infos"]) != 1:
        raise ValueError(f"it must have one signer, not {len(message['signer_infos'])}")
    (signer,) = message["signer_infos"]
    certificates = message["certificates"]
    if isinstance(certificates, core.Void) or not 0 < len(certificates) <= MOST_CERTIFICATES:
        raise ValueError(f"it must bring 1 to {MOST_CERTIFICATES} certificates, the signer's among them")
    algorithm = signer["signature_algorithm"]
    name = algorithm["algorithm"].native
    return SignedParts(
        certificates=tuple(
            certificate.chosen.dump() for certificate in certificates if certificate.name == "certificate"
        ),
        is_signer=partial(identifies, signer["sid"]),
        content=None if isinstance(inner["content"], core.Void) else octets(inner["content"]),
        attributes=_attributes(signer["signed_attrs"]),
        # RFC 5652 5.4: the signature is over a SET, not over the [0] in the message.
        signed=b"\x31" + signer["signed_attrs"].dump()[1:],
        digest=str(signer["digest_algorithm"]["algorithm"].native),
        algorithm=name,
        signature=octets(signer["signature"]),
        pss=algorithm["parameters"] if name == "rsassa_pss" else None,
    )


def verify(signature: bytes, body: bytes) -> x509.Certificate:
    """Verify the signature of `body`, and return the signer's certificate. Embedded content does not count."""
    message = read(signature)
    message.verify(body)
    return message.certificate


def sign(
    content: bytes | None,
    *,
    certificate: x509.Certificate,
    key: PrivateKey,
    chain: Iterable[x509.Certificate] = (),
    attributes: Mapping[str, core.Asn1Value] | None = None,
) -> bytes:
    """Sign `content`, and return the message with the certificates to check it, as DER. Line ends do not change.

    `attributes` are signed too, by dotted OID. Without content, they are the message.
    """
    signed = [
        _attribute(_CONTENT_TYPE, _DATA),
        _attribute(_MESSAGE_DIGEST, element(OCTETS, hashlib.sha256(content or b"").digest())),
        *(_attribute(oid, value.dump()) for oid, value in (attributes or {}).items()),
    ]
    body = b"".join(sorted(signed))
    # RFC 5652 5.4: the signature is over a SET, not over the [0] in the message.
    data = element(SET, body)
    if isinstance(key, RSAPrivateKey):
        algorithm, signature = _RSA, key.sign(data, PKCS1v15(), hashes.SHA256())
    else:
        algorithm, signature = _ECDSA, key.sign(data, SHA256_ECDSA)
    name = element(SEQUENCE, certificate.issuer.public_bytes(), core.Integer(certificate.serial_number).dump())
    signer = element(SEQUENCE, _VERSION, name, _SHA256, element(TAG_0, body), algorithm, element(OCTETS, signature))
    inner = b"" if content is None else element(TAG_0, element(OCTETS, content))
    return _message(inner, certificates=[certificate, *chain], signer=signer)


def certificates_only(certificates: Iterable[x509.Certificate], *, crls: Iterable[bytes] = ()) -> bytes:
    """A SignedData with certificates and CRLs (DER), without a signer (RFC 8894 3.4).

    Several certificates are in DER's order of a SET, not in the given order.
    """
    return _message(b"", certificates=certificates, crls=crls)


def _message(
    content: bytes, *, certificates: Iterable[x509.Certificate], crls: Iterable[bytes] = (), signer: bytes = b""
) -> bytes:
    ders = sorted(certificate.public_bytes(Encoding.DER) for certificate in certificates)
    lists = b"".join(sorted(crls))
    return element(
        SEQUENCE,
        _SIGNED_DATA,
        element(
            TAG_0,
            element(
                SEQUENCE,
                _VERSION,
                element(SET, _SHA256 if signer else b""),
                element(SEQUENCE, _DATA, content),
                element(TAG_0, *ders),
                element(TAG_1, lists) if lists else b"",
                element(SET, signer),
            ),
        ),
    )


def _attribute(oid: str, value: bytes) -> bytes:
    return element(SEQUENCE, identifier(oid), element(SET, value))


def _attributes(attributes: cms.CMSAttributes) -> dict[str, tuple[bytes, ...]]:
    """The values of each attribute, as they stand in the message: asn1crypto would look for the type of each first."""
    if isinstance(attributes, core.Void):
        return {}
    values: dict[str, tuple[bytes, ...]] = {}
    for member in children(attributes.contents or b"", most=MOST_ATTRIBUTES, name=_ATTRIBUTES):
        kind, among = children(within(member, SEQUENCE), most=2, name=_ATTRIBUTES)
        oid = dotted(kind)
        if oid in values:
            raise ValueError(f"the signed attribute {oid} is there twice")
        values[oid] = tuple(children(within(among, SET), most=MOST_VALUES, name=_ATTRIBUTES))
    if not values:
        raise ValueError("its set of signed attributes is empty")
    return values


def _check(certificate: x509.Certificate, parts: SignedParts, *, data: bytes) -> None:
    """Raise InvalidSignature, UnknownAlgorithm, or one of MALFORMED unless the signature is over `data`."""
    name, digest, key = parts.algorithm, parts.digest, certificate.public_key()
    if isinstance(key, RSAPublicKey) and (name in _WITH_RSA or name == "rsassa_pss"):
        _same(_WITH_RSA.get(name), digest)
        padding = PKCS1v15() if parts.pss is None else _pss(parts.pss, digest)
        key.verify(parts.signature, data, padding, _HASHES[digest])
    elif isinstance(key, EllipticCurvePublicKey) and name in _WITH_EC:
        _same(_WITH_EC[name], digest)
        key.verify(parts.signature, data, ECDSA(_HASHES[digest]))
    else:
        raise UnknownAlgorithm(f"The signature's algorithm {name} is not known for the signer's kind of key.")


def _pss(parameters: algos.RSASSAPSSParams, digest: str) -> AsymmetricPadding:
    _same(parameters["hash_algorithm"]["algorithm"].native, digest)
    mask, salt = parameters["mask_gen_algorithm"], parameters["salt_length"].native
    mask_hash = mask["parameters"]["algorithm"].native
    if mask["algorithm"].native != "mgf1" or mask_hash not in _HASHES:
        raise UnknownAlgorithm("The signature's mask generation is not MGF1 with a hash that is known.")
    if not isinstance(salt, int) or not 0 <= salt <= _MOST_SALT:
        raise ValueError("the salt of its signature has an impossible length")
    return PSS(MGF1(_HASHES[mask_hash]), salt)


def _same(stated: str | None, digest: str) -> None:
    if stated and stated != digest:
        raise ValueError(f"it is signed with {stated} and digested with {digest}")


def _unreadable(error: Exception) -> Invalid:
    return Invalid(f"This is no signed message (CMS SignedData) that can be read: {reason(error)}.", target="signature")


def _wrong() -> Invalid:
    return Invalid("The signature is not one over these bytes by the certificate that it names.", target="signature")
