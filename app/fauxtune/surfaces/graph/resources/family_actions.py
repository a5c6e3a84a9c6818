"""Actions of resources that have no effect here."""

from __future__ import annotations

from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call


async def nothing_happens(call: Call) -> Answer:
    """POST .../{resource}/action: answered, and without effect."""
    call.optional_body()
    await call.run(_nothing)
    return NO_CONTENT


def _nothing(_tx: Transaction) -> None:
    """Change nothing: the audit log alone tells of it, and finds that the resource exists."""
