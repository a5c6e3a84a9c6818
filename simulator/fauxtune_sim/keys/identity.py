"""The keys that a device makes, the request for its identity certificate, and a ring of keys for fleets.

Making a key costs 40 ms; the devices of a fleet share a ring of keys, unless each gets its own.
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from cryptography.x509.oid import NameOID

from fauxtune_sim.errors import StateBroken

#: Bits of the keys of identities, and of those that most profiles ask for.
KEY_SIZE = 2048


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """The identity certificate from the enrolment, with its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


class KeyRing:
    """Keys for many devices: `size` keys in turn, or a new key each time if `size` is None.

    The keys are made when they are first taken, or all at once by `fill`.
    """

    def __init__(self, size: int | None = None) -> None:
        self._size = size
        self._keys: list[rsa.RSAPrivateKey] = []
        self._turn = itertools.count()

    async def fill(self) -> None:
        """Make the keys of the ring, in threads: OpenSSL releases the interpreter lock."""
        missing = (self._size or 0) - len(self._keys)
        self._keys += await asyncio.gather(*(asyncio.to_thread(new_key) for _ in range(missing)))

    async def take(self, size: int = KEY_SIZE) -> rsa.RSAPrivateKey:
        """The next key of the ring, or a new one; keys of another size than the usual one are always new."""
        if size != KEY_SIZE:
            return await asyncio.to_thread(new_key, size)
        number = next(self._turn)
        if self._size is not None and len(self._keys) >= self._size:
            return self._keys[number % self._size]
        key = await asyncio.to_thread(new_key)
        if self._size is not None and len(self._keys) < self._size:
            self._keys.append(key)
        return key


def new_key(size: int = KEY_SIZE) -> rsa.RSAPrivateKey:
    """Make an RSA key; blocks for about 40 ms, with 4,096 bits for about 500."""
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


def certificate_request(key: rsa.RSAPrivateKey, common_name: str) -> bytes:
    """A PKCS#10 request (RFC 2986), DER."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])
    return (
        x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    )


def key_to_der(key: rsa.RSAPrivateKey) -> bytes:
    """The key as PKCS#8, unencrypted: write it to files of mode 0600 only."""
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def key_from_der(der: bytes) -> rsa.RSAPrivateKey:
    """Read a key from the PKCS#8 of `key_to_der`, without testing its primes, which were tested when it was made."""
    key = load_der_private_key(der, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise StateBroken("the device's identity key is not an RSA key")
    return key
