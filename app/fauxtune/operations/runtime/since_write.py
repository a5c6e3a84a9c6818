"""What was read since the last write to the database, up to a number of bytes: a cache that is never wrong.

Everything is dropped at the first write (`Database.changed`), of any tenant: nothing has to know what depends on what.
"""

from __future__ import annotations

from collections.abc import Callable
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
