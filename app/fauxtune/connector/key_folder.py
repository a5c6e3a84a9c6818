"""The folder of a connector that is a process of its own: its keys by name, and who it is to the service.

Everything in it is readable by its owner alone. `connector.json` has the service's address and the credential;
`keys.json` the names of the keys, whose files are in `keys/`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from fauxtune.connector import password_escrow
from fauxtune.connector.keypool import KeySource
from fauxtune.connector.keystore import KeyStore
from fauxtune.core.errors import Conflict, NotFound, Unavailable
from fauxtune.core.pki.authority import PrivateKey

Json = dict[str, Any]

#: The file of the key that DigiCert's CA knows the connector by.
_RA = "ra"


class Folder:
    """A connector's folder. Safe to use from several threads; one process at a time."""

    def __init__(self, path: Path, *, source: KeySource) -> None:
        self.path = path
        self._source = source
        self._store = KeyStore(path / "keys")

    def create(self, description: Json) -> None:
        """A new folder, for a connector that the service knows by now. Conflict where one is."""
        if (self.path / "connector.json").exists():
            raise Conflict(f"{self.path} is a connector's folder already: choose another, or remove it.")
        self._write("connector.json", description)

    def description(self) -> Json:
        """What `create` was given. NotFound where no connector was added."""
        return self._read("connector.json")

    def add_key(self, provider: str, key_name: str, *, key: RSAPrivateKey) -> None:
        """A further key. Conflict when the name is taken."""
        names = self._names()
        if any((each["providerName"], each["keyName"]) == (provider, key_name) for each in names):
            raise Conflict(f"The connector has a key '{key_name}' of the provider '{provider}' already.")
        file = f"key-{len(names) + 1}"
        self._store.store(file, key)
        self._write("keys.json", [*names, {"providerName": provider, "keyName": key_name, "file": file}])

    def public_keys(self) -> list[Json]:
        """The public halves with their names, as the service is told them."""
        found = []
        for each in self._names():
            key = self._store.load(each["file"]).public_key()
            pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
            found.append({"providerName": each["providerName"], "keyName": each["keyName"], "publicKey": pem})
        return found

    def find(self, provider: str, key_name: str) -> PrivateKey | None:
        """The key of this name."""
        if (provider, key_name) == password_escrow.NAME:
            return self.keeper()
        for each in self._names():
            if (each["providerName"], each["keyName"]) == (provider, key_name):
                return self._store.load(each["file"])
        return None

    def keeper(self) -> RSAPrivateKey:
        """What the passwords of files that it made are kept with; made when it is first needed."""
        return password_escrow.keeper(self._store, self._source)

    def ra_key(self, *, make: bool = False) -> RSAPrivateKey | None:
        """The key of its RA certificate; None if it has none and none is to be made."""
        if not self._store.has(_RA):
            if not make:
                return None
            self._store.store(_RA, self._source.take())
        key = self._store.load(_RA)
        if not isinstance(key, RSAPrivateKey):
            raise Unavailable("The connector's RA key is no RSA key.")
        return key

    def _names(self) -> list[Json]:
        if not (self.path / "keys.json").exists():
            return []
        found: list[Json] = self._read("keys.json")  # type: ignore[assignment]
        return found

    def _read(self, name: str) -> Json:
        try:
            found: Json = json.loads((self.path / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise NotFound(
                f"{self.path} is no connector's folder (there is no {name}): fauxtune connector add makes one."
            ) from None
        except (OSError, ValueError) as error:
            raise Unavailable(f"{self.path / name} cannot be read: {error}") from None
        return found

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
