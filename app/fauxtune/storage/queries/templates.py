"""Certificate templates, and the profiles that name them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, select

from fauxtune.core.model.ids import TenantId
from fauxtune.storage import writes
from fauxtune.storage.tables import profiles, templates

Row = dict[str, Any]

_TEMPLATES = (
    select(templates.c.name, templates.c.document)
    .where(templates.c.tenant_id == bindparam("tenant"), templates.c.authority == bindparam("authority"))
    .order_by(templates.c.name)
)
# What every revocation asks.
_TEMPLATE = select(templates.c.document).where(
    templates.c.tenant_id == bindparam("tenant"),
    templates.c.authority == bindparam("authority"),
    templates.c.name == bindparam("name"),
)


def template_documents(connection: Connection, tenant_id: TenantId, *, authority_name: str) -> dict[str, Row]:
    """The authority's templates by name."""
    found = connection.execute(_TEMPLATES, {"tenant": tenant_id, "authority": authority_name})
    return {row[0]: row[1] for row in found}


def put_template(connection: Connection, tenant_id: TenantId, *, authority_name: str, name: str, document: Row) -> None:
    """A new or changed template."""
    row = {"tenant_id": tenant_id, "authority": authority_name, "name": name, "document": document}
    writes.put(connection, templates, rows=[row])


def add_template(
    connection: Connection, tenant_id: TenantId, *, authority_name: str, name: str, document: dict[str, Any]
) -> None:
    """A new template; its name must be free."""
    writes.add(connection, templates, tenant_id=tenant_id, authority=authority_name, name=name, document=document)


def delete_template(connection: Connection, tenant_id: TenantId, *, authority_name: str, name: str) -> None:
    """The template goes; what was issued by it stays."""
    writes.remove(connection, templates, tenant_id=tenant_id, authority=authority_name, name=name)


def template_document(
    connection: Connection, tenant_id: TenantId, *, authority_name: str, name: str
) -> dict[str, Any] | None:
    """The template of exactly this name."""
    found: dict[str, Any] | None = connection.execute(
        _TEMPLATE, {"tenant": tenant_id, "authority": authority_name, "name": name}
    ).scalar_one_or_none()
    return found


def templates_asked_for(connection: Connection, tenant_id: TenantId) -> dict[str, str]:
    """Profile id -> the template that it asks for, of those that ask for one."""
    wanted = profiles.c.document["certificateTemplateName"].as_string()
    statement = select(profiles.c.id, wanted).where(profiles.c.tenant_id == tenant_id, wanted.is_not(None))
    return {row[0]: row[1] for row in connection.execute(statement)}
