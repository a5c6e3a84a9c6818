"""The runs of scripts: of one script by device and by user, and of one device by remediation. Every property is an
expression of its own, so that rows are documents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
    literal,
    select,
    table,
    type_coerce,
)

from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.text import JsonObject
from fauxtune.core.odata.schema.types import NEVER
from fauxtune.core.policies.script_runs import RunState
from fauxtune.storage.collections.base import Collection, documents
from fauxtune.storage.collections.statuses import as_text, labelled, of_device
from fauxtune.storage.columns import Word
from fauxtune.storage.tables import enrollments, managed_devices, resources, script_runs
from fauxtune.storage.tenancy import of_tenant, same_tenant

#: The members of rows beside the properties: the device's id, by which `$expand` finds it.
DEVICE = "@device"
_HEALTH = "deviceHealthScripts"
_run = script_runs.c
_ID = _run.script_id + ":" + managed_devices.c.id
_WHEN = func.coalesce(as_text(_run.ran_at), NEVER)
_SUCCESS = _run.state == RunState.SUCCESS.value
_FAILURE = _run.state.in_([RunState.FAIL.value, RunState.SCRIPT_ERROR.value])


def _text(part: int, name: str) -> ColumnElement[Any]:
    """A text of one part of the last run; null without it."""
    return func.nullif(_run.results[part][name].as_string(), "")


_OF_DEVICE: dict[str, ColumnElement[Any]] = {
    "id": _ID,
    "runState": type_coerce(_run.state, Word),
    "resultMessage": _text(0, "output"),
    "lastStateUpdateDateTime": _WHEN,
    "errorCode": func.coalesce(_run.results[0]["exitCode"].as_integer(), 0),
    "errorDescription": _text(0, "error"),
    DEVICE: managed_devices.c.id,
}
_DETECTED: dict[str, ColumnElement[Any]] = {
    "detectionState": type_coerce(_run.state, Word),
    "lastStateUpdateDateTime": _WHEN,
    "expectedStateUpdateDateTime": as_text(_run.due_at),
    "lastSyncDateTime": func.coalesce(as_text(enrollments.c.last_checkin_at), NEVER),
}
_OF_COMPLIANCE: dict[str, ColumnElement[Any]] = {
    "id": _ID,
    **_DETECTED,
    "scriptOutput": _text(0, "output"),
    "scriptError": _text(0, "error"),
    DEVICE: managed_devices.c.id,
}
_REMEDIATED: dict[str, ColumnElement[Any]] = {
    **_DETECTED,
    "preRemediationDetectionScriptOutput": _text(0, "output"),
    "preRemediationDetectionScriptError": _text(0, "error"),
    "remediationScriptError": _text(1, "error"),
    "postRemediationDetectionScriptOutput": _text(2, "output"),
    "postRemediationDetectionScriptError": _text(2, "error"),
    "remediationState": type_coerce(_run.remediation, Word),
}
_OF_REMEDIATION: dict[str, ColumnElement[Any]] = {"id": _ID, **_REMEDIATED, DEVICE: managed_devices.c.id}
_OF_POLICY: dict[str, ColumnElement[Any]] = {
    "id": _ID,
    "policyId": _run.script_id,
    "policyName": resources.c.document["displayName"].as_string(),
    "deviceId": managed_devices.c.id,
    "deviceName": of_device("deviceName"),
    "osVersion": of_device("osVersion"),
    "userName": of_device("userPrincipalName"),
    **_REMEDIATED,
}


def joined(tenant_id: TenantId, statement: Select[Any]) -> Select[Any]:
    """Restrict a statement to the runs on devices that have a record."""
    known = script_runs.join(managed_devices, managed_devices.c.enrollment_id == _run.enrollment_id)
    known = known.join(enrollments, enrollments.c.id == _run.enrollment_id)
    return statement.select_from(known).where(of_tenant(_run, tenant_id))


def _of(columns: Mapping[str, ColumnElement[Any]]) -> Callable[[TenantId], Select[Any]]:
    return lambda tenant_id: joined(tenant_id, select(*labelled(columns)))


def _policies(tenant_id: TenantId) -> Select[Any]:
    script = and_(
        same_tenant(resources, _run),
        resources.c.family == _run.family,
        resources.c.parent_id == "",
        resources.c.id == _run.script_id,
    )
    known = script_runs.join(managed_devices, managed_devices.c.enrollment_id == _run.enrollment_id)
    known = known.join(enrollments, enrollments.c.id == _run.enrollment_id).join(resources, script)
    statement = select(*labelled(_OF_POLICY)).select_from(known)
    return statement.where(of_tenant(_run, tenant_id), _run.family == _HEALTH)


_USERS: TableClause = table(
    "script_users",
    column("id", Word),
    column("successDeviceCount", Integer),
    column("errorDeviceCount", Integer),
    column("userPrincipalName", Word),
    column("part_of", Word),
)
_OF_USER = tuple(column_clause.name for column_clause in _USERS.c if column_clause.name != "part_of")


def counted(condition: ColumnElement[bool]) -> ColumnElement[Any]:
    """Return how many rows of a group meet a condition."""
    return func.coalesce(func.sum(case((condition, 1), else_=0)), literal(0))


def by_user(tenant_id: TenantId) -> Select[Any]:
    """Return a row for each script and each user who has a device that the script reached."""
    columns = (
        (_run.script_id + ":" + managed_devices.c.user_id).label("id"),
        counted(_SUCCESS).label("successDeviceCount"),
        counted(_FAILURE).label("errorDeviceCount"),
        func.max(of_device("userPrincipalName")).label("userPrincipalName"),
        _run.script_id.label("part_of"),
    )
    return (
        joined(tenant_id, select(*columns))
        .where(managed_devices.c.user_id.is_not(None))
        .group_by(managed_devices.c.user_id, _run.script_id)
    )


def _users(tenant_id: TenantId) -> Select[Any]:
    return select(*(_USERS.c[name] for name in _OF_USER)).add_cte(by_user(tenant_id).cte(_USERS.name))


def _collection(columns: Mapping[str, ColumnElement[Any]]) -> Collection[JsonObject]:
    return Collection(
        row=documents(columns),
        statement=_of(columns),
        document=managed_devices.c.document,
        columns=columns,
        order=(managed_devices.c.device_name, managed_devices.c.id),
        parent=_run.script_id,
    )


SCRIPT_DEVICES, COMPLIANCE_DEVICES, REMEDIATION_DEVICES = map(
    _collection, (_OF_DEVICE, _OF_COMPLIANCE, _OF_REMEDIATION)
)
SCRIPT_USERS: Collection[JsonObject] = Collection(
    row=documents(_OF_USER),
    statement=_users,
    document=_USERS.c.id,
    columns={name: _USERS.c[name] for name in _OF_USER},
    order=(_USERS.c.userPrincipalName, _USERS.c.id),
    parent=_USERS.c.part_of,
)
DEVICE_REMEDIATIONS: Collection[JsonObject] = Collection(
    row=documents(_OF_POLICY),
    statement=_policies,
    document=managed_devices.c.document,
    columns=_OF_POLICY,
    order=(_run.script_id,),
    parent=managed_devices.c.id,
)
