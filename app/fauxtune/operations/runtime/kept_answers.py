"""Caches of bytes that are made again after a write: what authorities publish, and pages that are polled.

Everything is dropped at the first write (`Database.changed`, seen by `SinceWrite`), of any tenant: nothing has to know
what depends on what. An entry stays true until something is written, and within its own span of time on the tenant's
clock.

Which answers are kept, and under which question, is decided in `surfaces/graph/dispatch.py`: those to GET but for
`dated` routes and documents.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from sys import getsizeof
from typing import Generic, TypeVar

from fauxtune.storage.database import Database

KeyT = TypeVar("KeyT", bound=tuple[object, ...])
V = TypeVar("V")

#: Bytes in all, keys included, and of the largest entry.
_LIMIT = 16 * 1024 * 1024
_LARGEST = _LIMIT // 2
#: What Python adds to an entry: the tuple of the key, the place in the table, what is around the value.
_OVERHEAD = 512


class SinceWrite(Generic[KeyT, V]):
    """The values since the last write. `weigh` returns the bytes of one."""

    def __init__(self, database: Database, *, weigh: Callable[[V], int]) -> None:
        self._database = database
        self._weigh = weigh
        self._state = database.state
        self._values: dict[KeyT, V] = {}
        self._size = 0

    def get(self, key: KeyT) -> V | None:
        """Return the value of this key, if nothing was written since."""
        self._forget_the_past()
        return self._values.get(key)

    def put(self, key: KeyT, value: V, *, state: object) -> None:
        """Store a value that was read while the database had this `state`."""
        self._forget_the_past()
        size = self._size_of(key, value)
        if state is not self._state or size > _LARGEST:
            return
        before = self._values.get(key)
        if before is not None:
            self._size -= self._size_of(key, before)
        if self._size + size > _LIMIT:
            self._clear()
        self._size += size
        self._values[key] = value

    def _size_of(self, key: KeyT, value: V) -> int:
        return _OVERHEAD + sum(map(getsizeof, key)) + self._weigh(value)

    def _forget_the_past(self) -> None:
        if self._state is not self._database.state:
            self._state = self._database.state
            self._clear()

    def _clear(self) -> None:
        self._values.clear()
        self._size = 0


T = TypeVar("T")

#: Bytes that a value of another type is counted as: a responder with its certificates and key has about so many.
_OBJECT = 4 * 1024

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
        self._kept: SinceWrite[Key, Timed[object]] = SinceWrite(database, weigh=_weigh)

    def get(self, key: Key, *, at: datetime) -> object | None:
        """Return the value of this key, if it is true at this moment of the tenant's clock."""
        timed = self._kept.get(key)
        return timed.value if timed is not None and timed.since <= at < timed.until else None

    def put(self, key: Key, timed: Timed[object], *, state: object) -> None:
        """Store a value that was read while the database had this `state`."""
        self._kept.put(key, timed, state=state)


def _weigh(timed: Timed[object]) -> int:
    return len(timed.value) if isinstance(timed.value, bytes) else _OBJECT


#: All that an answer depends on, besides what is stored.
Question = tuple[str | None, ...]


class AnswerCache(SinceWrite[Question, bytes]):
    """The answers since the last write."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, weigh=len)
