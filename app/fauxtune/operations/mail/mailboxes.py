"""Mailboxes: deliver a message to users, list a user's messages, delete one.

A message is stored as it came, once for all of its recipients in the tenant; it goes with its last copy. Nothing is
decrypted here: readers see its headers, and for whom it is encrypted (`core.mail.message`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from fauxtune.core.errors import Invalid, NotAllowed, NotFound
from fauxtune.core.mail.message import MailDescription, describe
from fauxtune.core.mail.readability import recipient_names
from fauxtune.core.model.ids import MessageId, UserId
from fauxtune.core.model.mail_accounts import LARGEST_MAILBOX, MOST_MESSAGES, MOST_RECIPIENTS, address_of
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.directory.addresses import owners_of
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import mailboxes as queries
from fauxtune.storage.rows.mail import MailboxEntryRow, MailboxRow, MailLineRow, MailMessageRow

_EMPTY = MailboxRow(messages=0, size=0, last_uid=0)


@dataclass(frozen=True, slots=True)
class Delivery:
    """The outcome of a delivery: the recipients who got the message, and the others with the reason. Without any
    recipient nothing is stored, and there is no id.
    """

    message_id: MessageId | None
    accepted: tuple[str, ...]
    refused: dict[str, str]


@dataclass(frozen=True, slots=True)
class MailLine:
    """A message of a mailbox, without its bytes. `uid`: its number in the mailbox; `envelope_sender`: MAIL FROM."""

    uid: int
    message_id: MessageId
    seen: bool
    received_at: datetime
    envelope_sender: str
    size: int
    description: MailDescription


@dataclass(frozen=True, slots=True)
class StoredMail(MailLine):
    """A message of a mailbox with its bytes, as they came."""

    raw: bytes = field(repr=False)


async def receive(
    emulator: Emulator,
    tenant: Tenant,
    *,
    raw: bytes,
    recipients: Sequence[str],
    envelope_sender: str = "",
    author: UserId | None = None,
) -> Delivery:
    """Deliver a message; it is described in a thread, since a large one takes some time. Raises as `deliver`."""
    description = await asyncio.to_thread(describe, raw)
    return await emulator.runner.run(
        tenant,
        deliver,
        raw,
        recipients=recipients,
        envelope_sender=envelope_sender,
        description=description,
        author=author,
    )


def deliver(
    tx: Transaction,
    raw: bytes,
    *,
    recipients: Sequence[str],
    envelope_sender: str = "",
    description: MailDescription | None = None,
    author: UserId | None = None,
) -> Delivery:
    """Put a message into the mailboxes of these addresses, each mailbox once. Raises Invalid for a message that cannot
    be taken by anybody: too large, with a header that cannot be read, for nobody or for too many.

    `description`: that of the message, if it is known; `author`: the user whom its From must name, if it names
    somebody. Raises NotAllowed for another one.
    """
    if not recipients or len(recipients) > MOST_RECIPIENTS:
        raise Invalid(f"A message has 1 to {MOST_RECIPIENTS} recipients, not {len(recipients)}.", target="recipients")
    sender = address_of(envelope_sender) if envelope_sender else ""
    described = description or describe(raw)
    if author is not None and described.sender is not None and owner_of(tx, described.sender) != author:
        raise NotAllowed(f"The message says that it is from {described.sender}, which is no address of its sender.")
    refused: dict[str, str] = {}
    owners = owners_of(tx, _valid(recipients, refused))
    ids = sorted({row.id for row in owners.values() if row is not None})
    held = queries.hold_mailboxes(tx.connection, tx.tenant.id, user_ids=ids)
    rows = {row.id: row for row in owners.values() if row is not None and row.id in held}
    measures = queries.mailboxes(tx.connection, tx.tenant.id, user_ids=sorted(rows))
    full = {user_id: why for user_id in rows if (why := _full(measures.get(user_id, _EMPTY), len(raw)))}
    for address, row in owners.items():
        if row is None or row.id not in held:
            refused[address] = "no user of this tenant has this address"
        elif row.id in full:
            refused[address] = full[row.id]
    reached = {user_id: row for user_id, row in rows.items() if user_id not in full}
    if not reached:
        return Delivery(None, (), refused)
    message_id = MessageId(tx.ids.uuid())
    message = MailMessageRow(
        tenant_id=tx.tenant.id,
        id=message_id,
        received_at=tx.now,
        envelope_sender=sender,
        size=len(raw),
        document=described.document(),
        raw=raw,
    )
    numbers = {user_id: measures.get(user_id, _EMPTY).last_uid + 1 for user_id in reached}
    names = recipient_names(described.encryption) if described.encryption else ()
    queries.add_message(tx.connection, message, entries=_entries(message, numbers), encrypted_for=names)
    for row in reached.values():
        tx.record(
            "mailDelivered",
            user=str(row.document["userPrincipalName"]),
            message=message_id,
            sender=described.sender or sender or None,
            encrypted=described.encrypted,
        )
    return Delivery(message_id, tuple(address for address in owners if address not in refused), refused)


def owner_of(tx: Transaction, address: str) -> UserId | None:
    """Return the user who has the address as userPrincipalName, mail or one of the proxyAddresses, in any case."""
    row = owners_of(tx, [address.strip().lower()])[address.strip().lower()]
    return None if row is None else row.id


def messages(tx: Transaction, user_id: UserId, *, after_uid: int = 0, limit: int = 100) -> list[MailLine]:
    """Return a user's messages after a number, oldest first. Raises NotFound for an unknown user."""
    _check(tx, user_id)
    rows = queries.lines(tx.connection, tx.tenant.id, user_id=user_id, after_uid=after_uid, limit=limit)
    return [_line(row) for row in rows]


def entries(tx: Transaction, user_id: UserId, *, after_uid: int = 0, limit: int) -> list[MailboxEntryRow]:
    """Return a user's messages after a number, oldest first, without what is in them."""
    return queries.entries(tx.connection, tx.tenant.id, user_id=user_id, after_uid=after_uid, limit=limit)


def newest(tx: Transaction, user_id: UserId, *, offset: int = 0, limit: int) -> list[MailLine]:
    """Return a page of a user's messages, newest first."""
    rows = queries.newest_lines(tx.connection, tx.tenant.id, user_id=user_id, offset=offset, limit=limit)
    return [_line(row) for row in rows]


def measure(tx: Transaction, user_id: UserId) -> MailboxRow:
    """Return the number of messages of a user, and their size."""
    return queries.mailboxes(tx.connection, tx.tenant.id, user_ids=[user_id]).get(user_id, _EMPTY)


def message(tx: Transaction, user_id: UserId, *, uid: int) -> StoredMail:
    """Return a message of a user with its bytes. Raises NotFound."""
    row = queries.stored_message(tx.connection, tx.tenant.id, user_id=user_id, uid=uid)
    if row is None:
        raise NotFound(f"The mailbox has no message {uid}.")
    line = _line(row)
    return StoredMail(
        uid=line.uid,
        message_id=line.message_id,
        seen=line.seen,
        received_at=line.received_at,
        envelope_sender=line.envelope_sender,
        size=line.size,
        description=line.description,
        raw=row.raw,
    )


def mark_seen(tx: Transaction, user_id: UserId, *, uid: int) -> None:
    """Mark a message as seen. Raises NotFound."""
    if not queries.mark_seen(tx.connection, tx.tenant.id, user_id=user_id, uid=uid):
        raise NotFound(f"The mailbox has no message {uid}.")


def delete_message(tx: Transaction, user_id: UserId, *, uid: int) -> None:
    """Delete a message from a user's mailbox; the copies of other recipients stay. Raises NotFound."""
    if not queries.delete_entry(tx.connection, tx.tenant.id, user_id=user_id, uid=uid):
        raise NotFound(f"The mailbox has no message {uid}.")


def _valid(recipients: Sequence[str], refused: dict[str, str]) -> list[str]:
    """Return the addresses in lower case; note why others are refused."""
    valid = []
    for text in recipients:
        try:
            valid.append(address_of(text))
        except Invalid as error:
            refused[text[:320]] = error.message.rstrip(".")
    return valid


def _entries(message: MailMessageRow, numbers: dict[UserId, int]) -> list[MailboxEntryRow]:
    return [
        MailboxEntryRow(
            tenant_id=message.tenant_id,
            user_id=user_id,
            uid=uid,
            message_id=message.id,
            size=message.size,
            seen=False,
        )
        for user_id, uid in numbers.items()
    ]


def _full(mailbox: MailboxRow, size: int) -> str:
    """Return why a mailbox takes no message of this size; "" if it does."""
    if mailbox.messages >= MOST_MESSAGES:
        return f"the mailbox is full: it has {mailbox.messages:,} messages, and {MOST_MESSAGES:,} at most"
    if mailbox.size + size > LARGEST_MAILBOX:
        return f"the mailbox is full: it has {mailbox.size:,} bytes, and {LARGEST_MAILBOX:,} at most"
    return ""


def _check(tx: Transaction, user_id: UserId) -> None:
    if directory_queries.user(tx.connection, tx.tenant.id, user_id=user_id) is None:
        raise NotFound(f"There is no user '{user_id}'.")


def _line(row: MailLineRow) -> MailLine:
    return MailLine(
        uid=row.uid,
        message_id=row.message_id,
        seen=row.seen,
        received_at=row.received_at,
        envelope_sender=row.envelope_sender,
        size=row.size,
        description=MailDescription.of_document(row.document),
    )
