"""Which text can be stored and answered: Unicode without NUL, which PostgreSQL cannot store, and without lone
surrogates.

JSON can contain both (RFC 8259 8.2 calls what then happens unpredictable). The types are for JSON bodies: each `str` of
a body is a `Text`, and each member without a type of its own a `Json` or a `JsonObject`. They are pydantic's to check,
and named everywhere: so this module does not import it (docs/decisions/0077).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from fauxtune.core.errors import Invalid

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

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


@dataclass(frozen=True, slots=True)
class _Checked:
    """What pydantic's AfterValidator is: `check` returns the value, or raises ValueError with the reason."""

    check: Callable[[Any], Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the check as pydantic reads it; pydantic, which is there by then, calls this."""
        from pydantic_core.core_schema import no_info_after_validator_function

        return no_info_after_validator_function(self.check, handler(source))


#: For a `str` that has further limits.
STORABLE = _Checked(_text)
Text = Annotated[str, STORABLE]
Json = Annotated[Any, _Checked(_json)]
JsonObject = Annotated[dict[str, Any], _Checked(_json)]
