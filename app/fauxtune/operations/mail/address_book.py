"""The address book: which encryption certificates a tenant publishes for an address; mail that is encrypted by it.

As Exchange's global address list does with `userSMIMECertificate`: an administrator publishes, a sender looks, and
the address book itself judges nothing. Importing a PFX file publishes nothing. Each answer says what is wrong with an
entry at the tenant's present time.

It is not signed: the private keys of people are on their devices, where `fauxtune-sim mail send --sign` signs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.mail.publication import Entry, Remark, encrypts_with, remarks
from fauxtune.core.mail.writing import Letter, letter_of, written
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.mail_accounts import MOST_PUBLISHED, address_of
from fauxtune.core.pki.contents import CertificateContents, contents
from fauxtune.core.pki.foreign import certificate_from
from fauxtune.core.pki.names import serial_hex, thumbprint
from fauxtune.operations.directory.addresses import owners_of
from fauxtune.operations.mail import mailboxes
from fauxtune.operations.mail.mailboxes import Delivery
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import mailboxes as queries
from fauxtune.storage.rows.mail import PublishedCertificateRow


@dataclass(frozen=True, slots=True)
class Published:
    """A certificate that is published for an address. `owner`: the user who has the address; `is_registered`: an
    authority of the tenant issued it; `remarks`: what is wrong with it now, or worth to know.
    """

    address: str
    thumbprint: str
    certificate: x509.Certificate
    contents: CertificateContents
    published_at: datetime
    owner: UserId | None
    is_registered: bool
    remarks: tuple[Remark, ...]

    @property
    def is_usable(self) -> bool:
        """Whether a sender who looks would encrypt for it."""
        return not any(remark.hinders for remark in self.remarks)


def publish(tx: Transaction, address: str, *, certificate: bytes) -> Published:
    """Publish a certificate (DER or PEM) for an address: any certificate, as Exchange does. Published again, it stays.

    Raises Invalid for bytes that are no certificate, Conflict for an address that has too many.
    """
    key = address_of(address)
    read = certificate_from(certificate, target="certificate")
    mark = thumbprint(read)
    present = queries.published(tx.connection, tx.tenant.id, addresses=[key])
    known = next((row for row in present if row.thumbprint == mark), None)
    if known is None:
        if len(present) >= MOST_PUBLISHED:
            raise Conflict(
                f"{MOST_PUBLISHED} certificates are published for {key}, as many as an address can have: withdraw an "
                "old one first.",
                target="certificate",
            )
        known = PublishedCertificateRow(tx.tenant.id, key, mark, read.public_bytes(Encoding.DER), tx.now)
        queries.put_published(tx.connection, known)
        tx.record("certificatePublished", certificate=_described(read), address=key)
    (result,) = _judged(tx, [known])
    return result


def withdraw(tx: Transaction, address: str, *, mark: str) -> None:
    """Take a certificate, by its thumbprint, from an address. Raises NotFound if it is not published there."""
    key, wanted = address_of(address), mark.lower()
    present = queries.published(tx.connection, tx.tenant.id, addresses=[key])
    row = next((row for row in present if row.thumbprint == wanted), None)
    if row is None:
        raise NotFound(f"No certificate {wanted[:64]} is published for {key}.")
    queries.withdraw(tx.connection, tx.tenant.id, address=key, thumbprint=wanted)
    tx.record("certificateWithdrawn", certificate=_described(_certificate(row)), address=key)


def lookup(tx: Transaction, address: str) -> list[Published]:
    """Return what is published for an address, as a sender finds it: the newest first, with what is wrong with it."""
    return lookup_all(tx, [address_of(address)])


def lookup_all(tx: Transaction, addresses: Sequence[str]) -> list[Published]:
    """Return what is published for these addresses, which are in lower case."""
    return _judged(tx, queries.published(tx.connection, tx.tenant.id, addresses=addresses))


def entries(tx: Transaction, *, text: str = "", offset: int = 0, limit: int) -> list[Published]:
    """Return a page of the address book, of the addresses that contain a text."""
    return _judged(tx, queries.published_page(tx.connection, tx.tenant.id, text=text, offset=offset, limit=limit))


def count(tx: Transaction, *, text: str = "") -> int:
    """Return how many certificates are published for the addresses that contain a text."""
    return queries.published_count(tx.connection, tx.tenant.id, text=text)


def nothing_published(tx: Transaction, address: str) -> str:
    """Return in a sentence why a sender finds nothing for an address: it has no owner, or nothing was published."""
    key = address_of(address)
    if owners_of(tx, [key])[key] is None:
        return f"No user of this tenant has the address {key}, and no certificate is published for it."
    return (
        f"No certificate is published for {key}. A certificate that was issued or imported is not published by that: "
        "publish it."
    )


def recipients_of(tx: Transaction, addresses: Sequence[str]) -> list[x509.Certificate]:
    """Return the certificates to encrypt for: of each address the newest that is usable, by the beginning of its
    validity. Raises Invalid with the reason for each address that has none.
    """
    keys = list(dict.fromkeys(address_of(address) for address in addresses))
    published = lookup_all(tx, keys)
    chosen, reasons = [], []
    for key in keys:
        here = [publication for publication in published if publication.address == key]
        usable = [
            publication for publication in here if publication.is_usable and encrypts_with(publication.certificate)
        ]
        if usable:
            chosen.append(max(usable, key=lambda publication: publication.certificate.not_valid_before_utc).certificate)
        else:
            reasons.append(_unusable(here) if here else nothing_published(tx, key))
    if reasons:
        raise Invalid(f"The message cannot be encrypted. {' '.join(reasons)}", target="to")
    return chosen


def _unusable(here: Sequence[Published]) -> str:
    first = here[0]
    worst = next((remark.sentence for remark in first.remarks if remark.hinders), "")
    reason = worst or "The server encrypts for RSA keys only; a device encrypts for this one too."
    more = f" ({len(here) - 1} more are published, none usable.)" if len(here) > 1 else ""
    return f"The certificate that is published for {first.address} cannot be used: {reason}{more}"


def _judged(tx: Transaction, rows: Sequence[PublishedCertificateRow]) -> list[Published]:
    if not rows:
        return []
    owners = owners_of(tx, [row.address for row in rows])
    revoked = certificate_queries.revocations(tx.connection, tx.tenant.id, thumbprints={row.thumbprint for row in rows})
    result = []
    for row in rows:
        certificate, owner = _certificate(row), owners[row.address]
        parts = contents(certificate)
        entry = Entry(row.address, certificate, parts, revoked.get(row.thumbprint), owned=owner is not None)
        result.append(
            Published(
                address=row.address,
                thumbprint=row.thumbprint,
                certificate=certificate,
                contents=parts,
                published_at=row.published_at,
                owner=None if owner is None else owner.id,
                is_registered=row.thumbprint in revoked,
                remarks=remarks(entry, now=tx.now),
            )
        )
    return result


def _certificate(row: PublishedCertificateRow) -> x509.Certificate:
    """Return the certificate, which `certificate_from` read before it was stored."""
    return x509.load_der_x509_certificate(row.certificate)


def _described(certificate: x509.Certificate) -> dict[str, str | None]:
    return {"thumbprint": thumbprint(certificate), "serial": serial_hex(certificate), "source": None}


def send(tx: Transaction, letter: Letter, *, encrypt: bool = False) -> Delivery:
    """Write the letter, and deliver it to the mailboxes of this tenant. Raises Invalid for a letter that cannot be
    written or encrypted, and if nobody gets it.
    """
    checked = letter_of(letter)
    recipients = recipients_of(tx, checked.recipients) if encrypt else None
    message_id = f"<{tx.ids.uuid()}@{tx.tenant.domain}>"
    raw = written(checked, at=tx.now, message_id=message_id, recipients=recipients)
    return accepted(mailboxes.deliver(tx, raw, recipients=checked.recipients, envelope_sender=checked.sender))


def send_for(tx: Transaction, letter: Letter, *, hidden: Sequence[str] = ()) -> Delivery:
    """Write the letter, and deliver it to its recipients and to the `hidden` ones, of whom its header does not tell.
    Addresses that nobody in this tenant has get nothing, and that is no error. Raises Invalid for a letter that cannot
    be written.
    """
    checked = letter_of(letter)
    raw = written(checked, at=tx.now, message_id=f"<{tx.ids.uuid()}@{tx.tenant.domain}>")
    everybody = tuple(dict.fromkeys((*checked.recipients, *(address.lower() for address in hidden))))
    return mailboxes.deliver(tx, raw, recipients=everybody, envelope_sender=checked.sender)


def accepted(delivery: Delivery) -> Delivery:
    """Return the delivery. Raises Invalid, with the reason for each address, if nobody got the message."""
    if delivery.message_id is None:
        reasons = "; ".join(f"{address}: {reason}" for address, reason in delivery.refused.items())
        raise Invalid(f"Nobody got the message. {reasons}.", target="to")
    return delivery
