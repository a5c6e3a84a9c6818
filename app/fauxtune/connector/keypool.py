"""Sources of new RSA keys: a pool that background threads keep full, or a ring of existing keys.

Making an RSA-2048 key takes some 40 ms of a core, which limits the rate of issuing. OpenSSL does it without the
interpreter lock, so threads help. A pool is filled again while certificates are issued from it: its threads have a low
priority, so that requests do not wait for keys that nobody waits for.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from itertools import cycle
from threading import Condition, Lock, Thread
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.core import chance
from fauxtune.core.pki.fresh import rsa_key

#: How much further down than the rest of the process: it gets a tenth of a core that others want as well (sched(7)).
_NICE = 10
#: The length of the keys that sources return, but in tests.
_USUAL = 2048


class KeySource(Protocol):
    """A source of RSA keys."""

    def take(self) -> RSAPrivateKey:
        """Return a key. May take tens of milliseconds: call it in a worker thread."""
        ...

    def take_ready(self, count: int) -> list[RSAPrivateKey] | None:
        """Return so many keys if they need not be made; otherwise None. Takes no time."""
        ...


def key_of_length(bits: int, *, source: KeySource) -> RSAPrivateKey:
    """Return a new key of so many bits: the source's, if its keys have this length. Blocks, up to seconds for a long
    key.
    """
    if bits == _USUAL:
        key = source.take()
        if key.key_size == bits:
            return key
    return rsa_key(bits)


class KeysOfWork:
    """The keys of a source; in work that can be repeated (`core.chance`), keys that are computed for it."""

    def __init__(self, source: KeySource) -> None:
        self._source = source

    def take(self) -> RSAPrivateKey:
        """Return a key."""
        return self._source.take() if chance.present() is None else rsa_key(_USUAL)

    def take_ready(self, count: int) -> list[RSAPrivateKey] | None:
        """Return so many keys that are ready; None if one has to be made, as in work that can be repeated."""
        return self._source.take_ready(count) if chance.present() is None else None


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
        #: How many callers make a key for themselves.
        self._making = 0

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
        """Return a ready key, else make one, which needs the caller's priority. Of the callers who find none, as many
        make one at a time as the pool has threads: the rest of the process needs a core, too.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._making < self._threads or not self._workers)
            if self._ready:
                self._changed.notify_all()
                return self._ready.popleft()
            self._making += 1
        try:
            return self._make()
        finally:
            with self._changed:
                self._making -= 1
                self._changed.notify_all()

    def take_ready(self, count: int) -> list[RSAPrivateKey] | None:
        """Return so many ready keys; None if fewer are ready."""
        with self._changed:
            if len(self._ready) < count:
                return None
            self._changed.notify_all()
            return [self._ready.popleft() for _ in range(count)]

    @property
    def ready(self) -> int:
        """The number of keys that are ready."""
        return len(self._ready)

    def _make(self) -> RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=self._bits)

    def _fill(self) -> None:
        _lower_priority()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopping or len(self._ready) < self._size)
                if self._stopping:
                    return
            key = self._make()
            with self._changed:
                self._ready.append(key)
                self._changed.notify_all()


def _lower_priority() -> None:
    """Lower the priority of this thread. Only Linux has one for each, named by the thread's id (setpriority(2))."""
    if sys.platform == "linux":
        own = threading.get_native_id()
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, own, max(_NICE, os.getpriority(os.PRIO_PROCESS, own)))


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

    def take_ready(self, count: int) -> list[RSAPrivateKey]:
        """Return the next keys of the ring."""
        return [self.take() for _ in range(count)]
