"""Translates sentences that are made in English elsewhere, by recognising them.

Reasons, findings and refusals are made where the rules are, as English sentences that go to programs and people alike:
into answers, journals, terminals and pages. A page in another language recognises such a sentence by the catalogue's
entry, in which values stand as `%(name)s`, and takes its translation. A value that is a sentence of its own is
translated too; what nobody has translated stays English. What people have named is recognised only if a whole sentence
is equal: single words are never translated here.
"""

from __future__ import annotations

import functools
import pkgutil
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from fauxtune.core.language.catalogue import Entry, Language, read_po

_VALUE = re.compile(r"%\((\w+)\)s")
_NUMBER = "%(number)s "
#: What begins with a whole word of its own, in a capital letter.
_HEADED = re.compile(r"[A-Z][a-z]+:? ")
_OWN = re.compile(r"[A-Za-z]{2,}")
#: A value in front of a sentence, such as the name of an action. Pages that have named it leave it out.
_NAMED = re.compile(r"%\(\w+\)s: (?=[a-z])")
_COUNTED = re.compile(r"([\d,.]+) (.+)")
#: Sentences in one another, sentences in a row, and characters of a text that is looked at, at most.
_DEEPEST, _MOST, _LONGEST = 4, 20, 2_000
#: Texts that are remembered: pages show the same ones again and again.
_REMEMBERED = 4_096


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A sentence with values: what stands before, between and after them, their names, and the translation.

    No regular expression: with several values, one that does not match takes time that grows with a power of the
    text's length, and texts hold what people have named.
    """

    literals: tuple[str, ...]
    names: tuple[str, ...]
    form: str

    @property
    def quoted(self) -> set[str]:
        """The values that stand in quotes: what people have named."""
        return {name for name, before in zip(self.names, self.literals, strict=False) if before.endswith(("'", "“"))}

    @property
    def length(self) -> int:
        """The characters of the sentence itself."""
        return sum(map(len, self.literals))

    def values_in(self, text: str) -> dict[str, str] | None:
        """Return the values of a text that is such a sentence, each as short as it can be; else None."""
        head, *between, tail = self.literals
        end = len(text) - len(tail)
        if not (text.startswith(head) and text.endswith(tail)):
            return None
        values: dict[str, str] = {}
        start = len(head)
        for name, literal in zip(self.names, (*between, None), strict=True):
            stop = end if literal is None else text.find(literal, start, end)
            if stop < start or values.setdefault(name, text[start:stop]) != text[start:stop]:
                return None
            start = stop + len(literal or "")
        return values


class Recogniser:
    """The sentences of some catalogues, in a language."""

    def __init__(self, entries: Iterable[Entry], plural: Callable[[int], int]) -> None:
        self._plural = plural
        self._exact: dict[str, str] = {}
        self._counted: dict[str, tuple[str, ...]] = {}
        self._by_word: defaultdict[str, list[_Pattern]] = defaultdict(list)
        for entry in entries:
            if not all(entry.forms):
                continue
            if entry.many is not None:
                for text in (entry.text, entry.many):
                    self._counted[text.removeprefix(_NUMBER)] = entry.forms
                continue
            for form in (entry, _without_its_name(entry)):
                if form is not None:
                    self._know(form)
        for patterns in self._by_word.values():  # the one that says most is tried first
            patterns.sort(key=lambda pattern: -pattern.length)
        self._known = functools.lru_cache(_REMEMBERED)(self._whole)

    def _know(self, entry: Entry) -> None:
        """Keep a sentence that is no number of things."""
        if _VALUE.search(entry.text):
            # What has one word of its own says too little: it would recognise whatever has this word.
            if _HEADED.match(entry.text) or len(_OWN.findall(_VALUE.sub(" ", entry.text))) >= 2:
                self._add(entry)
        else:
            self._exact[_plain(entry.text).replace("%%", "%")] = _plain(entry.forms[0]).replace("%%", "%")

    def translated(self, text: str) -> str:
        """Return the translation of a text of two words or more; the text itself if it is not known."""
        if " " not in text or len(text) > _LONGEST:
            return text
        return self._known(text)

    def _whole(self, text: str) -> str:
        """Translate a text; one of several sentences or parts, by each of them if it is not known as a whole."""
        # Sentences before the whole: the last value of the first one would take in all that follow.
        row = self._exact.get(text) or self._in_a_row(text)
        if row is not None:
            return row
        parts = text.split("; ", _MOST)
        done = [self._one(part, 0) for part in parts]
        if all(done):
            return "; ".join(filter(None, done))
        known = self._one(text, 0) or self._ended(text)
        if known is not None:
            return known
        for divider in ("; ", ". ", ": "):
            parts = text.split(divider, _MOST)
            if len(parts) > 1:
                done = [self._one(part, 0) or self._ended(part) for part in parts]
                if any(done):
                    return divider.join(new or part for new, part in zip(done, parts, strict=True))
        return self._listed(text) or text

    def _in_a_row(self, text: str, most: int = _MOST) -> str | None:
        """Translate several sentences if each is known, from the last one on: names may have full stops too."""
        at = len(text)
        for _ in range(most):
            at = text.rfind(". ", 0, at)
            if at < 0:
                return None
            last = self._one(text[at + 2 :], 0) or self._ended(text[at + 2 :])
            if last is not None:
                before = text[: at + 1]
                known = self._in_a_row(before, most - 1) or self._one(before, 0) or self._ended(before)
                return known and f"{known} {last}"
        return None

    def _listed(self, text: str) -> str | None:
        """Translate a list of which each part is known as it stands and has several words: names are rarely so."""
        parts = text.split(", ", _MOST)
        known = [self._exact.get(part) if " " in part else None for part in parts]
        return ", ".join(filter(None, known)) if all(known) else None

    def _ended(self, text: str) -> str | None:
        """Translate a sentence whose full stop one of the two has."""
        other = text[:-1] if text.endswith(".") else f"{text}."
        known = self._one(other, 0)
        if known is None:
            return None
        return f"{known}." if text.endswith(".") else known.removesuffix(".")

    def _one(self, text: str, depth: int) -> str | None:
        exact = self._exact.get(text)
        if exact is not None:
            return exact
        counted = _COUNTED.fullmatch(text)
        if counted is not None and counted[2] in self._counted:
            number = int(re.sub(r"\D", "", counted[1]) or 0)
            return self._counted[counted[2]][self._plural(number)].replace(_NUMBER.strip(), counted[1])
        if counted is not None and counted[2] in self._exact:
            return f"{counted[1]} {self._exact[counted[2]]}"
        if depth >= _DEEPEST:
            return None
        first = text.partition(" ")[0]
        for pattern in (*self._by_word.get(first, ()), *self._by_word.get("", ())):
            values = pattern.values_in(text)
            if values is not None:
                named = pattern.quoted
                written: str = pattern.form % {
                    name: value if name in named else self._value(value, depth + 1) for name, value in values.items()
                }
                return written
        return None

    def _value(self, text: str, depth: int) -> str:
        if " " not in text and not text.islower():
            return text
        parts = [self._one(part, _DEEPEST - 1) for part in text.split(", ", _MOST)]
        if len(parts) > 1 and all(parts):  # before the whole: a name in the first one would take in all that follow
            return ", ".join(filter(None, parts))
        known = self._one(text, depth)
        if known is None and ", " in text:
            head, _, tail = text.rpartition(", ")
            clause = self._exact.get(f", {tail}")
            if clause is not None:
                return f"{self._value(head, depth)}{clause}"
            # The parts of a list are things of ours, or names.
            return ", ".join(self._one(part, _DEEPEST - 1) or part for part in text.split(", ", _MOST))
        return known or text

    def _add(self, entry: Entry) -> None:
        pieces = _VALUE.split(_plain(entry.text))
        literals = tuple(piece.replace("%%", "%") for piece in pieces[::2])
        first, space, _ = pieces[0].partition(" ")
        # A sentence without a whole first word is tried with every text.
        self._by_word[first if space else ""].append(_Pattern(literals, tuple(pieces[1::2]), entry.forms[0]))


def _without_its_name(entry: Entry) -> Entry | None:
    """Return the sentence without the value in front of it, as a sentence of its own; None if there is no such value,
    or its translation does not begin with it.
    """
    head = _NAMED.match(_plain(entry.text))
    form = _plain(entry.forms[0])
    if head is None or not form.startswith(head[0]):
        return None
    text, rest = _plain(entry.text)[head.end() :], form[head.end() :]
    return replace(entry, text=f"{text[:1].upper()}{text[1:]}", forms=(f"{rest[:1].upper()}{rest[1:]}",))


def _plain(text: str) -> str:
    return " ".join(text.split())


@functools.cache
def recogniser(language: Language, *domains: str) -> Recogniser:
    """Return what recognises the sentences of these domains. Raises FileNotFoundError for one without a catalogue."""
    entries: list[Entry] = []
    plural: Callable[[int], int] = int
    for domain in domains if language is not Language.ENGLISH else ():
        data = pkgutil.get_data(__package__ or "", f"{language}/{domain}.po")
        assert data is not None
        po = read_po(data.decode())
        entries, plural = [*entries, *po.entries], po.plural
    return Recogniser(entries, plural)


# -------------------------------------------------------------------------------------------------- the text of templ

_TAG = re.compile(r"<(/?)([a-zA-Z!][\w-]*)")
_READ = "title|aria-label|placeholder|data-label|label|alt"
_ATTRIBUTE = re.compile(rf'(?<=\s)({_READ})="([^"{{}}]*[A-Za-z]{{2}}[^"{{}}]*)"')
#: The end of a piece of a tag that stands in the value of an attribute.
_IN_ATTRIBUTE = re.compile(r'([\w-]+)="[^"]*\Z')
#: Elements whose text is no prose of ours: `bdi` holds what people have named.
_RAW = frozenset({"script", "style", "pre", "code", "textarea", "bdi"})
_WORD = re.compile(r"[A-Za-z]{2}")


@dataclass(slots=True)
class Markup:
    """Where in a document the last piece of it has ended: inside a tag, inside an element whose text is no prose.
    `tag`: what the document has of that tag.
    """

    in_tag: bool = False
    raw: str = ""
    tag: str = ""

    @property
    def is_read(self) -> bool:
        """Whether people read what comes next: a text, or the value of an attribute that is shown or read aloud.

        Classes, addresses and what forms send are for programs.
        """
        attribute = _IN_ATTRIBUTE.search(self.tag)
        if attribute is not None:
            return re.fullmatch(_READ, attribute[1]) is not None
        return not self.in_tag and not self.raw


def translated_markup(text: str, place: Markup, *, translate: Callable[[str], str]) -> str:
    """Return a piece of a template's own HTML with its texts, and those attributes that people read, translated."""
    return "".join(_written(kind, piece, translate=translate) for kind, piece in _pieces(text, place))


def texts_of_markup(text: str, place: Markup) -> Iterator[str]:
    """Yield the texts of a piece of HTML that people read."""
    texts: list[str] = []

    def note(piece: str) -> str:
        texts.append(piece)
        return piece

    translated_markup(text, place, translate=note)
    yield from texts


def _written(kind: str, piece: str, *, translate: Callable[[str], str]) -> str:
    if kind == "raw":
        return piece
    if kind == "tag":
        return _ATTRIBUTE.sub(lambda match: f'{match[1]}="{translate(_plain(match[2]))}"', piece)
    inner = _plain(piece)
    if not _WORD.search(inner) or '="' in inner or inner.startswith("/"):  # a part of a tag that another piece begins
        return piece
    start = piece[: len(piece) - len(piece.lstrip())]
    end = piece[len(piece.rstrip()) :]
    return f"{start}{translate(inner)}{end}"


def _pieces(text: str, place: Markup) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        end = text.find(">" if place.in_tag else "<", at)
        stop = len(text) if end < 0 else end + (1 if place.in_tag else 0)
        piece = text[at:stop]
        if place.in_tag:
            yield "tag", piece
            place.in_tag = end < 0
            place.tag = f"{place.tag}{piece}" if place.in_tag else ""
        else:
            yield ("raw" if place.raw else "text"), piece
            place.tag = ""
            match = None if end < 0 else _TAG.match(text, end)
            if match is not None:
                place.in_tag = True
                place.raw = _raw_after(place.raw, match[2].lower(), closes=bool(match[1]))
            elif end >= 0:  # a sign that is no tag
                yield "raw", "<"
                stop = end + 1
        at = stop


def _raw_after(raw: str, name: str, *, closes: bool) -> str:
    if closes:
        return "" if raw == name else raw
    return name if not raw and name in _RAW else raw
