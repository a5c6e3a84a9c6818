"""The private keys that the test tenants of a server share: a ring of files, each made when its turn first comes.

So a test tenant waits for no key and leaves no file behind. Tenants with keys of their own never get one of these.
"""

from __future__ import annotations

from threading import Lock

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.connector.keypool import KeySource, key_of_length
from fauxtune.connector.keystore import SHARED, KeyStore

#: Keys of each length: more than one tenant takes, so that its authorities have different keys, as have most tenants.
_SIZE = 16


class SharedKeys:
    """A ring of keys in a folder. Safe to use from several threads."""

    def __init__(self, store: KeyStore, source: KeySource, *, size: int = _SIZE) -> None:
        """`store`: the folder; `source`: where new keys come from; `size`: the most keys of one length."""
        self._store = store
        self._source = source
        self._size = size
        self._rings: dict[int, list[tuple[RSAPrivateKey, str]]] = {}
        self._lock = Lock()

    def take(self, bits: int = 2048) -> tuple[RSAPrivateKey, str]:
        """Return the next key of this length with the name of its file. Blocks while the ring is not full: then the
        next key is read, or made.
        """
        with self._lock:
            ring = self._rings.setdefault(bits, [])
            if len(ring) < self._size:
                ring.append(self._key(f"{SHARED}{bits}-{len(ring)}", bits))
                return ring[-1]
            ring.append(ring.pop(0))
            return ring[-1]

    def is_full(self, bits: int = 2048) -> bool:
        """Whether all keys of this length are there, so that `take` does not block."""
        return len(self._rings.get(bits, ())) == self._size

    def _key(self, name: str, bits: int) -> tuple[RSAPrivateKey, str]:
        if not self._store.has(name):
            self._store.store(name, key_of_length(bits, source=self._source))
        key = self._store.load(name)
        assert isinstance(key, RSAPrivateKey)
        return key, name
