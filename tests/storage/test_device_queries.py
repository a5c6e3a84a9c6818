"""Enrolments, tokens, ledgers and actions as both databases keep them.

Which check-ins are quiet, decided by one statement for all that come at one time.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection, insert

from fauxtune.core.model.actions import ActionState, DeviceAction
from fauxtune.core.model.ids import EnrollmentId, ItemKey, ManagedDeviceId, ProfileId, TenantId, UserId
from fauxtune.core.model.items import Claim, LedgerRow, Problem
from fauxtune.core.model.states import EnrollmentState, ItemState, Source
from fauxtune.storage.database import Database
from fauxtune.storage.queries import device_records, devices, enrolling, key_holdings
from fauxtune.storage.queries.quiet import Contact, Quiet, quiet
from fauxtune.storage.rows.devices import DeviceActionRow, EnrollmentTokenRow
from fauxtune.storage.tables import tenant_versions

if TYPE_CHECKING:
    from tests.storage.conftest import Filler


NEXT_YEAR = datetime(2027, 11, 24, 10, 0, 0, 123456, tzinfo=UTC)


def add_token(fill: Filler, *, uses: int = 1, digest: str = "digest") -> None:
    expires_at = fill.now + timedelta(hours=1)
    enrolling.add_token(
        fill.connection, EnrollmentTokenRow(digest, fill.tenant_id, UserId("alice"), expires_at, uses_left=uses)
    )


def contact(fill: Filler, name: str, **columns: Any) -> Contact:
    """Fill in a device that has reported before, and return its next contact."""
    own = {"report_digest": "report", "credential_digest": f"own-{name}", "hardware_key": f"hardware-{name}"}
    device = fill.device(name, **{**own, **columns})
    return Contact(fill.tenant_id, f"own-{name}", ("id", device), "report", now=fill.now)


# ------------------------------------------------------------------------------------------------------------ tokens


def test_a_token_is_taken_as_often_as_it_may_be(fill: Filler) -> None:
    add_token(fill, uses=2)
    taken = [
        enrolling.use_token(fill.connection, fill.tenant_id, digest="digest", now=fill.now) for _attempt in range(3)
    ]
    assert taken == ["alice", "alice", None]


def test_a_token_ends_at_its_moment_and_is_good_in_its_tenant_only(fill: Filler) -> None:
    add_token(fill)
    end = fill.now + timedelta(hours=1)
    assert enrolling.use_token(fill.connection, fill.tenant_id, digest="digest", now=end) is None
    assert enrolling.use_token(fill.connection, TenantId("other"), digest="digest", now=fill.now) is None
    assert enrolling.use_token(fill.connection, fill.tenant_id, digest="unknown", now=fill.now) is None
    before = end - timedelta(microseconds=1)
    assert enrolling.use_token(fill.connection, fill.tenant_id, digest="digest", now=before) == "alice"


def test_a_use_that_was_rolled_back_can_be_taken_again(database: Database, filler: type[Filler]) -> None:
    with database.engine.begin() as connection:
        fill = filler(connection)
        add_token(fill)

    def use_and_fail(connection: Connection) -> None:
        assert enrolling.use_token(connection, fill.tenant_id, digest="digest", now=fill.now) == "alice"
        raise LookupError("the enrolment was refused")

    with pytest.raises(LookupError):
        database.run_now(use_and_fail)
    assert database.run_now(enrolling.use_token, fill.tenant_id, digest="digest", now=fill.now) == "alice"


def test_many_at_once_never_take_the_same_use(postgresql: Database, filler: type[Filler]) -> None:
    with postgresql.engine.begin() as connection:
        fill = filler(connection)
        add_token(fill, uses=5)

    def take(_number: int) -> str | None:
        return postgresql.run_now(enrolling.use_token, fill.tenant_id, digest="digest", now=fill.now)

    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(take, range(24)))
    assert sum(user is not None for user in taken) == 5


# ------------------------------------------------------------------------------------------------------------ ledger

FULL = LedgerRow(
    key=ItemKey("imported/aa"),
    source=Source.IMPORTED,
    state=ItemState.INSTALLED,
    fingerprint="f1",
    installed_fingerprint="f1",
    user_id=UserId("alice"),
    purpose="smimeEncryption",
    thumbprint="aa",
    serial="01",
    renew_at=NEXT_YEAR,
    not_after=NEXT_YEAR + timedelta(days=30),
    claims=(Claim(ProfileId("p"), "p_g"), Claim(ProfileId("q"), "q_g")),
    payload=b"\x00\xff",
)
ROWS = [
    FULL,
    LedgerRow(key=ItemKey("pkcs/p"), source=Source.PKCS, state=ItemState.WANTED, waits_for="the connector 'One'"),
    LedgerRow(
        key=ItemKey("pkcs/q"), source=Source.PKCS, state=ItemState.FAILED, problem=Problem(-2016281112, "Zoë's reason")
    ),
    LedgerRow(key=ItemKey("root/ab/trusted"), source=Source.ROOT, state=ItemState.REMOVED),
]


def test_a_ledger_comes_back_as_it_was_written(fill: Filler) -> None:
    device = fill.device("phone")
    devices.put_ledger_rows(fill.connection, fill.tenant_id, enrollment_id=device, changed=ROWS, at=fill.now)
    ledger_rows = devices.ledger_rows(fill.connection, device)
    assert list(ledger_rows.values()) == ROWS
    assert list(ledger_rows) == [row.key for row in ROWS]


def test_a_row_that_is_written_again_is_replaced_and_others_stay(fill: Filler) -> None:
    device, other = fill.device("phone"), fill.device("tablet")
    for enrollment_id in (device, other):
        devices.put_ledger_rows(fill.connection, fill.tenant_id, enrollment_id=enrollment_id, changed=ROWS, at=fill.now)
    bare = LedgerRow(key=FULL.key, source=FULL.source, state=ItemState.REMOVED)
    devices.put_ledger_rows(fill.connection, fill.tenant_id, enrollment_id=device, changed=[bare], at=fill.now)
    assert list(devices.ledger_rows(fill.connection, device).values()) == [bare, *ROWS[1:]]
    assert list(devices.ledger_rows(fill.connection, other).values()) == ROWS
    devices.put_ledger_rows(fill.connection, fill.tenant_id, enrollment_id=device, changed=[], at=fill.now)


def test_holders_are_those_whose_ledger_says_that_they_have_it(fill: Filler) -> None:
    for name, state in (("a", ItemState.INSTALLED), ("b", ItemState.KEPT), ("c", ItemState.SENT)):
        device = fill.device(name, user=f"user-{name}")
        row = replace(FULL, state=state)
        devices.put_ledger_rows(fill.connection, fill.tenant_id, enrollment_id=device, changed=[row], at=fill.now)
    holders = key_holdings.holders(fill.connection, fill.tenant_id, thumbprint="aa")
    assert [(holder.enrollment_id, holder.user_id, holder.state) for holder in holders] == [
        ("e-a", "user-a", "installed"),
        ("e-b", "user-b", "kept"),
    ]
    assert key_holdings.holders(fill.connection, TenantId("other"), thumbprint="aa") == []


# -------------------------------------------------------------------------------------------------------- enrolments


def test_an_enrolment_is_found_by_id_credential_and_push_token(fill: Filler) -> None:
    device = fill.device("phone", facts={"serialNumber": "S1"})
    for lock in (False, True):
        enrollment = devices.enrollment(fill.connection, device, tenant_id=fill.tenant_id, lock=lock)
        assert enrollment is not None
        assert enrollment.credential_digest is not None
        assert (enrollment.id, enrollment.facts, enrollment.enrolled_at) == (device, {"serialNumber": "S1"}, fill.now)
        by_credential = devices.enrollment_by_credential(fill.connection, enrollment.credential_digest, lock=lock)
        assert by_credential == enrollment
    assert enrollment is not None
    assert devices.enrollment_by_push_token(fill.connection, enrollment.push_token) == enrollment
    assert devices.enrollment(fill.connection, device, tenant_id=TenantId("other")) is None


def test_the_same_hardware_is_found_while_it_is_enrolled(fill: Filler) -> None:
    for number, state in enumerate(("active", "ending", "ended")):
        fill.device(str(number), state=state, hardware_key="android/work-profile/x")
    fill.device("other")
    enrollments_by_hardware = devices.enrollments_by_hardware(
        fill.connection, fill.tenant_id, hardware_key="android/work-profile/x"
    )
    assert sorted(row.id for row in enrollments_by_hardware) == ["e-0", "e-1"]
    assert sorted(devices.live_enrollments(fill.connection, fill.tenant_id)) == ["e-0", "e-1", "e-other"]


@pytest.mark.parametrize(
    ("columns", "state", "rests"),
    [
        ({}, None, True),
        ({}, ItemState.INSTALLED, True),
        ({}, ItemState.FAILED, True),
        ({"generation": 2}, None, False),
        ({"due": True}, None, False),
        ({"state": "ending"}, None, False),
        ({"state": "ended", "generation": 2}, None, True),
        ({}, ItemState.WANTED, False),
        ({}, ItemState.SENT, False),
        ({}, ItemState.REMOVING, False),
    ],
)
def test_a_device_is_at_rest_when_nothing_is_awaited(
    fill: Filler, columns: dict[str, Any], state: ItemState | None, rests: bool
) -> None:
    if columns.pop("due", False):
        columns["due_at"] = fill.now
    device = fill.device("phone", **columns)
    if state is not None:
        row = replace(FULL, state=state)
        devices.put_ledger_rows(fill.connection, fill.tenant_id, enrollment_id=device, changed=[row], at=fill.now)
    unsettled = devices.unsettled(fill.connection, fill.tenant_id, now=fill.now)
    assert [row.id for row in unsettled] == ([] if rests else [device])


def test_a_record_knows_its_enrolment_and_can_go_without_it(fill: Filler) -> None:
    device = fill.device("phone", user="alice")
    record = devices.managed_device(fill.connection, fill.tenant_id, managed_device_id=ManagedDeviceId("M-PHONE"))
    assert record is not None
    assert (record.enrollment_id, record.enrollment_state, record.variant) == (
        device,
        "active",
        "android/work-profile",
    )
    devices.delete_managed_device(fill.connection, fill.tenant_id, managed_device_id=ManagedDeviceId("m-phone"))
    assert devices.managed_device_of(fill.connection, device) is None
    assert devices.enrollment(fill.connection, device) is not None


def test_actions_come_oldest_first_and_by_state(fill: Filler) -> None:
    device = fill.device("phone")
    pending, active, done = ActionState.PENDING, ActionState.ACTIVE, ActionState.DONE
    for number, state in enumerate((pending, active, done, pending)):
        row = DeviceActionRow(
            id=f"a{9 - number}",
            tenant_id=fill.tenant_id,
            enrollment_id=device,
            action=DeviceAction.WIPE,
            state=state,
            details=None,
            created_at=fill.now + timedelta(seconds=number),
            completed_at=None,
        )
        device_records.add_action(fill.connection, row)
    actions = device_records.actions(fill.connection, device, states=(pending, active))
    assert [row.id for row in actions] == ["a9", "a8", "a6"]
    device_records.change_action(fill.connection, "a9", state=done, completed_at=fill.now)
    assert [row.id for row in device_records.actions(fill.connection, device, states=(pending,))] == ["a6"]


def test_a_change_of_one_column_leaves_all_others(fill: Filler) -> None:
    device = fill.device("phone")
    before = devices.enrollment(fill.connection, device)
    devices.change_enrollment(fill.connection, device, last_checkin_at=NEXT_YEAR)
    assert before is not None
    assert devices.enrollment(fill.connection, device) == replace(before, last_checkin_at=NEXT_YEAR)


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


def test_a_quiet_check_in_writes_what_the_device_said_in_place_of_its_last_report(fill: Filler) -> None:
    said, silent = contact(fill, "said"), contact(fill, "silent")
    assert None not in quiet(fill.connection, [replace(said, new_report="in other words"), silent])
    rows = [devices.enrollment_by_credential(fill.connection, each.credential) for each in (said, silent)]
    assert [row and row.report_digest for row in rows] == ["in other words", "report"]
    assert quiet(fill.connection, [said]) == [None]


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


def test_a_check_in_is_quiet_only_in_the_version_of_its_tenant_that_the_process_knows(
    postgresql: Database, filler: type[Filler]
) -> None:
    """Processes share only PostgreSQL."""
    with postgresql.engine.begin() as connection:
        fill = filler(connection)
        fill.tenant()
        asked = contact(fill, "phone")
        known = Quiet(EnrollmentId(asked.named[1]), 1)
        none_yet = [quiet(connection, [replace(asked, version=version)]) for version in ("1", "")]
        connection.execute(insert(tenant_versions), {"tenant_id": fill.tenant_id, "version": "1"})
        one = [quiet(connection, [replace(asked, version=version)]) for version in ("1", "")]
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
