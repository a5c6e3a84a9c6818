"""The rows of labs: written again in place, one tenant's alone, and part of a tenant's state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.tenants import snapshots
from fauxtune.storage.queries import classrooms as queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.rows.classrooms import LabRunRow
from tests.support.tenant import Contoso


def _row(contoso: Contoso, lab: str) -> LabRunRow:
    now = contoso.emulator.runner.now(contoso.tenant)
    return LabRunRow(
        contoso.tenant.id, lab, now, number=3, progress={"passed": []}, materials={"labels": {}, "files": {}}
    )


def _put(tx: Transaction, *rows: LabRunRow) -> None:
    queries.put_runs(tx.connection, rows)


@pytest.mark.both_databases
async def test_a_run_is_written_in_its_place(contoso: Contoso) -> None:
    row = _row(contoso, "import-once")
    await contoso.do(_put, row, _row(contoso, "a-lab"))
    changed = replace(row, progress={"passed": [0]})
    await contoso.do(_put, changed)
    assert await contoso.look(queries.run_of, contoso.tenant.id, lab="import-once") == changed
    assert [lab_run.lab for lab_run in await contoso.look(queries.runs_of, contoso.tenant.id)] == [
        "a-lab",
        "import-once",
    ]
    assert await contoso.look(queries.run_of, contoso.tenant.id, lab="nothing") is None


async def test_runs_go_with_the_state_of_the_tenant(contoso: Contoso) -> None:
    await contoso.do(_put, _row(contoso, "import-once"))
    await snapshots.create_snapshot(contoso.emulator, contoso.tenant, name="before")
    await contoso.do(_put, replace(_row(contoso, "import-once"), progress={"passed": [0, 1]}))
    await snapshots.restore_snapshot(contoso.emulator, contoso.tenant, name="before")
    assert await contoso.look(queries.runs_of, contoso.tenant.id) == [_row(contoso, "import-once")]


@pytest.mark.both_databases
async def test_the_newest_enrolment_of_a_name_counts(contoso: Contoso) -> None:
    first, again = await contoso.enroll("alice"), await contoso.enroll("alice")
    rows = await contoso.look(device_queries.enrollments_by_id, [first.enrollment_id, again.enrollment_id])
    name = await contoso.get(device_queries.enrollment_named, contoso.tenant.id, key=again.enrollment_id)
    row = await contoso.look(queries.newest_enrollment, contoso.tenant.id, device_name=str(name.device_name).upper())
    assert row is not None
    assert row.id == max(rows.values(), key=lambda enrollment: (enrollment.enrolled_at, enrollment.id)).id
    assert await contoso.look(queries.newest_enrollment, contoso.tenant.id, device_name="no such device") is None
