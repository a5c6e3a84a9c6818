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
_WEB_SAFE = str.maketrans("-_", "+/")
_RANGES = {Edm.INT32: 2**31, Edm.INT64: 2**63}


def primitive(value: object, edm: Edm) -> bool | int | str:
    """The value in its normal form. Raises Invalid with what the type needs; the caller adds the property."""
    if edm is Edm.BOOLEAN:
        if not isinstance(value, bool):
            raise Invalid(f"{value!r} is not a Boolean: use true or false.")
        return value
    if edm in _RANGES:
        return _integer(value, edm)
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
    limit = _RANGES[edm]
    if isinstance(value, bool) or not isinstance(value, int) or not -limit <= value < limit:
        raise Invalid(f"{value!r} is not an {edm.value.removeprefix('Edm.')}.")
    return value


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
}
