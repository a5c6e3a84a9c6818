"""The content encryption of envelopes: AES and triple DES in CBC mode (RFC 3565, RFC 3370), AES-GCM (RFC 5084)."""

from __future__ import annotations

import os
from typing import Any

from asn1crypto import algos, core
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.padding import PKCS7

from fauxtune_sim.cms.algorithms import cipher_name
from fauxtune_sim.cms.ciphers import CBC, GCM, NamedCipher
from fauxtune_sim.cms.der import SEQUENCE
from fauxtune_sim.cms.messages import Envelope
from fauxtune_sim.errors import CmsRefused

_NONCE_BYTES = 12
_TAG_BYTES = 16
#: The length of a tag unless the parameters name another (RFC 5084 3.2).
_SHORTEST_TAG_BYTES = 12


class _GcmParameters(core.Sequence):  # type: ignore[misc]
    """GCMParameters (RFC 5084 3.2)."""

    _fields = [  # noqa: RUF012 - asn1crypto's way of declaring
        ("nonce", core.OctetString),
        ("icv_len", core.Integer, {"default": 12}),
    ]


def decrypt_content(envelope: Envelope, key: bytes) -> bytes:
    """Decrypt the content of an EnvelopedData. Raises CmsRefused if the key or the cipher does not fit."""
    name = _known_name(envelope, CBC, key=key)
    cipher = _block_cipher(name, key)
    reader = Cipher(cipher, modes.CBC(envelope.cipher.required_parameters().octets())).decryptor()
    unpadder = PKCS7(cipher.block_size).unpadder()
    data = reader.update(envelope.content) + reader.finalize()
    return unpadder.update(data) + unpadder.finalize()


def decrypt_authenticated(envelope: Envelope, key: bytes) -> bytes:
    """Decrypt the content of an AuthEnvelopedData. Raises CmsRefused, or InvalidTag if the content was changed."""
    _known_name(envelope, GCM, key=key)
    nonce, *length = envelope.cipher.required_parameters().children(SEQUENCE)
    tag = envelope.tag or b""
    if len(tag) != (length[0].integer() if length else _SHORTEST_TAG_BYTES):
        raise CmsRefused("the authentication tag has another length than the envelope says")
    mode = modes.GCM(nonce.octets(), tag, min_tag_length=_SHORTEST_TAG_BYTES)
    reader = Cipher(algorithms.AES(key), mode).decryptor()
    if envelope.attributes is not None:
        reader.authenticate_additional_data(envelope.attributes)
    return reader.update(envelope.content) + reader.finalize()


def _known_name(envelope: Envelope, lengths: dict[str, int], *, key: bytes) -> str:
    name = cipher_name(envelope.cipher)
    if name not in lengths:
        raise CmsRefused(f"the content cipher {name} is not supported")
    if len(key) != lengths[name]:
        # With PKCS#1 v1.5 a wrong key yields random bytes rather than an error.
        raise CmsRefused("the content key does not fit: the envelope was made for another key")
    return name


def _block_cipher(name: str, key: bytes) -> BlockCipherAlgorithm:
    # Triple DES with one key three times is single DES.
    return algorithms.AES(key) if name.startswith("aes") else TripleDES(key * (24 // len(key)))


def encrypt_content(content: bytes, key: bytes, *, cipher: NamedCipher) -> dict[str, Any]:
    """The EncryptedContentInfo of an EnvelopedData, for asn1crypto; `cipher` is one in CBC mode."""
    block = _block_cipher(cipher.asn1_name, key)
    iv = os.urandom(block.block_size // 8)
    padder = PKCS7(block.block_size).padder()
    writer = Cipher(block, modes.CBC(iv)).encryptor()
    encrypted = writer.update(padder.update(content) + padder.finalize()) + writer.finalize()
    return {
        "content_type": "data",
        "content_encryption_algorithm": {"algorithm": cipher.asn1_name, "parameters": iv},
        "encrypted_content": encrypted,
    }


def encrypt_authenticated(content: bytes, key: bytes, *, cipher: NamedCipher) -> tuple[dict[str, Any], bytes]:
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
