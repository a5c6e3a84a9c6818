"""Striking: an occasion is looked at by the tenant's fault rules, and what they did is written down.

Imported only where a tenant has rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fauxtune.core.faults.matching import Occasion, names
from fauxtune.core.faults.rule import Effect, Kind
from fauxtune.core.model.addresses import Surface
from fauxtune.core.model.ids import EnrollmentId, ManagedDeviceId, TenantId
from fauxtune.core.model.network import SERVICE
from fauxtune.operations.runtime.live_faults import Hit, Look
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory
from fauxtune.storage.rows.certificates import ConnectorRow

#: The most characters of an address in the journal.
_LONGEST = 300


def note(
    tx: Transaction, look: Look, *, where: Mapping[str, Any], device: str | None = None, user: str | None = None
) -> None:
    """Write down what the rules did: their counters, and each hit in the journal. `where`: what was struck;
    `device`: the enrolment's id; `user`: the user's id.
    """
    tx.fault_counts += look.counts
    name = None
    if look.hits and user is not None:
        name = directory.user_names(tx.connection, tx.tenant.id, ids=[user]).get(user)
    about: dict[str, Any] = {key: str(value)[:_LONGEST] for key, value in where.items() if value}
    for hit in look.hits:
        tx.record("faultHit", device=device, user=name, fault=hit.rule_id, effect=in_words(hit), **about)


def in_words(hit: Hit) -> str:
    """Return what a hit does, in a few words."""
    effect = hit.effect
    words = _kind_words(effect)
    if hit.retry_header is not None:
        words += f", Retry-After {hit.retry_header}" + (" s" if hit.retry_header.isdigit() else "")
    return words if not hit.seconds else f"{words}, after {hit.seconds:.3g} s"


def _kind_words(effect: Effect) -> str:
    match effect.kind:
        case Kind.STATUS:
            return str(effect.status)
        case Kind.TOKEN_ERROR:
            return f"{effect.kind} {effect.error}"
    return str(effect.kind)


def strike(
    tx: Transaction,
    kind: str,
    *,
    device: EnrollmentId | None = None,
    connector: ConnectorRow | None = None,
    path: str = "",
) -> bool:
    """Whether a fault of this kind strikes here and now; it is written down with the transaction."""
    faults = tx.faults
    assert faults is not None
    wanted = Kind(kind)
    if not any(live.rule.effect.kind is wanted for live in faults.rules):
        return False
    row = None if device is None else device_queries.enrollment(tx.connection, device, tenant_id=tx.tenant.id)
    user = None if row is None else row.user_id
    known = (tx.connection, tx.tenant.id)
    occasion = Occasion(
        surface="" if connector is None else Surface.CONNECTOR.value,
        path=path,
        devices=device_names(*known, key=device) if device is not None and faults.names_devices else frozenset(),
        users=user_names(*known, key=user) if faults.names_users else frozenset(),
        connectors=names(connector.id, connector.name) if connector is not None else frozenset(),
        hosts=SERVICE if connector is not None else (),
    )
    at = 0.0 if tx.system_now is None else tx.system_now.timestamp()
    look = faults.look(occasion, now=tx.now, at=at, kinds=(wanted,))
    if look.counts:
        note(tx, look, where={"connector": connector and connector.name, "path": path}, device=device, user=user)
    return bool(look.hits)


def device_names(connection: Connection, tenant_id: TenantId, *, key: str) -> frozenset[str]:
    """Return by what a device is known: the ids of its enrolment and its managedDevice, and its name. `key`: one of the
    two ids.
    """
    record = device_queries.managed_device(connection, tenant_id, managed_device_id=ManagedDeviceId(key))
    if record is not None:
        return names(record.id, record.enrollment_id, record.device_name)
    own = device_queries.enrollment(connection, EnrollmentId(key), tenant_id=tenant_id)
    kept = None if own is None else device_queries.managed_device_of(connection, own.id)
    return names(key) if kept is None else names(key, kept.id, kept.device_name)


def user_names(connection: Connection, tenant_id: TenantId, *, key: str | None) -> frozenset[str]:
    """Return by what a user is known: id and user principal name. `key`: one of the two."""
    if key is None:
        return frozenset()
    row = directory.user_by_key(connection, tenant_id, key=key)
    return names(key) if row is None else names(row.id, str(row.document.get("userPrincipalName") or "") or None)
