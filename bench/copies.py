"""Ten thousand devices without enrolling them: copies of the rows of one settled device, with other ids."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select, update

from fauxtune.core.model.platforms import Platform
from fauxtune.storage import writes
from fauxtune.storage.database import Database, sqlite_url
from fauxtune.storage.tables import metadata
from fauxtune.storage.tenancy import across_tenants, by_key

#: A row of any table, by the names of its columns: it is copied without knowing which.
RawRow = dict[str, Any]

#: Why statements here ask for no tenant.
_WHY = "a bench has one tenant"
#: Columns whose values are unique for each device.
_OWN = (
    *("id", "directory_device_id", "device_key", "credential_digest", "push_token", "serial", "thumbprint"),
    *("hardware_key", "device_name", "serial_number"),
)
#: Logs, whose rows are numbered; and the column of the tenant that has the last number.
_NUMBERED = {"journal": ("seq", "journal_seq"), "connector_events": ("number", "connector_seq")}
_AT_ONCE = 500


def copy_device(folder: Path, *, count: int) -> list[str]:
    """Add `count` copies of the only Android device in a data folder. Returns the ids of their records in Graph."""
    database = Database(sqlite_url(folder / "fauxtune.sqlite"))
    record_ids = database.run_now(_copy_device, names=[{}] * count)
    database.close()
    return record_ids


def copy_people(url: str, *, people: int, devices: int) -> list[str]:
    """Add `people` copies of the user of the only Android device in a database, with their memberships and imported
    certificates, and for each `devices` copies of the device, with what is logged about it. Returns their addresses.
    """
    database = Database(url)
    addresses = database.run_now(_copy_people, people=people, devices=devices)
    database.close()
    return addresses


def _copy_people(connection: Connection, *, people: int, devices: int) -> list[str]:
    owner = _original(connection)["user_id"]
    parts = {name: rows for name, rows in _parts_of_person(connection, owner) if rows}
    (user,) = parts["users"]
    address, name = user["document"]["userPrincipalName"], user["document"]["displayName"]
    marks = {row["thumbprint"] for row in parts.get("pfx_certificates", [])}
    copies = []
    for number in range(people):
        names = {mark: _digits() for mark in marks}
        names |= {owner: str(uuid.uuid4()), name: f"Person {number:04}", address: f"person{number:04}@contoso.example"}
        copies.append({**names, address.casefold(): names[address]})
    for table, originals in parts.items():
        rows = [_renamed(row, names) for names in copies for row in originals]
        for first in range(0, len(rows), _AT_ONCE):
            writes.add_all(connection, metadata.tables[table], rows=rows[first : first + _AT_ONCE])
    _copy_device(connection, names=[names for names in copies for _ in range(devices)], logged=True)
    return [names[address] for names in copies]


def _parts_of_person(connection: Connection, user_id: str) -> Iterator[tuple[str, list[RawRow]]]:
    """The rows that belong to a user and to no device, by table."""
    for name, column in (("users", "id"), ("group_members", "member_id"), ("pfx_certificates", "user_id")):
        table = metadata.tables[name]
        rows = connection.execute(across_tenants(select(table).where(table.c[column] == user_id), _WHY)).mappings()
        yield name, [dict(row) for row in rows]


def _copy_device(connection: Connection, *, names: Sequence[dict[str, str]], logged: bool = False) -> list[str]:
    """Copy the only Android device once for each of these, with these other names of what is not its own. `logged`:
    with what is logged about it. Returns the ids of the records in Graph.
    """
    original = _original(connection)
    tables = {"enrollments": [original], **dict(_parts(connection, original["id"]))}
    if logged:
        tables |= dict(_logs(connection, original["id"]))
    record = str(tables["managed_devices"][0]["id"])
    own = {str(row[name]) for name in _OWN for table_rows in tables.values() for row in table_rows if row.get(name)}
    record_ids = []
    for first in range(0, len(names), _AT_ONCE):
        batch: dict[str, list[RawRow]] = {name: [] for name in tables}
        for others in names[first : first + _AT_ONCE]:
            new = {name: str(uuid.uuid4()) for name in own}
            # Serial numbers of certificates are hexadecimal, and the CRL contains them.
            new |= {name: _digits() for name in own if not name.count("-") and len(name) <= 40}
            new |= others
            record_ids.append(new[record])
            for table, originals in tables.items():
                batch[table] += [_renamed(row, new) for row in originals]
        for table, copies in batch.items():
            _number(connection, table, rows=copies)
            writes.add_all(connection, metadata.tables[table], rows=copies)
    return record_ids


def _original(connection: Connection) -> RawRow:
    enrollments = metadata.tables["enrollments"]
    result = connection.execute(
        across_tenants(select(enrollments), _WHY).where(enrollments.c.platform == Platform.ANDROID)
    )
    return dict(result.mappings().one())


def _parts(connection: Connection, enrollment_id: str) -> Iterator[tuple[str, list[RawRow]]]:
    """The rows that belong to the device, by table."""
    for name, table in metadata.tables.items():
        if "enrollment_id" in table.c:
            result = connection.execute(select(table).where(by_key(table.c.enrollment_id, enrollment_id))).mappings()
            yield name, [dict(row) for row in result]


def _logs(connection: Connection, enrollment_id: str) -> Iterator[tuple[str, list[RawRow]]]:
    """What is logged about the device, by table."""
    for name in _NUMBERED:
        table = metadata.tables[name]
        result = connection.execute(
            across_tenants(select(table).where(table.c.device == enrollment_id), _WHY)
        ).mappings()
        yield name, [dict(row) for row in result]


def _number(connection: Connection, table: str, *, rows: list[RawRow]) -> None:
    """Number the rows of a log on from the last one."""
    if table not in _NUMBERED or not rows:
        return
    column, last = _NUMBERED[table]
    tenants = metadata.tables["tenants"]
    where = tenants.c.id == rows[0]["tenant_id"]
    number = connection.execute(select(tenants.c[last]).where(where)).scalar_one()
    for row in rows:
        number += 1
        row[column] = number
    connection.execute(update(tenants).where(where).values({last: number}))


def _digits() -> str:
    """Return a new thumbprint, which can be a serial number as well: those have at most 159 bits."""
    return f"1{secrets.token_hex(20)[1:]}"


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, dict):
        return {key: _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return value
