"""Whether a profile reaches a device: the decision of targeting, with the reason; and the link of every reason."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.engine.diagnosis.app_links import APP_LINKS
from fauxtune.core.engine.diagnosis.chain import LINKS
from fauxtune.core.engine.diagnosis.reach import ReachStatus, reach_of
from fauxtune.core.engine.diagnosis.rules import CODES
from fauxtune.core.engine.planning.targeting import Assignment, Membership, TargetKind, target
from fauxtune.core.model.ids import AssignmentId, FilterId, GroupId, ProfileId

STAFF, OTHERS, PHONES = GroupId("staff"), GroupId("others"), GroupId("phones")
ALICE = Membership(has_user=True, user_groups=frozenset({STAFF}), device_groups=frozenset({PHONES}))


def to(group: GroupId | None, kind: TargetKind = TargetKind.GROUP, *, filter_id: FilterId | None = None) -> Assignment:
    assignment_id = AssignmentId(f"{kind}-{group}-{filter_id}")
    return Assignment(assignment_id, ProfileId("p"), kind, group=group, filter=filter_id)


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
