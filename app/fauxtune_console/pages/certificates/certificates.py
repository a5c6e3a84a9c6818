"""The list of issued certificates: search, filters, one page."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Response

from fauxtune.storage.database import Connection
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries.insight.register import Wanted
from fauxtune_console.call import TenantCall
from fauxtune_console.paging import offset, paging
from fauxtune_console.registered import STANDINGS, Line, read_lines

_SIZE = 50
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Filters:
    """What can be chosen to filter by: templates and authorities, by name, in words."""

    templates: dict[str, str]
    authorities: dict[str, str]


async def certificates(call: TenantCall) -> Response:
    """Show one page of the certificates."""
    standing = next((each for each in STANDINGS if each.value == call.query("state")), None)
    wanted = Wanted(
        authority=call.query("authority").strip()[:_LONGEST] or None,
        text=call.query("text").strip()[:_LONGEST],
        template=call.query("template").strip()[:_LONGEST] or None,
        standing=standing,
    )
    start = offset(call, size=_SIZE)
    lines, total, filters = await call.read(_read, call, wanted=wanted, start=start)
    return call.page(
        "certificates.html",
        lines=lines,
        paging=paging(call, start=start, length=len(lines), total=total, size=_SIZE),
        wanted=wanted,
        is_filtered=wanted != Wanted(),
        filters=filters,
        standings={each.value: words for each, words in STANDINGS.items()},
    )


def _read(connection: Connection, call: TenantCall, *, wanted: Wanted, start: int) -> tuple[list[Line], int, Filters]:
    lines, total = read_lines(connection, call, wanted=wanted, start=start, size=_SIZE)
    rows = authority_queries.authorities_of(connection, call.tenant.id)
    documents = {
        name: str(document["displayName"])
        for authority in rows
        for name, document in authority_queries.template_documents(
            connection, call.tenant.id, authority_name=authority.name
        ).items()
    }
    return lines, total, Filters(documents, {row.name: row.name for row in rows})
