"""The words that are most like one that somebody wrote, for messages about what does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(text: str, known: Iterable[str]) -> list[str]:
    """Return the three texts that are most like one; those that begin with it come first."""
    lowered = text.lower()

    def unlike(each: str) -> tuple[bool, float]:
        ratio = difflib.SequenceMatcher(None, lowered, each.lower()).ratio()
        return not (lowered and each.lower().startswith(lowered)), -ratio

    return sorted(known, key=unlike)[:3]
