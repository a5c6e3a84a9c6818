"""The content encryption of envelopes: AES and triple DES in CBC mode (RFC 3565, RFC 3370), AES-GCM (RFC 5084)."""

from __future__ import annotations

import os
from typing import Any

from asn1crypto import algos, core
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.padding import PKCS7

from fauxtune_sim.ciphers import CBC, GCM, ContentCipher
from fauxtune_sim.errors import CmsRefused

_NONCE_BYTES = 12
_TAG_BYTES = 16


class _GcmParameters(core.Sequence):  # type: ignore[misc]
    """GCMParameters (RFC 5084 3.2)."""

    _fields = [  # noqa: RUF012 - asn1crypto's way of declaring
        ("nonce", core.OctetString),
        ("icv_len", core.Integer, {"default": 12}),
    ]


def decrypt_content(info: Any, key: bytes) -> bytes:
    """Decrypt the EncryptedContentInfo of an EnvelopedData. Raises CmsRefused if the key or the cipher does not fit."""
    algorithm = info["content_encryption_algorithm"]
    name = _known_name(algorithm, CBC, key=key)
    # Triple DES with one key three times is single DES.
    cipher = algorithms.AES(key) if name.startswith("aes") else TripleDES(key * (24 // len(key)))
    reader = Cipher(cipher, modes.CBC(algorithm.encryption_iv)).decryptor()
    unpadder = PKCS7(cipher.block_size).unpadder()
    data = reader.update(info["encrypted_content"].native) + reader.finalize()
    return unpadder.update(data) + unpadder.finalize()


def decrypt_authenticated(enveloped: Any, key: bytes) -> bytes:
    """Decrypt the content of an AuthEnvelopedData. Raises CmsRefused, or InvalidTag if the content was changed."""
    info = enveloped["auth_encrypted_content_info"]
    algorithm = info["content_encryption_algorithm"]
    _known_name(algorithm, GCM, key=key)
    parameters = _GcmParameters.load(algorithm["parameters"].dump())
    tag = enveloped["mac"].native
    if len(tag) != parameters["icv_len"].native:
        raise CmsRefused("the authentication tag has another length than the envelope says")
    attributes = enveloped["auth_attrs"]
    # Authenticated as an explicit SET OF, carried with an implicit tag (RFC 5083 2.2).
    covered = None if isinstance(attributes, core.Void) else b"\x31" + attributes.dump()[1:]
    reader = Cipher(algorithms.AES(key), modes.GCM(parameters["nonce"].native, tag, min_tag_length=12)).decryptor()
    if covered is not None:
        reader.authenticate_additional_data(covered)
    return reader.update(info["encrypted_content"].native or b"") + reader.finalize()


def _known_name(algorithm: Any, lengths: dict[str, int], *, key: bytes) -> str:
    name = str(algorithm["algorithm"].native)
    if name not in lengths:
        raise CmsRefused(f"the content cipher {name} is not supported")
    if len(key) != lengths[name]:
        # With PKCS#1 v1.5 a wrong key yields random bytes rather than an error.
        raise CmsRefused("the content key does not fit: the envelope was made for another key")
    return name


def encrypt_content(content: bytes, key: bytes, *, cipher: ContentCipher) -> dict[str, Any]:
    """The EncryptedContentInfo of an EnvelopedData, for asn1crypto; `cipher` is one in CBC mode."""
    block = TripleDES(key) if cipher is ContentCipher.TRIPLE_DES_CBC else algorithms.AES(key)
    iv = os.urandom(block.block_size // 8)
    padder = PKCS7(block.block_size).padder()
    writer = Cipher(block, modes.CBC(iv)).encryptor()
    encrypted = writer.update(padder.update(content) + padder.finalize()) + writer.finalize()
    return {
        "content_type": "data",
        "content_encryption_algorithm": {"algorithm": cipher.asn1_name, "parameters": iv},
        "encrypted_content": encrypted,
    }


def encrypt_authenticated(content: bytes, key: bytes, *, cipher: ContentCipher) -> tuple[dict[str, Any], bytes]:
    """The EncryptedContentInfo of an AuthEnvelopedData, for asn1crypto, and its authentication tag."""
    nonce = os.urandom(_NONCE_BYTES)
    encrypted = AESGCM(key).encrypt(nonce, content, None)
    parameters = _GcmParameters({"nonce": nonce, "icv_len": _TAG_BYTES})
    info = {
        "content_type": "data",
        "content_encryption_algorithm": algos.EncryptionAlgorithm(
            {"algorithm": cipher.asn1_name, "parameters": parameters}
        ),
        "encrypted_content": encrypted[:-_TAG_BYTES],
    }
    return info, encrypted[-_TAG_BYTES:]
