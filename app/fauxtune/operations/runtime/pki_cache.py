"""A cache of what authorities publish: CRLs, OCSP answers, and what both are made of.

An entry stays true until something is written, and within its own span of time on the tenant's clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from sys import getsizeof
from typing import Generic, TypeVar

from fauxtune.storage.database import Database

T = TypeVar("T")

#: Bytes in all, keys included: enough for clients that ask often, for an answer has about 2 KB.
_LIMIT = 16 * 1024 * 1024
_LARGEST = _LIMIT // 2
#: Bytes that a value of another type is counted as: a responder with its certificates and key has about so many.
_OBJECT = 4 * 1024
#: What Python adds to an entry: the tuple of the key, the place in the table, the span of time.
_OVERHEAD = 512

#: Of what, of which tenant, of which authority, and what else it depends on.
Key = tuple[str, str, str, object]


@dataclass(frozen=True, slots=True)
class Timed(Generic[T]):
    """A value that is true from a moment until before another."""

    value: T
    since: datetime
    until: datetime


class PkiCache:
    """The values since the last write."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._state = database.state
        self._values: dict[Key, Timed[object]] = {}
        self._size = 0

    def get(self, key: Key, *, at: datetime) -> object | None:
        """Return the value of this key, if it is true at this moment of the tenant's clock."""
        self._forget_the_past()
        timed = self._values.get(key)
        return timed.value if timed is not None and timed.since <= at < timed.until else None

    def put(self, key: Key, timed: Timed[object], *, state: object) -> None:
        """Store a value that was read while the database had this `state`."""
        self._forget_the_past()
        size = _size_of(key, timed.value)
        if state is not self._state or size > _LARGEST:
            return
        before = self._values.get(key)
        if before is not None:
            self._size -= _size_of(key, before.value)
        if self._size + size > _LIMIT:
            self._clear()
        self._size += size
        self._values[key] = timed

    def _forget_the_past(self) -> None:
        if self._state is not self._database.state:
            self._state = self._database.state
            self._clear()

    def _clear(self) -> None:
        self._values.clear()
        self._size = 0


def _size_of(key: Key, value: object) -> int:
    return _OVERHEAD + sum(map(getsizeof, key)) + (len(value) if isinstance(value, bytes) else _OBJECT)
