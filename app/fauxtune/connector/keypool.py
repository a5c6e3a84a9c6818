"""Sources of new RSA keys: a pool that background threads keep full, or a ring of existing keys.

Making an RSA-2048 key takes some 40 ms of a core, which limits the rate of issuing. OpenSSL does it without the
interpreter lock, so threads help.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import cycle
from threading import Condition, Lock, Thread
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

#: The length of the keys that sources return, but in tests.
_USUAL = 2048


class KeySource(Protocol):
    """A source of RSA keys."""

    def take(self) -> RSAPrivateKey:
        """Return a key. May take tens of milliseconds: call it in a worker thread."""
        ...


def key_of_length(bits: int, *, source: KeySource) -> RSAPrivateKey:
    """Return a new key of so many bits: the source's, if its keys have this length. Blocks, up to seconds for a long
    key.
    """
    if bits == _USUAL:
        key = source.take()
        if key.key_size == bits:
            return key
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


class KeyPool:
    """Keys that daemon threads make in advance; each is returned once. Without `start`, `take` makes them."""

    def __init__(self, size: int = 8, *, threads: int = 1, bits: int = _USUAL) -> None:
        self._size = size
        self._threads = threads
        self._bits = bits
        self._ready: deque[RSAPrivateKey] = deque()
        self._changed = Condition()
        self._workers: list[Thread] = []
        self._stopping = False

    def start(self) -> None:
        """Start the threads that fill the pool, unless they are running."""
        with self._changed:
            if self._workers:
                return
            self._stopping = False
            self._workers = [Thread(target=self._fill, name="fauxtune-keys", daemon=True) for _ in range(self._threads)]
            for worker in self._workers:
                worker.start()

    def stop(self) -> None:
        """Stop the threads and wait for them, at most for the time of one key. `start` starts them again."""
        with self._changed:
            self._stopping = True
            workers, self._workers = self._workers, []
            self._changed.notify_all()
        for worker in workers:
            worker.join()

    def take(self) -> RSAPrivateKey:
        """Return a ready key, else the next that the threads make; without threads, make one.

        Waiting takes no longer than making a key while all cores are busy, and leaves a core for others.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._ready or not self._workers)
            if self._ready:
                self._changed.notify_all()
                return self._ready.popleft()
        return self._make()

    @property
    def ready(self) -> int:
        """The number of keys that are ready."""
        return len(self._ready)

    def _make(self) -> RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=self._bits)

    def _fill(self) -> None:
        while True:
            with self._changed:
                # One at least, so that `take` gets a key from a pool of size 0, too.
                self._changed.wait_for(lambda: self._stopping or len(self._ready) < max(self._size, 1))
                if self._stopping:
                    return
            key = self._make()
            with self._changed:
                self._ready.append(key)
                self._changed.notify_all()


class KeyRing:
    """A source that returns a few given keys in turn, for tests and benchmarks only."""

    def __init__(self, keys: Iterable[RSAPrivateKey]) -> None:
        ring = tuple(keys)
        if not ring:
            raise ValueError("a ring needs a key")
        self._keys = cycle(ring)
        self._lock = Lock()

    def take(self) -> RSAPrivateKey:
        """Return the next key of the ring."""
        with self._lock:
            return next(self._keys)
