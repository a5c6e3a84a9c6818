"""The encrypted form of an app's file, and the check of one that was uploaded.

An encrypted file is an HMAC-SHA256 (32 bytes), an initialisation vector (16 bytes) and the file in AES-256-CBC with
PKCS#7 padding. The HMAC covers what follows it; the digest is that of the plain file. Sources: Graph:
fileEncryptionInfo; the files that Microsoft's Win32 Content Prep Tool writes (.intunewin).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from fauxtune.core.errors import Invalid

_MAC, _VECTOR, _BLOCK = 32, 16, 128
#: The members of fileEncryptionInfo that hold bytes, and how many.
_LENGTHS = {
    "encryptionKey": 32,
    "macKey": 32,
    "initializationVector": _VECTOR,
    "mac": _MAC,
    "fileDigest": 32,
}
_TEXTS = {"profileIdentifier": "ProfileVersion1", "fileDigestAlgorithm": "SHA256"}


@dataclass(frozen=True, slots=True)
class Encryption:
    """How a file was encrypted, and the digest of the plain file. Graph: fileEncryptionInfo."""

    encryption_key: bytes
    mac_key: bytes
    vector: bytes
    mac: bytes
    digest: bytes

    @classmethod
    def of_document(cls, document: Mapping[str, Any]) -> Encryption:
        """Read Graph's form. Raises Invalid for what could encrypt no file."""
        values = {name: _bytes(document.get(name), name, length=length) for name, length in _LENGTHS.items()}
        for name, right in _TEXTS.items():
            if document.get(name) != right:
                raise Invalid(f"fileEncryptionInfo.{name} must be '{right}'.", target=f"fileEncryptionInfo/{name}")
        return cls(*values.values())


class ContentCheck:
    """The check of one encrypted file, which comes in pieces of any size. It keeps none of them."""

    def __init__(self, encryption: Encryption, *, size: int, size_encrypted: int) -> None:
        """`size`, `size_encrypted`: the bytes of the plain file and of the encrypted one, as the file was announced."""
        self._encryption = encryption
        self._size = size
        self._size_encrypted = size_encrypted
        self._head = b""
        self._length = 0
        self._plain = 0
        self._mac = hmac.new(encryption.mac_key, digestmod=hashlib.sha256)
        self._digest, self._served = hashlib.sha256(), hashlib.sha256()
        cipher = Cipher(algorithms.AES256(encryption.encryption_key), modes.CBC(encryption.vector))
        self._decryptor = cipher.decryptor()
        self._unpadder = PKCS7(_BLOCK).unpadder()

    def update(self, piece: bytes) -> None:
        """Take the next piece."""
        self._length += len(piece)
        self._served.update(piece)
        missing = _MAC + _VECTOR - len(self._head)
        if missing > 0:
            self._head += piece[:missing]
            piece = piece[missing:]
            if len(self._head) < _MAC + _VECTOR:
                return
            self._mac.update(self._head[_MAC:])
        self._mac.update(piece)
        self._take(self._unpadder.update(self._decryptor.update(piece)))

    def served_digest(self) -> str:
        """Return the SHA-256 of the encrypted file, in hexadecimal digits."""
        return self._served.hexdigest()

    def problem(self) -> str | None:
        """Return why the file cannot be accepted, None if it can. Nothing can be added afterwards."""
        if self._length != self._size_encrypted:
            return f"{self._length} bytes were uploaded; sizeEncrypted says {self._size_encrypted}"
        if len(self._head) < _MAC + _VECTOR:
            return "the file is too short to be an encrypted one"
        if self._head[_MAC:] != self._encryption.vector:
            return "the initialisation vector in the file is not that of fileEncryptionInfo"
        if not hmac.compare_digest(self._head[:_MAC], self._encryption.mac):
            return "the HMAC at the beginning of the file is not that of fileEncryptionInfo"
        if not hmac.compare_digest(self._mac.digest(), self._encryption.mac):
            return "the HMAC of the file is another one: the macKey is wrong, or the file was changed"
        try:
            self._take(self._unpadder.update(self._decryptor.finalize()) + self._unpadder.finalize())
        except ValueError:
            return "the file cannot be decrypted with the encryptionKey"
        if self._plain != self._size:
            return f"the decrypted file has {self._plain} bytes; size says {self._size}"
        if self._digest.digest() != self._encryption.digest:
            return "the SHA-256 of the decrypted file is not fileDigest"
        return None

    def _take(self, plain: bytes) -> None:
        self._plain += len(plain)
        self._digest.update(plain)


def _bytes(value: object, name: str, *, length: int) -> bytes:
    try:
        content = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except (binascii.Error, ValueError):
        content = b""
    if len(content) != length:
        raise Invalid(
            f"fileEncryptionInfo.{name} must be {length} bytes in base64.", target=f"fileEncryptionInfo/{name}"
        )
    return content
