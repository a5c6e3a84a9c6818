"""The lists of certificates: those issued, and those imported, of which one can be deleted. And issuing one by hand:
by a template, to a person or to any subject, with any validity, also in the past.

The private key and the password of its file are shown once, on the page that answers the form. They are not stored.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import Response

from fauxtune.core.administration.emulation import issue_certificate
from fauxtune.core.administration.imported import COLLECTION
from fauxtune.core.administration.requests import AdminRequest, delete_object
from fauxtune.core.clock import iso
from fauxtune.core.errors import Conflict, FauxtuneError, Invalid, NotFound
from fauxtune.core.model.certificates import certificate_status
from fauxtune.core.model.ids import UserId
from fauxtune.core.pki.names import serial_hex, subject_text, thumbprint
from fauxtune.operations.ca import counter, issuance
from fauxtune.operations.ca.counter import CounterRequest
from fauxtune.operations.ca.imported_pfx import record_id
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import imported_pfx as queries
from fauxtune.storage.queries.insight import overview as overview_queries
from fauxtune.storage.queries.insight.register import Wanted
from fauxtune.storage.rows.certificates import ImportedLineRow
from fauxtune_console.call import TenantCall
from fauxtune_console.holdings import Chip
from fauxtune_console.paging import offset, paging
from fauxtune_console.registered import STANDINGS, Line, State, certificate_chip, read_lines, state
from fauxtune_console.session import Typed
from fauxtune_console.tasks import Question, task_page

_SIZE = 50
_LONGEST = 100
#: People whose names the form suggests.
_SUGGESTED = 300
#: The template that is chosen at first.
_USUAL = "SmimeEncryption"
_LONGEST_CSR = 20_000
#: data. A field of the request -> the field of the form that is wrong.
_FIELDS = {
    "template": "template",
    "subject": "subject",
    "notBefore": "from",
    "notAfter": "to",
    "csr": "csr",
    "email": "email",
}


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


@dataclass(frozen=True, slots=True)
class Offer:
    """What the form offers: templates in words, by name, and the addresses of people."""

    templates: Mapping[str, str]
    people: list[str]


async def new(call: TenantCall) -> Response:
    """Show the form."""
    return await _form(call, Typed({"person": [call.query("user")], "template": [call.query("template") or _USUAL]}))


async def issue(call: TenantCall) -> Response:
    """Issue the certificate, and show it with its private key, once."""
    form = Typed.of(await call.form())
    try:
        request = _request(form)
        answer = await counter.issue(call.emulator, call.tenant, request=request)
    except (Conflict, Invalid, NotFound) as error:
        form.wrong(_FIELDS.get(error.target or "", "person" if isinstance(error, NotFound) else ""), error.message)
        return await _form(call, form)
    user = await call.run(_user, request.user_principal_name)
    await call.marks()  # with the new one's
    return call.page(
        "issued.html",
        answer=answer,
        chip=certificate_chip(thumbprint(answer.certificate), kind="issued"),
        subject=subject_text(answer.certificate.subject),
        pem=issuance.pem_chain((answer.certificate,)),
        serial=serial_hex(answer.certificate),
        file=None if answer.pfx is None else base64.b64encode(answer.pfx).decode(),
        user=user,
        person=request.user_principal_name,
        template=request.template,
    )


def _request(form: Typed) -> CounterRequest:
    csr = form.text("csr")
    if len(csr) > _LONGEST_CSR:
        raise Invalid("That is too long for a certificate request.", target="csr")
    return CounterRequest(
        template=form.text("template"),
        user_principal_name=form.text("person") or None,
        subject=form.text("subject") or None,
        email=form.text("email") or None,
        not_before=_moment(form, "from", target="notBefore"),
        not_after=_moment(form, "to", target="notAfter"),
        csr=csr.encode() or None,
    )


def _moment(form: Typed, name: str, *, target: str) -> datetime | None:
    text = form.text(name)
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise Invalid("Write a day as 2026-01-31 (year, month, day).", target=target) from None


async def _form(call: TenantCall, form: Typed) -> Response:
    offer = await call.run(_offer)
    return task_page(
        call,
        [_shown(form)],
        template="issue.html",
        error=form.errors.get("") or ("Nothing was issued. Please mend what is marked below." if form.errors else ""),
        title="Issue a certificate",
        button="Issue",
        back=call.url("authority", "certificates"),
        form=form,
        offer=offer,
    )


def _shown(form: Typed) -> AdminRequest:
    """Return the request that the form stands for, as far as it is filled in."""
    try:
        request = _request(form)
    except FauxtuneError:
        request = CounterRequest(template=form.text("template"))
    return issue_certificate(
        request.template or _USUAL,
        user=request.user_principal_name,
        subject=request.subject,
        email=request.email,
        not_before=None if request.not_before is None else iso(request.not_before),
        not_after=None if request.not_after is None else iso(request.not_after),
        csr=None if request.csr is None else request.csr.decode(),
    )


def _offer(tx: Transaction) -> Offer:
    people, _ = overview_queries.people(tx.connection, tx.tenant.id, limit=_SUGGESTED)
    return Offer(
        {template.name: template.display_name for template in issuance.all_templates(tx, "issuing")},
        [str(row.document["userPrincipalName"]) for row in people],
    )


def _user(tx: Transaction, name: str | None) -> str | None:
    """Return the id of a user."""
    row = None if name is None else directory_queries.user_by_key(tx.connection, tx.tenant.id, key=name)
    return None if row is None else row.id
