"""What all bodies of the control surface have in common, in and out; an answer is made from the value that it tells."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel

from fauxtune.core.clock import iso

T = TypeVar("T")

_ABSENT = object()


class Body(BaseModel):
    """A request. Unknown members are refused: a misspelt switch must not be taken for done."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class Answer(BaseModel):
    """An answer. Its members have camel-case names in JSON."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)

    @classmethod
    def from_value(cls, value: object, /, **others: Any) -> Self:
        """Return the answer that tells a value, such as a row: its attributes of the same names, and `others`.

        The member `a_date_time` is also the attribute `a_at`, and the member `a` the attribute `is_a`. Times are
        written in ISO 8601, enumerations as their values, and values inside it as the answers that its members are.
        Raises TypeError if one of `others` is no member, or if nothing tells a member, also one that has a default:
        a misspelt name must not leave a default in its place.
        """
        if unknown := others.keys() - cls.model_fields.keys():
            raise TypeError(f"{cls.__name__} has no member {', '.join(sorted(unknown))}.")
        values = {name: _plain(other) for name, other in others.items()}
        return cls.model_validate({**values, **cls._members(value, without=values)})

    @classmethod
    def _members(cls, value: object, *, without: Container[str] = ()) -> dict[str, Any]:
        return {member: _told(value, member) for member in cls.model_fields if member not in without}

    @model_validator(mode="before")
    @classmethod
    def _of_inner(cls, value: Any) -> Any:
        return value if isinstance(value, dict | BaseModel) else cls._members(value)


@cache
def _attributes(member: str) -> tuple[str, ...]:
    """Return the attributes that a member may tell."""
    return member, f"{member.removesuffix('_date_time')}_at", f"is_{member}"


def _told(value: object, member: str) -> Any:
    for name in _attributes(member):
        attribute = getattr(value, name, _ABSENT)
        if attribute is not _ABSENT:
            return _plain(attribute)
    raise TypeError(f"A {type(value).__name__} tells nothing for the member {member}.")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    return value.value if isinstance(value, Enum) else value


class Listed(Answer, Generic[T]):
    """A collection."""

    value: list[T]
