"""Certificate templates, and the profiles that name them."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from fauxtune.core.model.ids import ProfileId, TenantId
from fauxtune.core.model.text import JsonObject
from fauxtune.storage import writes
from fauxtune.storage.prepared import Prepared
from fauxtune.storage.rows.certificates import TemplateRow
from fauxtune.storage.tables import profiles, templates
from fauxtune.storage.tenancy import of_tenant

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
