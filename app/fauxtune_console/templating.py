"""The templates of the pages with what they can say (moments, numbers, short marks), and the static files."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import markupsafe
from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

from fauxtune import __version__, surfaces
from fauxtune.core.language.catalogue import Catalogue, Language, joined, say
from fauxtune.core.language.recognition import Markup, recogniser, translated_markup
from fauxtune.core.model.certificates import purpose, reason
from fauxtune.core.model.states import ItemState
from fauxtune.core.model.words.device_words import system_words
from fauxtune.surfaces import html
from fauxtune_console.addresses import PATH
from fauxtune_console.holdings import STATES, WORK, effect_chip
from fauxtune_console.shown_marks import mark

_FOLDER = Path(__file__).parent / "templates"

#: data. Plurals that do not end in s alone.
_PLURALS = {"person": "people", "authority": "authorities", "copy": "copies"}
#: No scripts, styles, images or connections but our own; no other site may show a page in a frame.
HEADERS = {
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


#: The catalogues of the console's texts: its own and those around labs.
DOMAINS = ("console", "labs")
#: data. Labels, buttons and states of one word that code hands to templates. Names that people give are no such words.
WORDS = frozenset(
    """
    Approve Assigned Battery Cancel Change Compliant Create Delete Deny Description Disabled Edition Enabled Error
    Expired Import Installed Issue Key Lock Manufacturer Method Model Name Never Owner Pending Platform Publish Purpose
    Release Remove Renewed Reset Restore Retire Revoke Save Send State Storage Sync System Template Unknown Valid
    Validity Version Wipe Withdraw installed pending removed revoked wiped retired deleted enrolled unenrolled failed
    none any yes no ok signing encryption verified valid expired waits imported issued renewed delivered refused
    released waiting certificate holds own shared trusts broken unknown All Ended Ending Enrolled More Start
    """.split()  # noqa: SIM905 - words, to be read
)

#: data. Words that people use as names too: they are translated where a template says `| ours`.
ONLY_MARKED = frozenset(
    """
    Address Person Group Member Profile User Number For Title Type Length Subject Fact Value Intent Certificate
    Authorities Templates Users Groups Certificates Profiles Devices Connectors Failures Times device group person
    sent missing encrypted never supported everything required available blocked nobody settings apps
    done Subscribe Revoke… Removed Revoked reads open Mode Carrier compliant set plain
    """.split()  # noqa: SIM905 - words, to be read
)


def page(template: str, /, *, status: int = 200, language: Language = Language.ENGLISH, **values: Any) -> Response:
    """Return the page of a template in a language, which escapes every value."""
    content = _environment(language).get_template(template).render(**values, language=language.value)
    return Response(content, status, headers=HEADERS, media_type="text/html")


def fragment(template: str, /, *, macro: str, **values: Any) -> str:
    """Return what one macro of a template writes, for tests and parts of pages."""
    module = _environment(Language.ENGLISH).get_template(template).module
    return str(getattr(module, macro)(**values))


class Verbatim(str):
    """A value that programs read: a class, an address, what a form sends. It is the same in every language."""

    __slots__ = ()


def verbatim(value: Any) -> Any:
    """Return the value, so that no language changes it."""
    return Verbatim(value) if type(value) is str else value


class TranslatedTemplates(Extension):
    """Translates the text that stands in templates when they are loaded, once: pages then cost what they always do."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Yield the tokens of a template, its own text translated; what stands in `trans` is translated there. A value
        that stands where nobody reads it becomes `{{ (value) | verbatim }}`.
        """
        words: Catalogue = self.environment.words  # type: ignore[attr-defined]
        place, in_trans = Markup(), False
        before = ""
        for token in stream:
            if before == "block_begin" and token.value in {"trans", "endtrans"}:
                in_trans = token.value == "trans"
            if token.type == "data" and not in_trans:
                text = translated_markup(token.value, place, translate=words.gettext)
                token = Token(token.lineno, token.type, text)
            before = token.type
            kept = token.type.startswith("variable_") and not in_trans and not place.is_read
            if kept and token.type == "variable_end":
                yield from (Token(token.lineno, *each) for each in _KEPT)
            yield token
            if kept and token.type == "variable_begin":
                yield Token(token.lineno, "lparen", "(")


#: The tokens of `) | verbatim`.
_KEPT = (("rparen", ")"), ("pipe", "|"), ("name", "verbatim"))


@functools.cache
def _environment(language: Language) -> Environment:
    words = joined(language, *DOMAINS)
    environment = html.environment(FileSystemLoader(_FOLDER), words=words)
    known = recogniser(language, *DOMAINS)

    def said(value: Any) -> Any:
        if type(value) is not str:
            return value
        return words.gettext(value) if value in WORDS else known.translated(value)

    def ours(value: Any) -> Any:
        """A label or a state: of these a single word is translated too, which might be somebody's name elsewhere."""
        return verbatim(words.gettext(value) if value in ONLY_MARKED else said(value))

    if language is not Language.ENGLISH:
        environment.extend(words=words)
        environment.add_extension(TranslatedTemplates)
        # Sentences come in English from where the rules are; names and other values pass.
        environment.finalize = said
    environment.filters.update(
        day=day,
        moment=moment,
        span=functools.partial(span, words=words),
        count=functools.partial(count, words=words),
        distance=functools.partial(distance, words=words),
        letters=letters,
        effect_chip=effect_chip,
        work_words=WORK.__getitem__,
        took=took,
        breakable=breakable,
        reason=reason,
        purpose=purpose,
        item_state=lambda state: words.gettext(item_state(state)),
        system=system_words,
        verbatim=verbatim,
        said=lambda value: verbatim(said(value)),
        ours=ours,
        listed=lambda value: Verbatim("".join(map(ours, re.split("(, |: )", str(value))))),
    )
    # No value of a page has this name, which would hide it.
    environment.globals.update(program_version=__version__, languages=Language)
    return environment


def day(value: datetime | None) -> str:
    """Return the date, such as 2026-11-27; a dash for None."""
    return "–" if value is None else f"{value:%Y-%m-%d}"


def moment(value: datetime | None) -> str:
    """Return date and time in UTC, to the second; a dash for None."""
    return "–" if value is None else f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


_JOINT = re.compile(r"(?<=[,./])(?=\w)")
_ENGLISH = Catalogue(Language.ENGLISH, {})
#: data. The units of a span of time, with their seconds.
_UNITS = (("year", 31_536_000), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


def span(value: timedelta, units: int = 2, *, words: Catalogue = _ENGLISH) -> str:
    """Return a span of time in its largest units, such as "3 days 4 hours"; one in the past as "2 minutes ago"."""
    seconds = int(abs(value).total_seconds())
    parts = []
    for name, size in _UNITS:
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(count(number, name, words=words))
    text = " ".join(parts[:units]) or words.render(say("no time"))
    return str(words.render(say("%(time)s ago", time=text))) if value < timedelta(0) else text


def distance(value: datetime, now: datetime, *, words: Catalogue = _ENGLISH) -> str:
    """Return how far a moment is from the tenant's present time, such as "5 minutes ago", "in 3 hours", "just now"."""
    difference = value - now
    if abs(difference) < timedelta(seconds=1):
        return str(words.render(say("just now")))
    text = span(difference, units=1, words=words)
    return text if difference < timedelta(0) else str(words.render(say("in %(time)s", time=text)))


def item_state(state: ItemState) -> str:
    """Return the state of an item on a device in words."""
    return STATES[state][1]


def took(milliseconds: float) -> str:
    """Return how long something took, such as "0.4 ms", "120 ms" or "30.1 s"."""
    if milliseconds < 10:
        return f"{milliseconds:.1f} ms"
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def breakable(value: object) -> markupsafe.Markup:
    """Return a long name of a program, such as a subject, an address or a permission, in which a line may end after
    a dot, a comma, a slash: otherwise one ends in the middle of a word.
    """
    return markupsafe.Markup(_JOINT.sub("<wbr>", str(markupsafe.escape(value))))  # noqa: S704 - it is escaped


def letters(thumbprint: str) -> str:
    """Return the letters of a certificate's mark."""
    return mark(thumbprint).letters


def plural_of(noun: str) -> str:
    """Return a noun for several things."""
    return _PLURALS.get(noun, f"{noun}s")


def count(number: int, noun: str, *, words: Catalogue = _ENGLISH) -> str:
    """Return a number with its noun, such as "1 device" or "3 devices"."""
    text = words.ngettext(f"%(number)s {noun}", f"%(number)s {plural_of(noun)}", number)
    return text % {"number": f"{number:,}"}


_STATIC = Path(__file__).parent / "static"
#: The colours are those of all pages, also of reports and handouts.
_ELSEWHERE = {"colours.css": Path(surfaces.__file__).parent}
#: data
_MEDIA = {
    "colours.css": "text/css",
    "console.css": "text/css",
    "console.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


def file_at(path: str, request: Request) -> Response | None:
    """Return the file of this path; None for every other path. Files are the same for everybody."""
    name = path.removeprefix(f"{PATH}/static/")
    if name == path or name not in _MEDIA:
        return None
    content, tag = _content(name)
    headers = {"etag": tag, "cache-control": "no-cache", "x-content-type-options": "nosniff"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=_MEDIA[name])


@functools.cache
def _content(name: str) -> tuple[bytes, str]:
    content = (_ELSEWHERE.get(name, _STATIC) / name).read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:16]}"'
