"""One JSON value of a client, checked against its type and converted to the form of stored documents.

The forms: DateTimeOffset as `core.clock.iso` writes it (text order is time order), GUIDs in lower case, binary in
standard base64, enums in the schema's casing. Rules: OData JSON 4.01, 7.1 (primitive values).
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Callable

from fauxtune.core.clock import from_iso, iso
from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import text_value
from fauxtune.core.odata.schema.types import Edm

_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,12})?)?(?:Z|[+-]\d{2}:\d{2})?)?", re.ASCII | re.IGNORECASE
)
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
#: Nothing larger is kept, and neither infinity nor NaN.
_HUGE = 1e308
_WEB_SAFE = str.maketrans("-_", "+/")
_DURATION = re.compile(
    r"-?P(?=.)(?:\d{1,9}Y)?(?:\d{1,9}M)?(?:\d{1,9}D)?(?:T(?=.)(?:\d{1,9}H)?(?:\d{1,9}M)?(?:\d{1,9}(?:\.\d{1,12})?S)?)?",
    re.ASCII,
)
_RANGES = {Edm.INT32: range(-(2**31), 2**31), Edm.INT64: range(-(2**63), 2**63), Edm.BYTE: range(256)}


def primitive(value: object, edm: Edm) -> bool | int | float | str:
    """The value in its normal form. Raises Invalid with what the type needs; the caller adds the property."""
    if edm is Edm.BOOLEAN:
        if not isinstance(value, bool):
            raise Invalid(f"{value!r} is not a Boolean: use true or false.")
        return value
    if edm in _RANGES:
        return _integer(value, edm)
    if edm in (Edm.DOUBLE, Edm.SINGLE):
        return _number(value)
    if not isinstance(value, str):
        raise Invalid(f"{value!r} is not a text: {edm.value} is written as a JSON string.")
    return _TEXTS[edm](value)


def moment(text: str) -> str:
    """A date and time of any offset and precision, in the form of `core.clock.iso`; a naive one is UTC."""
    if not _MOMENT.fullmatch(text):
        raise Invalid(f"{text!r} is not a DateTimeOffset: write it like 2026-11-24T10:00:00Z.")
    try:
        return iso(from_iso(text.upper()))
    except (ValueError, OverflowError) as error:
        raise Invalid(f"{text!r} is not a moment that exists in UTC: {error}.") from error


def guid(text: str) -> str:
    """The GUID in lower case with hyphens."""
    if not _GUID.fullmatch(text):
        raise Invalid(f"{text!r} is not a GUID: write it like c0ffee00-0000-4000-8000-000000000001.")
    return str(uuid.UUID(text))


def _integer(value: object, edm: Edm) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in _RANGES[edm]:
        raise Invalid(f"{value!r} is not an {edm.value.removeprefix('Edm.')}.")
    return value


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_HUGE < value < _HUGE:
        raise Invalid(f"{value!r} is not a number: write it like 1.5.")
    return value


def _date(text: str) -> str:
    if len(text) != len("2026-11-24"):
        raise Invalid(f"{text!r} is not a date: write it like 2026-11-24.")
    return moment(text)[:10]


def _time_of_day(text: str) -> str:
    """The time with seven digits of a second, as DateTimeOffset has them."""
    return moment(f"2000-01-01T{text}Z")[11:-1]


def _duration(text: str) -> str:
    if not _DURATION.fullmatch(text):
        raise Invalid(f"{text!r} is not a duration: write it like P1DT2H30M.")
    return text


def _stream(_text: str) -> str:
    raise Invalid("it is a stream: it has an address of its own, and no value in a body.")


def _binary(text: str) -> str:
    # .NET skips white space; OData's own form is the URL-safe alphabet.
    plain = "".join(text.split()).translate(_WEB_SAFE)
    try:
        # Padding is written again: Python 3.13 refuses more of it than is needed.
        plain = plain.rstrip("=")
        return base64.b64encode(base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise Invalid(f"The text is not base64: {error}.") from error


_TEXTS: dict[Edm, Callable[[str], str]] = {
    Edm.STRING: text_value,
    Edm.GUID: guid,
    Edm.BINARY: _binary,
    Edm.DATE_TIME: moment,
    Edm.DATE: _date,
    Edm.TIME_OF_DAY: _time_of_day,
    Edm.DURATION: _duration,
    Edm.STREAM: _stream,
}
