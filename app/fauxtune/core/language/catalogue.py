"""The languages of texts: which one somebody is answered in, and its catalogue; and a text that is not translated yet.

A `Message` is an English sentence with the values that stand in it. Code that knows what has to be said need not know
the language, nor whether it is said in HTML or in a terminal. The sentence is also the key of its translation: a
literal, with values as `%(name)s`, and `%%` for a percent sign.

The languages that texts for people are in, and the translation of a message. English is the source of all others.

A *domain* is the part of the program that the messages belong to: each has a catalogue of its own in each language,
`LANGUAGE/DOMAIN.po` beside this file. `make messages` brings them up to date with the code; a test finds messages that
are missing there, and those that nothing says any more.

Which language somebody is answered in, by what a client prefers (RFC 9110 12.5.4, Accept-Language).

Reads catalogues of messages in the format of gettext's PO files (GNU gettext manual, "The Format of PO Files").

Of the format it knows what the catalogues here use: comments, `msgid`, `msgid_plural`, `msgstr` and `msgstr[n]`, each
over any number of lines. A `msgid` begins an entry; empty lines mean nothing. Everything else is an error, and so is an
entry that a translator marked as doubtful (fuzzy). Entries are written with lines of at most 200 characters.
"""

from __future__ import annotations

import ast
import functools
import json
import pkgutil
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from gettext import c2py
from typing import Any


class Language(StrEnum):
    """A language by its code (ISO 639-1), which is also the `lang` of HTML."""

    ENGLISH = "en"
    ITALIAN = "it"


def _english(number: int) -> int:
    return 0 if number == 1 else 1


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The messages of a domain in one language. A message that is not there stays English.

    `gettext` and `ngettext` are what Jinja's extension `i18n` calls (`install_gettext_translations`).
    """

    language: Language
    forms: Mapping[str, tuple[str, ...]]
    plural: Callable[[int], int] = _english

    def gettext(self, text: str) -> str:
        """Return the translation of a text."""
        return self.forms.get(text, (text,))[0]

    def ngettext(self, one: str, many: str, number: int) -> str:  # noqa: PLR0917 - gettext's own signature
        """Return the translation of a text about a number of things."""
        forms = self.forms.get(one)
        return (one, many)[_english(number)] if forms is None else forms[self.plural(number)]

    def render(self, message: Message, *, show: Callable[[Any], Any] = str, wrap: Callable[[str], Any] = str) -> Any:
        """Return a message as a text. `show`: writes a value; `wrap`: makes the sentence what values are put into,
        such as markup, which escapes them.
        """
        if message.many is None:
            text = self.gettext(message.text)
        else:
            text = self.ngettext(message.text, message.many, message.number)
        values = {
            name: self.render(value, show=show, wrap=wrap) if isinstance(value, Message) else show(value)
            for name, value in message.values.items()
        }
        return wrap(text) % values


def catalogue_of(language: Language, text: str) -> Catalogue:
    """Return the catalogue that a PO file has. Raises Broken."""
    po = read_po(text)
    return Catalogue(language, {entry.text: entry.forms for entry in po.entries if all(entry.forms)}, po.plural)


def joined(language: Language, *domains: str) -> Catalogue:
    """Return the messages of several domains; of a message that several have the first translation counts."""
    forms: dict[str, tuple[str, ...]] = {}
    for domain in reversed(domains):
        known = catalogue(language, domain)
        forms |= known.forms
    return Catalogue(language, forms, known.plural) if domains else Catalogue(language, {})


@functools.cache
def catalogue(language: Language, domain: str) -> Catalogue:
    """Return the messages of a domain in a language. Raises FileNotFoundError for a domain without a catalogue."""
    if language is Language.ENGLISH:
        return Catalogue(language, {})
    data = pkgutil.get_data(__package__ or "", f"{language}/{domain}.po")
    assert data is not None
    return catalogue_of(language, data.decode())


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
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


_KEYWORD = re.compile(r'(msgid_plural|msgid|msgstr)(?:\[(\d)\])? (".*")')
#: A part of a long text, in the form in which it is quoted: as many words as a line of 200 characters has room for.
_PART = re.compile(r".{1,198}(?:(?<= )|$)|[^ ]+ ?")
_PLURAL = re.compile(r"^Plural-Forms: *nplurals=(\d); *plural=([^;]+);", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """A message with its translation: one form, or as many as the language has plurals."""

    text: str
    many: str | None
    forms: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Po:
    """A catalogue. `plural`: the number of the form for a number of things."""

    entries: tuple[Entry, ...]
    plural: Callable[[int], int]


class Broken(ValueError):
    """A line of a catalogue that is not understood. The message names its number."""


def read_po(text: str) -> Po:
    """Read a catalogue. Raises Broken."""
    entries = [_entry(lines) for lines in _blocks(text)]
    if not entries or entries[0].text:
        raise Broken("line 1: the first entry must be the header, whose msgid is empty")
    header, *others = entries
    rule = _PLURAL.search(header.forms[0])
    if rule is None:
        raise Broken("line 1: the header has no Plural-Forms")
    for entry in others:
        expected = 1 if entry.many is None else int(rule[1])
        if len(entry.forms) != expected:
            raise Broken(f"line {entry.line}: the message needs {expected} forms and has {len(entry.forms)}")
    if len({entry.text for entry in others}) != len(others):
        raise Broken("a message stands in the catalogue twice")
    return Po(tuple(others), c2py(rule[2]))


def written(text: str, forms: Sequence[str], *, many: str | None = None) -> str:
    """Return an entry as `read_po` reads it, without a line break at its end."""
    names = ["msgstr"] if many is None else [f"msgstr[{number}]" for number in range(len(forms))]
    parts = [("msgid", text), *([] if many is None else [("msgid_plural", many)]), *zip(names, forms, strict=True)]
    return "\n".join(_quoted(name, each) for name, each in parts)


def _quoted(name: str, text: str) -> str:
    line = f"{name} {json.dumps(text, ensure_ascii=False)}"
    if len(line) <= 200:
        return line
    return "\n".join([f'{name} ""', *(f'"{part}"' for part in _PART.findall(line[len(name) + 2 : -1]))])


def _blocks(text: str) -> list[list[tuple[int, str]]]:
    """The entries as numbered lines, without comments."""
    blocks: list[list[tuple[int, str]]] = [[]]
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith("#,") and "fuzzy" in line:
            raise Broken(f"line {number}: the translation is marked as fuzzy: read it, and remove the mark")
        if line.startswith("msgid "):
            blocks.append([])
        if line.strip() and not line.startswith("#"):
            blocks[-1].append((number, line.strip()))
    return [block for block in blocks if block]


def _entry(lines: list[tuple[int, str]]) -> Entry:
    parts: dict[str, str] = {}
    name = ""
    for number, line in lines:
        match = _KEYWORD.fullmatch(line)
        if match is not None:
            name = match[1] + (match[2] or "")
            if name in parts:
                raise Broken(f"line {number}: {name} stands twice in one entry")
            parts[name] = _unquoted(match[3], number=number)
        elif line.startswith('"') and name:
            parts[name] += _unquoted(line, number=number)
        else:
            raise Broken(f"line {number}: expected a keyword or a text in quotation marks, and found {line[:40]!r}")
    forms = [parts[name] for name in ("msgstr", "msgstr0", "msgstr1", "msgstr2", "msgstr3") if name in parts]
    if "msgid" not in parts or not forms:
        raise Broken(f"line {lines[0][0]}: an entry needs msgid and msgstr")
    return Entry(parts["msgid"], parts.get("msgid_plural"), tuple(forms), lines[0][0])


def _unquoted(text: str, *, number: int) -> str:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        raise Broken(f"line {number}: {text[:40]} is not a text in quotation marks") from None
    assert isinstance(value, str)
    return value


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence. `many`: its form for every number but one; `number` decides between the two, and is a value too.

    A value is a text, a number, or another message, which is translated as well.
    """

    text: str
    many: str | None = None
    number: int = 1
    values: Mapping[str, Any] = field(default_factory=dict)


def say(text: str, /, **values: Any) -> Message:
    """Return a message."""
    return Message(text, values=values)


def count(one: str, many: str, /, *, number: int, **values: Any) -> Message:
    """Return a message about a number of things, which may stand in it as `%(number)s`."""
    return Message(one, many, number, {**values, "number": number})
