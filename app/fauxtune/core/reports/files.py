"""The file of an exported report: a zip with one csv or json file, which has the name of the job.

Intune: "Export Intune reports using Graph APIs". Unverified: that the json file is an object with the rows as `values`.
A text that a spreadsheet would take for a formula is written as it is, as the service does.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable
from typing import Any

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
