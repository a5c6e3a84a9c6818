"""A cache of what authorities publish: CRLs, OCSP answers, and what both are made of.

An entry stays true until something is written, and within its own span of time on the tenant's clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from fauxtune.operations.runtime.since_write import SinceWrite
from fauxtune.storage.database import Database

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
