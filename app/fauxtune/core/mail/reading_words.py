"""Whether a device can read a mail, in symbols and words for tables.

#: data
"""

from __future__ import annotations

from typing import NamedTuple

from fauxtune.core.mail.readability import Reading


class ReadingWords(NamedTuple):
    """A symbol, a word beside it, and what the two mean."""

    symbol: str
    word: str
    meaning: str


READING_WORDS: dict[Reading, ReadingWords] = {
    Reading.READABLE: ReadingWords("✓", "reads", "the device can read it"),
    Reading.NOT_ENCRYPTED: ReadingWords("○", "open", "not encrypted: everybody can read it"),
    Reading.KEY_REMOVED: ReadingWords("−", "removed", "the device had the key, and it was removed"),
    Reading.DEVICE_WIPED: ReadingWords("W", "wiped", "the device had the key, and was wiped"),
    Reading.KEY_PENDING: ReadingWords("…", "pending", "the key is on its way to the device"),
    Reading.KEY_COMES_LATER: ReadingWords(">", "later", "the device got the key later"),
    Reading.KEY_NEVER_HERE: ReadingWords("✗", "never", "the device never had the key"),
    Reading.KEY_NOT_ANYWHERE: ReadingWords("?", "unknown", "for a certificate that the tenant does not know"),
    Reading.DAMAGED: ReadingWords("!", "damaged", "the mail is damaged"),
}
