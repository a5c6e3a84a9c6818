"""Ten thousand devices without enrolling them: one that is at rest, and its rows again under other ids."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from fauxtune.storage import writes
from fauxtune.storage.database import Database, sqlite_url
from fauxtune.storage.tables import metadata

Row = dict[str, Any]

#: Columns whose values are a device's own, and no other's.
_OWN = ("id", "directory_device_id", "device_key", "credential_digest", "push_token", "serial", "thumbprint")
_AT_ONCE = 500


def copy_device(folder: Path, *, count: int) -> list[str]:
    """So many more devices like the only one in this data folder; the ids of their records in Graph."""
    database = Database(sqlite_url(folder / "fauxtune.sqlite"))
    made = database.run_now(_copy, count=count)
    database.close()
    return made


def _copy(connection: Connection, *, count: int) -> list[str]:
    enrollments = metadata.tables["enrollments"]
    original = dict(connection.execute(select(enrollments)).mappings().one())
    found = {"enrollments": [original], **dict(_parts(connection, original["id"]))}
    record = str(found["managed_devices"][0]["id"])
    own = {str(row[name]) for name in _OWN for each in found.values() for row in each if row.get(name)}
    made = []
    for first in range(0, count, _AT_ONCE):
        batch: dict[str, list[Row]] = {name: [] for name in found}
        for _ in range(first, min(first + _AT_ONCE, count)):
            names = {name: str(uuid.uuid4()) for name in own}
            # Numbers of certificates are hexadecimal, and the CRL has them.
            names |= {name: uuid.uuid4().hex for name in own if not name.count("-") and len(name) <= 40}
            made.append(names[record])
            for table, originals in found.items():
                batch[table] += [_renamed(row, names) for row in originals]
        for table, copies in batch.items():
            writes.add_all(connection, metadata.tables[table], rows=copies)
    return made


def _parts(connection: Connection, enrollment_id: str) -> Iterator[tuple[str, list[Row]]]:
    """What belongs to the device, by table."""
    for name, table in metadata.tables.items():
        if "enrollment_id" in table.c:
            found = connection.execute(select(table).where(table.c.enrollment_id == enrollment_id)).mappings()
            yield name, [dict(row) for row in found]


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, dict):
        return {key: _renamed(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    return value
