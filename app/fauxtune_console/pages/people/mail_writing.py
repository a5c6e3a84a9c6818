"""Write mail as a person: plain, or encrypted for the published certificates. It cannot be signed here."""

from __future__ import annotations

import re

from fastapi import Response

from fauxtune.core.administration.emulation import send_text
from fauxtune.core.errors import Invalid
from fauxtune.core.mail.addresses import addresses_of
from fauxtune.core.mail.writing import Letter
from fauxtune.operations.mail import address_book
from fauxtune.storage.queries.insight import overview as overview_queries
from fauxtune.storage.rows.directory import UserRow
from fauxtune_console.call import TenantCall
from fauxtune_console.forms import task_page
from fauxtune_console.pages.people.mail import person, person_name
from fauxtune_console.typed import Typed

#: People whose addresses the form suggests.
_SUGGESTED = 300
#: data. A field of the request -> the field of the form that is wrong.
_FIELDS = {"to": "to", "address": "to", "subject": "subject", "text": "text"}


async def new(call: TenantCall) -> Response:
    """Show the form."""
    return await _form(call, await person(call), form=Typed({"to": [call.query("to")]}))


async def send(call: TenantCall) -> Response:
    """Send the mail; refused, show the form again with what was typed."""
    form = Typed.of(await call.form())
    user = await person(call)
    try:
        delivery = await call.run(address_book.send, _letter(call, user, form=form), encrypt=form.has("encrypt"))
    except Invalid as error:
        form.wrong(_FIELDS.get(error.target or "", "to"), error.message)
        return await _form(call, user, form=form)
    done = f"Delivered to {', '.join(delivery.accepted)}."
    done += "".join(f" Not to {address}: {reason}." for address, reason in delivery.refused.items())
    return call.back("users", user.id, "mail", done=done)


async def _form(call: TenantCall, user: UserRow, *, form: Typed) -> Response:
    letter = _letter(call, user, form=form)
    request = send_text(
        letter.sender,
        to=letter.to or [f"bob@{call.tenant.domain}"],
        cc=letter.cc,
        subject=letter.subject,
        text=letter.text[:1000],
        encrypt=form.has("encrypt"),
    )
    people, _total = await call.read(overview_queries.people, call.tenant.id, limit=_SUGGESTED)
    return task_page(
        call,
        [request],
        template="mail_write.html",
        error="Nothing was sent. Please mend what is marked below." if form.errors else "",
        title=f"Mail from {person_name(user)}",
        button="Send",
        back=call.url("users", user.id, "mail"),
        form=form,
        sender=letter.sender,
        example=f"bob or bob@{call.tenant.domain}",
        people=[str(row.document["userPrincipalName"]) for row in people],
    )


def _letter(call: TenantCall, user: UserRow, *, form: Typed) -> Letter:
    return Letter(
        sender=addresses_of(user.document)[0],
        to=_addresses(form.text("to"), domain=call.tenant.domain),
        cc=_addresses(form.text("cc"), domain=call.tenant.domain),
        subject=form.text("subject"),
        text=form.text("text"),
    )


def _addresses(text: str, *, domain: str) -> tuple[str, ...]:
    """Return the addresses in a field, between which stand commas, semicolons or blanks. A name without a domain is one
    of the tenant, as in commands.
    """
    parts = (part for part in re.split(r"[,;\s]+", text) if part)
    return tuple(part if "@" in part else f"{part}@{domain}" for part in parts)
