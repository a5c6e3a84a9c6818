"""The languages that texts for people are in, and the translation of a message. English is the source of all others.

A *domain* is the part of the program that the messages belong to: each has a catalogue of its own in each language,
`LANGUAGE/DOMAIN.po` beside this file. `make messages` brings them up to date with the code; a test finds messages that
are missing there, and those that nothing says any more.
"""

from __future__ import annotations

import functools
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fauxtune.core.language.message import Message
from fauxtune.core.language.po import read_po


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
