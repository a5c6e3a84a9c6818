"""Which check-ins are quiet, decided by one statement for all that come at one time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert

from fauxtune.core.model.ids import EnrollmentId, TenantId
from fauxtune.core.model.states import EnrollmentState
from fauxtune.storage.database import Database
from fauxtune.storage.queries import devices
from fauxtune.storage.queries.quiet import Contact, Quiet, quiet
from fauxtune.storage.tables import tenant_versions

if TYPE_CHECKING:
    from tests.storage.conftest import Filler

NEXT_YEAR = datetime(2027, 11, 24, 10, 0, 0, 123456, tzinfo=UTC)


def contact(fill: Filler, name: str, **columns: Any) -> Contact:
    """Fill in a device that has reported before, and return its next contact."""
    own = {"report_digest": "report", "credential_digest": f"own-{name}", "hardware_key": f"hardware-{name}"}
    device = fill.device(name, **{**own, **columns})
    return Contact(fill.tenant_id, f"own-{name}", ("id", device), "report", now=fill.now)


@pytest.mark.parametrize(
    ("columns", "change", "is_quiet"),
    [
        ({}, {}, True),
        ({"settled_generation": 0}, {}, False),
        ({"due_at": NEXT_YEAR}, {"now": NEXT_YEAR}, False),
        ({"state": EnrollmentState.ENDING}, {}, False),
        ({"state": EnrollmentState.ENDED}, {}, False),
        ({}, {"report": "another"}, False),
        ({}, {"credential": "another"}, False),
        ({}, {"named": ("id", "e-another")}, False),
        ({}, {"named": ("hardware_key", "hardware-phone")}, True),
        ({}, {"named": ("hardware_key", "another")}, False),
        ({}, {"named": ("id", "e-\x00phone")}, False),
        ({}, {"named": ("id", "e-\ud800phone")}, False),
        ({}, {"tenant_id": TenantId("another")}, False),
    ],
)
def test_a_check_in_is_quiet_if_nothing_is_new_and_the_device_is_itself(
    fill: Filler, columns: dict[str, Any], change: dict[str, Any], is_quiet: bool
) -> None:
    asked = replace(contact(fill, "phone", **columns), **change)
    (known,) = quiet(fill.connection, [asked])
    row = devices.enrollment_by_credential(fill.connection, "own-phone")
    assert row is not None
    assert (known, row.last_checkin_at) == ((Quiet(row.id, 1), fill.now) if is_quiet else (None, None))


def test_of_many_at_one_time_each_has_its_own_answer_and_its_own_moment(fill: Filler) -> None:
    settled = contact(fill, "settled", policy_version=7)
    changed = contact(fill, "changed", settled_generation=0)
    tablet = contact(fill, "tablet")
    by_hardware = replace(tablet, named=("hardware_key", "hardware-tablet"), now=NEXT_YEAR - timedelta(days=1))
    nameless = replace(contact(fill, "nameless"), named=("id", "\x00"))
    again = replace(settled, now=by_hardware.now)
    answers = quiet(fill.connection, [nameless, settled, changed, again, by_hardware])
    ids = {each: EnrollmentId(each.named[1]) for each in (settled, changed, tablet)}
    assert answers == [None, Quiet(ids[settled], 7), None, None, Quiet(ids[tablet], 1)]
    rows = devices.enrollments_by_id(fill.connection, ids.values())
    moments = [rows[ids[each]].last_checkin_at for each in (settled, changed, tablet)]
    assert moments == [fill.now, None, by_hardware.now]


def test_nobody_asks_nothing(fill: Filler) -> None:
    assert quiet(fill.connection, []) == []


def test_a_check_in_is_quiet_only_in_the_version_of_its_tenant_that_the_process_knows(fill: Filler) -> None:
    asked = contact(fill, "phone")
    known = Quiet(EnrollmentId(asked.named[1]), 1)
    none_yet = [quiet(fill.connection, [replace(asked, version=version)]) for version in ("1", "")]
    fill.connection.execute(insert(tenant_versions), {"tenant_id": fill.tenant_id, "version": "1"})
    one = [quiet(fill.connection, [replace(asked, version=version)]) for version in ("1", "")]
    assert (none_yet, one) == ([[None], [known]], [[known], [None]])


def test_nobody_waits_for_a_device_that_a_transaction_holds(postgresql: Database, filler: type[Filler]) -> None:
    with postgresql.engine.begin() as connection:
        fill = filler(connection)
        fill.tenant()
        held, free = contact(fill, "held"), contact(fill, "free")
    with postgresql.engine.begin() as holder:
        devices.enrollment_by_credential(holder, held.credential, lock=True)
        answers = postgresql.run_now(quiet, [held, free])
    assert answers == [None, Quiet(EnrollmentId(free.named[1]), 1)]
    assert None not in postgresql.run_now(quiet, [held, free])
