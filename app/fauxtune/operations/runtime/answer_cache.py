"""A cache of the bytes of answers that stay true until something is written: pages that clients poll again and again.

Everything is dropped at the first write (`Database.changed`), of any tenant: nothing has to know what depends on what.
"""

from __future__ import annotations

from sys import getsizeof

from fauxtune.storage.database import Database

_LIMIT = 16 * 1024 * 1024
#: What Python adds to an entry: the tuple of the key, and its place in the table.
_OVERHEAD = 256

#: All that an answer depends on, besides what is stored.
Question = tuple[str | None, ...]


class AnswerCache:
    """The answers since the last write, up to a number of bytes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._state = database.state
        self._answers: dict[Question, bytes] = {}
        self._size = 0

    def get(self, key: Question) -> bytes | None:
        """Return the bytes of this key, if nothing was written since."""
        self._forget_the_past()
        return self._answers.get(key)

    def put(self, key: Question, content: bytes, *, state: object) -> None:
        """Store the bytes of an answer that was read while the database had this `state`."""
        self._forget_the_past()
        size = len(content) + _size_of(key)
        if state is not self._state or size > _LIMIT // 4 or key in self._answers:
            return
        if self._size + size > _LIMIT:
            self._clear()
        self._size += size
        self._answers[key] = content

    def _forget_the_past(self) -> None:
        if self._state is not self._database.state:
            self._state = self._database.state
            self._clear()

    def _clear(self) -> None:
        self._answers.clear()
        self._size = 0


def _size_of(key: Question) -> int:
    return _OVERHEAD + sum(map(getsizeof, key))
