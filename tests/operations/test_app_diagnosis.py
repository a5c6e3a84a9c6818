"""Why an app is not on a device: each reason breaks a link of its own."""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune.core.engine.diagnosis.chain import LinkStatus
from fauxtune.core.engine.diagnosis.facts import AppStanding, Device, DeviceApp, Facts, SelectedProfile
from fauxtune.core.engine.diagnosis.findings import Severity, finding
from fauxtune.core.engine.diagnosis.rules import rules
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.tenants import Edition
from fauxtune.core.policies.apps import APP_RULES
from fauxtune.core.profiles.family import Profile
from fauxtune.operations.insight.diagnosis import Diagnosis, diagnose
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.assignments import Assignable
from tests.support.assigned_apps import assigned_app
from tests.support.devices.stepwise import enrol_iphone
from tests.support.tenant import START, Contoso

#: data. An app, what differs in it, and what a diagnosis says of it: status, broken link, codes.
APPS: dict[str, tuple[dict[str, Any], tuple[str | None, ...]]] = {
    "Newer": (
        {"bundleId": "com.contoso.n", "minimumSupportedOperatingSystem": {"v99_0": True}},
        ("broken", "requirements", "app-unfit"),
    ),
    "Nameless": ({}, ("broken", "app", "app-nameless")),
    "Unfinished": (
        {"bundleId": "com.contoso.u", "publishingState": "notPublished"},
        ("broken", "app", "app-not-published"),
    ),
    "Fine": ({"bundleId": "com.contoso.f"}, ("ok", None)),
    "Choice": ({"bundleId": "com.contoso.c", "intent": "available"}, ("waiting", None)),
    "Unwanted": ({"bundleId": "com.contoso.w", "intent": "uninstall"}, ("ok", None)),
    "For PCs": ({"kind": "win32LobApp"}, ("broken", "platform", "app-other-platform")),
    "Portal": ({"kind": "webApp", "appUrl": "https://contoso.example"}, ("broken", "app", "app-kept-only")),
    "Unassigned": ({"bundleId": "com.contoso.x"}, ("broken", "assignment", "assigned-to-nobody")),
}


async def test_an_app_that_is_not_there_breaks_a_link_of_its_own(contoso: Contoso) -> None:
    phone = await enrol_iphone(contoso, "carol", version="17.0")
    await phone.check_in()
    keys = {
        name: await assigned_app(contoso, settings.get("kind", "iosStoreApp"), name, **_without_kind(settings))
        for name, (settings, _expected) in APPS.items()
    }

    async def about(**asked: Any) -> Diagnosis:
        return await diagnose(contoso.emulator, contoso.tenant, **asked)

    key = keys["Unassigned"]
    to = Assignable(ProfileId(key), noun="mobileApp", platforms=None)
    await contoso.do(resources.assign, APP_RULES, key=key, to=to, targets=[])
    device = (await phone.row()).id
    before = await about(device=device, app="Fine")
    (chain,) = before.chains
    assert (chain.status, before.healthy) == (LinkStatus.WAITING, True)
    assert [each.code for each in before.findings] == ["app-waits"]
    for _ in range(4):
        await phone.check_in(limit=4)
    for name, (_settings, expected) in APPS.items():
        result = await about(device=device, app=name)
        (chain,) = result.chains
        broken = chain.broken
        assert result.healthy is (broken is None)
        codes = [each.code for each in result.findings]
        assert (chain.status.value, None if broken is None else broken.name, *codes) == expected, name
    whole = await about(device=device)
    assert [each.code for each in whole.findings if each.code.startswith("app-")] == ["app-unfit"]
    by_app = await about(app="fine")
    assert [each.subject.device and each.subject.device.id for each in by_app.chains] == [device]
    assert [each.subject.device for each in (await about(app="Unassigned")).chains] == [None]
    with pytest.raises(Invalid, match="not about both"):
        await about(app="Fine", profile="Fine")
    with pytest.raises(NotFound, match="no app 'Gone'"):
        await about(app="Gone")
    await assigned_app(contoso, "iosStoreApp", "Fine", bundleId="com.contoso.f2")
    with pytest.raises(Invalid, match="Several apps"):
        await about(app="Fine")
    assert (await about(app=keys["Fine"], user=contoso.upn("carol"))).healthy


async def test_of_two_apps_one_takes_the_place_of_the_other_and_one_waits_for_nothing(contoso: Contoso) -> None:
    phone = await enrol_iphone(contoso, "carol", version="17.0")
    old = await assigned_app(contoso, "iosStoreApp", "Old", bundleId="com.contoso.old")
    needed = await assigned_app(contoso, "iosStoreApp", "Needed", "uninstall", bundleId="com.contoso.needed")
    relations = [
        {"kind": "mobileAppSupersedence", "target": old, "type": "update"},
        {"kind": "mobileAppDependency", "target": needed, "type": "detect"},
    ]
    more: dict[str, Any] = {"@relationships": relations}
    await assigned_app(contoso, "iosStoreApp", "New", bundleId="com.contoso.new", **more)
    device = (await phone.row()).id
    found = await diagnose(contoso.emulator, contoso.tenant, device=device)
    said = {each.code: each.observation.message for each in found.findings if each.code.startswith("app-")}
    assert "is not given 'Old'. 'New' supersedes it." in said["app-superseded"]
    assert "cannot install 'New'. It depends on 'Needed'" in said["app-dependency"]


def _without_kind(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name != "kind"}


def test_each_rule_is_about_one_standing_and_says_why() -> None:
    about_apps = [rule for rule in rules() if rule.code.startswith("app-")]
    assert len(about_apps) == 9
    seen = set()
    for rule in about_apps:
        (standing,) = (app_standing for app_standing in AppStanding if list(rule.check(_facts(app_standing))))
        seen.add(standing)
        (plain,), (asked,) = rule.check(_facts(standing)), rule.check(_facts(standing, selected="a-1"))
        assert ("'7-Zip'" in plain.message, "Just because." in plain.message) == (True, True)
        assert (plain.profile, plain.device, plain.severity) == ("a-1", "d-1", None)
        breaks = standing not in (AppStanding.WAITS, AppStanding.SUPERSEDED)
        assert finding(rule, asked).severity is (Severity.ERROR if breaks else Severity.WARNING)
        assert asked.evidence["errorCode"] == 1603
    quiet = {AppStanding.INSTALLED, AppStanding.REMOVED, AppStanding.LEFT_TO_USER, AppStanding.ELSEWHERE}
    assert seen | quiet == set(AppStanding)


def _facts(standing: AppStanding, *, selected: str | None = None) -> Facts:
    app = DeviceApp(id="a-1", name="7-Zip", standing=standing, why="Just because.", error_code=1603)
    device = Device(id="d-1", name="PC-1", variant=Variant.WINDOWS, enrolled_at=START, apps=(app,))
    about = None
    if selected is not None:
        profile = Profile(id=ProfileId(selected), kind="win32LobApp", version=1, document={}, references={})
        about = SelectedProfile(profile, is_app=True, variants=frozenset({Variant.WINDOWS.value}))
    return Facts(now=START, edition=Edition.CURRENT, devices=(device,), selected=about)
