"""Whom a change concerns: SQL and the engine's rule agree, and no device plans for nothing."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, select

from fauxtune.core.engine.assignment_filters.matching import Matching
from fauxtune.core.engine.planning.targeting import Assignment, Membership, TargetKind
from fauxtune.core.engine.planning.targeting import target as reached
from fauxtune.core.model.ids import EnrollmentId, FilterId, TenantId, UserId
from fauxtune.core.model.platforms import Variant
from fauxtune.storage.database import Database
from fauxtune.storage.queries import concern
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import filters_and_tags as filter_queries
from fauxtune.storage.queries.directory import groups_above
from fauxtune.storage.rows.configuration import FilterRow
from fauxtune.storage.tables import enrollments
from fauxtune.storage.tenancy import by_key, of_tenant

if TYPE_CHECKING:
    from tests.storage.conftest import Filler

    Aim = Callable[..., Assignment]

GROUPS = [f"g{number}" for number in range(5)]
USERS = [f"u{number}" for number in range(4)]


def generations(connection: Connection, tenant_id: TenantId) -> dict[str, int]:
    statement = select(enrollments.c.id, enrollments.c.generation).where(of_tenant(enrollments, tenant_id))
    return {row[0]: row[1] for row in connection.execute(statement)}


def membership(fill: Filler, device: str) -> Membership:
    row = fill.connection.execute(select(enrollments).where(by_key(enrollments.c.id, device))).mappings().one()
    above = {
        name: frozenset() if row[name] is None else groups_above(fill.connection, fill.tenant_id, member_id=row[name])
        for name in ("user_id", "directory_device_id")
    }
    return Membership(
        has_user=row["user_id"] is not None,
        user_groups=above["user_id"],
        device_groups=above["directory_device_id"],
    )


def random_directory(fill: Filler, chance: random.Random) -> list[EnrollmentId]:
    """Users, nested groups (circles too), devices with and without a user; the devices."""
    for name in USERS:
        fill.user(name)
    for name in GROUPS:
        fill.group(name)
    devices = [fill.device(str(number), user=chance.choice([None, *USERS])) for number in range(6)]
    everybody = [*USERS, *GROUPS, *(f"d-{number}" for number in range(6))]
    for name in GROUPS:
        for member in chance.sample(everybody, chance.randint(0, 4)):
            if member != name:
                fill.member(name, member)
    return devices


def random_targets(chance: random.Random, target: Aim) -> list[Assignment]:
    results = {}
    for _ in range(chance.randint(0, 4)):
        kind = chance.choice(list(TargetKind))
        grouped = kind in (TargetKind.GROUP, TargetKind.EXCLUSION)
        each = target(kind, chance.choice(GROUPS) if grouped else None)
        results[kind, each.group] = each
    return list(results.values())


@pytest.mark.parametrize("seed", range(4))
def test_sql_reaches_exactly_the_devices_that_the_engine_targets(
    connection: Connection, fill: Filler, target: Aim, seed: int
) -> None:
    chance = random.Random(seed)
    for number in range(6):
        tenant = type(fill)(connection, TenantId(f"{seed:04}{number:04}-x"))
        tenant.tenant()
        result = random_directory(tenant, chance)
        members = {device: membership(tenant, device) for device in result}
        for _ in range(12):
            targets = random_targets(chance, target)
            expected = sorted(device for device in result if reached(targets, members[device]) is not None)
            assert concern.targeted(connection, tenant.tenant_id, targets=targets) == expected, (seed, number, targets)
            raised = concern.by_targets(connection, tenant.tenant_id, targets=targets)
            assert set(expected) <= set(raised), "whoever is targeted is concerned"


@pytest.mark.parametrize("seed", range(3))
def test_sql_reaches_the_same_devices_with_filters_and_removals(
    connection: Connection, fill: Filler, target: Aim, seed: int
) -> None:
    chance = random.Random(seed)
    tenant = type(fill)(connection, TenantId(f"{seed:04}-filters"))
    tenant.tenant()
    result = random_directory(tenant, chance)
    members = {device: membership(tenant, device) for device in result}
    records = {}
    for device in result:
        record = device_queries.managed_device_of(connection, device)
        assert record is not None
        records[device] = {**record.document, "model": chance.choice(["Pixel 8", "Pixel 9", None])}
        device_queries.change_managed_device(
            connection, tenant.tenant_id, managed_device_id=record.id, document=records[device]
        )
    rules = {"old": '(device.model -eq "Pixel 8")', "new": '(device.model -ne "Pixel 8")'}
    filters = {FilterId(name): {"platform": "androidForWork", "rule": rule} for name, rule in rules.items()}
    for filter_id, document in filters.items():
        filter_queries.add_filter(connection, FilterRow(tenant.tenant_id, filter_id, fill.now, document))
    for _ in range(20):
        targets = [
            random_target
            if random_target.kind is TargetKind.EXCLUSION
            else replace(
                random_target,
                removes=chance.random() < 0.2,
                filter=chance.choice([None, FilterId("old"), FilterId("new")]),
                filter_excludes=chance.random() < 0.5,
            )
            for random_target in random_targets(chance, target)
        ]
        matching = {
            device: Matching(filters, record=records[device], variant=Variant.ANDROID_WORK_PROFILE) for device in result
        }
        expected = sorted(
            device for device in result if reached(targets, members[device], matches=matching[device]) is not None
        )
        assert concern.targeted(connection, tenant.tenant_id, targets=targets) == expected, (seed, targets)
        assert set(expected) <= set(concern.by_targets(connection, tenant.tenant_id, targets=targets))


def test_a_dry_run_names_the_devices_and_neither_writes_nor_holds_them(
    postgresql: Database, filler: type[Filler]
) -> None:
    with postgresql.engine.begin() as connection:
        fill = filler(connection)
        fill.tenant()
        devices = {fill.device(name) for name in ("a", "b")}

    def work(connection: Connection) -> dict[str, int]:
        postgresql.begin_dry_run(connection)
        assert set(concern.by_tenant(connection, fill.tenant_id)) == devices
        # Another transaction does not wait, and the dry run goes on with what it saw.
        assert set(postgresql.run_now(concern.by_tenant, fill.tenant_id)) == devices
        return generations(connection, fill.tenant_id)

    before = postgresql.run_now(generations, fill.tenant_id)
    assert postgresql.run_now(work) == before
    assert postgresql.run_now(generations, fill.tenant_id) == {device: before[device] + 1 for device in devices}


def test_only_active_devices_are_targeted(connection: Connection, fill: Filler, target: Aim) -> None:
    for state in ("active", "ending", "ended"):
        fill.device(state, state=state)
    targets = [target(TargetKind.ALL_DEVICES)]
    assert concern.targeted(connection, fill.tenant_id, targets=targets) == ["e-active"]
    assert sorted(concern.by_targets(connection, fill.tenant_id, targets=targets)) == ["e-active", "e-ending"]


@pytest.fixture
def office(fill: Filler) -> Filler:
    """alice (two devices) in `team` in `everyone`; bob (one device) in `guests`; a kiosk without a user in `kiosks`."""
    for name in ("alice", "bob"):
        fill.user(name)
    for name, user in (("a1", "alice"), ("a2", "alice"), ("b1", "bob"), ("kiosk", None)):
        fill.device(name, user=user)
    fill.group("team", "alice")
    fill.group("everyone", "team")
    fill.group("guests", "bob")
    fill.group("kiosks", "d-kiosk")
    return fill


ALICES = ["e-a1", "e-a2"]


@pytest.mark.parametrize(
    ("assigned", "group", "member", "expected"),
    [
        ("team", "team", "alice", ALICES),
        ("everyone", "team", "alice", ALICES),
        ("everyone", "everyone", "team", ALICES),
        ("team", "everyone", "team", []),
        ("guests", "team", "alice", []),
        ("kiosks", "kiosks", "d-kiosk", ["e-kiosk"]),
        (None, "team", "alice", []),
    ],
)
def test_a_new_or_lost_member_raises_exactly_its_devices_if_the_group_is_assigned_anything(
    office: Filler, target: Aim, assigned: str | None, group: str, member: str, expected: list[str]
) -> None:
    before = generations(office.connection, office.tenant_id)
    if assigned is not None:
        office.profile("p", target(TargetKind.GROUP, assigned))
    raised = concern.by_member(office.connection, office.tenant_id, group_id=group, member_id=member)
    assert sorted(raised) == expected
    after = generations(office.connection, office.tenant_id)
    assert {name for name in after if after[name] != before[name]} == set(expected)
    assert all(after[name] == before[name] + 1 for name in expected)


def test_an_exclusion_concerns_its_members_too(office: Filler, target: Aim) -> None:
    office.profile("p", target(TargetKind.ALL_DEVICES), target(TargetKind.EXCLUSION, "team"))
    raised = concern.by_member(office.connection, office.tenant_id, group_id="team", member_id="alice")
    assert sorted(raised) == ALICES


@pytest.mark.parametrize(
    ("kind", "group", "expected"),
    [
        (TargetKind.GROUP, "everyone", ALICES),
        (TargetKind.EXCLUSION, "guests", ["e-b1"]),
        (TargetKind.GROUP, "kiosks", ["e-kiosk"]),
        (TargetKind.ALL_USERS, None, [*ALICES, "e-b1"]),
        (TargetKind.ALL_DEVICES, None, [*ALICES, "e-b1", "e-kiosk"]),
    ],
)
def test_an_assignment_concerns_those_it_names(
    office: Filler, target: Aim, kind: TargetKind, group: str | None, expected: list[str]
) -> None:
    raised = concern.by_targets(office.connection, office.tenant_id, targets=[target(kind, group)])
    assert sorted(raised) == expected


def test_no_assignment_concerns_nobody(office: Filler) -> None:
    assert concern.by_targets(office.connection, office.tenant_id, targets=[]) == []


def test_a_user_an_enrolment_and_a_tenant_concern_their_own(office: Filler) -> None:
    other = type(office)(office.connection, TenantId("0ther000-x"))
    other.tenant()
    other.device("theirs", user="alice")
    assert sorted(concern.by_user(office.connection, office.tenant_id, user_id=UserId("alice"))) == ALICES
    assert concern.by_enrollment(office.connection, office.tenant_id, enrollment_id=EnrollmentId("e-b1")) == ["e-b1"]
    assert sorted(concern.by_tenant(office.connection, office.tenant_id)) == [*ALICES, "e-b1", "e-kiosk"]
    assert generations(office.connection, other.tenant_id) == {"e-0ther000-x-theirs": 1}
