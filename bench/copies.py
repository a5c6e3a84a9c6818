"""Ten thousand devices without enrolling them: copies of the rows of one settled device, with other ids."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from fauxtune.storage import writes
from fauxtune.storage.database import Database, sqlite_url
from fauxtune.storage.tables import metadata

#: A row of any table, by the names of its columns: it is copied without knowing which.
RawRow = dict[str, Any]

#: Columns whose values are unique for each device.
_OWN = ("id", "directory_device_id", "device_key", "credential_digest", "push_token", "serial", "thumbprint")
_AT_ONCE = 500


def copy_device(folder: Path, *, count: int) -> list[str]:
    """Add `count` copies of the only device in a data folder. Returns the ids of their records in Graph."""
    database = Database(sqlite_url(folder / "fauxtune.sqlite"))
    record_ids = database.run_now(_copy, count=count)
    database.close()
    return record_ids


def _copy(connection: Connection, *, count: int) -> list[str]:
    enrollments = metadata.tables["enrollments"]
    original = dict(connection.execute(select(enrollments)).mappings().one())
    tables = {"enrollments": [original], **dict(_parts(connection, original["id"]))}
    record = str(tables["managed_devices"][0]["id"])
    own = {str(row[name]) for name in _OWN for table_rows in tables.values() for row in table_rows if row.get(name)}
    record_ids = []
    for first in range(0, count, _AT_ONCE):
        batch: dict[str, list[RawRow]] = {name: [] for name in tables}
        for _ in range(first, min(first + _AT_ONCE, count)):
            names = {name: str(uuid.uuid4()) for name in own}
            # Serial numbers of certificates are hexadecimal, and the CRL contains them.
            names |= {name: uuid.uuid4().hex for name in own if not name.count("-") and len(name) <= 40}
            record_ids.append(names[record])
            for table, originals in tables.items():
                batch[table] += [_renamed(row, names) for row in originals]
        for table, copies in batch.items():
            writes.add_all(connection, metadata.tables[table], rows=copies)
    return record_ids


def _parts(connection: Connection, enrollment_id: str) -> Iterator[tuple[str, list[RawRow]]]:
    """The rows that belong to the device, by table."""
    for name, table in metadata.tables.items():
        if "enrollment_id" in table.c:
            result = connection.execute(select(table).where(table.c.enrollment_id == enrollment_id)).mappings()
            yield name, [dict(row) for row in result]


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, dict):
        return {key: _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return value
