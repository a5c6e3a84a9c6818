"""Which language somebody is answered in, by what a client prefers (RFC 9110 12.5.4, Accept-Language)."""

from __future__ import annotations

from fauxtune.core.language.catalogue import Language

#: Languages that a client names, at most; more are no preference.
_MOST = 50


def preferred(header: str) -> Language:
    """Return the language of ours that the client likes best; English if it likes none. Of equals the first counts."""
    best, weight = Language.ENGLISH, 0.0
    for part in header.split(",")[:_MOST]:
        words = part.split(";")
        code = words[0].strip().lower().partition("-")[0]
        if code in Language.__members__.values() and (likes := _weight(words[1:])) > weight:
            best, weight = Language(code), likes
    return best


def _weight(parameters: list[str]) -> float:
    for each in parameters:
        name, _, value = each.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
