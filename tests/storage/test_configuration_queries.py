"""Profiles, assignments, and how profiles fare on devices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fauxtune.core.engine.planning.targeting import Assignment, TargetKind
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import EnrollmentId, GroupId, ManagedDeviceId, ProfileId, TenantId
from fauxtune.core.model.states import ProfileStatus
from fauxtune.storage.collections.statuses import DEVICE_STATUSES
from fauxtune.storage.queries import collections, configuration, devices
from fauxtune.storage.queries.insight import statuses
from fauxtune.storage.rows.configuration import ProfileStateRow

if TYPE_CHECKING:
    from tests.storage.conftest import Filler

    Aim = Callable[..., Assignment]

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
