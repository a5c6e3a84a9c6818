"""Scripts on devices: what is to run on a device, how it ran, and the runs counted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, distinct, func, select

from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.core.policies.script_runs import RemediationState, RunState
from fauxtune.internals.sqlalchemy_statements import Prepared
from fauxtune.storage import reads, writes
from fauxtune.storage.collections.scripts import by_user, counted, joined
from fauxtune.storage.collections.statuses import as_text
from fauxtune.storage.rows.resources import ScriptRunRow
from fauxtune.storage.tables import script_runs
from fauxtune.storage.tenancy import by_key, rows_of

_OF_DEVICE = Prepared(
    select(script_runs)
    .where(by_key(script_runs.c.enrollment_id, bindparam("device")))
    .order_by(script_runs.c.script_id)
)
_OF_DEVICES = Prepared(
    rows_of(script_runs)
    .where(
        script_runs.c.enrollment_id.in_(bindparam("ids", expanding=True)),
    )
    .order_by(script_runs.c.script_id)
)


def of_device(connection: Connection, enrollment_id: EnrollmentId) -> list[ScriptRunRow]:
    """Return the scripts of a device, by id."""
    return reads.every(connection, _OF_DEVICE, row=ScriptRunRow, values={"device": enrollment_id})


def of_devices(
    connection: Connection, tenant_id: TenantId, *, ids: Collection[EnrollmentId]
) -> dict[EnrollmentId, list[ScriptRunRow]]:
    """Return the scripts of each of these devices."""
    runs: dict[EnrollmentId, list[ScriptRunRow]] = {}
    for row in reads.many(connection, _OF_DEVICES, row=ScriptRunRow, ids=ids, values={"tenant": tenant_id}):
        runs.setdefault(row.enrollment_id, []).append(row)
    return runs


def put(connection: Connection, rows: Sequence[ScriptRunRow]) -> None:
    """Add runs, each in place of that of the same device and script."""
    writes.put_rows(connection, script_runs, rows=rows)


def drop(connection: Connection, enrollment_id: EnrollmentId, *, ids: Collection[str]) -> None:
    """Drop scripts that reach the device no more."""
    for script_id in ids:
        writes.remove(connection, script_runs, enrollment_id=enrollment_id, script_id=script_id)


def drop_device(connection: Connection, enrollment_id: EnrollmentId) -> None:
    """Drop all scripts of a device whose enrolment ends."""
    writes.remove(connection, script_runs, enrollment_id=enrollment_id)


def drop_script(connection: Connection, tenant_id: TenantId, *, script_id: str) -> None:
    """Drop a script from all devices."""
    writes.remove(connection, script_runs, tenant_id=tenant_id, script_id=script_id)


_run = script_runs.c
_ISSUE = _run.state == RunState.FAIL.value
_FAILED = _run.state.in_([RunState.FAIL.value, RunState.SCRIPT_ERROR.value])


def of_script(connection: Connection, tenant_id: TenantId, *, script_id: str) -> dict[str, int]:
    """Return on how many devices a script succeeded and failed, and for how many users."""
    devices = joined(
        tenant_id,
        select(
            counted(_run.state == RunState.SUCCESS.value).label("successDeviceCount"),
            counted(_FAILED).label("errorDeviceCount"),
        ),
    ).where(_run.script_id == script_id)
    users = by_user(tenant_id).where(_run.script_id == script_id).subquery()
    of_users = select(
        counted(users.c.successDeviceCount > 0).label("successUserCount"),
        counted(users.c.errorDeviceCount > 0).label("errorUserCount"),
    )
    return {**_numbers(connection, devices), **_numbers(connection, of_users)}


def of_remediation(
    connection: Connection, tenant_id: TenantId, *, script_id: str, since: datetime
) -> tuple[dict[str, int], str | None]:
    """Return how many devices of a remediation or compliance script are in each state, and when it ran last. `since`:
    from when on remediated devices are counted together.
    """
    conditions = {
        "noIssueDetected": _run.state == RunState.SUCCESS.value,
        "issueDetected": _ISSUE,
        "detectionScriptError": _run.state == RunState.SCRIPT_ERROR.value,
        "detectionScriptPending": _run.state == RunState.PENDING.value,
        "issueRemediated": _run.remediation == RemediationState.SUCCESS.value,
        "remediationSkipped": _run.remediation == RemediationState.SKIPPED.value,
        "issueReoccurred": _run.remediation == RemediationState.FAILED.value,
        "remediationScriptError": _run.remediation == RemediationState.SCRIPT_ERROR.value,
        "issueRemediatedCumulative": and_(_run.remediated_at.is_not(None), _run.remediated_at >= since),
    }
    columns = [counted(condition).label(f"{name}DeviceCount") for name, condition in conditions.items()]
    statement = joined(tenant_id, select(*columns, func.max(as_text(_run.ran_at)).label("last")))
    row = connection.execute(statement.where(_run.script_id == script_id)).mappings().one()
    return {name: int(row[name]) for name in row if name != "last"}, row["last"]


def remediated(connection: Connection, tenant_id: TenantId, *, family: str) -> int:
    """Return on how many devices a script of the family has removed an issue."""
    statement = joined(tenant_id, select(func.count(distinct(_run.enrollment_id))))
    statement = statement.where(_run.family == family, _run.remediated_at.is_not(None))
    return int(connection.execute(statement).scalar_one())


def by_day(
    connection: Connection, tenant_id: TenantId, *, script_id: str, since: datetime
) -> list[tuple[str, int, int, int]]:
    """Return for each day on which devices ran a script last: the day, and on how many an issue was removed, none was
    found, and the detection failed.
    """
    day = func.substr(as_text(_run.ran_at), 1, 10)
    columns = (
        counted(_run.remediation == RemediationState.SUCCESS.value),
        counted(_run.state == RunState.SUCCESS.value),
        counted(_run.state == RunState.SCRIPT_ERROR.value),
    )
    statement = joined(tenant_id, select(day, *columns))
    statement = statement.where(_run.script_id == script_id, _run.ran_at >= since).group_by(day).order_by(day)
    return [(str(row[0]), int(row[1]), int(row[2]), int(row[3])) for row in connection.execute(statement)]


def _numbers(connection: Connection, statement: Any) -> dict[str, int]:
    return {name: int(value) for name, value in connection.execute(statement).mappings().one().items()}
