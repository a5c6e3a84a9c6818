"""Authorities, templates, issued and imported certificates, and the connector's keys and requests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, delete, select, true, type_coerce, update

from fauxtune.core.model.ids import TenantId
from fauxtune.core.profiles.world import ImportedCertificate
from fauxtune.storage import writes
from fauxtune.storage.queries.locks import hold
from fauxtune.storage.tables import (
    authorities,
    certificates,
    connector_keys,
    connector_requests,
    connectors,
    pfx_certificates,
    templates,
    users,
)
from fauxtune.storage.tables.base import Moment

Row = dict[str, Any]

# What every planning asks, built once: building a statement costs more than running it.
_AUTHORITY = select(authorities).where(
    authorities.c.tenant_id == bindparam("tenant"), authorities.c.name == bindparam("name")
)
_TEMPLATES = (
    select(templates.c.name, templates.c.document)
    .where(templates.c.tenant_id == bindparam("tenant"), templates.c.authority == bindparam("authority"))
    .order_by(templates.c.name)
)
_IMPORTED = (
    select(
        pfx_certificates.c.thumbprint,
        pfx_certificates.c.purpose,
        pfx_certificates.c.fingerprint,
        type_coerce(pfx_certificates.c.document["startDateTime"].as_string(), Moment),
        pfx_certificates.c.not_after,
    )
    .where(pfx_certificates.c.tenant_id == bindparam("tenant"), pfx_certificates.c.user_id == bindparam("user"))
    .order_by(pfx_certificates.c.thumbprint)
)
_CONNECTORS = (
    select(connectors)
    .where(connectors.c.tenant_id == bindparam("tenant"))
    .order_by(connectors.c.created_at, connectors.c.id)
)
_CONNECTOR_KEYS = (
    select(connector_keys)
    .where(connector_keys.c.tenant_id == bindparam("tenant"))
    .order_by(connector_keys.c.provider, connector_keys.c.key_name)
)
_PFX = select(pfx_certificates).where(
    pfx_certificates.c.tenant_id == bindparam("tenant"),
    pfx_certificates.c.user_id == bindparam("user"),
    pfx_certificates.c.thumbprint == bindparam("thumbprint"),
)
# What every revocation asks and writes.
_BY_SERIAL = select(certificates).where(
    certificates.c.tenant_id == bindparam("tenant"),
    certificates.c.authority == bindparam("authority"),
    certificates.c.serial == bindparam("serial"),
)
_REVOKE = (
    update(certificates)
    .where(
        certificates.c.tenant_id == bindparam("tenant"),
        certificates.c.authority == bindparam("named"),
        certificates.c.serial == bindparam("number"),
        certificates.c.revoked_at.is_(None),
    )
    .values(revoked_at=bindparam("at"), reason=bindparam("why"), revocation_state=None)
)
_REQUESTS = (
    select(*(column for column in connector_requests.c if column.name not in {"pfx", "sealed", "kept_password"}))
    .where(connector_requests.c.enrollment_id == bindparam("device"))
    .order_by(connector_requests.c.created_at)
)


def authority(connection: Connection, tenant_id: TenantId, *, name: str) -> Row | None:
    """One of the tenant's authorities: root, issuing or devices."""
    return _one(connection, _AUTHORITY, values={"tenant": tenant_id, "name": name})


def authorities_named(connection: Connection, name: str) -> list[Row]:
    """The authorities of this name of every tenant."""
    return [dict(row) for row in connection.execute(select(authorities).where(authorities.c.name == name)).mappings()]


def add_authority(connection: Connection, tenant_id: TenantId, **values: Any) -> None:
    """A new authority."""
    writes.add(connection, authorities, tenant_id=tenant_id, **values)


def keep_crl(connection: Connection, tenant_id: TenantId, *, name: str, crl: bytes, next_update: datetime) -> None:
    """Keep a CRL's bytes under the number they carry."""
    writes.change(
        connection,
        authorities,
        where={"tenant_id": tenant_id, "name": name},
        values={"crl": crl, "crl_next_update": next_update, "crl_number": authorities.c.crl_number + 1},
    )


def forget_crl(connection: Connection, tenant_id: TenantId, *, name: str) -> None:
    """Something was revoked: the next reader gets a new one. Whoever makes one waits until the transaction ends."""
    writes.change(connection, authorities, where={"tenant_id": tenant_id, "name": name}, values={"crl": None})


def template_documents(connection: Connection, tenant_id: TenantId, *, authority_name: str) -> dict[str, Row]:
    """The authority's templates by name."""
    found = connection.execute(_TEMPLATES, {"tenant": tenant_id, "authority": authority_name})
    return {row[0]: row[1] for row in found}


def put_template(connection: Connection, tenant_id: TenantId, *, authority_name: str, name: str, document: Row) -> None:
    """A new or changed template."""
    row = {"tenant_id": tenant_id, "authority": authority_name, "name": name, "document": document}
    writes.put(connection, templates, rows=[row])


def add_certificate(connection: Connection, tenant_id: TenantId, **values: Any) -> None:
    """A certificate that an authority issued."""
    writes.add(connection, certificates, tenant_id=tenant_id, **values)


def change_certificate(
    connection: Connection, tenant_id: TenantId, *, authority_name: str, serial: str, **values: Any
) -> None:
    """Change columns of a certificate's record."""
    where = {"tenant_id": tenant_id, "authority": authority_name, "serial": serial}
    writes.change(connection, certificates, where=where, values=values)


def certificate(connection: Connection, tenant_id: TenantId, *, key: str) -> Row | None:
    """The issued certificate with this serial number or thumbprint (lower-case hex)."""
    wanted = key.lower()
    for column in (certificates.c.thumbprint, certificates.c.serial):
        found = _one(connection, select(certificates).where(certificates.c.tenant_id == tenant_id, column == wanted))
        if found is not None:
            return found
    return None


def certificate_by_serial(
    connection: Connection, tenant_id: TenantId, *, authority_name: str, serial: str
) -> Row | None:
    """The certificate that this authority issued under this number."""
    values = {"tenant": tenant_id, "authority": authority_name, "serial": serial}
    return _one(connection, _BY_SERIAL, values=values)


def issued(
    connection: Connection, tenant_id: TenantId, *, authority_name: str | None = None, user_id: str | None = None
) -> list[Row]:
    """What an authority issued (unless one is named: the enterprise CA, with whichever of its keys), newest validity
    first; with `imported`: a PFX record has the same thumbprint.
    """
    imported = (
        select(pfx_certificates.c.thumbprint)
        .where(
            pfx_certificates.c.tenant_id == certificates.c.tenant_id,
            pfx_certificates.c.thumbprint == certificates.c.thumbprint,
        )
        .exists()
    )
    statement = select(certificates, imported.label("imported")).where(
        certificates.c.tenant_id == tenant_id,
        certificates.c.authority.not_in(["root", "devices"])
        if authority_name is None
        else certificates.c.authority == authority_name,
    )
    if user_id is not None:
        statement = statement.where(certificates.c.user_id == user_id)
    statement = statement.order_by(certificates.c.not_before.desc(), certificates.c.serial)
    return [dict(row) for row in connection.execute(statement).mappings()]


def imported_everywhere(connection: Connection, tenant_id: TenantId, *, thumbprint: str) -> list[Row]:
    """The records under which a certificate was imported, for whichever users; without the PFX files."""
    record = pfx_certificates.c
    statement = (
        select(record.user_id, record.purpose, record.document, record.certificate)
        .where(pfx_certificates.c.tenant_id == tenant_id, pfx_certificates.c.thumbprint == thumbprint)
        .order_by(pfx_certificates.c.user_id)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def is_imported(connection: Connection, tenant_id: TenantId, *, thumbprint: str) -> bool:
    """Has somebody imported this certificate?"""
    statement = select(pfx_certificates.c.thumbprint).where(
        pfx_certificates.c.tenant_id == tenant_id, pfx_certificates.c.thumbprint == thumbprint
    )
    return connection.execute(statement.limit(1)).first() is not None


def revoked(connection: Connection, tenant_id: TenantId, *, authority_name: str) -> list[Row]:
    """What is on the authority's CRL."""
    statement = (
        select(certificates.c.serial, certificates.c.revoked_at, certificates.c.reason)
        .where(
            certificates.c.tenant_id == tenant_id,
            certificates.c.authority == authority_name,
            certificates.c.revoked_at.is_not(None),
        )
        .order_by(certificates.c.serial)
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def revoke(
    connection: Connection, tenant_id: TenantId, *, authority_name: str, serial: str, at: datetime, reason: str
) -> bool:
    """Revoke; False when it was revoked already or is unknown: its first date and reason stay."""
    values = {"tenant": tenant_id, "named": authority_name, "number": serial, "at": at, "why": reason}
    return connection.execute(_REVOKE, values).rowcount > 0


def pfx(connection: Connection, tenant_id: TenantId, *, user_id: str, thumbprint: str) -> Row | None:
    """One imported certificate, with its PFX file."""
    return _one(connection, _PFX, values={"tenant": tenant_id, "user": user_id, "thumbprint": thumbprint})


def imported_of_user(connection: Connection, tenant_id: TenantId, *, user_id: str) -> tuple[ImportedCertificate, ...]:
    """All imported certificates of a user, as the engine reads them."""
    found = connection.execute(_IMPORTED, {"tenant": tenant_id, "user": user_id})
    return tuple(ImportedCertificate(*row) for row in found)


def add_pfx(connection: Connection, tenant_id: TenantId, **values: Any) -> None:
    """A new imported certificate."""
    writes.add(connection, pfx_certificates, tenant_id=tenant_id, **values)


def change_pfx(connection: Connection, tenant_id: TenantId, *, user_id: str, thumbprint: str, **values: Any) -> None:
    """Change columns of an imported certificate."""
    where = {"tenant_id": tenant_id, "user_id": user_id, "thumbprint": thumbprint}
    writes.change(connection, pfx_certificates, where=where, values=values)


def delete_pfx(connection: Connection, tenant_id: TenantId, *, user_id: str, thumbprint: str) -> None:
    """The record and its file; nothing is revoked."""
    writes.remove(connection, pfx_certificates, tenant_id=tenant_id, user_id=user_id, thumbprint=thumbprint)


def connector_rows(connection: Connection, tenant_id: TenantId) -> list[Row]:
    """The tenant's connectors, oldest first."""
    return [dict(row) for row in connection.execute(_CONNECTORS, {"tenant": tenant_id}).mappings()]


def add_connector(connection: Connection, tenant_id: TenantId, **values: Any) -> None:
    """A new connector."""
    writes.add(connection, connectors, tenant_id=tenant_id, **values)


def change_connector(connection: Connection, tenant_id: TenantId, *, connector_id: str, **values: Any) -> None:
    """Change columns of a connector."""
    writes.change(connection, connectors, where={"tenant_id": tenant_id, "id": connector_id}, values=values)


def delete_connector(connection: Connection, tenant_id: TenantId, *, connector_id: str) -> None:
    """The connector and the public halves of its keys."""
    writes.remove(connection, connectors, tenant_id=tenant_id, id=connector_id)
    writes.remove(connection, connector_keys, tenant_id=tenant_id, connector_id=connector_id)


def connector_key_rows(connection: Connection, tenant_id: TenantId, *, connector_id: str | None = None) -> list[Row]:
    """The public halves of the connectors' keys."""
    found = connection.execute(_CONNECTOR_KEYS, {"tenant": tenant_id}).mappings()
    return [dict(row) for row in found if connector_id in (None, row["connector_id"])]


def add_connector_key(connection: Connection, tenant_id: TenantId, **values: Any) -> None:
    """A new connector key's public half."""
    writes.add(connection, connector_keys, tenant_id=tenant_id, **values)


def delete_connector_key(
    connection: Connection, tenant_id: TenantId, *, connector_id: str, provider: str, key_name: str
) -> None:
    """The connector no longer has the key."""
    writes.remove(
        connection,
        connector_keys,
        tenant_id=tenant_id,
        connector_id=connector_id,
        provider=provider,
        key_name=key_name,
    )


def requests(connection: Connection, enrollment_id: str) -> list[Row]:
    """Every request for the device, answered or not, without its answer's bytes."""
    return [dict(row) for row in connection.execute(_REQUESTS, {"device": enrollment_id}).mappings()]


def answers(connection: Connection, enrollment_id: str) -> list[Row]:
    """The answered requests for the device with their bytes."""
    statement = select(connector_requests).where(
        connector_requests.c.enrollment_id == enrollment_id, connector_requests.c.state == "answered"
    )
    return [dict(row) for row in connection.execute(statement).mappings()]


def pfx_files(
    connection: Connection, tenant_id: TenantId, *, pairs: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], bytes]:
    """The PFX files of these (user id, thumbprint) pairs; those that are gone are left out."""
    wanted = set(pairs)
    statement = select(pfx_certificates.c.user_id, pfx_certificates.c.thumbprint, pfx_certificates.c.pfx).where(
        pfx_certificates.c.tenant_id == tenant_id,
        pfx_certificates.c.user_id.in_(sorted({user for user, _ in wanted})),
        pfx_certificates.c.thumbprint.in_(sorted({thumbprint for _, thumbprint in wanted})),
    )
    return {(row[0], row[1]): row[2] for row in connection.execute(statement) if (row[0], row[1]) in wanted}


def put_request(connection: Connection, **values: Any) -> None:
    """A new request, or the same one asked again: unique by device, item key and fingerprint."""
    connection.execute(
        delete(connector_requests).where(
            connector_requests.c.enrollment_id == values["enrollment_id"],
            connector_requests.c.item_key == values["item_key"],
            connector_requests.c.fingerprint == values["fingerprint"],
        )
    )
    writes.add(connection, connector_requests, **values)


def answer_request(connection: Connection, request_id: str, **values: Any) -> bool:
    """Write an answer; False when the request is no longer open: somebody answered it first."""
    return writes.change(connection, connector_requests, where={"id": request_id, "state": "open"}, values=values) > 0


def forget_refusals(
    connection: Connection, tenant_id: TenantId, *, item_key: str | None = None, role: str | None = None
) -> None:
    """Drop refused requests, so that they are asked anew: what made them fail may have changed."""
    refused = and_(
        connector_requests.c.tenant_id == tenant_id,
        connector_requests.c.state == "failed",
        true() if item_key is None else connector_requests.c.item_key == item_key,
        true() if role is None else connector_requests.c.role == role,
    )
    hold(connection, connector_requests, where=refused)
    connection.execute(delete(connector_requests).where(refused))


def forget_unanswered(connection: Connection, tenant_id: TenantId, *, item_key: str) -> None:
    """Drop what was asked for this item and not answered: it is asked anew, in the words of now."""
    unanswered = and_(
        connector_requests.c.tenant_id == tenant_id,
        connector_requests.c.item_key == item_key,
        connector_requests.c.state != "answered",
    )
    hold(connection, connector_requests, where=unanswered)
    connection.execute(delete(connector_requests).where(unanswered))


def name_of_user(connection: Connection, tenant_id: TenantId, *, user_id: str) -> str | None:
    """The userPrincipalName of a user that still exists."""
    found: str | None = connection.execute(
        select(users.c.document["userPrincipalName"].as_string()).where(
            users.c.tenant_id == tenant_id, users.c.id == user_id
        )
    ).scalar_one_or_none()
    return found


def _one(connection: Connection, statement: Select[Any], *, values: Row | None = None) -> Row | None:
    row = connection.execute(statement, values or {}).mappings().first()
    return None if row is None else dict(row)
