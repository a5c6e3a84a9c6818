"""What a report is answered with: an exported file, or a table.

The file of an exported report: a zip with one csv or json file, which has the name of the job.

Intune: "Export Intune reports using Graph APIs". Unverified: that the json file is an object with the rows as `values`.
A text that a spreadsheet would take for a formula is written as it is, as the service does.

The answer of a report action: a table whose columns are described beside it.

Seen in live tenants: {"TotalRowCount", "Schema": [{"Column", "PropertyType"}], "Values": [[...]], "SessionId"}. The
columns have an order of their own, whatever the request selects.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.reports.report import Field, Kind, Row

#: The same bytes for the same rows: the entry of a zip file needs a time, and its first year is 1980.
_TIME = (1980, 1, 1, 0, 0, 0)


class ReportFile:
    """The rows of a report, written one after the other."""

    def __init__(self, fields: tuple[Field, ...], *, is_json: bool) -> None:
        self._fields = fields
        self._is_json = is_json
        self._text = io.StringIO()
        self._rows = 0
        if is_json:
            self._text.write('{"values":[')
        else:
            csv.writer(self._text, lineterminator="\r\n").writerow([field.head for field in fields])

    def add(self, rows: Iterable[Row]) -> None:
        """Write rows."""
        writer = csv.writer(self._text, lineterminator="\r\n")
        for row in rows:
            values = [field.value(row) for field in self._fields]
            if self._is_json:
                self._text.write("," if self._rows else "")
                names = (field.head for field in self._fields)
                json.dump(dict(zip(names, values, strict=True)), self._text, separators=(",", ":"), ensure_ascii=False)
            else:
                writer.writerow([cell(field, value) for field, value in zip(self._fields, values, strict=True)])
            self._rows += 1

    @property
    def size(self) -> int:
        """The characters that were written."""
        return self._text.tell()

    def packed(self, name: str) -> bytes:
        """Return the zip file. `name`: that of the file in it, without its ending."""
        if self._is_json:
            self._text.write("]}")
        result = io.BytesIO()
        entry = zipfile.ZipInfo(f"{name}.{'json' if self._is_json else 'csv'}", _TIME)
        entry.compress_type = zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(result, "w") as archive:
            archive.writestr(entry, self._text.getvalue().encode("utf-8", "replace"))
        return result.getvalue()


def cell(field: Field, value: Any) -> str:
    """Return a value as csv has it: nothing for null, times without a zone, True and False."""
    if value is None:
        return ""
    if field.kind is Kind.MOMENT:
        return str(value).rstrip("Z").replace("T", " ")
    return str(value)


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
