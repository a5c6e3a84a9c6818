"""What an authority publishes, kept in memory: CRLs, OCSP answers, and what both are made of.

All of it stays true until something is written, and within its own time on the tenant's clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from fauxtune.storage.database import Database

T = TypeVar("T")

#: Enough for whoever asks often; an answer has about 2 KB.
_MOST = 4096
_LARGEST = 8 * 1024 * 1024

#: Of what, of which tenant, of which authority, and what else it depends on.
Key = tuple[str, str, str, object]


@dataclass(frozen=True, slots=True)
class Timed(Generic[T]):
    """Something that is true from a moment until before another."""

    value: T
    since: datetime
    until: datetime


class Published:
    """What was found since the last write."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._state = database.state
        self._found: dict[Key, Timed[object]] = {}

    def get(self, key: Key, *, at: datetime) -> object | None:
        """What is kept under this key, if it is true at this moment of the tenant's clock."""
        self._forget_the_past()
        kept = self._found.get(key)
        return kept.value if kept is not None and kept.since <= at < kept.until else None

    def put(self, key: Key, timed: Timed[object], *, state: object) -> None:
        """Keep what was made from what was read after the database had this `state`."""
        self._forget_the_past()
        if state is not self._state or (isinstance(timed.value, bytes) and len(timed.value) > _LARGEST):
            return
        if len(self._found) >= _MOST:
            self._found.clear()
        self._found[key] = timed

    def _forget_the_past(self) -> None:
        if self._state is not self._database.state:
            self._state = self._database.state
            self._found.clear()
