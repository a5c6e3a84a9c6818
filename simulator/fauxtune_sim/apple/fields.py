"""Keys of a profile or a payload, by their type: what is missing or of another type is a Fault that says which."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

from fauxtune_sim.apple.faults import Code, Fault

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Fields:
    """A dictionary; `what` is what messages call it, `missing` and `mistyped` the codes of what can be wrong."""

    document: dict[str, Any] = field(repr=False)
    what: str
    missing: Code = Code.PAYLOAD_FIELD_MISSING
    mistyped: Code = Code.PAYLOAD_FIELD_TYPE

    def optional(self, name: str, kind: type[_Value]) -> _Value | None:
        """A value that may be missing."""
        value = self.document.get(name)
        if value is None:
            return None
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise Fault(self.mistyped, f"{name} of {self.what} is not {kind.__name__}")
        return value

    def required(self, name: str, kind: type[_Value]) -> _Value:
        """A value that must be there; an empty one is as good as none."""
        value = self.optional(name, kind)
        if value is None or (isinstance(value, str | bytes) and not value):
            raise Fault(self.missing, f"{self.what} has no {name}")
        return value

    def text(self, name: str) -> str:
        """A text that must be there."""
        return self.required(name, str)

    def flag(self, name: str) -> bool:
        """A switch; what is missing is off."""
        return bool(self.optional(name, bool))

    def number(self, name: str, default: int) -> int:
        """A whole number, with what it is if it is missing."""
        value = self.optional(name, int)
        return default if value is None else value

    def texts(self, name: str) -> tuple[str, ...]:
        """A text, or an array of them; none if it is missing."""
        value = self.document.get(name)
        found = [value] if isinstance(value, str) else [] if value is None else value
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise Fault(self.mistyped, f"{name} of {self.what} is neither a text nor an array of texts")
        return tuple(found)
