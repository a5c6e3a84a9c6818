"""The address book: publish encryption certificates by e-mail address, and look them up."""

from __future__ import annotations

from typing import Annotated

from cryptography.hazmat.primitives.serialization import Encoding
from fastapi import Query, Response

from fauxtune.core.errors import Invalid
from fauxtune.operations.insight.certificates import known_certificate
from fauxtune.operations.mail import address_book
from fauxtune.operations.mail.address_book import Published
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.surfaces.control import mail_answers as answers
from fauxtune.surfaces.control.access import Here, calls
from fauxtune.surfaces.control.messages import NewPublication

_MOST = 1000

router = calls("/tenants/{tenant}/address-book", tag="mail")


@router.get("", summary="List what is published")
async def list_published(
    *,
    here: Here,
    text: Annotated[str, Query(max_length=320, description="only addresses that contain it")] = "",
    offset: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    limit: Annotated[int, Query(ge=1, le=_MOST)] = 100,
) -> answers.AddressBook:
    """By address; of one address the newest entry first."""

    def read(tx: Transaction) -> tuple[list[Published], int]:
        entries = address_book.entries(tx, text=text, offset=offset, limit=limit)
        return entries, address_book.count(tx, text=text)

    entries, total = await here.run(read)
    return answers.AddressBook(value=[_published(entry) for entry in entries], total=total)


@router.post("", status_code=201, summary="Publish a certificate for an address")
async def publish_certificate(here: Here, body: NewPublication) -> answers.PublishedCertificate:
    """One of the body (PEM), or one that the tenant knows, by its thumbprint. Nothing is checked but that it is a
    certificate: the answer says what is wrong with it.
    """

    def change(tx: Transaction) -> Published:
        return address_book.publish(tx, body.address, certificate=_certificate(tx, body))

    return _published(await here.run(change))


@router.get("/{address}", summary="Look up an address as a sender does")
async def look_up_address(here: Here, address: str) -> answers.Looked:
    """What is published, the newest first, each with what is wrong with it now."""

    def read(tx: Transaction) -> tuple[list[Published], str | None]:
        published = address_book.lookup(tx, address)
        return published, None if published else address_book.nothing_published(tx, address)

    published, sentence = await here.run(read)
    return answers.Looked(
        address=address, value=[_published(publication) for publication in published], sentence=sentence
    )


@router.delete("/{address}/{thumbprint}", status_code=204, summary="Withdraw a certificate from an address")
async def withdraw_certificate(here: Here, address: str, thumbprint: str) -> Response:
    """It stays valid, and stays where it is installed: senders who look do not find it any more."""
    await here.run(address_book.withdraw, address, mark=thumbprint)
    return Response(status_code=204)


def _certificate(tx: Transaction, body: NewPublication) -> bytes:
    if (body.certificate is None) == (body.thumbprint is None):
        raise Invalid("Give either certificate (PEM) or thumbprint.", target="certificate")
    if body.certificate is not None:
        return body.certificate.encode()
    known = known_certificate(tx, str(body.thumbprint))
    if known.der is None:
        raise Invalid(
            "The certificate is in an imported file that no connector has opened yet: send it as PEM.",
            target="thumbprint",
        )
    return known.der


def _published(published: Published) -> answers.PublishedCertificate:
    certificate = published.certificate
    return answers.PublishedCertificate.from_value(
        published,
        subject=published.contents.subject,
        issuer=published.contents.issuer,
        addresses=published.contents.addresses,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        user=published.owner,
        remarks=[answers.Remark.from_value(remark, code=remark.fault) for remark in published.remarks],
        certificate=certificate.public_bytes(Encoding.PEM).decode(),
    )
