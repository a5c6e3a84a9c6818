"""The states of a compliance policy, by device and by user; every property is an expression of its own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    TableClause,
    and_,
    case,
    column,
    func,
    select,
    table,
    type_coerce,
)

from fauxtune.core.engine.compliance.states import SEVERITY, Status
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.text import JsonObject
from fauxtune.storage.collections.base import Collection, documents
from fauxtune.storage.collections.statuses import as_text, constant, labelled, of_device
from fauxtune.storage.columns import Word
from fauxtune.storage.tables import compliance_states, managed_devices, resources
from fauxtune.storage.tenancy import of_tenant, same_tenant

#: The user of states that a policy has for the device itself.
SYSTEM_ACCOUNT = "00000000-0000-0000-0000-000000000000"
_FAMILY = "deviceCompliancePolicies"
_state = compliance_states.c

#: The status of a policy that was changed since the device was judged by it is not known.
SHOWN_STATUS: ColumnElement[Any] = case(
    (resources.c.version != _state.version, Status.UNKNOWN.value), else_=type_coerce(_state.status, Word)
)
_OF_DEVICE: dict[str, ColumnElement[Any]] = {
    "id": _state.policy_id + "_" + managed_devices.c.id + "_" + func.coalesce(_state.user_id, SYSTEM_ACCOUNT),
    "deviceDisplayName": of_device("deviceName"),
    "userName": case((_state.user_id.is_(None), "System account"), else_=of_device("userDisplayName")),
    "deviceModel": of_device("model"),
    "platform": constant(0),
    "complianceGracePeriodExpirationDateTime": as_text(_state.grace_ends_at),
    "status": SHOWN_STATUS,
    "lastReportedDateTime": as_text(_state.reported_at),
    "userPrincipalName": case((_state.user_id.is_(None), "System account"), else_=of_device("userPrincipalName")),
}


def joined(tenant_id: TenantId, statement: Select[Any]) -> Select[Any]:
    """Restrict a statement to the states of stored policies on devices that have a record."""
    policy = and_(
        same_tenant(resources, _state),
        resources.c.family == _FAMILY,
        resources.c.parent_id == "",
        resources.c.id == _state.policy_id,
    )
    known = compliance_states.join(managed_devices, managed_devices.c.enrollment_id == _state.enrollment_id)
    return statement.select_from(known.join(resources, policy)).where(of_tenant(_state, tenant_id))


def worst_status(status: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the most severe status of a group."""
    ranks = {each.value: rank for rank, each in enumerate(SEVERITY)}
    words = {rank: word for word, rank in ranks.items()}
    return case(words, value=func.max(case(ranks, value=status, else_=0)))


def _device_statuses(tenant_id: TenantId) -> Select[Any]:
    return joined(tenant_id, select(*labelled(_OF_DEVICE)))


_USERS: TableClause = table(
    "compliance_users",
    column("id", Word),
    column("userDisplayName", Word),
    column("devicesCount", Integer),
    column("status", Word),
    column("lastReportedDateTime", Word),
    column("userPrincipalName", Word),
    column("part_of", Word),
)
_OF_USER = tuple(column_clause.name for column_clause in _USERS.c if column_clause.name != "part_of")


def _user_statuses(tenant_id: TenantId) -> Select[Any]:
    """A row for each policy and each user who has a device that was judged by it."""
    columns = (
        (_state.policy_id + "_" + managed_devices.c.user_id).label("id"),
        func.max(of_device("userDisplayName")).label("userDisplayName"),
        func.count().label("devicesCount"),
        worst_status(SHOWN_STATUS).label("status"),
        func.max(as_text(_state.reported_at)).label("lastReportedDateTime"),
        func.max(of_device("userPrincipalName")).label("userPrincipalName"),
        _state.policy_id.label("part_of"),
    )
    grouped = (
        joined(tenant_id, select(*columns))
        .where(managed_devices.c.user_id.is_not(None))
        .group_by(managed_devices.c.user_id, _state.policy_id)
    )
    return select(*(_USERS.c[name] for name in _OF_USER)).add_cte(grouped.cte(_USERS.name))


COMPLIANCE_DEVICE_STATUSES: Collection[JsonObject] = Collection(
    row=documents(_OF_DEVICE),
    statement=_device_statuses,
    document=managed_devices.c.document,
    columns=_OF_DEVICE,
    order=(managed_devices.c.device_name, managed_devices.c.id),
    parent=_state.policy_id,
)

COMPLIANCE_USER_STATUSES: Collection[JsonObject] = Collection(
    row=documents(_OF_USER),
    statement=_user_statuses,
    document=_USERS.c.id,
    columns={name: _USERS.c[name] for name in _OF_USER},
    order=(_USERS.c.id,),
    parent=_USERS.c.part_of,
)
