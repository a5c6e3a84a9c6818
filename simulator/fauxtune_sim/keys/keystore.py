"""The key store of a device: managed aliases with their private keys, and trusted certificates.

Modelled on Android's KeyChain (DevicePolicyManager.installKeyPair, removeKeyPair, installCaCert): an alias names one
key with its certificate and chain, installing an existing alias overwrites it, trusted certificates are named by the
SHA-256 of their DER.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from cryptography.x509.oid import NameOID

from fauxtune_sim.errors import StateBroken
from fauxtune_sim.keys.certificates import PrivateKey, addresses, issuer, load_certificate, subject, thumbprint, usage


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One alias as it is stored: DER bytes, the key as PKCS#8.

    `source` is `pkcs`, `imported` or `scep`; `digest` is the SHA-256 of the delivery that the alias was installed from,
    by which a changed delivery is recognised. On a Mac `open_to_all` allows every application to use the key without
    asking, and `extractable` allows its export from the keychain.
    """

    alias: str
    source: str
    certificate: bytes
    key: bytes = field(repr=False)
    chain: tuple[bytes, ...] = ()
    intended_purpose: str | None = None
    profile_id: str | None = None
    digest: str = ""
    open_to_all: bool = False
    extractable: bool = True

    @property
    def sha1(self) -> str:
        """The certificate's thumbprint, lower-case hex."""
        return hashlib.sha1(self.certificate, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Identity:
    """One alias with parsed certificate, key and chain."""

    alias: str
    source: str
    certificate: x509.Certificate
    key: PrivateKey
    chain: tuple[x509.Certificate, ...] = ()
    intended_purpose: str | None = None

    @property
    def thumbprint(self) -> str:
        """SHA-1 of the certificate, lower-case hex."""
        return thumbprint(self.certificate)


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """A request by SCEP that the authority has not decided, and the key that waits for its certificate: DER, keys as
    PKCS#8. `certificate` and `signer` signed the request; `since` is an ISO text on the tenant's clock.
    """

    request: bytes = field(repr=False)
    key: bytes = field(repr=False)
    certificate: bytes
    signer: bytes = field(repr=False)
    message_type: str
    transaction: str
    since: str


@dataclass(slots=True)
class KeyStore:
    """The key store of one device. Not thread-safe; a device is one task."""

    entries: dict[str, KeyEntry] = field(default_factory=dict)
    trusted: dict[str, bytes] = field(default_factory=dict)
    #: By `ScepSettings.identifier`.
    pending: dict[str, PendingRequest] = field(default_factory=dict)
    _opened: dict[str, Identity] = field(default_factory=dict)

    def install(self, entry: KeyEntry) -> None:
        """Put a key under its alias; an existing alias is overwritten."""
        self._opened.pop(entry.alias, None)
        self.entries[entry.alias] = entry

    def remove(self, alias: str) -> bool:
        """Remove an alias with its key; False if it was not there."""
        self._opened.pop(alias, None)
        return self.entries.pop(alias, None) is not None

    def trust(self, der: bytes) -> str:
        """Trust a CA certificate. Returns its SHA-256."""
        sha256 = hashlib.sha256(der).hexdigest()
        self.trusted[sha256] = der
        return sha256

    def distrust(self, sha256: str) -> bool:
        """Stop trusting a CA certificate; False if it was not trusted."""
        return self.trusted.pop(sha256, None) is not None

    def clear(self) -> None:
        """Remove everything."""
        self.entries.clear()
        self.trusted.clear()
        self.pending.clear()
        self._opened.clear()

    @property
    def is_empty(self) -> bool:
        """Whether there is neither a key nor a trusted certificate."""
        return not self.entries and not self.trusted

    def identity(self, alias: str) -> Identity:
        """The identity of an alias. Raises KeyError if there is no such alias."""
        opened = self._opened.get(alias)
        if opened is None:
            opened = self._opened[alias] = _open(self.entries[alias])
        return opened

    def identities(self) -> Iterator[Identity]:
        """The identities of all aliases, in the order of installation."""
        return (self.identity(alias) for alias in self.entries)

    def choose(self, certificate_thumbprint: str) -> Identity | None:
        """The identity with this certificate (SHA-1, upper or lower case), or None."""
        sha1 = certificate_thumbprint.lower()
        return next((self.identity(entry.alias) for entry in self.entries.values() if entry.sha1 == sha1), None)

    def trusted_certificates(self) -> tuple[x509.Certificate, ...]:
        """The trusted CA certificates, both roots and intermediates."""
        return tuple(map(load_certificate, self.trusted.values()))

    def listing(self) -> list[dict[str, Any]]:
        """`[{"alias","source","thumbprint","subject","issuer","emailAddresses","usage","notAfter","intendedPurpose",
        "hasKey"}]`, roots first. `usage` is that of `certificates.usage`, null if the certificate cannot be read.
        """
        roots = [_row(f"root-{sha256}", x509.load_der_x509_certificate(der)) for sha256, der in self.trusted.items()]
        return roots + [
            _row(identity.alias, identity.certificate, source=identity.source)
            | {"intendedPurpose": identity.intended_purpose, "hasKey": True}
            for identity in self.identities()
        ]

    def document(self) -> dict[str, Any]:
        """The store as JSON, private keys included: write it to files of mode 0600 only."""
        return {
            "entries": [
                {
                    "alias": entry.alias,
                    "source": entry.source,
                    "certificate": _text(entry.certificate),
                    "key": _text(entry.key),
                    "chain": [_text(der) for der in entry.chain],
                    "intendedPurpose": entry.intended_purpose,
                    "profileId": entry.profile_id,
                    "digest": entry.digest,
                    "openToAll": entry.open_to_all,
                    "extractable": entry.extractable,
                }
                for entry in self.entries.values()
            ],
            "trusted": [_text(der) for der in self.trusted.values()],
            "pending": {
                name: {each: _text(value) if isinstance(value, bytes) else value for each, value in asdict(one).items()}
                for name, one in self.pending.items()
            },
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> KeyStore:
        """Read the JSON of `document`. Raises StateBroken if it has another form."""
        store = cls()
        try:
            for row in document["entries"]:
                store.install(
                    KeyEntry(
                        alias=row["alias"],
                        source=row["source"],
                        certificate=base64.b64decode(row["certificate"]),
                        key=base64.b64decode(row["key"]),
                        chain=tuple(base64.b64decode(text) for text in row["chain"]),
                        intended_purpose=row["intendedPurpose"],
                        profile_id=row["profileId"],
                        digest=row["digest"],
                        open_to_all=row.get("openToAll", False),
                        extractable=row.get("extractable", True),
                    )
                )
            for der in document["trusted"]:
                store.trust(base64.b64decode(der))
            for name, row in document.get("pending", {}).items():
                store.pending[name] = _pending(row)
        except (KeyError, TypeError, ValueError) as broken:
            raise StateBroken(f"the key store's file is damaged: {broken!r}") from broken
        return store


def _pending(row: dict[str, str]) -> PendingRequest:
    binary = {name: base64.b64decode(row[name]) for name in ("request", "key", "certificate", "signer")}
    return PendingRequest(
        **binary, message_type=row["message_type"], transaction=row["transaction"], since=row["since"]
    )


def _open(entry: KeyEntry) -> Identity:
    # The key came out of a PFX that was verified; checking its primes again would cost 36 ms for each.
    key = load_der_private_key(entry.key, None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise StateBroken(f"the key of {entry.alias} is neither RSA nor EC")
    return Identity(
        alias=entry.alias,
        source=entry.source,
        certificate=x509.load_der_x509_certificate(entry.certificate),
        key=key,
        chain=tuple(x509.load_der_x509_certificate(der) for der in entry.chain),
        intended_purpose=entry.intended_purpose,
    )


def _row(alias: str, certificate: x509.Certificate, *, source: str = "root") -> dict[str, Any]:
    return {
        "alias": alias,
        "source": source,
        "thumbprint": thumbprint(certificate),
        "subject": subject(certificate),
        "issuer": issuer(certificate),
        **_extensions(certificate),
        "notAfter": certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "intendedPurpose": None,
        "hasKey": False,
    }


def _extensions(certificate: x509.Certificate) -> dict[str, Any]:
    try:
        return {"emailAddresses": list(addresses(certificate)), "usage": usage(certificate)}
    except ValueError:  # an extension that cannot be parsed: the device has the certificate all the same
        return {"emailAddresses": [], "usage": None}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


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
