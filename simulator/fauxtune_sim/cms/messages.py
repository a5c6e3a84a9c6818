"""The messages of CMS as values, read from DER or BER, and the algorithms that they name: digests, ciphers, RSA
paddings.

EnvelopedData, AuthEnvelopedData, SignedData: RFC 5652 5.1, 6.1; RFC 5083 2.1. Algorithms: RFC 5754, RFC 3565, RFC
4055. Signed attributes and certificates are not read before somebody asks for them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self, TypeVar

from asn1crypto import algos, cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from fauxtune_sim.cms import der
from fauxtune_sim.cms.ciphers import CBC, GCM
from fauxtune_sim.cms.der import CONSTRUCTED, CONTEXT, DAMAGE, OCTET_STRING, SEQUENCE, SET, Element
from fauxtune_sim.errors import CmsRefused
from fauxtune_sim.keys.certificates import subject_key_identifier

T = TypeVar("T")
_FIRST, _SECOND = CONTEXT | CONSTRUCTED, CONTEXT | CONSTRUCTED | 1
_HASHES: dict[bytes, type[hashes.HashAlgorithm]] = {
    der.identifier("1.3.14.3.2.26"): hashes.SHA1,  # noqa: S303 - old mail must open
    der.identifier("2.16.840.1.101.3.4.2.4"): hashes.SHA224,
    der.identifier("2.16.840.1.101.3.4.2.1"): hashes.SHA256,
    der.identifier("2.16.840.1.101.3.4.2.2"): hashes.SHA384,
    der.identifier("2.16.840.1.101.3.4.2.3"): hashes.SHA512,
}
_CIPHER_NAMES = {der.identifier(algos.EncryptionAlgorithmId.unmap(name)): name for name in (*CBC, *GCM)}
RSA, RSA_OAEP, RSA_PSS = (der.identifier(f"1.2.840.113549.1.1.{number}") for number in (1, 7, 10))
#: The salt of RSASSA-PSS in bytes, unless the parameters say another (RFC 4055 3.1).
_SALT = 20


class ContentType(StrEnum):
    """The content types that devices read."""

    ENVELOPED = "enveloped_data"
    AUTHENTICATED = "authenticated_enveloped_data"
    SIGNED = "signed_data"


_TYPES = {
    der.identifier("1.2.840.113549.1.7.3"): ContentType.ENVELOPED,
    der.identifier("1.2.840.113549.1.9.16.1.23"): ContentType.AUTHENTICATED,
    der.identifier("1.2.840.113549.1.7.2"): ContentType.SIGNED,
}


@dataclass(frozen=True, slots=True)
class Algorithm:
    """An AlgorithmIdentifier. `name`: the content of its OBJECT IDENTIFIER."""

    name: bytes
    parameters: Element | None

    @classmethod
    def read(cls, element: Element) -> Self:
        """Read an AlgorithmIdentifier. Raises ValueError for another element."""
        name, *rest = element.children(SEQUENCE)
        return cls(name.identifier(), rest[0] if rest else None)

    def required_parameters(self) -> Element:
        """Return the parameters. Raises ValueError without any."""
        if self.parameters is None:
            raise ValueError("an algorithm has no parameters")
        return self.parameters


@dataclass(frozen=True, slots=True)
class CertificateIdentifier:
    """How a message names a certificate: by issuer (DER of the name) and serial number, or by its key identifier."""

    issuer: bytes = b""
    serial: int = 0
    key_id: bytes | None = None

    @classmethod
    def read(cls, element: Element) -> Self:
        """Read a RecipientIdentifier, KeyAgreementRecipientIdentifier or SignerIdentifier. Raises ValueError."""
        if element.tag == CONTEXT:
            return cls(key_id=element.content)
        if element.tag == _FIRST:  # RecipientKeyIdentifier, or a key identifier in pieces
            octets = [child for child in element.children() if child.tag | CONSTRUCTED == OCTET_STRING | CONSTRUCTED]
            return cls(key_id=b"".join(octet.octets() for octet in octets))
        issuer, serial = element.children(SEQUENCE)
        return cls(issuer=issuer.has_tag(SEQUENCE).encoding, serial=serial.integer())

    def matches(self, certificate: x509.Certificate) -> bool:
        """Whether this names the certificate."""
        if self.key_id is not None:
            return self.key_id == subject_key_identifier(certificate)
        return self.serial == certificate.serial_number and self.issuer == issuer_of(certificate)

    def __str__(self) -> str:
        """The identifier as text, for messages. Raises one of DAMAGE if the issuer is no name."""
        if self.key_id is not None:
            return f"key identifier {self.key_id.hex()[:8]}…"
        issuer = asn1_x509.Name.load(self.issuer).native.get("common_name", "its issuer")
        digits = f"{self.serial:x}"
        return f"serial number {digits if len(digits) <= 8 else f'{digits[:8]}…'} of {issuer}"


@dataclass(frozen=True, slots=True)
class KeyTransport:
    """A recipient with an RSA key (KeyTransRecipientInfo, RFC 5652 6.2.1)."""

    identifier: CertificateIdentifier
    algorithm: Algorithm
    encrypted_key: bytes


@dataclass(frozen=True, slots=True)
class KeyAgreement:
    """Recipients with EC keys (KeyAgreeRecipientInfo, RFC 5652 6.2.2). `originator`: the sender's public point; `keys`:
    the wrapped content key for each.
    """

    originator: bytes
    user_key_material: bytes | None
    algorithm: Algorithm
    keys: tuple[tuple[CertificateIdentifier, bytes], ...]


@dataclass(frozen=True, slots=True)
class Envelope:
    """An envelope. Recipients of other kinds, such as passwords, are left out. `attributes` (as they are authenticated)
    and `tag` belong to AuthEnvelopedData; `tag` is None for EnvelopedData.
    """

    recipients: tuple[KeyTransport | KeyAgreement, ...]
    cipher: Algorithm
    content: bytes
    attributes: bytes | None = None
    tag: bytes | None = None


@dataclass(frozen=True, slots=True)
class SignerInfo:
    """One signer (RFC 5652 5.3). `attributes` are encoded as they were signed, None without any."""

    identifier: CertificateIdentifier
    digest: Algorithm
    attributes: bytes | None
    algorithm: Algorithm
    signature: bytes

    def attribute_values(self) -> dict[bytes, Element]:
        """Return the first value of each signed attribute, by the content of its type's OBJECT IDENTIFIER."""
        values = {}
        for attribute in der.load(self.attributes).children(SET) if self.attributes is not None else ():
            name, content = attribute.children(SEQUENCE)
            values[name.identifier()] = content.children(SET)[0]
        return values


@dataclass(frozen=True, slots=True)
class SignedData:
    """A signed message. `content` is None if it is detached; `certificates` are DER."""

    content: bytes | None
    certificates: tuple[bytes, ...]
    signers: tuple[SignerInfo, ...]


def content_type_of(data: bytes) -> ContentType:
    """Return the content type of a message: an envelope or signed. Raises CmsRefused for any other."""
    return _read(data, lambda kind, content: kind)


def read_envelope(data: bytes) -> Envelope:
    """Read an EnvelopedData or AuthEnvelopedData. Raises CmsRefused if it is damaged or something else."""
    return _read(data, _envelope)


def read_signed(data: bytes) -> SignedData:
    """Read a SignedData. Raises CmsRefused if it is damaged or something else."""
    return _read(data, _signed)


def _read(data: bytes, read: Callable[[ContentType, Element], T]) -> T:
    """Read the content of a ContentInfo. Raises CmsRefused for anything that is not one, or that `read` cannot read."""
    try:
        try:
            return read(*_content(der.load(data)))
        except der.IndefiniteLength:
            return read(*_content(der.load(der.with_lengths(data))))
    except DAMAGE as damaged:
        raise CmsRefused(f"this is not a CMS message that can be read: {damaged}") from damaged


def _content(outer: Element) -> tuple[ContentType, Element]:
    name, content = outer.children(SEQUENCE)[:2]
    kind = _TYPES.get(name.identifier())
    if kind is None:
        named = cms.ContentType.map(der.dotted(name.content))
        raise CmsRefused(f"this is neither an enveloped nor a signed CMS message, but {named}")
    return kind, content.only_child(_FIRST)


def _envelope(kind: ContentType, content: Element) -> Envelope:
    if kind is ContentType.SIGNED:
        raise CmsRefused(f"this is {kind}, not an envelope")
    # version, originatorInfo [0] OPTIONAL, recipientInfos, encryptedContentInfo, and what differs
    parts = [part for part in content.children(SEQUENCE) if part.tag != _FIRST]
    infos, (_type, algorithm, *encrypted) = parts[1], parts[2].children(SEQUENCE)
    recipients = tuple(each for info in infos.children(SET) if (each := _recipient(info)) is not None)
    sealed = encrypted[0].octets(CONTEXT) if encrypted else b""
    if kind is ContentType.ENVELOPED:
        return Envelope(recipients, cipher=Algorithm.read(algorithm), content=sealed)
    attributes = parts[3] if parts[3].tag == _SECOND else None
    tag = parts[3 if attributes is None else 4].octets()
    return Envelope(
        recipients,
        cipher=Algorithm.read(algorithm),
        content=sealed,
        attributes=None if attributes is None else _as_set(attributes),
        tag=tag,
    )


def _recipient(info: Element) -> KeyTransport | KeyAgreement | None:
    if info.tag == SEQUENCE:
        _version, identifier, algorithm, key = info.children()
        return KeyTransport(CertificateIdentifier.read(identifier), Algorithm.read(algorithm), key.octets())
    if info.tag != _SECOND:
        return None
    _version, originator, *material, algorithm, keys = info.children()
    pairs = [entry.children(SEQUENCE) for entry in keys.children(SEQUENCE)]
    return KeyAgreement(
        originator=_public_point(originator.only_child(_FIRST)),
        user_key_material=material[0].only_child(_SECOND).octets() if material else None,
        algorithm=Algorithm.read(algorithm),
        keys=tuple((CertificateIdentifier.read(identifier), key.octets()) for identifier, key in pairs),
    )


def _public_point(originator: Element) -> bytes:
    """Return the point in an OriginatorPublicKey, the content of its BIT STRING without the count of unused bits."""
    _algorithm, point = originator.children(_SECOND)
    return point.content[1:]


def _signed(kind: ContentType, content: Element) -> SignedData:
    if kind is not ContentType.SIGNED:
        raise CmsRefused(f"this is {kind}, not {ContentType.SIGNED}")
    _version, _digests, encapsulated, *optional, signers = content.children(SEQUENCE)
    _type, *attached = encapsulated.children(SEQUENCE)
    certificates = [child for part in optional if part.tag == _FIRST for child in part.children()]
    return SignedData(
        content=attached[0].only_child(_FIRST).octets() if attached else None,
        # A CertificateSet may have certificates of other kinds (RFC 5652 10.2.2), which have tags of their own.
        certificates=tuple(certificate.encoding for certificate in certificates if certificate.tag == SEQUENCE),
        signers=tuple(_signer(info) for info in signers.children(SET)),
    )


def _signer(info: Element) -> SignerInfo:
    _version, identifier, digest, *rest = info.children(SEQUENCE)
    attributes = rest.pop(0) if rest[0].tag == _FIRST else None
    algorithm, signature = rest[:2]
    return SignerInfo(
        identifier=CertificateIdentifier.read(identifier),
        digest=Algorithm.read(digest),
        attributes=None if attributes is None else _as_set(attributes),
        algorithm=Algorithm.read(algorithm),
        signature=signature.octets(),
    )


def _as_set(attributes: Element) -> bytes:
    """Return attributes as they are signed: an explicit SET OF, carried with an implicit tag (RFC 5652 5.4)."""
    return bytes((SET,)) + attributes.encoding[1:]


def issuer_of(certificate: x509.Certificate) -> bytes:
    """Return the issuer's name, DER. (cryptography makes an object of each part of the name first.)"""
    encoded = certificate.tbs_certificate_bytes
    limit = len(encoded)
    # version [0] DEFAULT v1, serialNumber, signature, issuer
    element = Element(encoded, der.load(encoded).content_begin, limit=limit)
    for _ in range(3 if element.tag == _FIRST else 2):
        element = Element(encoded, element.end, limit=limit)
    return element.encoding


def hash_of(algorithm: Algorithm) -> hashes.HashAlgorithm:
    """Return the digest. Raises CmsRefused for one that is not supported."""
    kind = _HASHES.get(algorithm.name)
    if kind is None:
        raise CmsRefused(f"the digest {name_of(algorithm, algos.DigestAlgorithmId)} is not supported")
    return kind()


def cipher_name(algorithm: Algorithm) -> str:
    """Return asn1crypto's name of a content cipher, such as `aes256_cbc`."""
    known = _CIPHER_NAMES.get(algorithm.name)
    return known or name_of(algorithm, algos.EncryptionAlgorithmId)


def name_of(algorithm: Algorithm, names: Any) -> str:
    """Return a name by one of asn1crypto's tables of names; else the OBJECT IDENTIFIER in its dotted form."""
    return str(names.map(der.dotted(algorithm.name)))


def oaep_of(algorithm: Algorithm) -> padding.OAEP:
    """Return the padding by the parameters of RSAES-OAEP (RFC 4055 4.1). Raises CmsRefused, ValueError."""
    digest, mask, source = _parameters(algorithm, 3)
    label = None if source is None else Algorithm.read(source).required_parameters().octets()
    return padding.OAEP(_mask(mask), _digest(digest), label or None)


def pss_of(algorithm: Algorithm) -> tuple[padding.PSS, hashes.HashAlgorithm]:
    """Return padding and digest by the parameters of RSASSA-PSS (RFC 4055 3.1). Raises CmsRefused, ValueError."""
    digest, mask, salt = _parameters(algorithm, 3)
    return padding.PSS(_mask(mask), _SALT if salt is None else salt.integer()), _digest(digest)


def _parameters(algorithm: Algorithm, count: int) -> list[Element | None]:
    """Return the contents of the parameters with the tags [0], [1] and so on; None for each that is left out."""
    values: list[Element | None] = [None] * count
    for element in () if algorithm.parameters is None else algorithm.parameters.children(SEQUENCE):
        number = element.tag - (CONTEXT | CONSTRUCTED)
        if 0 <= number < count:
            values[number] = element.only_child()
    return values


def _digest(element: Element | None) -> hashes.HashAlgorithm:
    return hashes.SHA1() if element is None else hash_of(Algorithm.read(element))  # noqa: S303 - the default


def _mask(element: Element | None) -> padding.MGF1:
    """Return the mask generation function, of which there is one kind (RFC 4055 2.2)."""
    return padding.MGF1(_digest(None if element is None else Algorithm.read(element).required_parameters()))
