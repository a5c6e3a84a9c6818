"""Send a text that was typed: plain, or encrypted for the published certificates of everybody who gets it.

It is not signed: the private keys of people are on their devices, where `fauxtune-sim mail send --sign` signs.
"""

from __future__ import annotations

from collections.abc import Sequence

from fauxtune.core.errors import Invalid
from fauxtune.core.mail.writing import Letter, letter_of, written
from fauxtune.operations.mail import address_book, mailboxes
from fauxtune.operations.mail.mailboxes import Delivery
from fauxtune.operations.runtime.transaction import Transaction


def send(tx: Transaction, letter: Letter, *, encrypt: bool = False) -> Delivery:
    """Write the letter, and deliver it to the mailboxes of this tenant. Raises Invalid for a letter that cannot be
    written or encrypted, and if nobody gets it.
    """
    checked = letter_of(letter)
    recipients = address_book.recipients_of(tx, checked.recipients) if encrypt else None
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
