"""The column types that both databases share, and the naming of constraints.

Text compares by code point on both (SQLite does by nature; PostgreSQL is told so), so that lists come in one order
everywhere. Times are text of fixed width (`core.clock.iso`): text order is time order, in columns and in JSON alike.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, get_args

from sqlalchemy import JSON, Dialect, MetaData, String
from sqlalchemy.types import TypeDecorator

from fauxtune.core.clock import from_iso, iso
from fauxtune.storage.tenancy import GUARDED

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    },
    info=GUARDED,
)

#: Text compared by code point.
Word = String().with_variant(String(collation="C"), "postgresql")
Document = JSON(none_as_null=True)


class Moment(TypeDecorator[datetime]):
    """A point in time, kept as text of fixed width."""

    impl = Word
    cache_ok = True

    def process_bind_param(self, value: datetime | str | None, dialect: Dialect) -> str | None:
        """Filters compare with text that is in this form already."""
        return iso(value) if isinstance(value, datetime) else value

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """Aware, UTC."""
        return None if value is None else from_iso(value)


class Choice(TypeDecorator[StrEnum]):
    """One of an enumeration's values, kept as its text."""

    impl = Word
    cache_ok = True

    def __init__(self, enumeration: type[StrEnum]) -> None:
        """`enumeration`: the values that the column can have."""
        super().__init__()
        self.enumeration = enumeration
        self._members = {member.value: member for member in enumeration}

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The text of a member; filters compare with any text."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """The member. Raises KeyError for a text that no member has."""
        return None if value is None else self._members[value]


def one_of(literal: Any) -> dict[str, frozenset[str]]:
    """Return the `info` of a column that has one of a Literal's texts: documents from outside are held against it."""
    return {"choices": frozenset(get_args(literal))}
