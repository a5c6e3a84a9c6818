"""Read PKCS#12 files (RFC 7292) without testing RSA primes.

`cryptography` tests the primes of every RSA key that it loads, which takes 36 ms and holds the interpreter lock; a
fleet opens thousands of files. So AES-encrypted files (PBES2, RFC 8018) are read here; files with older ciphers are
left to `cryptography`. The MAC is verified in both cases.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from asn1crypto import algos, cms, pkcs12
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from cryptography.hazmat.primitives.serialization import pkcs12 as cryptography_pkcs12

from fauxtune_sim.errors import PfxPasswordWrong, PfxRefused, PfxWithoutIdentity
from fauxtune_sim.keys.certificates import PrivateKey, public_key_bytes

#: The exceptions that reading a damaged structure can raise.
_DAMAGE = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)
_MOST_ROUNDS = 10_000_000


@dataclass(frozen=True, slots=True)
class PfxContents:
    """The key of a file, its certificate, and the other certificates in their order. `name` is the certificate's
    friendlyName (PKCS#9), or an empty text.
    """

    key: PrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    name: str = ""

    def key_bytes(self) -> bytes:
        """The key as PKCS#8 DER, unencrypted."""
        return self.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


#: A certificate and its friendlyName.
_NamedCertificate = tuple[x509.Certificate, str]


class _OldCipher(Exception):
    """The file uses a cipher that only `cryptography` reads."""


def read_pfx(data: bytes, password: bytes) -> PfxContents:
    """Open a PKCS#12 file.

    `password` is the content of a password envelope: bytes, decoded as UTF-8 or, if that fails, as Latin-1. Raises
    PfxRefused for a damaged file, PfxPasswordWrong, or PfxWithoutIdentity.
    """
    refusal: PfxRefused = PfxPasswordWrong("the password is wrong (the MAC does not match)")
    for text in _decodings(password):
        try:
            return _read(data, text)
        except PfxRefused as refused:
            refusal = refused
    raise refusal


def _decodings(password: bytes) -> Iterator[str]:
    latin = password.decode("latin-1")
    try:
        utf8 = password.decode("utf-8")
    except UnicodeDecodeError:
        yield latin
        return
    yield utf8
    if utf8 != latin:
        yield latin


def _read(data: bytes, password: str) -> PfxContents:
    try:
        return _walk(data, password)
    except _OldCipher:
        return _read_old(data, password)
    except _DAMAGE as damaged:
        raise PfxRefused(f"this is not a readable PKCS#12 file: {damaged}") from damaged


def _walk(data: bytes, password: str) -> PfxContents:
    pfx = pkcs12.Pfx.load(data, strict=True)
    if pfx["auth_safe"]["content_type"].native != "data":
        raise _OldCipher
    content = pfx["auth_safe"]["content"].native
    _check_mac(pfx["mac_data"], content, password=password)
    keys: list[PrivateKey] = []
    certificates: list[_NamedCertificate] = []
    for safe in pkcs12.AuthenticatedSafe.load(content):
        for bag in pkcs12.SafeContents.load(_open_safe(safe, password)):
            _read_bag(bag, password, keys=keys, certificates=certificates)
    return _matched(keys, certificates)


def _check_mac(mac_data: Any, content: bytes, *, password: str) -> None:
    """Verify the file's MAC (RFC 7292 5.1, appendix B); a file without a MAC is accepted."""
    if not isinstance(mac_data, pkcs12.MacData):
        return
    name = mac_data["mac"]["digest_algorithm"]["algorithm"].native
    if name not in {"sha1", "sha224", "sha256", "sha384", "sha512"}:
        raise _OldCipher
    key = _derive(
        name,
        password.encode("utf-16-be") + b"\0\0",
        salt=mac_data["mac_salt"].native,
        rounds=_bounded(mac_data["iterations"].native),
    )
    if not hmac.compare_digest(hmac.digest(key, content, name), mac_data["mac"]["digest"].native):
        raise PfxPasswordWrong("the password is wrong (the MAC does not match)")


def _derive(name: str, password: bytes, *, salt: bytes, rounds: int) -> bytes:
    """Derive the MAC key (RFC 7292 B.2, ID 3); one block is enough, as the key is as long as the digest."""
    hashed = getattr(hashlib, name)  # hashlib.new would look for the name in each round
    block: int = hashed().block_size

    def filled(text: bytes) -> bytes:
        size = -(-len(text) // block) * block
        return (text * (size // max(len(text), 1) + 1))[:size]

    digest: bytes = b"\x03" * block + filled(salt) + filled(password)
    for _ in range(rounds):
        digest = hashed(digest).digest()
    return digest


def _bounded(rounds: int) -> int:
    if not 1 <= rounds <= _MOST_ROUNDS:
        raise PfxRefused(f"{rounds} rounds of key derivation are not plausible")
    return rounds


def _open_safe(safe: Any, password: str) -> bytes:
    if safe["content_type"].native == "data":
        return bytes(safe["content"].native)
    if safe["content_type"].native != "encrypted_data":
        raise PfxRefused(f"a part of the file is {safe['content_type'].native}, which devices do not read")
    inner: cms.EncryptedContentInfo = safe["content"]["encrypted_content_info"]
    return _decrypt(inner["content_encryption_algorithm"], inner["encrypted_content"].native, password=password)


def _read_bag(bag: Any, password: str, *, keys: list[PrivateKey], certificates: list[_NamedCertificate]) -> None:
    kind, value = bag["bag_id"].native, bag["bag_value"]
    if kind == "cert_bag":
        certificates.append((x509.load_der_x509_certificate(value["cert_value"].parsed.dump()), _friendly_name(bag)))
        return
    if kind == "pkcs8_shrouded_key_bag":
        der = _decrypt(value["encryption_algorithm"], value["encrypted_data"].native, password=password)
    elif kind == "key_bag":
        der = value.untag().dump()
    else:
        return
    key = load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    if isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        keys.append(key)


def _friendly_name(bag: Any) -> str:
    for attribute in bag["bag_attributes"]:
        if attribute["type"].native == "friendly_name":
            return "".join(attribute["values"].native)
    return ""


def _decrypt(algorithm: Any, data: bytes, *, password: str) -> bytes:
    """Decrypt PBES2 with PBKDF2 and AES-CBC (RFC 8018 6.2). Raises _OldCipher for anything else."""
    if algorithm["algorithm"].native != "pbes2":
        raise _OldCipher
    scheme: algos.EncryptionAlgorithm = algorithm["parameters"]["encryption_scheme"]
    if algorithm.kdf != "pbkdf2" or not scheme["algorithm"].native.startswith("aes") or scheme.encryption_mode != "cbc":
        raise _OldCipher
    key = hashlib.pbkdf2_hmac(
        algorithm.kdf_hmac, password.encode(), algorithm.kdf_salt, _bounded(algorithm.kdf_iterations), scheme.key_length
    )
    reader = Cipher(algorithms.AES(key), modes.CBC(scheme.encryption_iv)).decryptor()
    padding = PKCS7(128).unpadder()
    try:
        return padding.update(reader.update(data) + reader.finalize()) + padding.finalize()
    except ValueError as wrong:
        raise PfxPasswordWrong("the password is wrong (the contents do not decrypt)") from wrong


def _matched(keys: list[PrivateKey], certificates: list[_NamedCertificate]) -> PfxContents:
    if not keys:
        raise PfxWithoutIdentity("the file holds no private key")
    for key in keys:
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        for certificate, name in certificates:
            if public_key_bytes(certificate) == public:
                others = tuple(other for other, _name in certificates if other is not certificate)
                return PfxContents(key=key, certificate=certificate, chain=others, name=name)
    raise PfxWithoutIdentity("the file holds a private key, but no certificate that belongs to it")


def _read_old(data: bytes, password: str) -> PfxContents:
    try:
        loaded = cryptography_pkcs12.load_pkcs12(data, password.encode())
    except (ValueError, TypeError) as refused:
        raise PfxPasswordWrong(f"the file does not open with this password: {refused}") from refused
    certificates = [
        (bag.certificate, (bag.friendly_name or b"").decode(errors="replace"))
        for bag in (loaded.cert, *loaded.additional_certs)
        if bag is not None
    ]
    keys = [loaded.key] if isinstance(loaded.key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) else []
    return _matched(keys, certificates)
