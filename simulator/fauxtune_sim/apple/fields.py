"""Typed access to the keys of a profile or a payload: a missing key or a wrong type raises a Fault that names it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

from fauxtune_sim.apple.faults import Code, Fault

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Fields:
    """A dictionary; `what` is its name in messages, `missing` and `mistyped` are the codes of the two errors."""

    document: dict[str, Any] = field(repr=False)
    what: str
    missing: Code = Code.PAYLOAD_FIELD_MISSING
    mistyped: Code = Code.PAYLOAD_FIELD_TYPE

    def optional(self, name: str, kind: type[_Value]) -> _Value | None:
        """The value of a key, or None if it is missing. Raises Fault if the type is wrong."""
        value = self.document.get(name)
        if value is None:
            return None
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise Fault(self.mistyped, f"{name} of {self.what} is not {kind.__name__}")
        return value

    def required(self, name: str, kind: type[_Value]) -> _Value:
        """The value of a key. Raises Fault if it is missing or empty, or if the type is wrong."""
        value = self.optional(name, kind)
        if value is None or (isinstance(value, str | bytes) and not value):
            raise Fault(self.missing, f"{self.what} has no {name}")
        return value

    def text(self, name: str) -> str:
        """The text of a key. Raises Fault if it is missing or empty, or if the type is wrong."""
        return self.required(name, str)

    def flag(self, name: str) -> bool:
        """A boolean, False if it is missing. Raises Fault if the type is wrong."""
        return bool(self.optional(name, bool))

    def number(self, name: str, default: int) -> int:
        """An integer, or the default if it is missing. Raises Fault if the type is wrong."""
        value = self.optional(name, int)
        return default if value is None else value

    def texts(self, name: str) -> tuple[str, ...]:
        """A text or an array of texts, empty if it is missing. Raises Fault if the type is wrong."""
        value = self.document.get(name)
        values = [value] if isinstance(value, str) else [] if value is None else value
        if not isinstance(values, list) or not all(isinstance(text, str) for text in values):
            raise Fault(self.mistyped, f"{name} of {self.what} is neither a text nor an array of texts")
        return tuple(values)
