"""The templates of the pages, and what they can say: moments, spans of time, numbers, short marks."""

from __future__ import annotations

import functools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import Response
from jinja2 import Environment, FileSystemLoader

from fauxtune import __version__
from fauxtune.core.language.catalogue import Language, catalogue
from fauxtune.core.model.certificate_words import purpose, reason
from fauxtune.core.model.platform_words import system_words
from fauxtune.core.model.states import ItemState
from fauxtune.surfaces import html
from fauxtune.surfaces.console.holdings import STATES, WORK, effect_chip
from fauxtune.surfaces.console.shown_marks import mark

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


def page(template: str, /, *, status: int = 200, language: Language = Language.ENGLISH, **values: Any) -> Response:
    """Return the page of a template, which escapes every value. Those of labs are in several languages."""
    content = _environment(language).get_template(template).render(**values, language=language.value)
    return Response(content, status, headers=HEADERS, media_type="text/html")


def fragment(template: str, /, *, macro: str, **values: Any) -> str:
    """Return what one macro of a template writes, for tests and parts of pages."""
    module = _environment(Language.ENGLISH).get_template(template).module
    return str(getattr(module, macro)(**values))


@functools.cache
def _environment(language: Language) -> Environment:
    environment = html.environment(FileSystemLoader(_FOLDER), words=catalogue(language, "labs"))
    environment.filters.update(
        day=day,
        moment=moment,
        span=span,
        count=count,
        distance=distance,
        letters=letters,
        effect_chip=effect_chip,
        work_words=WORK.__getitem__,
        took=took,
        reason=reason,
        purpose=purpose,
        item_state=item_state,
        system=system_words,
    )
    # No value of a page has this name, which would hide it.
    environment.globals.update(program_version=__version__)
    return environment


def day(value: datetime | None) -> str:
    """Return the date, such as 2026-11-27; a dash for None."""
    return "–" if value is None else f"{value:%Y-%m-%d}"


def moment(value: datetime | None) -> str:
    """Return date and time in UTC, to the second; a dash for None."""
    return "–" if value is None else f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def span(value: timedelta, units: int = 2) -> str:
    """Return a span of time in its largest units, such as "3 days 4 hours"; one in the past as "2 minutes ago"."""
    seconds = int(abs(value).total_seconds())
    parts = []
    for name, size in (("year", 31_536_000), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number} {name}{'' if number == 1 else 's'}")
    words = " ".join(parts[:units]) or "no time"
    return f"{words} ago" if value < timedelta(0) else words


def distance(value: datetime, now: datetime) -> str:
    """Return how far a moment is from the tenant's present time, such as "5 minutes ago", "in 3 hours", "just now"."""
    difference = value - now
    if abs(difference) < timedelta(seconds=1):
        return "just now"
    words = span(difference, units=1)
    return words if difference < timedelta(0) else f"in {words}"


def item_state(state: ItemState) -> str:
    """Return the state of an item on a device in words."""
    return STATES[state][1]


def took(milliseconds: float) -> str:
    """Return how long something took, such as "0.4 ms", "120 ms" or "30.1 s"."""
    if milliseconds < 10:
        return f"{milliseconds:.1f} ms"
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def letters(thumbprint: str) -> str:
    """Return the letters of a certificate's mark."""
    return mark(thumbprint).letters


def count(number: int, noun: str) -> str:
    """Return a number with its noun, such as "1 device" or "3 devices"."""
    plural = _PLURALS.get(noun, f"{noun}s")
    return f"{number:,} {noun if number == 1 else plural}"
