"""What a collection is: where its documents are, which properties have a column of their own, in which order it comes
when nobody asks for another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Table, select
from sqlalchemy.sql.elements import ColumnElement

from fauxtune.core.model.ids import TenantId


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection. `columns` maps a property to the column, or part of a document, that has it; `parent` is the
    column that says whose part an element is, where the elements are parts of something. `within` is the statement in
    place of `statement` where that takes more than a column: it is given the tenant and the parent. `of_many` is the
    statement for several parents at once, with `part_of`, the parent, as a column beside the others. `reached` stands
    in place of all of them where devices count before they have a row: it is given the tenant and, for each profile,
    the enrolments that have still to plan with it; with `part_of`.
    """

    document: ColumnElement[Any]
    columns: Mapping[str, ColumnElement[Any]]
    order: tuple[ColumnElement[Any], ...]
    statement: Callable[[TenantId], Select[Any]] | None = None
    parent: ColumnElement[Any] | None = None
    within: Callable[[TenantId, str], Select[Any]] | None = None
    of_many: Callable[[TenantId, Sequence[str]], Select[Any]] | None = None
    reached: Callable[[TenantId, Mapping[str, Sequence[str]]], Select[Any]] | None = None


def of_tenant(table: Table) -> Callable[[TenantId], Select[Any]]:
    """The statement of a collection that is simply the tenant's rows of a table."""
    return lambda tenant_id: select(table).where(table.c.tenant_id == tenant_id)
