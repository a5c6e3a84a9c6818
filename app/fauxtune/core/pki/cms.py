"""CMS messages: what their readers share, and envelopes that only the holder of one certificate's key can open.

RFC 5652 3, 6 and 10.2. asn1crypto reads DER, and BER as far as tools write it (indefinite lengths, strings in pieces).
It parses a part only on access, so all reading must be within one `try` that catches MALFORMED. The two names by which
an encrypted message names a recipient's certificate (6.2.1) are also given as text to look up.

Envelopes are written as device platforms read them: AES-256-CBC for the content, RSA PKCS#1 v1.5 for its key, the
recipient identified by issuer and serial number, in DER. More ciphers are opened, because SCEP clients still use single
DES (RFC 8894 leaves the choice to them). CBC does not protect integrity: the content of an envelope can be anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from asn1crypto import algos, cms, core, parser
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES, AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from fauxtune.core.errors import Invalid, UnknownAlgorithm
from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.der import (
    IDENTIFIER,
    INTEGER,
    LARGEST_ENVELOPE,
    NULL,
    OCTETS,
    SEQUENCE,
    SET,
    TAG_0,
    Malformed,
    Part,
    check_limits,
    check_size,
    element,
    identifier,
)
from fauxtune.core.pki.fresh import encrypted_for, random_octets

#: The exceptions that asn1crypto and cryptography raise on hostile bytes (found by fuzzing).
MALFORMED = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)

#: The message about an envelope that cannot be opened; also for one whose content turns out to be malformed.
NOT_OPENED = "The envelope does not open with the key of the recipient that it names, or nothing readable is in it."

#: The key sizes of the content ciphers that can be opened, by asn1crypto's names.
_KEY_SIZES = {"des": 8, "tripledes_3key": 24, "aes128_cbc": 16, "aes192_cbc": 24, "aes256_cbc": 32}
#: Identifiers in messages, DER.
_CIPHERS = {algos.EncryptionAlgorithmId(name).dump(): name for name in _KEY_SIZES}
_ENVELOPED_DATA, _DATA = identifier("1.2.840.113549.1.7.3"), identifier("1.2.840.113549.1.7.1")
_AES256_CBC, _VERSION_0 = algos.EncryptionAlgorithmId("aes256_cbc").dump(), element(INTEGER, b"\x00")
_BY_RSA = [element(SEQUENCE, identifier("1.2.840.113549.1.1.1"), end) for end in (b"", NULL)]
#: The tag of content that is not divided into pieces.
_IN_ONE_PIECE = 0x80
#: Bytes of a block of AES.
_BLOCK = 16
_PKCS1 = PKCS1v15()


def content_of(data: bytes, kind: str, *, largest: int) -> core.Sequence:
    """The content of a ContentInfo of this kind, by asn1crypto's name. Raises one of MALFORMED, also for more than
    `largest` bytes.
    """
    outer = cms.ContentInfo.load(check_limits(data, largest=largest), strict=True)
    content_type = outer["content_type"].native
    if content_type != kind:
        raise ValueError(f"it is {content_type}, not {kind}")
    content = outer["content"]
    # asn1crypto has a type of its own for absent content, which would be noticed only later.
    if not isinstance(content, core.Sequence):
        raise ValueError("it is empty")
    return content


def children(content: bytes, *, most: int, name: str) -> list[bytes]:
    """The elements of which this content consists, each with its header. Raises one of MALFORMED, also for more than
    `most` of what `name` says.
    """
    elements: list[bytes] = []
    place = 0
    while place < len(content):
        if len(elements) == most:
            raise ValueError(f"it has too many {name}")
        size = parser.peek(content[place:])
        elements.append(content[place : place + size])
        place += size
    return elements


def within(element: bytes, tag: int) -> bytes:
    """The content of an element with this first octet. Raises one of MALFORMED."""
    if element[0] != tag:
        raise ValueError("a part of it is of another type")
    return bytes(parser.parse(element, strict=True)[4])


@lru_cache(maxsize=64)
def dotted(identifier: bytes) -> str:
    """An object identifier in words. Raises one of MALFORMED."""
    return str(core.ObjectIdentifier.load(identifier, strict=True).dotted)


def octets(value: core.Asn1Value) -> bytes:
    """The bytes of a required OCTET STRING. Raises one of MALFORMED."""
    content = value.native
    if not isinstance(content, bytes):
        raise ValueError("a part of it is missing")
    return content


def identifies(identifier: core.Choice, certificate: x509.Certificate) -> bool:
    """Whether a signer's or recipient's identifier is that of this certificate. Raises one of MALFORMED."""
    chosen = identifier.chosen
    if identifier.name == "subject_key_identifier":
        return bool(key_identifier(certificate) == chosen.native)
    is_its_number = certificate.serial_number == chosen["serial_number"].native
    return bool(is_its_number and certificate.issuer.public_bytes() == chosen["issuer"].dump())


def key_identifier(certificate: x509.Certificate) -> bytes | None:
    """The subject key identifier of a certificate. Raises one of MALFORMED."""
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return None


def reason(error: Exception) -> str:
    """The message of one of MALFORMED, for use in a sentence: its first line, without the full stop."""
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".")[:200] if lines else "its structure is damaged"


#: Hexadecimal digits of the digest of an issuer's name.
_DIGITS = 16


def issuer_and_serial(issuer: bytes, serial: str) -> str:
    """Return the name by issuer (DER) and serial number (lower-case hex)."""
    return f"{serial}/{hashlib.sha256(issuer).hexdigest()[:_DIGITS]}"


def names_of(certificate: x509.Certificate) -> tuple[str, str | None]:
    """Return the name of a certificate by issuer and serial number, and its subject key identifier, if it has one."""
    named = issuer_and_serial(certificate.issuer.public_bytes(), f"{certificate.serial_number:x}")
    try:
        key_id = key_identifier(certificate)
    except MALFORMED:
        key_id = None
    return named, None if key_id is None else key_id.hex()


def envelope(data: bytes, *recipients: x509.Certificate) -> bytes:
    """Encrypt `data` for the recipients, with a fresh key at each call. Raises Invalid if a recipient's key is not
    RSA.
    """
    # Written here: cryptography's builder takes twice as long as the encryption.
    key, iv = random_octets(32), random_octets(_BLOCK)
    short = _BLOCK - len(data) % _BLOCK
    encryptor = Cipher(AES256(key), CBC(iv)).encryptor()
    content = encryptor.update(data + bytes((short,)) * short) + encryptor.finalize()
    infos = []
    for named, public_key in map(_recipient, recipients):
        infos.append(element(SEQUENCE, _VERSION_0, named, _BY_RSA[1], element(OCTETS, encrypted_for(public_key, key))))
    cipher = element(SEQUENCE, _AES256_CBC, element(OCTETS, iv))
    inner = element(SEQUENCE, _DATA, cipher, element(_IN_ONE_PIECE, content))
    sealed = element(SEQUENCE, _VERSION_0, element(SET, *sorted(infos)), inner)
    return element(SEQUENCE, _ENVELOPED_DATA, element(TAG_0, sealed))


@lru_cache(maxsize=64)
def _recipient(certificate: x509.Certificate) -> tuple[bytes, RSAPublicKey]:
    """Return the name of a certificate by issuer and serial number (DER), and its key. Several envelopes for one
    device are made one after the other.
    """
    public_key = certificate.public_key()
    if not isinstance(public_key, RSAPublicKey):
        raise Invalid("Secrets can be encrypted only for a certificate with an RSA key.", target="recipient")
    number = certificate.serial_number
    serial = element(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True))
    return element(SEQUENCE, certificate.issuer.public_bytes(), serial), public_key


def check_recipient(certificate: x509.Certificate) -> None:
    """Raise Invalid for a certificate for which nothing can be encrypted, as its key is not RSA."""
    _recipient(certificate)


def open_envelope(
    data: bytes, *, certificate: x509.Certificate, key: PrivateKey, refused: Collection[str] = ()
) -> bytes:
    """Decrypt an envelope for the holder of this certificate and key. `refused`: ciphers that are not accepted.

    Raises UnknownAlgorithm for unknown and refused ciphers; Invalid for bytes that are not an envelope, for an envelope
    for other recipients, and for one that cannot be opened. The latter has one message for every reason, because a
    sender who learns the reason can use it to decrypt the envelopes of others (RFC 3218).
    """
    try:
        sealed = _usual(check_size(data, largest=LARGEST_ENVELOPE), certificate) or _unusual(data, certificate)
    except MALFORMED as error:
        raise Invalid(f"This is no CMS envelope that can be read: {reason(error)}.") from None
    if sealed.cipher not in _KEY_SIZES or sealed.cipher in refused:
        known = ", ".join(key_size for key_size in _KEY_SIZES if key_size not in refused)
        raise UnknownAlgorithm(f"The envelope's cipher is {sealed.cipher}; known are {known}.")
    if not isinstance(key, RSAPrivateKey):
        raise Invalid("Only the holder of an RSA key can open an envelope.", target="recipient")
    try:
        # OpenSSL rejects implicitly: a key in a wrong padding comes out as another key, not as an error.
        content_key = key.decrypt(sealed.key, _PKCS1)
        if len(content_key) != _KEY_SIZES[sealed.cipher]:
            raise ValueError("another key")
        return _decrypt(sealed.content, cipher=_cipher(sealed.cipher, content_key), iv=sealed.iv)
    except ValueError:
        raise Invalid(NOT_OPENED) from None


@dataclass(frozen=True, slots=True)
class _Sealed:
    """The parts of an envelope: the key sealed for one recipient, the cipher by asn1crypto's name."""

    key: bytes
    cipher: str
    iv: bytes
    content: bytes


def _usual(data: bytes, certificate: x509.Certificate) -> _Sealed | None:
    """Read an envelope in DER for one recipient, who is named by issuer and serial number, as nearly all are; None for
    any other. asn1crypto takes longer for it than its decryption takes. Both readers agree on what this one reads.
    """
    try:
        outer = Part(Part(data).take_last(SEQUENCE))
        outer.skip(_ENVELOPED_DATA)
        sealed = Part(Part(outer.take_last(TAG_0)).take_last(SEQUENCE))
        sealed.take(INTEGER)  # the version shows in the rest
        recipient = Part(Part(sealed.take(SET)).take_last(SEQUENCE))
        recipient.take(INTEGER)
        named = Part(recipient.take(SEQUENCE))
        issuer, serial = named.take_whole(SEQUENCE), int.from_bytes(named.take_last(INTEGER), "big", signed=True)
        by_rsa = recipient.take_whole(SEQUENCE) in _BY_RSA
        key = recipient.take_last(OCTETS)
        inner = Part(sealed.take_last(SEQUENCE))
        inner.skip(_DATA)
        algorithm = Part(inner.take(SEQUENCE))
        cipher, iv = _CIPHERS[algorithm.take_whole(IDENTIFIER)], algorithm.take_last(OCTETS)
        content = inner.take_last(_IN_ONE_PIECE)
    except (Malformed, KeyError):
        return None
    is_for_it = certificate.serial_number == serial and certificate.issuer.public_bytes() == issuer
    return _Sealed(key, cipher, iv, content) if by_rsa and is_for_it else None


def _unusual(data: bytes, certificate: x509.Certificate) -> _Sealed:
    """Read an envelope in any form that asn1crypto knows. Raises one of MALFORMED, Invalid or UnknownAlgorithm."""
    sealed = content_of(data, "enveloped_data", largest=LARGEST_ENVELOPE)
    key = _encrypted_key(sealed["recipient_infos"], certificate)
    info = sealed["encrypted_content_info"]
    algorithm = info["content_encryption_algorithm"]
    name = str(algorithm["algorithm"].native)
    if name not in _KEY_SIZES:
        return _Sealed(key, name, b"", b"")
    return _Sealed(key, name, octets(algorithm["parameters"]), octets(info["encrypted_content"]))


def _encrypted_key(recipients: cms.RecipientInfos, certificate: x509.Certificate) -> bytes:
    """The encrypted content key of the first matching recipient: only one, so that a message costs one decryption."""
    for recipient in recipients:
        if recipient.name == "ktri" and identifies(recipient.chosen["rid"], certificate):
            algorithm = recipient.chosen["key_encryption_algorithm"]["algorithm"].native
            if algorithm != "rsaes_pkcs1v15":
                raise UnknownAlgorithm(
                    f"The envelope's key is encrypted with {algorithm}; only RSA PKCS#1 v1.5 is supported."
                )
            return octets(recipient.chosen["encrypted_key"])
    raise Invalid(
        f"The envelope is for other recipients, not for the certificate {certificate.serial_number:x} of "
        f"{certificate.issuer.rfc4514_string()}.",
        target="recipient",
    )


def _cipher(name: str, key: bytes) -> BlockCipherAlgorithm:
    if name == "des":
        return TripleDES(key * 3)  # three times the same key is single DES
    return TripleDES(key) if name == "tripledes_3key" else AES(key)


def _decrypt(content: bytes, *, cipher: BlockCipherAlgorithm, iv: bytes) -> bytes:
    decryptor = Cipher(cipher, CBC(iv)).decryptor()
    padded = decryptor.update(content) + decryptor.finalize()
    unpadder = PKCS7(cipher.block_size).unpadder()
    return unpadder.update(padded) + unpadder.finalize()
