"""The list of people, with how many devices and certificates each has."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Response

from fauxtune.core.model.ids import UserId
from fauxtune.storage.database import Connection
from fauxtune.storage.queries.insight import overview as queries
from fauxtune_console.call import TenantCall
from fauxtune_console.paging import offset, paging

_SIZE = 50
_LONGEST_TEXT = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One person of the list."""

    id: UserId
    name: str
    address: str
    licensed: bool
    devices: int
    certificates: int


async def users(call: TenantCall) -> Response:
    """Show one page of the people."""
    start = offset(call, size=_SIZE)
    text = call.query("text").strip()[:_LONGEST_TEXT]
    lines, total = await call.read(_read, call, text=text, start=start)
    pages = paging(call, start=start, length=len(lines), total=total, size=_SIZE)
    return call.page("users.html", lines=lines, paging=pages, text=text)


def _read(connection: Connection, call: TenantCall, *, text: str, start: int) -> tuple[list[Line], int]:
    tenant_id = call.tenant.id
    rows, total = queries.people(connection, tenant_id, text=text, offset=start, limit=_SIZE)
    ids = {row.id for row in rows}
    devices = queries.live_device_counts(connection, tenant_id, users=ids)
    certificates = queries.certificate_counts_of(connection, tenant_id, users=ids)
    return [
        Line(
            row.id,
            str(row.document.get("displayName") or row.document["userPrincipalName"]),
            str(row.document["userPrincipalName"]),
            row.licensed,
            devices.get(row.id, 0),
            certificates.get(row.id, 0),
        )
        for row in rows
    ], total
