"""A cache of the bytes of answers: pages that clients poll again and again.

Which answers are kept, and under which question, is decided in `surfaces/graph/dispatch.py`: those to GET but for
`dated` routes and documents. What empties the cache is decided in `since_write`: the first write, of any tenant.
"""

from __future__ import annotations

from fauxtune.operations.runtime.since_write import SinceWrite
from fauxtune.storage.database import Database

#: All that an answer depends on, besides what is stored.
Question = tuple[str | None, ...]


class AnswerCache(SinceWrite[Question, bytes]):
    """The answers since the last write."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, weigh=len)
