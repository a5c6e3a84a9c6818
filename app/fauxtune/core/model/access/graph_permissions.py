"""The names of Microsoft Graph's permissions (`graph_permissions.txt`), found in any case."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache

from fauxtune.core.tables import table


def names() -> tuple[str, ...]:
    """All permissions, in the order of their names."""
    return tuple(sorted(_spellings().values()))


def known(name: str) -> str | None:
    """The permission in Graph's spelling, found in any case; None for a name that Graph does not have."""
    return _spellings().get(name.lower())


def near(name: str, *, more: Iterable[str] = ()) -> list[str]:
    """Up to three permissions with similar names that begin with the same letter, the most similar first; those of
    another service (`more`) among them.
    """
    spellings = {**_spellings(), **{each.lower(): each for each in more}}
    candidates = [spelling for spelling in spellings if spelling[0] == name[:1].lower()]
    return [spellings[close_match] for close_match in get_close_matches(name.lower(), candidates, n=3)]


@cache
def _spellings() -> dict[str, str]:
    """Lower case -> Graph's spelling. Built at its first use, because most processes never need it."""
    lines = table(__package__ or "", "graph_permissions.txt")
    names = (f"{line.first}.{verb}" for line in lines for verb in line.after_first("OPERATION..."))
    return {name.lower(): name for name in names}
