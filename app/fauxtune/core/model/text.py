"""Which text can be stored and answered: Unicode without NUL, which PostgreSQL cannot store, and without lone
surrogates.

JSON can contain both (RFC 8259 8.2 calls what then happens unpredictable). The types are for JSON bodies: each `str` of
a body is a `Text`, and each member without a type of its own a `Json` or a `JsonObject`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, StrictStr

from fauxtune.core.errors import Invalid

_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def text_value(text: str) -> str:
    """Return the text. Raises Invalid if it cannot be stored."""
    if _NOT_STORABLE.search(text):
        raise Invalid("The text contains a NUL character or a lone surrogate, which cannot be stored.")
    return text


def _text(text: str) -> str:
    try:
        return text_value(text)
    except Invalid as error:
        raise ValueError(error.message) from None


def _json(value: Any) -> Any:
    """Return the value if all text in it, names of members too, can be stored."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text:
                _text(text)
            case dict() as members:
                waiting += [*members.keys(), *members.values()]
            case list() as elements:
                waiting += elements
    return value


#: For a `str` that has further limits.
STORABLE = AfterValidator(_text)
Text = Annotated[str, STORABLE]
StrictText = Annotated[StrictStr, STORABLE]
Json = Annotated[Any, AfterValidator(_json)]
JsonObject = Annotated[dict[str, Any], AfterValidator(_json)]
