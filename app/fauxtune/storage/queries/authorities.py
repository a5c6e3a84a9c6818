"""Certification authorities: which a tenant has, which one issues, their CRLs, and their certificate templates.

Of a template, the profiles that name it can be asked for.
"""

from __future__ import annotations

from datetime import datetime
from typing import Unpack

from sqlalchemy import Connection, bindparam, case, select

from fauxtune.core.model.ids import ProfileId, TenantId
from fauxtune.core.model.text import JsonObject
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import reads, writes
from fauxtune.storage.rows.certificates import AuthorityChanges, AuthorityRow, TemplateRow
from fauxtune.storage.tables import authorities, profiles, templates
from fauxtune.storage.tenancy import across_tenants, of_tenant, rows_of

ROOT, ISSUING, DEVICES = "root", "issuing", "devices"

# What every planning reads, built once: building a statement costs more than running it.
_AUTHORITY = Prepared(rows_of(authorities).where(authorities.c.name == bindparam("name")))
# What every issuing reads.
_CURRENT = Prepared(
    rows_of(authorities).where(authorities.c.role == ISSUING).order_by(authorities.c.generation.desc()).limit(1)
)
_ORDER = case({ROOT: 1, ISSUING: 2}, value=authorities.c.role, else_=3)
# What every deletion of a tenant reads.
_AUTHORITIES = Prepared(rows_of(authorities).order_by(_ORDER, authorities.c.generation))


def authority(connection: Connection, tenant_id: TenantId, *, name: str) -> AuthorityRow | None:
    """Return the tenant's authority of this name."""
    return reads.first(connection, _AUTHORITY, row=AuthorityRow, values={"tenant": tenant_id, "name": name})


def authorities_named(connection: Connection, name: str) -> list[AuthorityRow]:
    """Return the authorities of this name of all tenants."""
    return reads.every(
        connection,
        across_tenants(
            select(authorities).where(authorities.c.name == name), "one port of HTTPS admits the devices of all tenants"
        ),
        row=AuthorityRow,
    )


def enterprise_certificates(connection: Connection) -> list[bytes]:
    """Return the certificates of all tenants' authorities that issue to users, and of their roots (DER)."""
    statement = across_tenants(
        select(authorities.c.certificate).where(authorities.c.role != DEVICES),
        "one port of mail serves all tenants by TLS",
    )
    return [row[0] for row in connection.execute(statement)]


def authorities_of(connection: Connection, tenant_id: TenantId) -> list[AuthorityRow]:
    """Return the tenant's authorities: the root, those that issue or issued (oldest first), and that of devices."""
    return reads.every(connection, _AUTHORITIES, row=AuthorityRow, values={"tenant": tenant_id})


def current_issuing(connection: Connection, tenant_id: TenantId) -> AuthorityRow:
    """Return the authority that issues now."""
    (row,) = reads.every(connection, _CURRENT, row=AuthorityRow, values={"tenant": tenant_id})
    return row


def authority_to_change(connection: Connection, tenant_id: TenantId, *, name: str) -> AuthorityRow | None:
    """Return an authority, locked against other changes until the transaction ends."""
    statement = rows_of(authorities, tenant_id).where(authorities.c.name == name)
    return reads.first(connection, statement.with_for_update(), row=AuthorityRow)


def add_authorities(connection: Connection, *rows: AuthorityRow) -> None:
    """Add authorities."""
    writes.add_rows(connection, authorities, rows=rows)


def change_authority(
    connection: Connection, tenant_id: TenantId, *, name: str, **changes: Unpack[AuthorityChanges]
) -> None:
    """Change columns of an authority."""
    writes.change(connection, authorities, where={"tenant_id": tenant_id, "name": name}, values=changes)


def keep_crl(connection: Connection, tenant_id: TenantId, *, name: str, crl: bytes, next_update: datetime) -> None:
    """Keep a CRL's bytes under the number they carry."""
    writes.change(
        connection,
        authorities,
        where={"tenant_id": tenant_id, "name": name},
        values={"crl": crl, "crl_next_update": next_update, "crl_number": authorities.c.crl_number + 1},
    )


def forget_crl(connection: Connection, tenant_id: TenantId, *, name: str) -> None:
    """Forget the CRL after a revocation: the next reader has another made, and waits until this transaction ends."""
    writes.change(connection, authorities, where={"tenant_id": tenant_id, "name": name}, values={"crl": None})


_TEMPLATES = Prepared(
    select(templates.c.name, templates.c.document)
    .where(of_tenant(templates), templates.c.authority == bindparam("authority"))
    .order_by(templates.c.name)
)
# What every revocation asks.
_TEMPLATE = Prepared(
    select(templates.c.document).where(
        of_tenant(templates),
        templates.c.authority == bindparam("authority"),
        templates.c.name == bindparam("name"),
    )
)


def template_documents(connection: Connection, tenant_id: TenantId, *, authority_name: str) -> dict[str, JsonObject]:
    """Return the documents of the authority's templates by name."""
    rows = _TEMPLATES.every(connection, {"tenant": tenant_id, "authority": authority_name})
    return {row[0]: row[1] for row in rows}


def template_document(
    connection: Connection, tenant_id: TenantId, *, authority_name: str, name: str
) -> JsonObject | None:
    """Return the document of the template of exactly this name."""
    values = {"tenant": tenant_id, "authority": authority_name, "name": name}
    document: JsonObject | None = _TEMPLATE.scalar(connection, values)
    return document


def add_template(connection: Connection, row: TemplateRow) -> None:
    """Add a template; its name must be free."""
    writes.add_row(connection, templates, row=row)


def put_templates(connection: Connection, *rows: TemplateRow) -> None:
    """Add templates; each replaces the one of its name."""
    writes.put_rows(connection, templates, rows=rows)


def delete_template(connection: Connection, tenant_id: TenantId, *, authority_name: str, name: str) -> None:
    """Delete a template; certificates issued by it stay."""
    writes.remove(connection, templates, tenant_id=tenant_id, authority=authority_name, name=name)


def templates_named_by_profiles(connection: Connection, tenant_id: TenantId) -> dict[ProfileId, str]:
    """Return the name of the template that each profile names, of the profiles that name one."""
    name = profiles.c.document["certificateTemplateName"].as_string()
    statement = select(profiles.c.id, name).where(of_tenant(profiles, tenant_id), name.is_not(None))
    return {ProfileId(row[0]): row[1] for row in connection.execute(statement)}
