"""The address book: which encryption certificates senders find, and what is wrong with each; publish and withdraw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import Response

from fauxtune.core.administration import emulation as requests
from fauxtune.core.engine.diagnosis.certificate_rules import usage_of
from fauxtune.core.engine.diagnosis.facts import UserCertificate
from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.words.device_words import VARIANTS
from fauxtune.operations.directory.addresses import owners_of
from fauxtune.operations.insight.certificates import certificates_of, known_certificate
from fauxtune.operations.mail import address_book
from fauxtune.operations.mail.address_book import Published
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import imported_pfx as imported_queries
from fauxtune.storage.queries.insight import overview as device_queries
from fauxtune.storage.queries.insight import register
from fauxtune_console.call import TenantCall
from fauxtune_console.holdings import Chip
from fauxtune_console.paging import offset, paging
from fauxtune_console.registered import certificate_chip, kind_of
from fauxtune_console.session import Typed
from fauxtune_console.shown_marks import mark
from fauxtune_console.tasks import Question, task_page

_SIZE = 50
_LONGEST_TEXT = 100
#: Certificates that the form offers: the newest.
_MOST_OFFERED = 30
_LONGEST_PEM = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of the address book."""

    published: Published
    chip: Chip


@dataclass(frozen=True, slots=True)
class Choice:
    """A certificate of the person that can be published."""

    thumbprint: str
    words: str


async def entries(call: TenantCall) -> Response:
    """Show a page of the address book, or what a sender finds for an address."""
    start = offset(call, size=_SIZE)
    text = call.query("text").strip()[:_LONGEST_TEXT]
    published, total, nothing, kinds = await call.run(_entries, text, start=start)
    return call.page(
        "address_book.html",
        lines=[_line(publication, kinds) for publication in published],
        text=text,
        nothing=nothing,
        paging=paging(call, start=start, length=len(published), total=total, size=_SIZE),
    )


async def ask_publish(call: TenantCall) -> Response:
    """Offer the certificates of a person, or any other one."""
    return await _form(call, Typed({"address": [call.query("address")]}))


async def publish(call: TenantCall) -> Response:
    """Publish a certificate; refused, show the form again."""
    form = Typed.of(await call.form())
    try:
        published = await call.run(_publish, form)
    except (Conflict, Invalid, NotFound) as error:
        form.wrong({"address": "address"}.get(error.target or "", "certificate"), error.message)
        return await _form(call, form)
    done = f"{(await call.marks()).name(published.thumbprint)} is published for {published.address}."
    return call.back("address-book", done=" ".join((done, *(remark.sentence for remark in published.remarks))))


async def withdraw(call: TenantCall) -> Question:
    """Withdraw a certificate."""
    published = await call.run(_one, call)
    letters, address = mark(published.thumbprint).letters, published.address
    return Question(
        request=requests.withdraw_certificate(address, thumbprint=published.thumbprint),
        title=f"Withdraw {letters} from {address}",
        points=(
            "Senders who look for the address do not find the certificate any more.",
            "It is not revoked, and stays on every device that has it: mail that was encrypted to it can be read.",
        ),
        button="Withdraw",
        back=call.url("address-book"),
        danger=False,
        done=f"{letters} is not published for {address} any more.",
        leads_to=("address-book",),
        work=lambda: call.run(address_book.withdraw, address, mark=published.thumbprint),
    )


async def certificate_file(call: TenantCall) -> Response:
    """Return a published certificate as a file."""
    published = await call.run(_one, call)
    return _pem(published.certificate.public_bytes(Encoding.PEM), name=f"{mark(published.thumbprint).letters}.pem")


async def authorities_file(call: TenantCall) -> Response:
    """Return the certificates of the tenant's authorities, to verify with."""
    return _pem(await call.run(_authorities), name="authorities.pem")


def _entries(tx: Transaction, text: str, *, start: int) -> tuple[list[Published], int, str, dict[str, str]]:
    """Return a page of entries, how many there are, why nothing is found, and the kinds of certificates issued here."""
    published = address_book.entries(tx, text=text, offset=start, limit=_SIZE)
    nothing = ""
    if not published and text:
        try:
            nothing = address_book.nothing_published(tx, text)
        except Invalid:
            nothing = f"No address with “{text}” is in the address book."
    marks = {publication.thumbprint for publication in published}
    rows = register.with_thumbprints(tx.connection, tx.tenant.id, thumbprints=marks)
    return published, address_book.count(tx, text=text), nothing, {row.thumbprint: kind_of(row) for row in rows}


def _publish(tx: Transaction, form: Typed) -> Published:
    pem, thumbprint = form.text("pem"), form.text("thumbprint")
    if len(pem) > _LONGEST_PEM:
        raise Invalid("That is too long for a certificate.", target="certificate")
    if not pem and not thumbprint:
        raise Invalid("Choose a certificate, or paste one.", target="certificate")
    der = pem.encode() if pem else known_certificate(tx, thumbprint).der
    if der is None:
        raise Invalid("Its file was not opened by a connector yet: paste the certificate.", target="certificate")
    return address_book.publish(tx, form.text("address"), certificate=der)


def _one(tx: Transaction, call: TenantCall) -> Published:
    values = call.request.path_params
    wanted = str(values["thumbprint"]).lower()
    for published in address_book.lookup(tx, str(values["address"])):
        if published.thumbprint == wanted:
            return published
    raise NotFound("This certificate is not published for this address. It may have been withdrawn meanwhile.")


async def _form(call: TenantCall, form: Typed) -> Response:
    own = await call.run(_choices, form.text("address")) if form.text("address") else []
    choices = own or await call.read(_imported, call)
    if not form.text("thumbprint") and own:
        form = form.with_value("thumbprint", own[0].thumbprint)
    request = requests.publish_certificate(
        form.text("address") or f"alice@{call.tenant.domain}",
        certificate=form.text("pem") or None,
        thumbprint=None if form.text("pem") else form.text("thumbprint") or "THUMBPRINT",
    )
    return task_page(
        call,
        [request],
        template="publish.html",
        error="Nothing was published. Please mend what is marked below." if form.errors else "",
        title="Publish a certificate",
        button="Publish",
        back=call.url("address-book"),
        form=form,
        choices=choices,
    )


def _imported(connection: Connection, call: TenantCall) -> list[Choice]:
    """Return the imported certificates of all people, each with its owner: for an address without any of its own."""
    rows = imported_queries.imported_page(connection, call.tenant.id, limit=_MOST_OFFERED)
    return [
        Choice(row.thumbprint, f"{mark(row.thumbprint).letters}: imported for {row.user_name or 'a user'}")
        for row in rows
    ]


def _choices(tx: Transaction, address: str) -> list[Choice]:
    """Return the encryption certificates of the person with this address, the newest first."""
    key = address.lower()
    row = owners_of(tx, [key])[key]
    if row is None:
        return []
    usable = [certificate for certificate in certificates_of(tx, [row.id])[row.id] if _can_encrypt(certificate)]
    enrollments = device_queries.enrollments_of(tx.connection, tx.tenant.id, users=[row.id])
    names: dict[str, str] = {
        enrollment.id: enrollment.device_name or VARIANTS[enrollment.variant] for enrollment in enrollments
    }
    return [_choice(each, names) for each in list(reversed(usable))[:_MOST_OFFERED]]


def _can_encrypt(certificate: UserCertificate) -> bool:
    contents = certificate.contents
    return contents is not None and usage_of(contents) in {"encryption", "both"}


def _choice(certificate: UserCertificate, names: Mapping[str, str]) -> Choice:
    assert certificate.not_before is not None
    assert certificate.not_after is not None
    letters = mark(certificate.thumbprint).letters
    if certificate.source == "imported":
        words = f"{letters}: imported, for all devices"
    elif certificate.device:
        words = f"{letters}: made for {names.get(certificate.device, 'a device')}"
    else:
        words = f"{letters}: issued, of no device"
    span = f"valid from {certificate.not_before:%Y-%m-%d} to {certificate.not_after:%Y-%m-%d}"
    return Choice(certificate.thumbprint, "; ".join((words, span, *(("revoked",) if certificate.revoked_at else ()))))


def _line(published: Published, kinds: dict[str, str]) -> Line:
    kind = kinds.get(published.thumbprint, "foreign")
    return Line(published, certificate_chip(published.thumbprint, kind=kind))


def _authorities(tx: Transaction) -> bytes:
    rows = authority_queries.authorities_of(tx.connection, tx.tenant.id)
    chosen = [row.certificate for row in rows if row.role != authority_queries.DEVICES]
    return b"".join(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in chosen)


def _pem(content: bytes, *, name: str) -> Response:
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
    }
    return Response(content, media_type="application/x-pem-file", headers=headers)
