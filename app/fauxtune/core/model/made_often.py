"""Frozen values of which a request makes hundreds: rows, items and what is planned with them.

Python sets each field of a frozen dataclass by a call: one of seventeen fields takes 3.4 us, a copy with a change 6.5.
Here the fields are set while the new object is of another class, which has the same fields and is not frozen: 0.7 and
0.9 us. What is made is a frozen dataclass as any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from typing import Any, TypeVar

T = TypeVar("T")

#: How a changed copy is made, by class.
_COPIES: dict[type, Callable[[Any, dict[str, Any]], Any]] = {}


def made_often(cls: type[T]) -> type[T]:
    """Make the constructor of a dataclass with `frozen` and `slots` fast, and its copies (`with_changes`). Stands above
    `dataclass`. The class has no `__post_init__`, and all its fields are arguments.
    """

    def first(self: T, *args: Any, **kwargs: Any) -> None:
        _prepare(cls)
        cls.__init__(self, *args, **kwargs)

    cls.__init__ = first  # type: ignore[assignment]
    return cls


def _prepare(cls: type[Any]) -> Callable[[Any, dict[str, Any]], Any]:
    """Give a class its constructor, at the first use: that takes half a millisecond. Return what copies its values."""
    known: dict[str, Any] = {"cls": cls, "new": object.__new__, "turn": object.__setattr__}
    known["Open"] = type(cls.__name__, cls.__bases__, {"__slots__": cls.__slots__, "__setattr__": object.__setattr__})
    listed = fields(cls)
    arguments = [_argument(field, known) for field in listed if not field.kw_only]
    named = [_argument(field, known) for field in listed if field.kw_only]
    lines = [
        f"def __init__({', '.join(['self', *arguments, *(['*', *named] if named else [])])}):",
        "    turn(self, '__class__', Open)",
        *(f"    self.{field.name} = {_value(field)}" for field in listed),
        "    self.__class__ = cls",
        "def copy(self, changes):",
        "    made = new(Open)",
        *(f"    made.{field.name} = self.{field.name}" for field in listed),
        "    for name, value in changes.items(): setattr(made, name, value)",
        "    made.__class__ = cls",
        "    return made",
    ]
    exec("\n".join(lines), known)  # noqa: S102 - as dataclasses makes its own constructors; the names are our own
    known["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
    cls.__init__ = known["__init__"]
    copy: Callable[[Any, dict[str, Any]], Any] = known["copy"]
    _COPIES[cls] = copy
    return copy


def _argument(field: Field[Any], known: dict[str, Any]) -> str:
    """Return a field as an argument of the constructor, with its default."""
    if field.default is not MISSING:
        known[f"default_{field.name}"] = field.default
    elif field.default_factory is not MISSING:
        known[f"default_{field.name}"] = MISSING
        known[f"make_{field.name}"] = field.default_factory
    else:
        return field.name
    return f"{field.name}=default_{field.name}"


def _value(field: Field[Any]) -> str:
    """Return what the constructor sets a field to."""
    if field.default_factory is MISSING:
        return field.name
    return f"make_{field.name}() if {field.name} is default_{field.name} else {field.name}"


def with_changes(value: T, /, **changes: Any) -> T:
    """Return a copy of a value that is made often, with other values of these fields. Raises AttributeError for a name
    that is none of them.
    """
    copied: T = (_COPIES.get(type(value)) or _prepare(type(value)))(value, changes)
    return copied
