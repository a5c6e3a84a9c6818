"""The other processes that share the database, as far as they can be asked (`server.questions`)."""

from __future__ import annotations

from typing import Protocol


class Others(Protocol):
    """Who answers questions. A topic names what answers at the other process."""

    async def ask_all(self, topic: str, content: bytes) -> list[bytes]:
        """Ask every other process, and return what they answer; those that do not answer soon are left out."""
        ...

    async def ask_leader(self, topic: str, content: bytes, *, seconds: float) -> bytes:
        """Ask the process that leads, which is another one. Raises Unavailable if none leads for a while, if it ends
        before it has answered, or does not answer within so many seconds.
        """
        ...
