"""What was typed into a form, kept as it is: a form that is refused is shown again with it, and with the reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.datastructures import FormData

from fauxtune_console.session import FORM_TOKEN

#: The buttons of a form, and the token, are no values of it.
_NO_VALUES = frozenset({FORM_TOKEN, "step"})


@dataclass(slots=True)
class Typed:
    """The values of a form by field; a field of several choices has several. `errors`: why a field is refused."""

    values: Mapping[str, Sequence[str]]
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, form: FormData) -> Typed:
        """Return the texts that were sent, without files."""
        values: dict[str, list[str]] = {}
        for name, value in form.multi_items():
            if isinstance(value, str) and name not in _NO_VALUES:
                values.setdefault(name, []).append(value)
        return cls(values)

    def text(self, name: str) -> str:
        """Return the text of a field, without blanks around it; "" for a field that was not sent."""
        return next(iter(self.values.get(name, ())), "").strip()

    def all(self, name: str) -> list[str]:
        """Return everything that was chosen in a field, each once."""
        return [value for value in dict.fromkeys(self.values.get(name, ())) if value]

    def has(self, name: str, value: str = "on") -> bool:
        """Whether this was chosen in a field."""
        return value in self.values.get(name, ())

    def wrong(self, name: str, reason: str) -> None:
        """Note why a field is refused; the first reason stays."""
        self.errors.setdefault(name, reason)

    def with_value(self, name: str, value: str) -> Typed:
        """Return the form with another text in one field."""
        return Typed({**self.values, name: [value]}, self.errors)

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Return every field with every value, for the hidden fields of the next page."""
        for name, values in self.values.items():
            for value in values:
                yield name, value
