"""Reads catalogues of messages in the format of gettext's PO files (GNU gettext manual, "The Format of PO Files").

Of the format it knows what the catalogues here use: comments, `msgid`, `msgid_plural`, `msgstr` and `msgstr[n]`, each
over any number of lines. A `msgid` begins an entry; empty lines mean nothing. Everything else is an error, and so is an
entry that a translator marked as doubtful (fuzzy). Entries are written with lines of at most 200 characters.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from gettext import c2py

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
