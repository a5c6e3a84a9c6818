"""Rows of what processes that share a database ask one another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ProcessMessageRow:
    """A question (`question` is its own id), or an answer to one. The content is sealed. `sent_at`: the system's
    time.
    """

    id: str
    question: str
    content: bytes
    sent_at: datetime
