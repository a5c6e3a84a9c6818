"""What the console's pages show of profiles: their names, and those of some kinds."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from fauxtune.core.model.ids import ProfileId, TenantId
from fauxtune.storage.queries.text import named
from fauxtune.storage.reads import every
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune.storage.tables import profiles
from fauxtune.storage.tenancy import of_tenant, rows_of

_NAME = profiles.c.document["displayName"].as_string()


def profile_names(connection: Connection, tenant_id: TenantId, *, text: str = "") -> list[tuple[ProfileId, str, str]]:
    """Return id, kind and name of the profiles whose name contains the text, by name."""
    statement = select(profiles.c.id, profiles.c.kind, _NAME).where(of_tenant(profiles, tenant_id))
    if text:
        statement = statement.where(named(_NAME, text))
    rows = connection.execute(statement.order_by(func.lower(_NAME), profiles.c.id))
    return [(ProfileId(row[0]), str(row[1]), str(row[2])) for row in rows]


def profiles_of_kinds(connection: Connection, tenant_id: TenantId, *, kinds: Collection[str]) -> list[ProfileRow]:
    """Return the profiles of these kinds, by name."""
    statement = rows_of(profiles, tenant_id).where(profiles.c.kind.in_(sorted(kinds)))
    return every(connection, statement.order_by(func.lower(_NAME), profiles.c.id), row=ProfileRow)


def profiles_named(connection: Connection, tenant_id: TenantId, *, names: Collection[str]) -> dict[str, ProfileId]:
    """Return which of these names profiles have, with the id of one of them."""
    statement = select(_NAME, profiles.c.id).where(of_tenant(profiles, tenant_id), _NAME.in_(sorted(names)))
    return {str(row[0]): ProfileId(row[1]) for row in connection.execute(statement)}
