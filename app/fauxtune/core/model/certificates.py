"""Certificates as people see them: short marks, what one is for, its status, and why it was revoked.

Equal certificates have equal marks and equal colours. A mark is easier to compare and to say than eight hexadecimal
digits. No two certificates of a tenant have the same mark: each gets the first of its own candidates, which follow
from its thumbprint, that no earlier certificate of the tenant has. So the order decides in which they are told to
`Marks`: that of the tenant's journal, in which certificates appear when they are issued or imported. Colours differ
among the certificates of one person for as long as there are colours.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import count

from fauxtune.core.model.states import Source

_CONSONANTS, _VOWELS = "BDGLMNRSTVZ", "AEIOU"
_SYLLABLES = tuple(consonant + vowel for vowel in _VOWELS for consonant in _CONSONANTS)
#: data. A source -> the symbol that stands before a mark.
SYMBOLS: Mapping[Source, str] = {
    Source.ROOT: "▲",
    Source.PKCS: "●",
    Source.IMPORTED: "◆",
    Source.SCEP: "■",
    Source.EMAIL: "✉",
    Source.SETTING: "⚙",
}
#: How many colours there are: the style sheet of the console has a rule for each. All but the last, which is brown, go
#: round the circle of colours.
HUES = 12
_CIRCLE = HUES - 1
#: How many certificates of a tenant have marks, in their order. Nobody compares more by eye: later ones are called by
#: the digits of their thumbprints. Each takes some 300 bytes in a process that shows marks.
MOST = 20_000
#: How many hexadecimal digits of a thumbprint stand for a certificate.
DIGITS = 8
_THUMBPRINT = re.compile(r"[0-9a-f]{40}")
#: Candidates of four letters, of which there are 3,025, before those of six: 166,375.
_SHORT_CANDIDATES = 8
_SHORT_LENGTH = 4
_SHORT_MARKS = len(_SYLLABLES) ** 2


@dataclass(frozen=True, slots=True)
class Mark:
    """Letters that can be spoken, four for most certificates, and the number of a colour. The letters of a certificate
    without a mark are the first digits of its thumbprint, of something else none.
    """

    letters: str
    hue: int

    @property
    def is_spoken(self) -> bool:
        """Whether these letters are a mark."""
        return self.letters.isupper() and self.letters.isalpha()


@dataclass(slots=True)
class _Person:
    """A person's certificates in their order, and how many of them, from the first one on, have which colour."""

    certificates: list[str] = field(default_factory=list)
    used: Counter[int] = field(default_factory=Counter)


@dataclass(slots=True)
class Marks:
    """The marks of one tenant's certificates, by thumbprint. Letters are decided at once; the colours of a person's
    certificates when one of them is shown.
    """

    _letters: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)
    _short_taken: int = 0
    _sources: dict[str, Source] = field(default_factory=dict)
    _hues: dict[str, int] = field(default_factory=dict)
    _people: dict[str, _Person] = field(default_factory=dict)
    _person_of: dict[str, _Person] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._letters)

    def decide(self, thumbprint: str, *, person: str | None = None, source: Source | None = None) -> None:
        """Give a certificate its mark, unless it has one. `person`: whose certificates have other colours. An imported
        certificate stays one, whatever else is said of it.
        """
        key = thumbprint.lower()
        if key not in self._letters:
            if len(self._letters) >= MOST:
                return
            # Where no mark of four letters is left, none is tried.
            since = _SHORT_CANDIDATES if self._short_taken == _SHORT_MARKS else 0
            letters = next(candidate for candidate in _candidates(key, since=since) if candidate not in self._taken)
            self._taken.add(letters)
            self._short_taken += len(letters) == _SHORT_LENGTH
            if person is not None:
                owner = self._people.setdefault(person.lower(), _Person())
                owner.certificates.append(key)
                self._person_of[key] = owner
            self._letters[key] = letters
        if source is not None and self._sources.get(key) is not Source.IMPORTED:
            self._sources[key] = source

    def tell(self, thumbprint: str, mark: Mark, *, source: Source | None) -> None:
        """Give a certificate the mark that somebody else decided."""
        self._letters[thumbprint.lower()], self._hues[thumbprint.lower()] = mark.letters, mark.hue
        if source is not None:
            self._sources[thumbprint.lower()] = source

    def of(self, identity: str) -> Mark:
        """Return the mark of a certificate, by its thumbprint. Anything else has a colour, which is that of all that
        have the same identity.
        """
        key = identity.lower()
        letters = self._letters.get(key)
        if letters is None:
            letters = key[:DIGITS] if _THUMBPRINT.fullmatch(key) else ""
        elif key not in self._hues and (person := self._person_of.get(key)) is not None:
            self._colour(person)
        return Mark(letters, self._hues[key] if key in self._hues else _hue(key))

    def source(self, thumbprint: str) -> Source | None:
        """Return where a certificate comes from, as far as that is known."""
        return self._sources.get(thumbprint.lower())

    def name(self, thumbprint: str) -> str:
        """Return what people call a certificate, such as `MULE (ffe3035b)`."""
        return name_of(self.of(thumbprint).letters, thumbprint)

    def beginning_with(self, digits: Iterable[str]) -> list[str]:
        """Return the thumbprints, of those that have marks, that begin with one of these texts."""
        wanted = tuple({digit.lower() for digit in digits})
        return [mark for mark in self._letters if mark.startswith(wanted)] if wanted else []

    def _colour(self, person: _Person) -> None:
        """Give each of the person's certificates that has none yet, in their order, the colour that is farthest from
        those of the earlier ones, among the least used.
        """
        used = person.used
        for key in person.certificates[used.total() :]:
            own = hue = _hue(key)
            if used:
                fewest = min(used[hue] for hue in range(HUES))
                least = [hue for hue in range(HUES) if used[hue] == fewest]
                # Brown is near to red and orange.
                hue = max(least, key=lambda hue: (min(_distance(hue, other) for other in used), hue == own, -hue))
            used[hue] += 1
            self._hues[key] = hue


def name_of(letters: str | None, thumbprint: str) -> str:
    """Return what people call a certificate: its mark and the first digits of its thumbprint. `letters`: None or the
    digits of a certificate without a mark.
    """
    digits = thumbprint[:DIGITS].lower()
    return digits if not letters or letters == digits else f"{letters} ({digits})"


def _distance(one: int, other: int) -> int:
    if _CIRCLE in {one, other}:
        return 1
    return min((one - other) % _CIRCLE, (other - one) % _CIRCLE)


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")


def _hue(key: str) -> int:
    return _spelled(_number(key), _SHORT_LENGTH)[1] % HUES


def _candidates(key: str, *, since: int = 0) -> Iterator[str]:
    """Yield the marks that a certificate may have, the best first; `since`: without so many. They do not end."""
    for attempt in count(since):
        length = _SHORT_LENGTH + 2 * (attempt // _SHORT_CANDIDATES)
        yield _spelled(_number(f"{key}/{attempt}" if attempt else key), length)[0]


def _spelled(number: int, length: int) -> tuple[str, int]:
    """Return so many letters of a number, and what is left of it."""
    letters = ""
    for _ in range(length // 2):
        number, index = divmod(number, len(_SYLLABLES))
        letters += _SYLLABLES[index]
    return letters, number


class CertificateStatus(StrEnum):
    """The status of a certificate. A revoked one that has also expired is revoked."""

    GOOD = "good"
    REVOKED = "revoked"
    EXPIRED = "expired"
    NOT_YET_VALID = "notYetValid"


def certificate_status(
    *, not_before: datetime | None, not_after: datetime | None, revoked: bool, now: datetime
) -> CertificateStatus:
    """The status by the times and the register. A time that is None is not checked."""
    if revoked:
        return CertificateStatus.REVOKED
    if not_after is not None and not_after <= now:
        return CertificateStatus.EXPIRED
    if not_before is not None and not_before > now:
        return CertificateStatus.NOT_YET_VALID
    return CertificateStatus.GOOD


#: A purpose of an imported certificate (Graph: userPfxIntendedPurpose) -> its words.
PURPOSES: dict[str, str] = {
    "smimeEncryption": "S/MIME encryption",
    "smimeSigning": "S/MIME signing",
    "vpn": "VPN",
    "wifi": "Wi-Fi",
    "unassigned": "no purpose",
}
#: A reason of RFC 5280 5.3.1 -> its words.
REASONS: dict[str, str] = {
    "unspecified": "no reason given",
    "keyCompromise": "the key fell into other hands",
    "cACompromise": "the authority's key fell into other hands",
    "affiliationChanged": "the person's position changed",
    "superseded": "another took its place",
    "cessationOfOperation": "no longer needed",
    "certificateHold": "on hold",
    "privilegeWithdrawn": "the right to use it was withdrawn",
    "aACompromise": "the attribute authority's key fell into other hands",
}


def purpose(word: str | None) -> str:
    """Return a purpose in words; nothing for None."""
    return "" if word is None else PURPOSES.get(word, word)


def reason(word: str | None) -> str:
    """Return the reason of a revocation in words."""
    return REASONS.get(word or "unspecified", word or "")
