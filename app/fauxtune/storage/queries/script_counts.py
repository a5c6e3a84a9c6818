"""Runs of scripts, counted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, distinct, func, select

from fauxtune.core.model.ids import TenantId
from fauxtune.core.policies.script_runs import RemediationState, RunState
from fauxtune.storage.collections.scripts import by_user, counted, joined
from fauxtune.storage.collections.statuses import as_text
from fauxtune.storage.tables import script_runs

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
