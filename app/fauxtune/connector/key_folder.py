"""The folder of a connector that is a process of its own: its keys by name, and its registration with the service.

Only its owner can read the files. `connector.json` has the service's address and the credential;
`keys.json` the names of the keys, whose files are in `keys/`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fauxtune.connector import password_escrow
from fauxtune.connector.keypool import KeySource
from fauxtune.connector.keystore import KeyStore
from fauxtune.core.errors import Conflict, NotFound, Unavailable
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.authority import PrivateKey

#: The file of the key by which DigiCert's CA knows the connector.
_RA = "ra"


class Folder:
    """A connector's folder. Safe to use from several threads; one process at a time."""

    def __init__(self, path: Path, *, source: KeySource) -> None:
        self.path = path
        self._source = source
        self._store = KeyStore(path / "keys")

    def create(self, description: JsonObject) -> None:
        """Create the folder of a connector that is registered. Raises Conflict if the folder belongs to one already."""
        if (self.path / "connector.json").exists():
            raise Conflict(
                f"{self.path} already belongs to a connector: choose another folder, or remove this one first."
            )
        self._write("connector.json", description)

    def description(self) -> JsonObject:
        """Return the description that `create` wrote. Raises NotFound if no connector was added here."""
        return self._read("connector.json")

    def add_key(self, provider: str, key_name: str, *, key: RSAPrivateKey) -> None:
        """Add a key. Raises Conflict if the name exists already."""
        names = self._names()
        if any((name["providerName"], name["keyName"]) == (provider, key_name) for name in names):
            raise Conflict(f"The connector already has a key '{key_name}' of the provider '{provider}'.")
        file = f"key-{len(names) + 1}"
        self._store.store(file, key)
        self._write("keys.json", [*names, {"providerName": provider, "keyName": key_name, "file": file}])

    def public_keys(self) -> list[JsonObject]:
        """Return the public keys with their names, as the service receives them."""
        documents = []
        for name in self._names():
            key = self._store.load(name["file"]).public_key()
            pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
            documents.append({"providerName": name["providerName"], "keyName": name["keyName"], "publicKey": pem})
        return documents

    def find(self, provider: str, key_name: str) -> PrivateKey | None:
        """Return the key of this name, if there is one."""
        if (provider, key_name) == password_escrow.NAME:
            return self.escrow_key()
        for name in self._names():
            if (name["providerName"], name["keyName"]) == (provider, key_name):
                return self._store.load(name["file"])
        return None

    def escrow_key(self) -> RSAPrivateKey:
        """Return the key of the escrowed passwords; it is made when first needed."""
        return password_escrow.escrow_key(self._store, self._source)

    def ra_key(self, *, make: bool = False) -> RSAPrivateKey | None:
        """Return the key of the RA certificate. If it does not exist: make one with `make`, else return None."""
        if not self._store.has(_RA):
            if not make:
                return None
            self._store.store(_RA, self._source.take())
        key = self._store.load(_RA)
        if not isinstance(key, RSAPrivateKey):
            raise Unavailable("The connector's RA key is not an RSA key.")
        return key

    def _names(self) -> list[JsonObject]:
        if not (self.path / "keys.json").exists():
            return []
        names: list[JsonObject] = self._read("keys.json")  # type: ignore[assignment]
        return names

    def _read(self, name: str) -> JsonObject:
        try:
            document: JsonObject = json.loads((self.path / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise NotFound(
                f"{self.path} is not the folder of a connector (it has no {name}): create one with "
                "`fauxtune connector add`."
            ) from None
        except (OSError, ValueError) as error:
            raise Unavailable(f"{self.path / name} cannot be read: {error}") from None
        return document

    def _write(self, name: str, document: object) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.path / f".{name}.new"
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path / name)
