"""Profiles and assignments, how profiles fare on devices, the counts of that, and the lists they are counts of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from fauxtune.core.engine.planning.targeting import Assignment, TargetKind
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import EnrollmentId, GroupId, ManagedDeviceId, ProfileId, TenantId
from fauxtune.core.model.states import SEVERITY, EnrollmentState, ProfileStatus
from fauxtune.core.odata.query.options import OrderBy
from fauxtune.core.odata.schema.types import Version
from fauxtune.storage.collections.base import Collection
from fauxtune.storage.collections.certificate_states import ALL_CERTIFICATE_STATES, PROFILE_CERTIFICATE_STATES
from fauxtune.storage.collections.statuses import CONFIGURATION_STATES, DEVICE_STATUSES, USER_STATUSES
from fauxtune.storage.queries import collections, configuration, devices
from fauxtune.storage.queries.insight import overview, statuses
from fauxtune.storage.queries.insight.overview import DeviceFilter, DeviceState
from fauxtune.storage.rows.configuration import ProfileStateRow

if TYPE_CHECKING:
    from tests.storage.conftest import Filler

    Aim = Callable[..., Assignment]

if TYPE_CHECKING:
    from tests.storage.conftest import Filler


P = ProfileId("p")


def state(fill: Filler, device: EnrollmentId, profile: ProfileId, status: str = "compliant") -> ProfileStateRow:
    return ProfileStateRow(
        enrollment_id=device,
        profile_id=profile,
        tenant_id=fill.tenant_id,
        status=ProfileStatus(status),
        error_code=None,
        message=None,
        version=1,
        reported_at=fill.now,
    )


def listed_states(fill: Filler, profile: str, *, limit: int = 100, offset: int = 0) -> list[dict[str, Any]]:
    shape = entity("deviceConfigurationDeviceStatus")
    return collections.page(
        fill.connection,
        fill.tenant_id,
        collection=DEVICE_STATUSES,
        entity=shape,
        parent=profile,
        limit=limit,
        offset=offset,
    )


SHAPES = {
    "deviceStatuses": "deviceConfigurationDeviceStatus",
    "userStatuses": "deviceConfigurationUserStatus",
    "deviceConfigurationStates": "deviceConfigurationState",
    "managedDeviceCertificateStates": "managedDeviceCertificateState",
    "allManagedDeviceCertificateStates": "managedAllDeviceCertificateState",
}
COLLECTIONS: dict[str, Collection[Any]] = {
    "deviceStatuses": DEVICE_STATUSES,
    "userStatuses": USER_STATUSES,
    "deviceConfigurationStates": CONFIGURATION_STATES,
    "managedDeviceCertificateStates": PROFILE_CERTIFICATE_STATES,
    "allManagedDeviceCertificateStates": ALL_CERTIFICATE_STATES,
}


def _states(fill: Filler, profile: str, **by_device: str) -> None:
    states = [
        ProfileStateRow(
            enrollment_id=EnrollmentId(f"e-{device}"),
            profile_id=ProfileId(profile),
            tenant_id=fill.tenant_id,
            status=ProfileStatus(status),
            error_code=None,
            message=None,
            version=1,
            reported_at=fill.now,
        )
        for device, status in by_device.items()
    ]
    configuration.put_states(fill.connection, states)


def _users_of(fill: Filler, profile: str) -> dict[str, tuple[str, int]]:
    rows = collections.page(
        fill.connection,
        fill.tenant_id,
        collection=USER_STATUSES,
        entity=entity("deviceConfigurationUserStatus"),
        parent=profile,
        limit=100,
    )
    return {row["id"]: (row["status"], row["devicesCount"]) for row in rows}


def _fleet(fill: Filler) -> list[EnrollmentId]:
    for name in ("alice", "bob"):
        fill.user(name)
    fill.profile("p")
    fill.profile("q")
    owners = {"a1": "alice", "a2": "alice", "b": "bob", "kiosk": None}
    return [EnrollmentId(fill.device(name, user=owner)) for name, owner in owners.items()]


def test_only_profiles_that_can_reach_the_groups_are_candidates_each_with_all_its_assignments(
    fill: Filler, target: Aim
) -> None:
    fill.profile("nobody")
    fill.profile("young", target(TargetKind.GROUP, "g", profile="young"), created_at=fill.now + timedelta(days=1))
    fill.profile("elsewhere", target(TargetKind.GROUP, "h", profile="elsewhere"))
    everybody = [target(TargetKind.ALL_USERS, profile="all"), target(TargetKind.EXCLUSION, "h", profile="all")]
    fill.profile("all", *everybody)
    candidates = configuration.candidates(fill.connection, fill.tenant_id, groups=[GroupId("g")])
    assert [profile.id for profile, _ in candidates] == ["all", "young"], "oldest first"
    assert candidates[0][1] == everybody
    assert [profile.id for profile, _ in configuration.candidates(fill.connection, fill.tenant_id, groups=[])] == [
        "all"
    ]
    assert configuration.candidates(fill.connection, TenantId("other"), groups=[GroupId("g")]) == []


def test_assignments_keep_the_order_in_which_they_were_sent_and_are_replaced_whole(fill: Filler, target: Aim) -> None:
    fill.profile("p", target(TargetKind.GROUP, "z"), target(TargetKind.GROUP, "a"), target(TargetKind.ALL_DEVICES))
    rows = configuration.assignments_of(fill.connection, fill.tenant_id, profile_id=P)
    assert [row.group_id for row in rows] == ["z", "a", None]
    assert [row.kind for row in configuration.assignment_targets(rows)][2] is TargetKind.ALL_DEVICES
    configuration.replace_assignments(fill.connection, fill.tenant_id, profile_id=P, new=[])
    assert configuration.assignments_of(fill.connection, fill.tenant_id, profile_id=P) == []


def test_what_exists_and_what_stands_is_told_from_what_is_gone(fill: Filler, target: Aim) -> None:
    fill.profile("p", target(TargetKind.GROUP, "g"))

    def standing() -> tuple[frozenset[str], frozenset[str]]:
        ids = {P, ProfileId("gone")}
        return configuration.standing(fill.connection, fill.tenant_id, profile_ids=ids, assignment_ids={"p_g", "p_h"})

    assert standing() == (frozenset({"p"}), frozenset({"p_g"}))
    configuration.delete_profile(fill.connection, fill.tenant_id, profile_id=P)
    assert standing() == (frozenset(), frozenset())


def test_a_state_is_one_row_for_each_device_and_profile(fill: Filler) -> None:
    fill.profile("p")
    a, b = fill.device("a"), fill.device("b")
    configuration.put_states(fill.connection, [state(fill, a, P, "unknown"), state(fill, b, P, "error")])
    configuration.put_states(fill.connection, [state(fill, a, P, "compliant")])
    listed = listed_states(fill, "p")
    nobody = "00000000-0000-0000-0000-000000000000"
    assert [(row["id"], row["status"]) for row in listed] == [
        (f"{nobody}_p_m-a", "compliant"),
        (f"{nobody}_p_m-b", "error"),
    ]
    assert [row["id"] for row in listed_states(fill, "p", limit=1, offset=1)] == [f"{nobody}_p_m-b"]
    assert listed_states(fill, "q") == []
    configuration.drop_state(fill.connection, a, profile_id=P)
    assert configuration.states_of_device(fill.connection, a) == {}
    assert set(configuration.states_of_device(fill.connection, b)) == {"p"}
    configuration.put_states(fill.connection, [])


def test_the_overview_counts_what_the_list_shows(fill: Filler) -> None:
    fill.profile("p")
    for name, status in (("a", "compliant"), ("b", "compliant"), ("c", "error")):
        configuration.put_states(fill.connection, [state(fill, fill.device(name), P, status)])
    counts = statuses.device_counts(fill.connection, fill.tenant_id, profile_id=P)
    assert counts == {"compliant": 2, "error": 1}
    devices.delete_managed_device(fill.connection, fill.tenant_id, managed_device_id=ManagedDeviceId("m-b"))
    counts = statuses.device_counts(fill.connection, fill.tenant_id, profile_id=P)
    listed = listed_states(fill, "p")
    assert (sum(counts.values()), len(listed)) == (2, 2), "a device whose record was deleted is in neither"


def test_a_page_of_a_profiles_devices_has_the_total_of_their_counts(fill: Filler) -> None:
    fill.profile("p")
    for name, status in (("a", "compliant"), ("b", "compliant"), ("c", "error")):
        configuration.put_states(fill.connection, [state(fill, fill.device(name), P, status)])
    waits = fill.device("d")
    counts = {"compliant": 2, "error": 1, "unknown": 1}

    def page(text: str = "", among: tuple[str, ...] = (), offset: int = 0) -> tuple[list[str], int]:
        rows, total = statuses.devices_of_profile(
            fill.connection,
            fill.tenant_id,
            profile_id=P,
            waiting_devices=[waits],
            text=text,
            among=[ProfileStatus(word) for word in among],
            offset=offset,
            limit=2,
            counts=counts,
        )
        return [row.enrollment_id for row in rows], total

    assert page() == (["e-a", "e-b"], 4)
    assert page(offset=2) == (["e-c", "e-d"], 4)
    assert page(offset=4) == ([], 4)
    assert page(among=("compliant",)) == (["e-a", "e-b"], 2)
    assert page(among=("unknown", "error")) == (["e-c", "e-d"], 2)
    assert page(among=("conflict",), offset=2) == ([], 0)
    assert page(text="nobody") == ([], 0)


@pytest.mark.parametrize("chosen", [None, *DeviceState])
def test_how_many_devices_a_list_has_follows_from_how_many_are_in_each_state(
    fill: Filler, chosen: DeviceState | None
) -> None:
    fill.device("a")
    fill.device("b", settled_generation=0)
    fill.device("c", state=EnrollmentState.ENDING)
    fill.device("d", state=EnrollmentState.ENDED)
    matching = DeviceFilter(fill.now, state=chosen)
    counted = overview.devices(fill.connection, fill.tenant_id, matching=matching, limit=3)
    total = overview.total_of(matching, overview.device_counts(fill.connection, fill.tenant_id, now=fill.now))
    assert total == counted[1]
    assert overview.devices(fill.connection, fill.tenant_id, matching=matching, limit=3, total=total) == counted
    behind = overview.devices(fill.connection, fill.tenant_id, matching=matching, limit=3, offset=9, total=total)
    assert behind == ([], total)
    assert overview.total_of(replace(matching, text="a"), {}) is None


def test_a_user_has_the_most_severe_status_of_the_devices(fill: Filler) -> None:
    _fleet(fill)
    words = [status.value for status in SEVERITY]
    for mild, severe in pairwise(words):
        _states(fill, "p", a1=mild, a2=severe, b=mild, kiosk="error")
        assert _users_of(fill, "p") == {"alice_p": (severe, 2), "bob_p": (mild, 1)}
        counts = statuses.user_counts(fill.connection, fill.tenant_id, profile_id=ProfileId("p"))
        assert counts == {severe: 1, mild: 1}
    assert _users_of(fill, "q") == {}


def test_the_tenant_counts_a_device_once_with_its_worst_profile(fill: Filler) -> None:
    _fleet(fill)
    _states(fill, "p", a1="compliant", a2="compliant", b="unknown", kiosk="notApplicable")
    _states(fill, "q", a1="error", b="compliant")
    assert statuses.device_summary(fill.connection, fill.tenant_id) == {
        "error": 1,
        "compliant": 2,
        "notApplicable": 1,
    }
    assert statuses.user_summary(fill.connection, fill.tenant_id) == {"error": 1, "compliant": 1}
    devices.delete_managed_device(fill.connection, fill.tenant_id, managed_device_id=ManagedDeviceId("m-a1"))
    assert statuses.user_summary(fill.connection, fill.tenant_id) == {"compliant": 2}
    assert statuses.device_summary(fill.connection, TenantId("other")) == {}


def test_devices_are_counted_by_variant_however_many_they_are(fill: Filler) -> None:
    ids = _fleet(fill)
    ids.append(EnrollmentId(fill.device("owned", variant="android/fully-managed")))
    many = [*ids, *(EnrollmentId(f"unknown-{number}") for number in range(1200))]
    reached_devices = statuses.reached_devices(fill.connection, fill.tenant_id, ids=many)
    assert reached_devices == {"android/work-profile": 4, "android/fully-managed": 1}
    assert statuses.reached_devices(fill.connection, fill.tenant_id, ids=[]) == {}


def test_profiles_in_conflict_are_told_with_the_devices(fill: Filler) -> None:
    _fleet(fill)
    assert statuses.conflicts(fill.connection, fill.tenant_id) == []
    _states(fill, "p", a1="conflict", b="conflict")
    _states(fill, "q", a1="compliant")
    conflicts = statuses.conflicts(fill.connection, fill.tenant_id)
    assert [(row.profile_id, row.devices) for row in conflicts] == [("p", 2)]


def test_every_property_of_these_lists_has_an_expression(fill: Filler) -> None:
    for name, shape in SHAPES.items():
        properties = set(entity(shape).properties_in(Version.BETA)) - {"settingStates"}
        assert properties == set(COLLECTIONS[name].columns), name


def test_these_lists_can_be_sorted_by_every_property(fill: Filler) -> None:
    _fleet(fill)
    _states(fill, "p", a1="compliant", a2="error", b="unknown")
    devices_of: dict[str, Any] = {"deviceConfigurationStates": "m-a1"}
    for name, shape in SHAPES.items():
        result = entity(shape)
        for column in COLLECTIONS[name].columns:
            for descending in (False, True):
                rows = collections.page(
                    fill.connection,
                    fill.tenant_id,
                    collection=COLLECTIONS[name],
                    entity=result,
                    parent=devices_of.get(name, "p"),
                    keys=(OrderBy(column, descending),),
                    limit=10,
                )
                counted = collections.count(
                    fill.connection, fill.tenant_id, collection=COLLECTIONS[name], parent=devices_of.get(name, "p")
                )
                assert len(rows) == counted, (name, column)
