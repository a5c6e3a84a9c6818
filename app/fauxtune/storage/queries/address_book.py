"""The addresses of the address book: who has one, and which certificates are published for it."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, and_, func, or_, select

from fauxtune.core.model.ids import TenantId
from fauxtune.storage import reads, writes
from fauxtune.storage.rows.directory import UserRow
from fauxtune.storage.rows.mail import PublishedCertificateRow
from fauxtune.storage.tables import published_certificates, users
from fauxtune.storage.tenancy import of_tenant, rows_of

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
