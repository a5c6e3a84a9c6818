"""The fields of a header that have a form of their own: addresses and the date (RFC 5322 3.3, 3.4)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import getaddresses, parsedate_to_datetime

_WORDS = r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*"
_PLAIN = rf"{_WORDS}@[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
#: Addresses without names, comments and quotation marks. The standard library, which reads every form character by
#: character, needs ten times as long.
_PLAIN_ADDRESSES = re.compile(rf"{_PLAIN}(?:, *{_PLAIN})*", re.ASCII)


def addresses_in(text: str) -> tuple[str, ...]:
    """The addresses of a field, without names; of one that cannot be read, none."""
    if not text:
        return ()
    if _PLAIN_ADDRESSES.fullmatch(text):
        return tuple(address.lstrip() for address in text.split(","))
    try:
        return tuple(address for _, address in getaddresses([text]) if address)
    except RecursionError:  # comments in comments, which the standard library follows one by one
        return ()


def date_in(text: str) -> datetime | None:
    """The time of a field, in UTC if it names no zone; None for a text that is no time."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
