"""The lists of certificates: those issued, and those imported, of which one can be deleted."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Response

from fauxtune.core.administration.imported import COLLECTION
from fauxtune.core.administration.requests import delete_object
from fauxtune.core.errors import NotFound
from fauxtune.core.model.certificates import certificate_status
from fauxtune.core.model.ids import UserId
from fauxtune.operations.ca.imported_pfx import record_id
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import imported_pfx as queries
from fauxtune.storage.queries.insight.register import Wanted
from fauxtune.storage.rows.certificates import ImportedLineRow
from fauxtune_console.call import TenantCall
from fauxtune_console.holdings import Chip
from fauxtune_console.paging import offset, paging
from fauxtune_console.registered import STANDINGS, Line, State, certificate_chip, read_lines, state
from fauxtune_console.tasks import Question

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


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """One imported certificate of a list."""

    row: ImportedLineRow
    chip: Chip
    state: State


async def imported(call: TenantCall) -> Response:
    """Show one page of the imported certificates of the tenant."""
    start, text = offset(call, size=_SIZE), call.query("text").strip()[:_LONGEST]
    lines, total = await call.read(_read_imported, call, text=text, start=start)
    pages = paging(call, start=start, length=len(lines), total=total, size=_SIZE)
    return call.page("imported.html", lines=lines, paging=pages, text=text)


def _read_imported(
    connection: Connection, call: TenantCall, *, text: str, start: int
) -> tuple[list[ImportedLine], int]:
    rows = queries.imported_page(connection, call.tenant.id, text=text, offset=start, limit=_SIZE)
    total = queries.imported_count(connection, call.tenant.id, text=text)
    return [_line(call, row) for row in rows], total


def lines_of(connection: Connection, call: TenantCall, *, user: UserId, limit: int) -> list[ImportedLine]:
    """Return the imported certificates of one person."""
    rows = queries.imported_page(connection, call.tenant.id, user=user, limit=limit)
    return [_line(call, row) for row in rows]


def _line(call: TenantCall, row: ImportedLineRow) -> ImportedLine:
    status = certificate_status(
        not_before=row.not_before, not_after=row.not_after, revoked=row.revoked_at is not None, now=call.now
    )
    kind = "external" if row.serial is None else "imported"
    chip = certificate_chip(row.thumbprint, kind=kind)
    return ImportedLine(row, chip, state(status, reason=row.reason, revocation=None))


async def delete(call: TenantCall) -> Question:
    """Delete the imported certificate."""
    line, name = await call.read(_one, call)
    letters, user = line.chip.letters, line.row.user_id
    done = f"{letters} is not imported for {name} any more. Devices remove it at their next check-in."
    return Question(
        request=delete_object(COLLECTION, record_id(user, line.row.thumbprint)),
        title=f"Delete the imported certificate {letters}",
        sentence=f"It would be removed from every device of {name}, so that mail encrypted to it cannot be read there "
        "any more. It is never revoked by that: at the CA it stays as it is.",
        button="Delete it",
        back=call.url("users", user),
        done=f"{done} It was not revoked.",
        leads_to=("users", user),
    )


def _one(connection: Connection, call: TenantCall) -> tuple[ImportedLine, str]:
    values = call.request.path_params
    user = directory_queries.user_by_key(connection, call.tenant.id, key=str(values["user"]))
    if user is not None:
        name = str(user.document.get("displayName") or user.document["userPrincipalName"])
        row = queries.imported_one(
            connection, call.tenant.id, user=user.id, thumbprint=str(values["thumbprint"]).lower()
        )
        if row is not None:
            return _line(call, row), name
    raise NotFound("This certificate is not imported for this person. It may have been deleted meanwhile.")
