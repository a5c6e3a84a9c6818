"""A collection of Graph in the database: its documents, the properties that have a column, and its default order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select
from sqlalchemy.sql.elements import ColumnElement

from fauxtune.core.model.ids import EnrollmentId, ProfileId, TenantId
from fauxtune.core.model.text import JsonObject

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Collection(Generic[R]):
    """One collection. `row` makes the row type of the values of a row.

    `columns` maps a property to the column, or part of a document, that has it; `parent` is the
    column with the parent's id, for elements that are parts of something. `within` is the statement in place of
    `statement` where that takes more than a column: it takes the tenant and the parent. `of_many` is the statement for
    several parents at once, with `part_of`, the parent, as the last column. `reached` stands in place of all of them
    where devices count before they have a row: it takes the tenant and, for each profile, the enrolments that have
    still to plan with it; `part_of` is the last column.
    """

    row: Callable[[Sequence[Any]], R]
    document: ColumnElement[Any]
    columns: Mapping[str, ColumnElement[Any]]
    order: tuple[ColumnElement[Any], ...]
    statement: Callable[[TenantId], Select[Any]] | None = None
    parent: ColumnElement[Any] | None = None
    within: Callable[[TenantId, str], Select[Any]] | None = None
    of_many: Callable[[TenantId, Sequence[str]], Select[Any]] | None = None
    reached: Callable[[TenantId, Mapping[ProfileId, Sequence[EnrollmentId]]], Select[Any]] | None = None


def documents(names: Iterable[str]) -> Callable[[Sequence[Any]], JsonObject]:
    """Return the `row` of a collection whose first columns are the properties with these names."""
    properties = tuple(names)
    return lambda values: dict(zip(properties, values, strict=False))
