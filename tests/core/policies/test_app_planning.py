"""Which apps a device installs and uninstalls, in which order, and why it does not have others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fauxtune.core.model.platforms import Platform
from fauxtune.core.policies.app_kinds import KINDS, spec_of
from fauxtune.core.policies.app_planning import (
    AppDevice,
    AppSpec,
    Needs,
    Order,
    PlannedApp,
    contents_of,
    device_apps,
    is_older,
    numbers,
    plan_apps,
    strongest_intent,
    unfit,
)
from fauxtune.core.policies.app_states import DeviceApp, InstallState, absent, failed, present

PC = AppDevice(Platform.WINDOWS, (10, 0, 19045, 3803), "x64", memory_mb=8192, free_mb=20_000)
KEYS = "abcdefg"


def spec(
    key: str,
    *,
    depends: tuple[tuple[str, str], ...] = (),
    supersedes: tuple[tuple[str, str], ...] = (),
    needs: Needs | None = None,
    content: str = "1",
) -> AppSpec:
    return AppSpec(key, key, content, needs=needs or Needs(), dependencies=tuple(depends), supersedes=tuple(supersedes))


def orders(planned: list[PlannedApp]) -> list[tuple[str, str]]:
    return [(app.spec.app_id, app.order.value) for app in planned if app.order is not None]


def plan(*specs: AppSpec, has: str = "", **intents: str) -> list[PlannedApp]:
    return plan_apps(
        {app_spec.app_id: app_spec for app_spec in specs}, intents, device=PC, present=dict.fromkeys(has, "1")
    )


def problems(planned: list[PlannedApp]) -> dict[str, str | None]:
    return {app.spec.app_id: app.problem for app in planned}


def test_a_dependency_is_installed_before_the_app_that_needs_it() -> None:
    a, b, c = spec("a", depends=(("b", "autoInstall"),)), spec("b", depends=(("c", "autoInstall"),)), spec("c")
    planned = plan(a, b, c, a="required")
    assert orders(planned) == [("c", "install"), ("b", "install"), ("a", "install")]
    assert [app.intent for app in planned] == ["dependency", "dependency", "required"]
    assert [app.intent for app in plan(a, b, c, a="required", b="uninstall")][1] == "dependency"
    assert orders(plan(a, b, c, a="required", has="b")) == [("a", "install")]
    assert orders(plan(a, b, c, a="required", has="a")) == []
    assert orders(plan(a, b, c, a="available")) == []


def test_a_dependency_that_is_only_detected_is_installed_for_its_own_assignment_alone() -> None:
    a, b = spec("a", depends=(("b", "detect"),)), spec("b")
    waiting = plan(a, b, a="required")
    assert orders(waiting) == []
    assert "is not on the device" in str(problems(waiting)["a"])
    detected = replace(b, is_detected=True)
    device = device_apps(
        plan(a, detected, a="required"), {"b": absent(DeviceApp("b", "b", "dependency", InstallState.UNKNOWN))}
    )
    assert (device["a"].state, device["b"].state) == (InstallState.PENDING, InstallState.FAILED)
    assert "not installed by itself" in str(device["b"].reason)
    assert orders(plan(a, b, a="required", has="b")) == [("a", "install")]
    assert orders(plan(a, b, a="required", b="required")) == [("b", "install"), ("a", "install")]


@pytest.mark.parametrize(
    ("word", "has", "expected"),
    [
        # The cases of "Add Win32 app supersedence": a is superseded by b.
        ("update", "", [("b", "install")]),
        ("update", "a", [("b", "install")]),
        ("update", "b", []),
        ("update", "ab", []),
        ("replace", "", [("b", "install")]),
        ("replace", "a", [("a", "uninstall"), ("b", "install")]),
        ("replace", "b", []),
        ("replace", "ab", [("a", "uninstall")]),
    ],
)
def test_a_superseding_app_is_installed_in_place_of_the_superseded_one(
    word: str, has: str, expected: list[tuple[str, str]]
) -> None:
    a, b = spec("a"), spec("b", supersedes=(("a", word),))
    assert orders(plan(a, b, a="required", b="required", has=has)) == expected
    assert orders(plan(a, b, b="required", has=has)) == expected, "the superseded app needs no target"


def test_a_chain_ends_in_the_newest_app_and_one_that_is_not_targeted_or_not_for_the_device_does_not_count() -> None:
    a, b, c = spec("a"), spec("b", supersedes=(("a", "replace"),)), spec("c", supersedes=(("b", "replace"),))
    everything = {"a": "required", "b": "required", "c": "required"}
    assert orders(plan(a, b, c, has="a", **everything)) == [("a", "uninstall"), ("c", "install")]
    assert orders(plan(a, b, c, a="required")) == [("a", "install")]
    old = spec("c", supersedes=(("b", "replace"),), needs=Needs(system=(10, 0, 26100)))
    planned = plan(a, b, old, **everything)
    assert orders(planned) == [("b", "install")]
    assert {app.spec.app_id: app.applicable for app in planned} == {"a": True, "b": True, "c": False}


def test_a_dependency_that_is_superseded_is_a_conflict() -> None:
    a, b, c = spec("a", depends=(("b", "autoInstall"),)), spec("b"), spec("c", supersedes=(("b", "update"),))
    planned = plan(a, b, c, a="required", c="required")
    assert orders(planned) == [("c", "install")]
    assert "a conflict" in str(problems(planned)["a"])


def test_a_newer_content_is_installed_over_the_older_one() -> None:
    a = spec("a", content="2")
    assert orders(plan(a, a="required", has="a")) == [("a", "install")]
    assert orders(plan_apps({"a": a}, {"a": "required"}, device=PC, present={"a": None})) == []


@pytest.mark.parametrize(
    ("needs", "word"),
    [
        (Needs(platforms=frozenset({Platform.IPADOS})), "another kind"),
        (Needs(system=(10, 0, 22000)), "version 10.0.22000"),
        (Needs(architectures=frozenset({"arm64"})), "arm64"),
        (Needs(memory_mb=9000), "9000 MB of memory"),
        (Needs(free_mb=20_001), "20001 MB of free space"),
    ],
)
def test_an_app_that_is_not_for_the_device_says_why(needs: Needs, word: str) -> None:
    assert word in str(unfit(needs, PC))
    (planned,) = plan(spec("a", needs=needs), a="required")
    after = device_apps([planned], {})["a"]
    assert (after.state, after.reason, after.position) == (InstallState.NOT_APPLICABLE, planned.problem, None)
    assert unfit(needs, AppDevice(Platform.IPADOS)) is None, "what a device has not said is no reason"


def test_an_app_for_another_processor_is_one_that_this_processor_runs_too() -> None:
    assert unfit(Needs(architectures=frozenset({"x86"})), PC) is None
    assert unfit(Needs(architectures=frozenset({"x64"})), AppDevice(Platform.WINDOWS, architecture="arm64")) is None
    assert is_older(numbers("17.5"), numbers("17.5.1"))
    assert not is_older(numbers("10.0.19045.1 (x)"), numbers("10.0"))


def test_the_needs_of_an_app_come_from_its_document() -> None:
    published = {"publishingState": "published"}
    win32 = {
        **published,
        "minimumSupportedWindowsRelease": "21H1",
        "applicableArchitectures": "x64,arm64",
        "minimumMemoryInMB": 4,
        "committedContentVersion": "3",
        "@relationships": [{"kind": "mobileAppDependency", "target": "t", "type": "detect"}],
    }
    read = spec_of("1", "win32LobApp", document=win32)
    assert read is not None
    assert read.needs.system == (10, 0, 19043)
    assert (read.needs.architectures, read.needs.memory_mb) == (frozenset({"x64", "arm64"}), 4)
    assert (read.identifier, read.content, read.dependencies) == ("1", "3", (("t", "detect"),))
    ipad = {
        **published,
        "bundleId": "com.contoso.notes",
        "applicableDeviceType": {"iPad": True, "iPhoneAndIPod": False},
        "minimumSupportedOperatingSystem": {"v15_0": True, "v9_0": False},
    }
    phone = spec_of("2", "iosStoreApp", document=ipad)
    assert phone is not None
    assert phone.needs.platforms == {Platform.IPADOS}
    assert (phone.needs.system, phone.identifier) == ((15, 0), "com.contoso.notes")
    package = {**published, "identityName": "Contoso.App", "identityPublisherHash": "8wekyb3d8bbwe"}
    modern = {**package, "minimumSupportedOperatingSystem": {"v10_0": True, "v10_1903": True}}
    read = spec_of("3", "windowsUniversalAppX", document=modern)
    assert read is not None
    assert (read.identifier, read.needs.system) == ("Contoso.App_8wekyb3d8bbwe", (10, 0, 18362))
    assert spec_of("4", "webApp", document=published) is None
    assert spec_of("4", "iosStoreApp", document=published) is None, "it has no name on devices"
    assert spec_of("4", "win32LobApp", document={"publishingState": "notPublished"}) is None
    assert all(kind.platforms for kind in KINDS.values())


def test_a_failure_stands_until_the_order_changes() -> None:
    a = spec("a")
    (before,) = device_apps(plan(a, a="required"), {}).values()
    assert (before.state, before.position) == (InstallState.PENDING, 0)
    broken = failed(before, reason="no room", code=1, attempted="1")
    again = plan_apps({"a": a}, {"a": "required"}, device=PC, present=contents_of([broken]))
    assert device_apps(again, {"a": broken}) == {"a": broken}
    newer = spec("a", content="2")
    renewed = plan_apps({"a": newer}, {"a": "required"}, device=PC, present=contents_of([broken]))
    assert device_apps(renewed, {"a": broken})["a"].state is InstallState.PENDING
    there = present(before, version="1.0", content="1")
    assert device_apps(plan(a, a="required", has="a"), {"a": there}) == {"a": there}
    going = device_apps(plan(a, a="uninstall", has="a"), {"a": there})["a"]
    assert (going.state, going.position) == (InstallState.INSTALLED, 0)
    assert absent(going).state is InstallState.NOT_INSTALLED


@pytest.mark.parametrize("has", ["", "o"])
def test_a_dependency_that_nobody_is_assigned_replaces_no_required_app(has: str) -> None:
    old, new = spec("o"), spec("n", supersedes=(("o", "replace"),))
    first = spec("f", depends=(("n", "autoInstall"),))  # planned before the app that is required
    planned = plan(old, new, first, o="required", f="required", has=has)
    assert orders(planned) == [("n", "install"), ("f", "install"), *([] if has else [("o", "install")])]


def _acyclic(draw: st.DrawFn, words: tuple[str, ...], key: str, *, down: bool) -> tuple[tuple[str, str], ...]:
    """Relationships to apps on one side of this one: no circle of one kind can be drawn."""
    allowed = [other for other in KEYS if (other < key if down else other > key)]
    if not allowed:
        return ()
    chosen = draw(st.lists(st.sampled_from(allowed), max_size=2, unique=True))
    return tuple((other, draw(st.sampled_from(words))) for other in chosen)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[dict[str, AppSpec], dict[str, str], dict[str, str | None]]:
    specs = {}
    for key in KEYS:
        depends = _acyclic(draw, ("autoInstall", "detect"), key, down=True)
        supersedes = _acyclic(draw, ("update", "replace"), key, down=draw(st.booleans()))
        supersedes = tuple(
            supersede for supersede in supersedes if supersede[0] not in dict(depends) and supersede[0] < key
        )
        needs = Needs(system=(99,)) if draw(st.integers(0, 5)) == 0 else Needs()
        specs[key] = spec(key, depends=depends, supersedes=supersedes, needs=needs)
    intents = draw(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(("required", "uninstall", "available"))))
    has = draw(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(("1", "0", None))))
    return specs, intents, has


def _superseded(specs: Mapping[str, AppSpec], intents: Mapping[str, str]) -> set[str]:
    """The model: repeat until nothing is added."""
    over: set[str] = set()
    current = {key for key, intent in intents.items() if intent != "uninstall" and unfit(specs[key].needs, PC) is None}
    while current - over:
        over |= current
        current = {target for key in over for target, _word in specs[key].supersedes}
    roots = {key for key, intent in intents.items() if intent != "uninstall" and unfit(specs[key].needs, PC) is None}
    return {target for key in over for target, _word in specs[key].supersedes} if roots else set()


def _can(key: str, specs: Mapping[str, AppSpec], intents: Mapping[str, str], has: Mapping[str, str | None]) -> bool:
    """The model: whether an app can be put on the device, by its definition."""
    if key in _superseded(specs, intents) or unfit(specs[key].needs, PC) is not None:
        return False
    return all(_serves(other, word, specs, intents, has) for other, word in specs[key].dependencies)


def _serves(
    key: str,
    word: str,
    specs: Mapping[str, AppSpec],
    intents: Mapping[str, str],
    has: Mapping[str, str | None],
) -> bool:
    if key in _superseded(specs, intents):
        return False
    if key in has:
        return True
    return (word == "autoInstall" or intents.get(key) == "required") and _can(key, specs, intents, has)


@given(worlds())
def test_plans_are_what_their_rules_say_and_carried_out_they_come_to_rest(
    world: tuple[dict[str, AppSpec], dict[str, str], dict[str, str | None]],
) -> None:
    """An app that must find another one waits for the next plan, if a plan installs that one for a third one."""
    specs, intents, has = world
    device = dict(has)
    for _ in KEYS:
        planned = plan_apps(specs, intents, device=PC, present=device)
        _check_against_model(planned, specs, intents, device)
        _carry_out(planned, specs, intents, device)
    assert not [
        plan_app for plan_app in plan_apps(specs, intents, device=PC, present=device) if plan_app.order is Order.INSTALL
    ]


def _check_against_model(
    planned: list[PlannedApp],
    specs: Mapping[str, AppSpec],
    intents: Mapping[str, str],
    has: Mapping[str, str | None],
) -> None:
    listed = {app.spec.app_id: app for app in planned}
    assert intents.keys() <= listed.keys()
    for key, intent in intents.items():
        is_current = key in has and has[key] in ("1", None)
        if intent == "required" and not is_current:
            assert (listed[key].order is Order.INSTALL) == _can(key, specs, intents, has), key
            assert (listed[key].problem is None) == (listed[key].order is not None)


def _carry_out(
    planned: list[PlannedApp], specs: Mapping[str, AppSpec], intents: Mapping[str, str], device: dict[str, str | None]
) -> None:
    for app in planned:
        key = app.spec.app_id
        if app.order is Order.UNINSTALL:
            assert device.pop(key, "missing") != "missing"
        elif app.order is Order.INSTALL:
            assert all(other in device for other, _word in specs[key].dependencies), "each dependency is there before"
            supersedes = intents.get(key, "uninstall") != "uninstall"
            gone = {other for other, word in specs[key].supersedes if word == "replace" and supersedes}
            assert not gone & device.keys(), "what it replaces is gone before"
            device[key] = "1"


@pytest.mark.parametrize(
    ("assigned", "expected"),
    [
        ({"available": "a", "uninstall": "b", "required": "c"}, "required"),
        ({"available": "a", "uninstall": "b"}, "uninstall"),
        ({"availableWithoutEnrollment": "a", "available": "b"}, "available"),
        ({"required": "elsewhere", "available": "a"}, "available"),
        ({"required": "elsewhere"}, None),
        ({"": "a"}, None),
        ({}, None),
    ],
)
def test_the_strongest_intent_that_reaches_the_device_counts(assigned: dict[str, str], expected: str | None) -> None:
    def reach(groups: Sequence[str]) -> bool:
        return bool({*groups} & {"a", "b", "c"}) and "excluded" not in groups

    assert strongest_intent(assigned.items(), reach=reach, reach_user=reach) == expected
    excluded = [*assigned.items(), (None, "excluded")]
    assert strongest_intent(excluded, reach=reach, reach_user=reach) is None, "for every intent"


@pytest.mark.parametrize(
    ("assigned", "expected"),
    [
        ((("available", "user"), ("uninstall", "device")), "available"),
        ((("available", "user"), ("uninstall", "user")), "uninstall"),
        ((("available", "user"), ("uninstall", "user"), ("uninstall", "device")), "uninstall"),
        ((("availableWithoutEnrollment", "user"), ("uninstall", "device")), "uninstall"),
        ((("required", "device"), ("available", "user"), ("uninstall", "device")), "required"),
    ],
)
def test_what_is_available_to_a_user_is_not_uninstalled_because_of_the_device(
    assigned: Sequence[tuple[str, str]], expected: str
) -> None:
    def reach_user(groups: Sequence[str]) -> bool:
        return "user" in groups

    assert strongest_intent(assigned, reach=bool, reach_user=reach_user) == expected


def test_nothing_is_installed_for_an_app_that_cannot_be() -> None:
    # The app g needs e, which its assignment uninstalls, and a, which d supersedes: g cannot be.
    specs = {
        "a": spec("a"),
        "d": spec("d", supersedes=(("a", "update"),)),
        "e": spec("e"),
        "g": spec("g", depends=(("e", "autoInstall"), ("a", "autoInstall"))),
    }
    intents = {"d": "required", "e": "uninstall", "g": "required"}
    planned = {
        plan_app.spec.app_id: plan_app
        for plan_app in plan_apps(specs, intents, device=PC, present={"a": "1", "d": "1"})
    }
    assert planned["g"].problem == "It depends on the app a, which the app d supersedes: a conflict."
    assert (planned["e"].intent, planned["e"].order) == ("uninstall", None)


@given(worlds())
def test_states_follow_plans(world: tuple[dict[str, AppSpec], dict[str, str], dict[str, str | None]]) -> None:
    specs, intents, has = world
    before = {
        key: DeviceApp(key, key, "required", InstallState.INSTALLED, version="1", content=content)
        for key, content in has.items()
    }
    planned = plan_apps(specs, intents, device=PC, present=contents_of(before.values()))
    after = device_apps(planned, before)
    assert list(after) == [each.spec.app_id for each in planned]
    for each in planned:
        app = after[each.spec.app_id]
        assert (app.position is None) == (each.order is None)
        assert (app.version is not None) == (each.spec.app_id in has)
        if app.state is InstallState.INSTALLED:
            assert app.version is not None
