"""How a profile comes to a device: the same answer as targeting gives, with what keeps it away told apart."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.engine.diagnosis.approach import Way, approach
from fauxtune.core.engine.planning.targeting import Assignment, Membership, TargetKind, target
from fauxtune.core.model.ids import GroupId, ProfileId

STAFF, OTHERS, PHONES = GroupId("staff"), GroupId("others"), GroupId("phones")
ALICE = Membership(has_user=True, user_groups=frozenset({STAFF}), device_groups=frozenset({PHONES}))


def to(group: GroupId | None, kind: TargetKind = TargetKind.GROUP, *, filter_id: str | None = None) -> Assignment:
    return Assignment(f"{kind}-{group}-{filter_id}", ProfileId("p"), kind, group=group, filter=filter_id)


@pytest.mark.parametrize(
    ("assignments", "way"),
    [
        ([], Way.NOBODY),
        ([to(STAFF, TargetKind.EXCLUSION)], Way.NOBODY),
        ([to(OTHERS)], Way.ELSEWHERE),
        ([to(STAFF)], Way.REACHES),
        ([to(None, TargetKind.ALL_DEVICES)], Way.REACHES),
        ([to(STAFF), to(STAFF, TargetKind.EXCLUSION)], Way.EXCLUDED),
        ([to(STAFF), to(PHONES, TargetKind.EXCLUSION)], Way.REACHES),
        ([to(STAFF, filter_id="no")], Way.FILTERED),
        ([to(STAFF, filter_id="yes")], Way.REACHES),
        ([to(OTHERS), to(STAFF, filter_id="no")], Way.FILTERED),
        ([to(STAFF, filter_id="no"), to(STAFF, TargetKind.EXCLUSION)], Way.EXCLUDED),
    ],
)
def test_the_way_of_a_profile(assignments: list[Assignment], way: Way) -> None:
    assert approach(assignments, ALICE, matches="yes".__eq__).way is way


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
    found = approach(assignments, membership, matches="yes".__eq__)
    brought = target(assignments, membership, matches="yes".__eq__)
    assert (found.way is Way.REACHES) is (brought is not None)
    if brought is not None:
        assert found.assignment == brought
    if found.way is Way.FILTERED:
        assert found.assignment is not None
        assert found.assignment.filter is not None
