"""The answer of a report action: a table whose columns are described beside it.

Seen in live tenants: {"TotalRowCount", "Schema": [{"Column", "PropertyType"}], "Values": [[...]], "SessionId"}. The
columns have an order of their own, whatever the request selects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.reports.report import Field, Kind, Row

#: The rows of one answer, and those that are read for it at most.
MOST_ROWS, MOST_READ = 1000, 50_000
_MOST_KEYS = 10


@dataclass(frozen=True, slots=True)
class Order:
    """One key by which rows are sorted."""

    field: int
    descending: bool


@dataclass(frozen=True, slots=True)
class TableRequest:
    """What an action asks for beside columns and a filter."""

    order: tuple[Order, ...] = ()
    search: str = ""
    skip: int = 0
    top: int = MOST_ROWS


def orders(names: Sequence[str], fields: tuple[Field, ...]) -> tuple[Order, ...]:
    """Return the keys that `PolicyName desc` and the like name. Raises Invalid for anything else."""
    if len(names) > _MOST_KEYS:
        raise Invalid(f"orderBy takes {_MOST_KEYS} columns at most, not {len(names)}.", target="orderBy")
    places = {field.head.lower(): place for place, field in enumerate(fields)}
    result = []
    for name in names:
        words = name.split()
        direction = words[1].lower() if len(words) == 2 else "asc"
        if not 1 <= len(words) <= 2 or direction not in {"asc", "desc"} or words[0].lower() not in places:
            known = ", ".join(field.head for field in fields)
            raise Invalid(f"'{name}' is not a column with asc or desc. The columns are {known}.", target="orderBy")
        result.append(Order(places[words[0].lower()], direction == "desc"))
    return tuple(result)


def values_of(rows: Sequence[Row], fields: tuple[Field, ...], *, search: str) -> list[list[Any]]:
    """Return the values of the rows in which a text of any column contains the search."""
    result = [[field.value(row) for field in fields] for row in rows]
    if not search:
        return result
    texts = [place for place, field in enumerate(fields) if field.kind is Kind.TEXT]
    part = search.casefold()
    return [values for values in result if any(part in str(values[place] or "").casefold() for place in texts)]


def table(values: list[list[Any]], fields: tuple[Field, ...], *, request: TableRequest) -> dict[str, Any]:
    """Return the answer."""
    for key in reversed(request.order):
        values.sort(key=partial(_rank, place=key.field), reverse=key.descending)
    return {
        "TotalRowCount": len(values),
        "Schema": [{"Column": field.head, "PropertyType": field.kind.value} for field in fields],
        "Values": values[request.skip : request.skip + request.top],
        "SessionId": "",
    }


def _rank(values: list[Any], *, place: int) -> tuple[bool, Any]:
    value = values[place]
    return (value is not None, value if isinstance(value, int) else str(value or ""))
