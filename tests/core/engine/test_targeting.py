"""The devices that get a profile: inclusion and exclusion by user and by device (Graph: assignment targets).

Whether a profile reaches one device, with the reason, and the link of every reason.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.engine.diagnosis.app_rules import APP_LINKS
from fauxtune.core.engine.diagnosis.chain import LINKS
from fauxtune.core.engine.diagnosis.rules import CODES
from fauxtune.core.engine.planning.targeting import Assignment, Membership, ReachStatus, TargetKind, reach_of, target
from fauxtune.core.model.ids import AssignmentId, FilterId, GroupId, ProfileId

PROFILE = ProfileId("p")
USERS, OTHER_USERS, DEVICES, OTHER_DEVICES = (GroupId(name) for name in ("users", "users2", "devices", "devices2"))


def include(group: GroupId) -> Assignment:
    return Assignment(id=AssignmentId(f"in-{group}"), profile=PROFILE, kind=TargetKind.GROUP, group=group)


def exclude(group: GroupId) -> Assignment:
    return Assignment(id=AssignmentId(f"out-{group}"), profile=PROFILE, kind=TargetKind.EXCLUSION, group=group)


ALL_USERS = Assignment(id=AssignmentId("all-users"), profile=PROFILE, kind=TargetKind.ALL_USERS)
ALL_DEVICES = Assignment(id=AssignmentId("all-devices"), profile=PROFILE, kind=TargetKind.ALL_DEVICES)


def member(*, users: tuple[GroupId, ...] = (), devices: tuple[GroupId, ...] = (), has_user: bool = True) -> Membership:
    return Membership(has_user=has_user, user_groups=frozenset(users), device_groups=frozenset(devices))


STAFF, OTHERS, PHONES = GroupId("staff"), GroupId("others"), GroupId("phones")
ALICE = Membership(has_user=True, user_groups=frozenset({STAFF}), device_groups=frozenset({PHONES}))


def to(group: GroupId | None, kind: TargetKind = TargetKind.GROUP, *, filter_id: FilterId | None = None) -> Assignment:
    assignment_id = AssignmentId(f"{kind}-{group}-{filter_id}")
    return Assignment(assignment_id, ProfileId("p"), kind, group=group, filter=filter_id)


@pytest.mark.parametrize(
    ("assignments", "membership", "expected"),
    [
        pytest.param([], member(users=(USERS,)), None, id="assigned to nobody"),
        pytest.param([include(USERS)], member(users=(USERS,)), "in-users", id="the user is in the group"),
        pytest.param([include(DEVICES)], member(devices=(DEVICES,)), "in-devices", id="the device is in the group"),
        pytest.param([include(USERS)], member(users=(OTHER_USERS,)), None, id="the user is in another group"),
        pytest.param([ALL_USERS], member(), "all-users", id="all users: any user's device"),
        pytest.param([ALL_USERS], member(has_user=False), None, id="all users: no device without a user"),
        pytest.param([ALL_DEVICES], member(has_user=False), "all-devices", id="all devices: one without a user too"),
        pytest.param(
            [include(USERS), exclude(OTHER_USERS)],
            member(users=(USERS, OTHER_USERS)),
            None,
            id="an excluded user group beats an included user group",
        ),
        pytest.param(
            [include(DEVICES), exclude(OTHER_DEVICES)],
            member(devices=(DEVICES, OTHER_DEVICES)),
            None,
            id="an excluded device group beats an included device group",
        ),
        pytest.param(
            [include(USERS), exclude(DEVICES)],
            member(users=(USERS,), devices=(DEVICES,)),
            "in-users",
            id="an excluded device group does not beat an included user group",
        ),
        pytest.param(
            [include(DEVICES), exclude(USERS)],
            member(users=(USERS,), devices=(DEVICES,)),
            "in-devices",
            id="an excluded user group does not beat an included device group",
        ),
        pytest.param(
            [ALL_USERS, exclude(USERS)], member(users=(USERS,)), None, id="all users without an excluded user group"
        ),
        pytest.param(
            [ALL_DEVICES, exclude(DEVICES)],
            member(devices=(DEVICES,)),
            None,
            id="all devices without an excluded device group",
        ),
        pytest.param(
            [ALL_USERS, exclude(DEVICES)],
            member(devices=(DEVICES,)),
            "all-users",
            id="all users: an excluded device group is not honoured",
        ),
        pytest.param(
            [ALL_DEVICES, exclude(USERS)],
            member(users=(USERS,)),
            "all-devices",
            id="all devices: an excluded user group is not honoured",
        ),
        pytest.param(
            [include(USERS), include(DEVICES), exclude(OTHER_USERS)],
            member(users=(USERS, OTHER_USERS), devices=(DEVICES,)),
            "in-devices",
            id="excluded by the user's path, included by the device's: included",
        ),
        pytest.param(
            [include(USERS)],
            member(users=(USERS,), has_user=False),
            None,
            id="without a user nothing comes by the user's path",
        ),
        pytest.param(
            [include(USERS), include(DEVICES)],
            member(users=(USERS,), devices=(DEVICES,)),
            "in-users",
            id="by two groups: once, through the first",
        ),
    ],
)
def test_a_device_is_targeted_as_documented(
    assignments: list[Assignment], membership: Membership, expected: str | None
) -> None:
    result = target(assignments, membership)
    assert (None if result is None else result.id) == expected


def test_the_order_of_assignments_decides_only_which_one_is_shown() -> None:
    membership = member(users=(USERS, OTHER_USERS))
    assert target([include(OTHER_USERS), include(USERS)], membership) == include(OTHER_USERS)
    assert target([include(USERS), include(OTHER_USERS)], membership) == include(USERS)


groups = st.sampled_from([GroupId(f"g{number}") for number in range(5)])
group_sets = st.frozensets(groups, max_size=5)
inclusions = st.one_of(st.builds(include, groups), st.sampled_from([ALL_USERS, ALL_DEVICES]))
exclusions = st.builds(exclude, groups)
sets_of_assignments = st.lists(st.one_of(inclusions, exclusions), max_size=6)
memberships = st.builds(Membership, has_user=st.booleans(), user_groups=group_sets, device_groups=group_sets)
quick = settings(deadline=None, max_examples=100)


@quick
@given(sets_of_assignments, memberships, exclusions)
def test_a_further_exclusion_never_brings_a_profile(
    assignments: list[Assignment], membership: Membership, further: Assignment
) -> None:
    if target(assignments, membership) is None:
        assert target([*assignments, further], membership) is None


@quick
@given(sets_of_assignments, memberships, inclusions)
def test_a_further_inclusion_never_takes_a_profile_away(
    assignments: list[Assignment], membership: Membership, further: Assignment
) -> None:
    if target(assignments, membership) is not None:
        assert target([*assignments, further], membership) is not None


@quick
@given(sets_of_assignments, memberships, st.randoms(use_true_random=False))
def test_the_order_of_assignments_never_decides_whether(
    assignments: list[Assignment], membership: Membership, shuffler: object
) -> None:
    shuffled = list(assignments)
    shuffler.shuffle(shuffled)  # type: ignore[attr-defined]
    assert (target(assignments, membership) is None) == (target(shuffled, membership) is None)


@quick
@given(sets_of_assignments, memberships)
def test_what_brings_a_profile_is_an_inclusion_by_a_path_that_is_not_excluded(
    assignments: list[Assignment], membership: Membership
) -> None:
    result = target(assignments, membership)
    if result is None:
        return
    out = {assignment.group for assignment in assignments if assignment.kind is TargetKind.EXCLUSION}
    by_user = result.kind is TargetKind.ALL_USERS or result.group in membership.user_groups
    by_device = result.kind is TargetKind.ALL_DEVICES or result.group in membership.device_groups
    assert result.kind is not TargetKind.EXCLUSION
    assert (by_user and membership.has_user and not out & membership.user_groups) or (
        by_device and not out & membership.device_groups
    )


@quick
@given(sets_of_assignments, group_sets, group_sets)
def test_a_device_without_a_user_never_depends_on_user_groups(
    assignments: list[Assignment], user_groups: frozenset[GroupId], device_groups: frozenset[GroupId]
) -> None:
    with_groups = Membership(has_user=False, user_groups=user_groups, device_groups=device_groups)
    without = Membership(has_user=False, device_groups=device_groups)
    assert target(assignments, with_groups) == target(assignments, without)


IN_FILTER = Assignment(
    id=AssignmentId("in-filtered"), profile=PROFILE, kind=TargetKind.GROUP, group=USERS, filter=FilterId("f")
)
OUT_FILTER = Assignment(
    id=AssignmentId("out-filtered"),
    profile=PROFILE,
    kind=TargetKind.ALL_DEVICES,
    filter=FilterId("f"),
    filter_excludes=True,
)
REMOVED = Assignment(
    id=AssignmentId("removed"), profile=PROFILE, kind=TargetKind.GROUP, group=OTHER_USERS, removes=True
)


@pytest.mark.parametrize(
    ("assignments", "matched", "expected"),
    [
        pytest.param([IN_FILTER], True, "in-filtered", id="an include filter lets in what it matches"),
        pytest.param([IN_FILTER], False, None, id="an include filter leaves out what it does not match"),
        pytest.param([OUT_FILTER], True, None, id="an exclude filter leaves out what it matches"),
        pytest.param([OUT_FILTER], False, "out-filtered", id="an exclude filter lets in what it does not match"),
        pytest.param([IN_FILTER, ALL_USERS], False, "all-users", id="a filter narrows its own target only"),
        pytest.param([IN_FILTER, exclude(OTHER_USERS)], True, None, id="an exclusion beats a filter that matches"),
    ],
)
def test_a_filter_narrows_the_devices_of_its_target(
    assignments: list[Assignment], matched: bool, expected: str | None
) -> None:
    membership = member(users=(USERS, OTHER_USERS))
    result = target(assignments, membership, matches=lambda _filter: matched)
    assert (None if result is None else result.id) == expected


@pytest.mark.parametrize(
    ("assignments", "expected"),
    [
        pytest.param([ALL_USERS, REMOVED], None, id="taken away from the users of a group"),
        pytest.param([ALL_DEVICES, REMOVED], "all-devices", id="not from devices that come by their own path"),
        pytest.param([REMOVED], None, id="brings nothing"),
        pytest.param(
            [include(USERS), Assignment(AssignmentId("all"), PROFILE, TargetKind.ALL_USERS, removes=True)],
            None,
            id="from all users",
        ),
        pytest.param(
            [ALL_DEVICES, Assignment(AssignmentId("all"), PROFILE, TargetKind.ALL_DEVICES, removes=True)],
            None,
            id="from all devices",
        ),
        pytest.param(
            [
                ALL_USERS,
                Assignment(
                    AssignmentId("r"), PROFILE, TargetKind.GROUP, OTHER_USERS, removes=True, filter=FilterId("f")
                ),
            ],
            "all-users",
            id="from the devices that its filter lets through only",
        ),
    ],
)
def test_the_intent_to_remove_takes_away_by_the_same_paths_as_an_exclusion(
    assignments: list[Assignment], expected: str | None
) -> None:
    result = target(assignments, member(users=(USERS, OTHER_USERS)))
    assert (None if result is None else result.id) == expected


def test_a_collection_of_configuration_manager_reaches_no_device() -> None:
    assert (
        target(
            [Assignment(AssignmentId("c"), PROFILE, TargetKind.COLLECTION)], member(users=(USERS,), devices=(DEVICES,))
        )
        is None
    )


@pytest.mark.parametrize(
    ("assignments", "way"),
    [
        ([], ReachStatus.NOBODY),
        ([to(STAFF, TargetKind.EXCLUSION)], ReachStatus.NOBODY),
        ([to(OTHERS)], ReachStatus.ELSEWHERE),
        ([to(STAFF)], ReachStatus.REACHES),
        ([to(None, TargetKind.ALL_DEVICES)], ReachStatus.REACHES),
        ([to(STAFF), to(STAFF, TargetKind.EXCLUSION)], ReachStatus.EXCLUDED),
        ([to(STAFF), to(PHONES, TargetKind.EXCLUSION)], ReachStatus.REACHES),
        ([to(STAFF, filter_id=FilterId("no"))], ReachStatus.FILTERED),
        ([to(STAFF, filter_id=FilterId("yes"))], ReachStatus.REACHES),
        ([to(OTHERS), to(STAFF, filter_id=FilterId("no"))], ReachStatus.FILTERED),
        ([to(STAFF, filter_id=FilterId("no")), to(STAFF, TargetKind.EXCLUSION)], ReachStatus.EXCLUDED),
    ],
)
def test_the_way_of_a_profile(assignments: list[Assignment], way: ReachStatus) -> None:
    assert reach_of(assignments, ALICE, matches="yes".__eq__).status is way


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            Assignment,
            id=st.uuids().map(str),
            profile=st.just(ProfileId("p")),
            kind=st.sampled_from(TargetKind),
            group=st.sampled_from([STAFF, OTHERS, PHONES]),
            removes=st.booleans(),
            filter=st.sampled_from([None, "yes", "no"]),
            filter_excludes=st.booleans(),
        ),
        max_size=5,
    ),
    st.booleans(),
)
def test_it_agrees_with_targeting_and_always_has_an_answer(assignments: list[Assignment], has_user: bool) -> None:
    membership = Membership(has_user, ALICE.user_groups, ALICE.device_groups)
    result = reach_of(assignments, membership, matches="yes".__eq__)
    brought = target(assignments, membership, matches="yes".__eq__)
    assert (result.status is ReachStatus.REACHES) is (brought is not None)
    if brought is not None:
        assert result.assignment == brought
    if result.status is ReachStatus.FILTERED:
        assert result.assignment is not None
        assert result.assignment.filter is not None


def test_every_code_belongs_to_one_link() -> None:
    listed = [code for link in LINKS for code in link.codes]
    of_apps = {code for link in APP_LINKS for code in link.codes}
    assert sorted([*listed, *(of_apps - set(listed))]) == sorted(CODES)
    assert len(of_apps) == sum(len(link.codes) for link in APP_LINKS)
