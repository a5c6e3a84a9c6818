"""A short mark for a certificate, so that people can see from afar where one certificate is on several devices.

Equal certificates have equal marks and equal colours. A mark is easier to compare and to say than eight hexadecimal
digits. Two different certificates have the same mark and colour once in 36,300.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from fauxtune.core.model.states import Source

_CONSONANTS, _VOWELS = "BDGLMNRSTVZ", "AEIOU"
#: data. A source -> the symbol that stands before a mark.
SYMBOLS: Mapping[Source, str] = {
    Source.ROOT: "▲",
    Source.PKCS: "●",
    Source.IMPORTED: "◆",
    Source.SCEP: "■",
    Source.EMAIL: "✉",
    Source.SETTING: "⚙",
}
#: How many colours there are: the style sheet of the console has a rule for each.
HUES = 12


@dataclass(frozen=True, slots=True)
class Mark:
    """Four letters that can be spoken, and the number of a colour."""

    letters: str
    hue: int


def mark(identity: str) -> Mark:
    """Return the mark of a certificate, by its thumbprint, or by anything else that is equal where the thing is."""
    number = int.from_bytes(hashlib.sha256(identity.lower().encode()).digest()[:8], "big")
    letters = ""
    for alphabet in (_CONSONANTS, _VOWELS, _CONSONANTS, _VOWELS):
        number, place = divmod(number, len(alphabet))
        letters += alphabet[place]
    return Mark(letters, number % HUES)
