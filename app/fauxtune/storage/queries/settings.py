"""The settings that devices were given, counted: what single settings of a profile came to in a tenant."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, String, bindparam, cast, func, select

from fauxtune.core.model.ids import ItemKey, ProfileId, TenantId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import ItemState, Source
from fauxtune.storage.odata import contains
from fauxtune.storage.tables import ledger, managed_devices
from fauxtune.storage.tenancy import of_tenant

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
