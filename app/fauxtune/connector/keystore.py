"""A folder of private keys: one PKCS#8 file for each, readable by the owner only.

A key is safe on the disk before `store` returns, so that no row can name a key that a crash has lost. Loaded keys stay
in memory: reading one with all of cryptography's checks takes 36 ms.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.core.errors import Conflict, Invalid, NotFound, Unavailable
from fauxtune.core.pki.authority import PrivateKey

#: With this begin the names of keys that several tenants use: they are never deleted.
SHARED = "shared-"
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")


class KeyStore:
    """A folder of private keys. Safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys: dict[str, PrivateKey] = {}
        self._lock = Lock()

    def store(self, name: str, key: PrivateKey) -> None:
        """Store the key under this name. Safe to repeat with the same key; raises Conflict if another key has the
        name.
        """
        self.store_all({name: key})

    def store_all(self, keys: Mapping[str, PrivateKey]) -> None:
        """Store several keys by their names, as `store` does, and wait once for the folder to be on the disk."""
        pems = {self._path(name): (name, _pem(key)) for name, key in keys.items()}
        with self._lock:
            new = False
            for path, (name, pem) in pems.items():
                if not path.exists() and self._write(path, pem):
                    new = True
                elif path.read_bytes() != pem:
                    raise Conflict(f"Another key named {name!r} exists already.", target="name")
            if new:
                _sync_folder(self._folder)
            self._keys.update(keys)

    def load(self, name: str) -> PrivateKey:
        """Return the key of this name, the same object at each call. Raises NotFound, or Unavailable if its file is
        damaged.
        """
        path = self._path(name)
        with self._lock:
            if name not in self._keys:
                self._keys[name] = _read(path)
            return self._keys[name]

    def has(self, name: str) -> bool:
        """Whether there is a key of this name."""
        return self._path(name).exists()

    def delete(self, *names: str) -> None:
        """Delete these keys and their files, if there are any. Keys that tenants share stay."""
        paths = {name: self._path(name) for name in names if not is_shared(name)}
        with self._lock:
            present = [path for path in paths.values() if path.exists()]
            for name in paths:
                self._keys.pop(name, None)
            for path in present:
                path.unlink()
            if present:
                _sync_folder(self._folder)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise Invalid(
                f"The name of a key must have 1 to 200 letters, digits, '.', '_' or '-', and not begin with '.'; "
                f"{name!r} does not.",
                target="name",
            )
        return self._folder / f"{name}.pem"

    def _write(self, path: Path, pem: bytes) -> bool:
        """Write a new file; False if another process has written one of this name meanwhile."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        # No key's name begins with a dot, so this file belongs to no key, even if a crash leaves it behind.
        draft = path.with_name(f".{path.name}.{os.getpid()}.new")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return False
        except OSError:  # a file system without links
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        return True


def _pem(key: PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def is_shared(name: str) -> bool:
    """Whether several tenants may use the key of this name."""
    return name.startswith(SHARED)


def _read(path: Path) -> PrivateKey:
    try:
        # This program wrote the file: the primes were tested when the key was made.
        key = serialization.load_pem_private_key(path.read_bytes(), None, unsafe_skip_rsa_key_validation=True)
    except FileNotFoundError:
        raise NotFound(f"There is no key named {path.stem!r}.", target="name") from None
    except (ValueError, TypeError) as error:
        raise Unavailable(f"The key file {path.name} is damaged: {error}") from None
    if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
        raise Unavailable(f"The key file {path.name} holds a key that is neither RSA nor EC.")
    return key


def _sync_folder(folder: Path) -> None:
    """Flush the folder's entries to the disk. Windows cannot open folders, and does it by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
