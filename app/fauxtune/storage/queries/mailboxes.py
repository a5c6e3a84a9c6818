"""Mailboxes and the address book.

The messages of a user, newest or oldest first, and the messages themselves, each kept once. Who has an address, and
which certificates are published for it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from sqlalchemy import Connection, and_, delete, func, or_, select

from fauxtune.core.model.ids import MessageId, TenantId, UserId
from fauxtune.storage import reads, writes
from fauxtune.storage.queries import locks
from fauxtune.storage.rows.directory import UserRow
from fauxtune.storage.rows.mail import (
    MailboxEntryRow,
    MailboxRow,
    MailLineRow,
    MailMessageRow,
    MailRecipientRow,
    PublishedCertificateRow,
    StoredMailRow,
)
from fauxtune.storage.tables import mail_messages, mail_recipients, mailbox_entries, published_certificates, users
from fauxtune.storage.tenancy import of_tenant, rows_of, same_tenant

_entry, _message, _recipient = mailbox_entries.c, mail_messages.c, mail_recipients.c
_LINE = (
    _entry.uid,
    _entry.message_id,
    _entry.seen,
    _message.received_at,
    _message.envelope_sender,
    _entry.size,
    _message.document,
)
_JOINED = mailbox_entries.join(mail_messages, same_tenant(_message, _entry) & (_message.id == _entry.message_id))


def hold_mailboxes(connection: Connection, tenant_id: TenantId, *, user_ids: Sequence[UserId]) -> set[UserId]:
    """Lock the users whose mailboxes change, so that no two messages get one number. Return those who exist still."""
    where = of_tenant(users, tenant_id) & users.c.id.in_(user_ids)
    locks.hold(connection, users, where=where)
    return {UserId(scalar) for scalar in connection.scalars(select(users.c.id).where(where))}


def mailboxes(connection: Connection, tenant_id: TenantId, *, user_ids: Sequence[UserId]) -> dict[UserId, MailboxRow]:
    """Return the measures of the mailboxes of these users; a user without messages has none."""
    statement = (
        select(_entry.user_id, func.count(), func.sum(_entry.size), func.max(_entry.uid))
        .where(of_tenant(_entry, tenant_id), _entry.user_id.in_(user_ids))
        .group_by(_entry.user_id)
    )
    return {UserId(row[0]): MailboxRow(row[1], int(row[2]), row[3]) for row in connection.execute(statement)}


def add_message(
    connection: Connection,
    row: MailMessageRow,
    *,
    entries: Sequence[MailboxEntryRow],
    encrypted_for: Collection[str] = (),
) -> None:
    """Add a message, and put it into mailboxes. `encrypted_for`: names of certificates (`recipient_names`)."""
    writes.add_row(connection, mail_messages, row=row)
    writes.add_rows(connection, mailbox_entries, rows=entries)
    named = [MailRecipientRow(row.tenant_id, name, row.id) for name in sorted(encrypted_for)]
    writes.add_rows(connection, mail_recipients, rows=named)


def entries(
    connection: Connection, tenant_id: TenantId, *, user_id: UserId, after_uid: int, limit: int
) -> list[MailboxEntryRow]:
    """Return the first entries of a mailbox after a number, oldest first."""
    statement = (
        select(mailbox_entries)
        .where(of_tenant(_entry, tenant_id), _entry.user_id == user_id, _entry.uid > after_uid)
        .order_by(_entry.uid)
        .limit(limit)
    )
    return reads.every(connection, statement, row=MailboxEntryRow)


def lines(
    connection: Connection, tenant_id: TenantId, *, user_id: UserId, after_uid: int, limit: int
) -> list[MailLineRow]:
    """Return the first messages after a number, oldest first, without their bytes."""
    statement = (
        select(*_LINE)
        .select_from(_JOINED)
        .where(of_tenant(_entry, tenant_id), _entry.user_id == user_id, _entry.uid > after_uid)
        .order_by(_entry.uid)
        .limit(limit)
    )
    return reads.every(connection, statement, row=MailLineRow)


def newest_lines(
    connection: Connection, tenant_id: TenantId, *, user_id: UserId, offset: int, limit: int
) -> list[MailLineRow]:
    """Return a page of a mailbox, newest first, without the bytes of the messages."""
    # The page is found only in the index of the entries: with the join in it, SQLite reads every message before it.
    page = (
        select(_entry.uid)
        .where(of_tenant(_entry, tenant_id), _entry.user_id == user_id)
        .order_by(_entry.uid.desc())
        .offset(offset)
        .limit(limit)
    )
    numbers = list(connection.scalars(page))
    statement = (
        select(*_LINE)
        .select_from(_JOINED)
        .where(of_tenant(_entry, tenant_id), _entry.user_id == user_id, _entry.uid.in_(numbers))
        .order_by(_entry.uid.desc())
    )
    return reads.every(connection, statement, row=MailLineRow)


def stored_message(connection: Connection, tenant_id: TenantId, *, user_id: UserId, uid: int) -> StoredMailRow | None:
    """Return a message of a mailbox, with its bytes."""
    statement = (
        select(*_LINE, _message.raw)
        .select_from(_JOINED)
        .where(of_tenant(_entry, tenant_id), _entry.user_id == user_id, _entry.uid == uid)
    )
    return reads.first(connection, statement, row=StoredMailRow)


def mark_seen(connection: Connection, tenant_id: TenantId, *, user_id: UserId, uid: int) -> bool:
    """Mark a message of a mailbox as seen. Return False if the mailbox does not have it."""
    where = {"tenant_id": tenant_id, "user_id": user_id, "uid": uid}
    return writes.change(connection, mailbox_entries, where=where, values={"seen": True}) > 0


def delete_entry(connection: Connection, tenant_id: TenantId, *, user_id: UserId, uid: int) -> bool:
    """Remove a message from a mailbox, and delete it if no other mailbox has it. Return False if this one does not."""
    statement = select(_entry.message_id).where(
        of_tenant(_entry, tenant_id), _entry.user_id == user_id, _entry.uid == uid
    )
    message_id = connection.execute(statement).scalar_one_or_none()
    if message_id is None:
        return False
    _delete(connection, tenant_id, user_id=user_id, messages=[MessageId(message_id)])
    return True


def delete_mailbox(connection: Connection, tenant_id: TenantId, *, user_id: UserId) -> None:
    """Delete a user's mailbox, and the messages that are in no other one."""
    statement = select(_entry.message_id).where(of_tenant(_entry, tenant_id), _entry.user_id == user_id)
    messages = [MessageId(scalar) for scalar in connection.scalars(statement)]
    _delete(connection, tenant_id, user_id=user_id, messages=messages)


def _delete(connection: Connection, tenant_id: TenantId, *, user_id: UserId, messages: Sequence[MessageId]) -> None:
    for chosen in reads.in_parts(messages):
        # The messages are locked first: of two that take the last copies at once, the second one sees that.
        locks.hold(connection, mail_messages, where=of_tenant(_message, tenant_id) & _message.id.in_(chosen))
        connection.execute(
            delete(mailbox_entries).where(
                of_tenant(_entry, tenant_id), _entry.user_id == user_id, _entry.message_id.in_(chosen)
            )
        )
        kept = select(_entry.message_id).where(of_tenant(_entry, tenant_id), _entry.message_id.in_(chosen))
        connection.execute(
            delete(mail_messages).where(
                of_tenant(_message, tenant_id), _message.id.in_(chosen), _message.id.not_in(kept)
            )
        )
        connection.execute(
            delete(mail_recipients).where(
                of_tenant(_recipient, tenant_id), _recipient.message_id.in_(chosen), _recipient.message_id.not_in(kept)
            )
        )


_published = published_certificates.c


def users_by_upn(connection: Connection, tenant_id: TenantId, *, addresses: Sequence[str]) -> list[UserRow]:
    """Return the users whose userPrincipalName is one of these addresses, in any case. ß and ss have one case-folded
    form, so the caller looks again.
    """
    keys = [address.casefold() for address in addresses]
    statement = rows_of(users, tenant_id).where(users.c.upn_key.in_(keys))
    return reads.every(connection, statement, row=UserRow)


def users_who_may_have(connection: Connection, tenant_id: TenantId, *, addresses: Sequence[str]) -> list[UserRow]:
    """Return the users whose mail or proxyAddresses contain one of these addresses, which are in lower case; a longer
    address contains a shorter one, so the caller looks again. Every user of the tenant is read: ask for what
    `users_by_upn` does not know.
    """
    mail, others = users.c.document["mail"].as_string(), users.c.document["proxyAddresses"].as_string()
    # Most users have no other addresses: then nothing is searched.
    written = [json.dumps(address)[1:-1].lower() for address in addresses]
    among = and_(others != "[]", or_(*(func.lower(others).contains(text, autoescape=True) for text in written)))
    statement = (
        rows_of(users, tenant_id)
        .where(or_(func.lower(mail).in_(addresses), among))
        .order_by(users.c.created_at, users.c.id)
    )
    return reads.every(connection, statement, row=UserRow)


def published(
    connection: Connection, tenant_id: TenantId, *, addresses: Sequence[str]
) -> list[PublishedCertificateRow]:
    """Return what is published for these addresses: by address, the newest first."""
    statement = (
        rows_of(published_certificates, tenant_id)
        .where(_published.address.in_(addresses))
        .order_by(_published.address, _published.published_at.desc(), _published.thumbprint)
    )
    return reads.every(connection, statement, row=PublishedCertificateRow)


def published_page(
    connection: Connection, tenant_id: TenantId, *, text: str = "", offset: int = 0, limit: int
) -> list[PublishedCertificateRow]:
    """Return a page of the address book, of the addresses that contain a text: by address, the newest first."""
    statement = (
        rows_of(published_certificates, tenant_id)
        .where(_published.address.contains(text.lower(), autoescape=True))
        .order_by(_published.address, _published.published_at.desc(), _published.thumbprint)
        .offset(offset)
        .limit(limit)
    )
    return reads.every(connection, statement, row=PublishedCertificateRow)


def published_count(connection: Connection, tenant_id: TenantId, *, text: str = "") -> int:
    """Return how many certificates are published for the addresses that contain a text."""
    statement = (
        select(func.count())
        .select_from(published_certificates)
        .where(of_tenant(_published, tenant_id), _published.address.contains(text.lower(), autoescape=True))
    )
    return int(connection.execute(statement).scalar_one())


def put_published(connection: Connection, row: PublishedCertificateRow) -> None:
    """Publish a certificate for an address; one that is published already is written again."""
    writes.put_rows(connection, published_certificates, rows=[row])


def withdraw(connection: Connection, tenant_id: TenantId, *, address: str, thumbprint: str) -> None:
    """Take a certificate from the address book."""
    where = {"tenant_id": tenant_id, "address": address, "thumbprint": thumbprint}
    writes.remove(connection, published_certificates, **where)


def withdraw_all(connection: Connection, tenant_id: TenantId, *, address: str) -> None:
    """Take everything that is published for an address from the address book."""
    writes.remove(connection, published_certificates, tenant_id=tenant_id, address=address)
