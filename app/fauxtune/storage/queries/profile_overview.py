"""What is shown of profiles: their names, those of some kinds; what their settings came to, counted over devices."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, String, bindparam, cast, func, select

from fauxtune.core.model.ids import ItemKey, ProfileId, TenantId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import ItemState, Source
from fauxtune.storage.odata import contains
from fauxtune.storage.queries.text import named
from fauxtune.storage.reads import every
from fauxtune.storage.rows.configuration import ProfileRow
from fauxtune.storage.tables import ledger, managed_devices, profiles
from fauxtune.storage.tenancy import of_tenant, rows_of

_COUNTED = (
    select(ledger.c.item_key, ledger.c.state, ledger.c.payload, func.count())
    .join_from(ledger, managed_devices, managed_devices.c.enrollment_id == ledger.c.enrollment_id)
    .where(
        of_tenant(ledger),
        ledger.c.source == Source.SETTING,
        contains(cast(ledger.c.wanted_by, String()), bindparam("profile", type_=String())),
    )
    .group_by(ledger.c.item_key, ledger.c.state, ledger.c.payload)
    .order_by(ledger.c.item_key)
)
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


@dataclass(frozen=True, slots=True)
class CountedSettings:
    """Settings that a device takes as one, as a ledger has them, and on how many devices they are so."""

    row: LedgerRow
    devices: int


def counted_settings(connection: Connection, tenant_id: TenantId, *, profile_id: ProfileId) -> list[CountedSettings]:
    """Return the settings that a profile asks for, or asked for, of devices with a record."""
    rows = connection.execute(_COUNTED, {"tenant": tenant_id, "profile": profile_id})
    return [
        CountedSettings(LedgerRow(ItemKey(key), Source.SETTING, ItemState(state), payload=payload), number)
        for key, state, payload, number in rows
    ]
