"""Issue a certificate by hand: by a template, to a person or to any subject, with any validity, also in the past.

The private key and the password of its file are shown once, on the page that answers the form. They are not stored.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from fastapi import Response

from fauxtune.core.administration.emulation import issue_certificate
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.clock import iso
from fauxtune.core.errors import Conflict, FauxtuneError, Invalid, NotFound
from fauxtune.core.pki.names import serial_hex, subject_text, thumbprint
from fauxtune.operations.ca import counter, issuance
from fauxtune.operations.ca.counter import CounterRequest
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries.insight import overview as overview_queries
from fauxtune_console.call import TenantCall
from fauxtune_console.registered import certificate_chip
from fauxtune_console.session import Typed
from fauxtune_console.tasks import task_page

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
