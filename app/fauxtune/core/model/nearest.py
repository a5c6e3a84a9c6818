"""The words that are most like one that somebody wrote, for messages about what does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(text: str, known: Iterable[str]) -> list[str]:
    """Return the three texts that are most like one."""
    lowered = text.lower()
    return sorted(known, key=lambda each: -difflib.SequenceMatcher(None, lowered, each.lower()).ratio())[:3]
