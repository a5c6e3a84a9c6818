"""PKCS#12 files whose salts and vectors come from work that can be repeated (`core.chance`).

The library's writer, which everybody else's files come from (`pfx.write_pfx`), takes its salts from nowhere else than
the operating system. The files have the same structure and the same algorithms (RFC 7292; RFC 8018).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from asn1crypto import algos, cms, core, pkcs12
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.fresh import random_octets
from fauxtune.core.pki.pbe import IV, KEY, MAC, pkcs12_key

_SALT = 16
#: RFC 8018 B.1.2: with NULL.
_SHA256 = {"algorithm": "sha256", "parameters": core.Null()}
_PBE = "pkcs12_sha1_tripledes_3key"


def write_repeated(
    *, key: PrivateKey, certificates: Sequence[x509.Certificate], password: str, name: str, rounds: int, legacy: bool
) -> bytes:
    """Return the file, as `pfx.write_pfx` describes it. `certificates`: that of the key first."""
    local = hashlib.sha1(certificates[0].public_bytes(serialization.Encoding.DER), usedforsecurity=False).digest()
    attributes = pkcs12.Attributes(
        [
            {"type": "local_key_id", "values": [core.OctetString(local)]},
            {"type": "friendly_name", "values": [core.BMPString(name)]},
        ]
    )
    bags = [_certificate_bag(one, attributes if place == 0 else None) for place, one in enumerate(certificates)]
    plain = pkcs12.SafeContents(bags).dump()
    algorithm, sealed = _encrypted(plain, password, rounds=rounds, legacy=legacy)
    encrypted = cms.EncryptedData(
        {
            "version": "v0",
            "encrypted_content_info": {
                "content_type": "data",
                "content_encryption_algorithm": algorithm,
                "encrypted_content": sealed,
            },
        }
    )
    pkcs8 = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    algorithm, shrouded = _encrypted(pkcs8, password, rounds=rounds, legacy=legacy)
    key_bag = pkcs12.SafeBag(
        {
            "bag_id": "pkcs8_shrouded_key_bag",
            "bag_value": {"encryption_algorithm": algorithm, "encrypted_data": shrouded},
            "bag_attributes": attributes,
        }
    )
    content = pkcs12.AuthenticatedSafe(
        [
            {"content_type": "encrypted_data", "content": encrypted},
            {"content_type": "data", "content": pkcs12.SafeContents([key_bag]).dump()},
        ]
    ).dump()
    result: bytes = pkcs12.Pfx(
        {
            "version": "v3",
            "auth_safe": {"content_type": "data", "content": content},
            "mac_data": _mac(content, password, rounds=rounds, digest="sha1" if legacy else "sha256"),
        }
    ).dump()
    return result


def _certificate_bag(certificate: x509.Certificate, attributes: pkcs12.Attributes | None) -> pkcs12.SafeBag:
    value = {"cert_id": "x509", "cert_value": asn1_x509.Certificate.load(certificate.public_bytes(_DER))}
    bag = {"bag_id": "cert_bag", "bag_value": value}
    return pkcs12.SafeBag(bag if attributes is None else bag | {"bag_attributes": attributes})


_DER = serialization.Encoding.DER


def _encrypted(plain: bytes, password: str, *, rounds: int, legacy: bool) -> tuple[algos.EncryptionAlgorithm, bytes]:
    """Encrypt by PBES2 with AES-256, or by 3DES and SHA-1."""
    if legacy:
        salt = random_octets(_SALT)[:8]
        key, iv = (
            pkcs12_key(_bmp(password), salt, purpose=purpose, rounds=rounds, size=size, algorithm="sha1")
            for purpose, size in ((KEY, 24), (IV, 8))
        )
        named = {"algorithm": _PBE, "parameters": {"salt": salt, "iterations": rounds}}
        return algos.EncryptionAlgorithm(named), _under(TripleDES(key), plain, iv=iv)
    salt, iv = random_octets(_SALT), random_octets(_SALT)
    key = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds, 32)
    derivation = {"salt": algos.Pbkdf2Salt("specified", salt), "iteration_count": rounds, "prf": _SHA256}
    named = {
        "algorithm": "pbes2",
        "parameters": {
            "key_derivation_func": {"algorithm": "pbkdf2", "parameters": derivation},
            "encryption_scheme": {"algorithm": "aes256_cbc", "parameters": iv},
        },
    }
    return algos.EncryptionAlgorithm(named), _under(AES256(key), plain, iv=iv)


def _under(cipher: BlockCipherAlgorithm, plain: bytes, *, iv: bytes) -> bytes:
    padder, encryptor = PKCS7(cipher.block_size).padder(), Cipher(cipher, CBC(iv)).encryptor()
    return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()


def _mac(content: bytes, password: str, *, rounds: int, digest: str) -> pkcs12.MacData:
    salt, size = random_octets(_SALT), hashlib.new(digest).digest_size
    key = pkcs12_key(_bmp(password), salt, purpose=MAC, rounds=rounds, size=size, algorithm=digest)
    digest_info = {"digest_algorithm": {"algorithm": digest}, "digest": hmac.digest(key, content, digest)}
    return pkcs12.MacData({"mac": digest_info, "mac_salt": salt, "iterations": rounds})


def _bmp(password: str) -> bytes:
    return password.encode("utf-16-be") + b"\0\0"
