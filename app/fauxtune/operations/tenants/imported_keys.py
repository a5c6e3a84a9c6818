"""The private keys that the rows of an imported document name: from the document, or those that the tenant has already.

A key of a document never takes the file of another tenant: where its name is in use it gets another one. It is on the
disk before a row names it; if the import fails, it is deleted again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from fauxtune.connector.keystore import SHARED, KeyStore
from fauxtune.core.errors import FauxtuneError
from fauxtune.core.model.ids import ConnectorId
from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.foreign import LARGEST_KEY
from fauxtune.operations.connectors.registry import ra_file
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants.keys import KeyFiles
from fauxtune.operations.tenants.state_reading import Mistakes, ReadDocument
from fauxtune.storage.tenant_state import Rows, columns

_PROOF = b"a private key of an imported document"


@dataclass(frozen=True, slots=True)
class _NamedKey:
    """A key that a row names, with its public half (SubjectPublicKeyInfo) and its column. None: no column has it."""

    store: str
    name: str
    public: bytes
    table: str
    number: int
    column: str | None


@dataclass(slots=True)
class PlacedKeys:
    """The keys that an import stores, and the rows with the names under which it stores them."""

    rows: Rows
    new: list[tuple[KeyStore, str, PrivateKey]] = field(default_factory=list)

    def store(self) -> None:
        """Write the new keys. Blocks. What was written is deleted again if one cannot be."""
        done = False
        try:
            for store, name, key in self.new:
                store.store(name, key)
            done = True
        finally:
            if not done:
                self.remove()

    def remove(self) -> None:
        """Delete the new keys: the import failed. Blocks."""
        for store, name, _ in self.new:
            store.delete(name)


def placed_keys(emulator: Emulator, document: ReadDocument, *, own: KeyFiles, mistakes: Mistakes) -> PlacedKeys:
    """Return the keys to store, and note mistakes. `own`: the keys that the tenant has already. Takes its time."""
    placing = _Placing(emulator, document, own=own, mistakes=mistakes)
    for named in _named_keys(document.state.rows):
        placing.place(named)
    for kind, keys in placing.given.items():
        for name in keys:
            if (kind, name) not in placing.names:
                mistakes.add("no row names this key", "keys", kind, name)
    return placing.result


class _Placing:
    """Finds each key that a row names. `names`: the name under which each key is or will be stored."""

    def __init__(self, emulator: Emulator, document: ReadDocument, *, own: KeyFiles, mistakes: Mistakes) -> None:
        self.given = document.keys or {}
        self.names: dict[tuple[str, str], str] = {}
        self.result = PlacedKeys({name: list(rows) for name, rows in document.state.rows.items()})
        self._emulator = emulator
        self._own = {"service": frozenset(own.service), "connector": frozenset(own.connector)}
        self._stores = {"service": emulator.keys, "connector": emulator.connector_keys}
        self._mistakes = mistakes

    def place(self, named: _NamedKey) -> None:
        """Find the key, and note what is wrong with it."""
        place = ("tables", named.table, named.number, named.column or "ra_certificate")
        where = (named.store, named.name)
        try:
            present = self._present(named)
            key = self._given(where) or present
        except FauxtuneError as error:
            self._mistakes.add(error.message.rstrip("."), *place)
            return
        if where in self.names and not self.names[where]:
            return  # it was refused before
        if key is None:
            self._mistakes.add(
                f"the private key '{named.name}' is neither in the document nor in this tenant: export with ?keys=true",
                *place,
            )
        elif _public(key) != named.public:
            self._mistakes.add(f"the private key '{named.name}' does not belong to it", *place)
            self.names.setdefault(where, named.name)
        else:
            self._name(named, key, is_present=present is not None and _public(present) == named.public)

    def _present(self, named: _NamedKey) -> PrivateKey | None:
        """Return the key of this name that the tenant has already."""
        store = self._stores[named.store]
        is_there = store.has(named.name)
        return store.load(named.name) if is_there and named.name in self._own[named.store] else None

    def _given(self, where: tuple[str, str]) -> PrivateKey | None:
        """Return the key of the document. A text that is no key is noted once."""
        kind, name = where
        text = self.given.get(kind, {}).get(name)
        if text is None:
            return None
        try:
            return _key(text)
        except ValueError as error:
            if where not in self.names:
                self._mistakes.add(str(error), "keys", kind, name)
            self.names[where] = ""
            return None

    def _name(self, named: _NamedKey, key: PrivateKey, *, is_present: bool) -> None:
        where, store = (named.store, named.name), self._stores[named.store]
        if where not in self.names:
            self.names[where] = named.name
            if not is_present:
                if store.has(named.name) or named.name.startswith(SHARED):
                    self.names[where] = self._other_name(named)
                self.result.new.append((store, self.names[where], key))
        if named.column is not None and self.names[where] != named.name:
            _rename(self.result.rows, named, new=self.names[where])

    def _other_name(self, named: _NamedKey) -> str:
        if named.column is None:
            place = ("tables", named.table, named.number, "id")
            self._mistakes.add("this server has a connector of this id, with a key of its own", *place)
        return f"{self._emulator.runner.ids.uuid()}-imported"


def _rename(rows: Rows, named: _NamedKey, *, new: str) -> None:
    place = [column.name for column in columns()[named.table]].index(named.column or "")
    row = rows[named.table][named.number]
    rows[named.table][named.number] = (*row[:place], new, *row[place + 1 :])


def _named_keys(rows: Rows) -> Iterator[_NamedKey]:
    for number, authority in enumerate(_by_name(rows, "authorities")):
        for certificate, column in (("certificate", "key_name"), ("responder_certificate", "responder_key_name")):
            if authority[certificate] is not None and authority[column] is not None:
                public = _public_of(authority[certificate])
                yield _NamedKey("service", authority[column], public, "authorities", number, column)
    inside = {row["id"] for row in _by_name(rows, "connectors") if row["credential_digest"] is None}
    for number, key in enumerate(_by_name(rows, "connector_keys")):
        if key["connector_id"] in inside:
            yield _NamedKey("connector", key["file"], key["public_key"], "connector_keys", number, "file")
    for number, ra in enumerate(_by_name(rows, "ra_certificates")):
        if ra["connector_id"] in inside:
            yield _NamedKey("connector", ra["file"], _public_of(ra["certificate"]), "ra_certificates", number, "file")
    for number, connector in enumerate(_by_name(rows, "connectors")):
        if connector["id"] in inside and connector["ra_certificate"] is not None:
            name, public = ra_file(ConnectorId(connector["id"])), _public_of(connector["ra_certificate"])
            yield _NamedKey("connector", name, public, "connectors", number, None)


def _by_name(rows: Rows, table: str) -> Iterator[dict[str, Any]]:
    names = [column.name for column in columns()[table]]
    return (dict(zip(names, row, strict=True)) for row in rows[table])


def _key(text: str) -> PrivateKey:
    """Return a key of the document. Raises ValueError for a text that is no key that works."""
    try:
        # The test signature shows that it works; checking the primes would take 36 ms for each key.
        key = load_pem_private_key(text.encode(), None, unsafe_skip_rsa_key_validation=True)
        if isinstance(key, RSAPrivateKey) and key.key_size <= LARGEST_KEY:
            signature = key.sign(_PROOF, PKCS1v15(), hashes.SHA256())
            key.public_key().verify(signature, _PROOF, PKCS1v15(), hashes.SHA256())
            return key
        if isinstance(key, EllipticCurvePrivateKey):
            algorithm = ECDSA(hashes.SHA256())
            key.public_key().verify(key.sign(_PROOF, algorithm), _PROOF, algorithm)
            return key
    except (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature):
        pass
    raise ValueError("it must be a private key, RSA or EC, as PEM without a password")


def _public(key: PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _public_of(certificate: bytes) -> bytes:
    public = x509.load_der_x509_certificate(certificate).public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
