"""The private keys that the test tenants of a server share: a few, each made when its turn first comes.

So a test tenant waits for no key and leaves no file behind. Tenants with keys of their own never get one of these.
Those of authorities and connectors are files (`SharedKeys`); those of issued certificates are in memory (`KeysInTurn`).
"""

from __future__ import annotations

from contextlib import suppress
from threading import Lock

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.connector.keypool import KeySource, key_of_length
from fauxtune.connector.keystore import SHARED, KeyStore
from fauxtune.core.errors import Conflict

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
            with suppress(Conflict):  # another process has made it meanwhile
                self._store.store(name, key_of_length(bits, source=self._source))
        key = self._store.load(name)
        assert isinstance(key, RSAPrivateKey)
        return key, name


class KeysInTurn:
    """Keys for the certificates that test tenants issue: tenants have the same keys, and no tenant gets one twice.

    So which device can read which mail is as in any other tenant. Safe to use from several threads.
    """

    def __init__(self, source: KeySource, *, size: int = _SIZE) -> None:
        """`source`: where new keys come from; `size`: how many of them a tenant shares; further ones are its own."""
        self._source = source
        self._size = size
        self._keys: list[RSAPrivateKey] = []
        self._taken: dict[str, int] = {}
        self._lock = Lock()

    def begin(self, tenant: str) -> None:
        """Let a tenant take shared keys. One that has not begun, as it is older than this run, gets new ones."""
        with self._lock:
            self._taken[tenant] = 0

    def forget(self, tenant: str) -> None:
        """Forget a deleted tenant."""
        with self._lock:
            self._taken.pop(tenant, None)

    def of(self, tenant: str) -> KeySource:
        """Return the source of a tenant's keys."""
        return _OfTenant(self, tenant)

    def take(self, tenant: str) -> RSAPrivateKey:
        """Return the tenant's next key. Blocks while a key is made."""
        with self._lock:
            number = self._taken.get(tenant, self._size)
            if number < self._size:
                self._taken[tenant] = number + 1
            if number < len(self._keys):
                return self._keys[number]
        key = self._source.take()
        with self._lock:
            if number == len(self._keys) and number < self._size:
                self._keys.append(key)
        return key

    def take_ready(self, tenant: str, count: int) -> list[RSAPrivateKey] | None:
        """Return the tenant's next keys if none of them has to be made; otherwise None."""
        with self._lock:
            number = self._taken.get(tenant, self._size)
            shared = self._keys[number : number + count]
            new = self._source.take_ready(count - len(shared))
            if new is None:
                return None
            if number < self._size:
                self._taken[tenant] = number + count
                self._keys += new[: self._size - len(self._keys)]
            return [*shared, *new]


class _OfTenant:
    """The source of one tenant's keys."""

    def __init__(self, keys: KeysInTurn, tenant: str) -> None:
        self._keys = keys
        self._tenant = tenant

    def take(self) -> RSAPrivateKey:
        """Return a key."""
        return self._keys.take(self._tenant)

    def take_ready(self, count: int) -> list[RSAPrivateKey] | None:
        """Return so many keys that are ready; None if one has to be made."""
        return self._keys.take_ready(self._tenant, count)
