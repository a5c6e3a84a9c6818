"""Which restriction a user is subject to, and what it refuses: against a judge that is written in another way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.engine.enrollment_restrictions import (
    ALL_PLATFORMS,
    LIMIT,
    ONE_PLATFORM,
    Ground,
    Newcomer,
    Restriction,
    corporate_identifiers,
    judge_limit,
    judge_platform,
    limit,
    platform_restriction,
)
from fauxtune.core.engine.planning.targeting import Assignment, TargetKind
from fauxtune.core.model.ids import AssignmentId, FilterId, GroupId, ProfileId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.text import JsonObject

GROUPS = [GroupId(name) for name in "abc"]
IPHONE = Newcomer(Variant.IOS, os_version="17.5.1", manufacturer="Apple")
WORK_PROFILE = Newcomer(Variant.ANDROID_WORK_PROFILE, os_version="14", manufacturer="Google")
PC = Newcomer(Variant.WINDOWS, os_version="10.0.19045.4291", manufacturer="Microsoft")


def restriction(
    name: str, kind: str = ONE_PLATFORM, *, priority: int = 1, groups: str = "a", platform: str = "ios", **rule: object
) -> Restriction:
    """A restriction that is assigned to these groups."""
    assigned = tuple(Assignment(AssignmentId(x), ProfileId(name), TargetKind.GROUP, group=GroupId(x)) for x in groups)
    document: JsonObject = {"displayName": name}
    if kind == LIMIT:
        document |= rule
    elif kind == ONE_PLATFORM:
        document |= {"platformType": platform, "platformRestriction": rule}
    else:
        document |= {"iosRestriction": rule}
    return Restriction(name, kind, priority, document, assigned)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([LIMIT, ONE_PLATFORM, ALL_PLATFORMS]),
            st.integers(0, 5),
            st.lists(st.sampled_from("abc"), unique=True),
            st.sampled_from(["ios", "android", "mac"]),
        ),
        max_size=7,
    ),
    st.sets(st.sampled_from(GROUPS)),
    st.booleans(),
)
def test_the_lowest_number_that_reaches_the_user_wins_and_the_default_is_last(
    rows: list[tuple[str, int, list[str], str]], groups: set[GroupId], has_driver: bool
) -> None:
    listed = [
        restriction(str(number), kind, priority=priority, groups="".join(assigned), platform=platform)
        for number, (kind, priority, assigned, platform) in enumerate(rows)
    ]
    newcomer = replace(IPHONE, has_driver=has_driver)

    def expected(*kinds: str) -> str | None:
        for kind in kinds:
            mine = [
                (priority, str(number))
                for number, (each, priority, assigned, platform) in enumerate(rows)
                if each == kind
                and priority > 0
                and has_driver
                and groups.intersection(assigned)
                and (kind != ONE_PLATFORM or platform == "ios")
            ]
            if mine:
                return min(mine)[1]
        defaults = [str(n) for n, (each, priority, *_) in enumerate(rows) if each == kinds[-1] and priority == 0]
        return defaults[0] if defaults else None

    subject = platform_restriction(listed, newcomer, groups=frozenset(groups))
    assert (None if subject is None else subject.id) == expected(ONE_PLATFORM, ALL_PLATFORMS)
    most = limit(listed, newcomer, groups=frozenset(groups))
    assert (None if most is None else most.id) == (expected(LIMIT) if has_driver else None)


numbers = st.lists(st.integers(0, 30), min_size=1, max_size=4)


@settings(deadline=None)
@given(numbers, st.none() | numbers, st.none() | numbers)
def test_versions_are_compared_number_by_number(
    device: list[int], least: list[int] | None, most: list[int] | None
) -> None:
    def text(version: list[int] | None) -> str | None:
        return None if version is None else ".".join(map(str, version))

    def padded(version: list[int]) -> list[int]:
        return version + [0] * (4 - len(version))

    rule = restriction("r", osMinimumVersion=text(least), osMaximumVersion=text(most))
    refusal = judge_platform(rule, replace(IPHONE, os_version=str(text(device))))
    if least is not None and padded(device) < padded(least):
        assert refusal is not None
        assert refusal.ground is Ground.TOO_OLD
    elif most is not None and padded(device) > padded(most):
        assert refusal is not None
        assert refusal.ground is Ground.TOO_NEW
    else:
        assert refusal is None


def test_windows_does_not_tell_its_revision_and_a_mac_has_no_range() -> None:
    """Set enrollment restrictions: 10.0.17134.100 as the minimum refuses 10.0.17134.174."""
    rule = restriction("r", platform="windows", osMinimumVersion="10.0.17134.100")
    refusal = judge_platform(rule, replace(PC, os_version="10.0.17134.174"))
    assert refusal is not None
    assert "from 10.0.17134.100 on; the device has 10.0.17134.174" in refusal.sentence
    mac = Newcomer(Variant.MACOS, os_version="12.0")
    assert judge_platform(restriction("r", platform="mac", osMinimumVersion="14.0"), mac) is None
    assert judge_platform(restriction("r", osMinimumVersion="14.0"), replace(IPHONE, os_version="")) is None


@pytest.mark.parametrize(
    ("newcomer", "rule", "ground"),
    [
        (IPHONE, {"platformBlocked": True, "personalDeviceEnrollmentBlocked": True}, Ground.PLATFORM),
        (IPHONE, {"personalDeviceEnrollmentBlocked": True}, Ground.PERSONAL),
        (replace(IPHONE, is_corporate=True), {"personalDeviceEnrollmentBlocked": True}, None),
        (IPHONE, {"blockedManufacturers": ["apple"]}, None),
        (WORK_PROFILE, {"blockedManufacturers": ["Samsung", " google "]}, Ground.MANUFACTURER),
        (WORK_PROFILE, {"blockedManufacturers": ["Samsung", ""]}, None),
        (replace(WORK_PROFILE, manufacturer=""), {"blockedManufacturers": [""]}, None),
        (PC, {"personalDeviceEnrollmentBlocked": True}, Ground.PERSONAL),
        (Newcomer(Variant.ANDROID_FULLY_MANAGED), {"platformBlocked": True}, None),
    ],
)
def test_what_a_restriction_refuses(newcomer: Newcomer, rule: JsonObject, ground: Ground | None) -> None:
    platforms = {Variant.IOS: "ios", Variant.WINDOWS: "windows"}
    refusal = judge_platform(
        restriction("No phones", platform=platforms.get(newcomer.variant, "androidForWork"), **rule), newcomer
    )
    assert (None if refusal is None else refusal.ground) == ground
    assert refusal is None or "'No phones'" in refusal.sentence


def test_a_limit_counts_and_leaves_entra_joined_windows_and_devices_without_a_user_alone() -> None:
    two = restriction("Two", LIMIT, limit=2)
    assert judge_limit(two, enrolled=1, user="alice") is None
    refusal = judge_limit(two, enrolled=2, user="alice")
    assert refusal is not None
    assert refusal.sentence == "The enrolment restriction 'Two' allows 2 devices for each user; alice has 2."
    assert limit([two], IPHONE, groups=frozenset("a")) is two  # type: ignore[arg-type]
    for variant in (Variant.WINDOWS, Variant.ANDROID_DEDICATED):
        assert limit([two], Newcomer(variant), groups=frozenset(GROUPS)) is None


def test_a_filter_narrows_whom_a_restriction_reaches() -> None:
    rule = restriction("r", platformBlocked=True)
    only = tuple(replace(assignment, filter=FilterId("f")) for assignment in rule.assignments)
    narrowed = replace(rule, assignments=only)
    for result in (True, False):
        subject = platform_restriction(
            [narrowed], IPHONE, groups=frozenset(GROUPS), matches=[lambda _id: False, lambda _id: True][result]
        )
        assert (subject is narrowed) is result


@pytest.mark.parametrize(
    ("variant", "version", "types"),
    [
        (Variant.IOS, "17.5", {"serialNumber", "imei"}),
        (Variant.MACOS, "14.5", {"serialNumber"}),
        (Variant.ANDROID_WORK_PROFILE, "11", {"serialNumber", "imei"}),
        (Variant.ANDROID_WORK_PROFILE, "12", set()),
        (Variant.ANDROID_DEVICE_ADMIN, "9", {"serialNumber", "imei"}),
        (Variant.ANDROID_DEVICE_ADMIN, "10", set()),
        (Variant.ANDROID_FULLY_MANAGED, "11", set()),
        (Variant.WINDOWS, "10.0.22631.1", {"manufacturerModelSerial"}),
        (Variant.WINDOWS_10_MOBILE, "10.0.15254.1", {"imei"}),
    ],
)
def test_which_corporate_identifiers_name_a_device(variant: Variant, version: str, types: set[str]) -> None:
    facts = {"serialNumber": "C39X", "imei": "35", "manufacturer": "Lenovo", "model": "T14", "osVersion": version}
    identifiers = corporate_identifiers(variant, facts)
    assert {kind for kind, _ in identifiers} == types
    assert {text for _, text in identifiers} <= {"c39x", "35", "lenovo,t14,c39x"}
    assert not corporate_identifiers(variant, {"osVersion": version})
