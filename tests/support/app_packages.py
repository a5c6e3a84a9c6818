"""Files of apps in the encrypted form in which they are uploaded, made without the emulator's own code."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7


@dataclass(frozen=True, slots=True)
class Package:
    """An encrypted file, and what Graph is told of it."""

    plain: bytes
    encrypted: bytes
    encryption: dict[str, Any]

    def announced(self, **changes: Any) -> dict[str, Any]:
        """Return the body that announces the file."""
        return {
            "@odata.type": "#microsoft.graph.mobileAppContentFile",
            "name": "IntunePackage.intunewin",
            "size": len(self.plain),
            "sizeEncrypted": len(self.encrypted),
            "manifest": None,
            "isDependency": False,
            **changes,
        }


def package(plain: bytes = b"the setup program " * 1000) -> Package:
    """Return a file encrypted with new keys."""
    key, mac_key, vector = os.urandom(32), os.urandom(32), os.urandom(16)
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES256(key), modes.CBC(vector)).encryptor()
    ciphertext = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    mac = hmac.digest(mac_key, vector + ciphertext, hashlib.sha256)
    encryption = {
        "encryptionKey": _text(key),
        "macKey": _text(mac_key),
        "initializationVector": _text(vector),
        "mac": _text(mac),
        "profileIdentifier": "ProfileVersion1",
        "fileDigest": _text(hashlib.sha256(plain).digest()),
        "fileDigestAlgorithm": "SHA256",
    }
    return Package(plain, mac + vector + ciphertext, encryption)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
