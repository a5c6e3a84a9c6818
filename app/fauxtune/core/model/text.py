"""Which text can be kept and answered: Unicode without NUL, which PostgreSQL cannot store, and without lone surrogates.

JSON can contain both (RFC 8259 8.2 calls what then happens unpredictable). The types are for JSON bodies: each `str` of
a body is a `Text`, and each member without a type of its own a `Json` or a `JsonObject`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, StrictStr

from fauxtune.core.errors import Invalid

_NOT_KEPT = re.compile("[\x00\ud800-\udfff]")


def text_value(text: str) -> str:
    """The text. Invalid for one that cannot be kept."""
    if _NOT_KEPT.search(text):
        raise Invalid("The text holds a NUL character or a lone surrogate, which cannot be stored.")
    return text


def _text(text: str) -> str:
    try:
        return text_value(text)
    except Invalid as error:
        raise ValueError(error.message) from None


def _json(value: Any) -> Any:
    """The value, if all text in it can be kept, names of members too."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as found:
                _text(found)
            case dict() as found:
                waiting += [*found.keys(), *found.values()]
            case list() as found:
                waiting += found
    return value


#: For a `str` that has limits of its own.
KEPT = AfterValidator(_text)
Text = Annotated[str, KEPT]
StrictText = Annotated[StrictStr, KEPT]
Json = Annotated[Any, AfterValidator(_json)]
JsonObject = Annotated[dict[str, Any], AfterValidator(_json)]
