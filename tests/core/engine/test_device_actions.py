"""The support of actions by kind of device and edition, and the actions that are emulated."""

from __future__ import annotations

import pytest

from fauxtune.core.engine.device_actions.support import (
    EMULATED,
    ActionTarget,
    check,
    check_wipe_option,
    platform_of,
    supports,
)
from fauxtune.core.engine.device_actions.table import TABLE, WIPE_OPTIONS
from fauxtune.core.errors import NotEmulated, UnsupportedAction
from fauxtune.core.graph.device_actions import BULK, FORMS
from fauxtune.core.graph.index import enumeration
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.platforms import Platform, Variant
from fauxtune.core.model.tenants import Edition

REMOTE_ACTION = enumeration("managedDeviceRemoteAction")

OLD, NEW = Edition
#: Short names, for the typed tables below.
SHORT = {
    "WP": Variant.ANDROID_WORK_PROFILE,
    "FM": Variant.ANDROID_FULLY_MANAGED,
    "DED": Variant.ANDROID_DEDICATED,
    "COPE": Variant.ANDROID_CORPORATE_WORK_PROFILE,
    "DA": Variant.ANDROID_DEVICE_ADMIN,
    "KNOX": Variant.ANDROID_KNOX,
    "AOSP": Variant.ANDROID_AOSP,
    "IOS": Variant.IOS,
    "IPAD": Variant.IPADOS,
    "MAC": Variant.MACOS,
    "WIN": Variant.WINDOWS,
    "W10M": Variant.WINDOWS_10_MOBILE,
    "WP81": Variant.WINDOWS_PHONE_81,
}
#: Typed from the page of each action: of 2018 to 2020 (FM, COPE and AOSP as the pages read that do not name them), and
#: of 2025 and 2026 (phones as in 2020). A star: supervised devices only.
TYPED = """
wipe                                  2020-04 FM DED COPE DA KNOX AOSP IOS IPAD MAC WIN W10M WP81
wipe                                  current FM DED COPE AOSP IOS IPAD MAC WIN W10M WP81
retire                                2020-04 WP FM COPE DA KNOX AOSP IOS IPAD MAC WIN W10M WP81
retire                                current WP DA KNOX IOS IPAD MAC WIN W10M WP81
remoteLock                            2020-04 WP FM DED COPE DA KNOX AOSP IOS IPAD MAC W10M WP81
remoteLock                            current FM DED COPE AOSP IOS IPAD MAC W10M WP81
resetPasscode                         2020-04 WP DED DA KNOX IOS IPAD
resetPasscode                         current WP FM DED COPE AOSP IOS IPAD
rebootNow                             2020-04 DED IOS* IPAD* WIN W10M WP81
rebootNow                             current FM DED AOSP IOS* IPAD* MAC WIN W10M WP81
locateDevice                          2020-04 IOS* IPAD*
locateDevice                          current FM DED COPE IOS* IPAD* WIN
enableLostMode                        2020-04 IOS* IPAD*
enableLostMode                        current IOS* IPAD*
disableLostMode                       2020-04 IOS* IPAD*
disableLostMode                       current IOS* IPAD*
playLostModeSound                     2020-04 IOS* IPAD*
playLostModeSound                     current FM DED COPE IOS* IPAD*
setDeviceName                         2020-04 IOS* IPAD* MAC WIN
setDeviceName                         current FM DED COPE IOS* IPAD* MAC WIN
sendCustomNotificationToCompanyPortal 2020-04 WP FM COPE DA KNOX IOS IPAD
sendCustomNotificationToCompanyPortal current WP IOS IPAD
"""


@pytest.mark.parametrize("line", TYPED.strip().splitlines(), ids=lambda line: "-".join(line.split()[:2]))
def test_the_pages_say_which_devices_support_an_action_in_an_edition(line: str) -> None:
    action, edition, *words = line.split()
    rule = TABLE[DeviceAction(action)][Edition(edition)]
    assert rule.variants == {SHORT[word.rstrip("*")] for word in words}
    assert rule.supervised == {SHORT[word.rstrip("*")] for word in words if word.endswith("*")}


def test_the_table_speaks_of_every_action_and_says_why_of_every_other_kind() -> None:
    assert set(TABLE) == set(DeviceAction)
    for action, rules in TABLE.items():
        assert set(rules) == set(Edition)
        for rule in rules.values():
            assert rule.source, action
            assert rule.otherwise or rule.variants == set(Variant), action
            assert {*rule.supervised, *rule.versions} <= rule.variants, action


def test_every_action_but_two_has_a_path_of_its_own() -> None:
    assert set(DeviceAction) - {form.action for form in FORMS} == {DeviceAction.DELETE, DeviceAction.MOVE_TO_UNIT}


def test_every_bulk_action_is_an_action() -> None:
    assert set(REMOTE_ACTION.members) - set(BULK) == {"unknownFutureValue"}


@pytest.mark.parametrize("edition", Edition)
@pytest.mark.parametrize("platform", list(Platform))
def test_what_is_carried_is_supported_by_some_kind_of_the_platform(platform: Platform, edition: Edition) -> None:
    kinds = {variant for variant in Variant if platform_of(variant) is platform}
    for action in EMULATED[platform]:
        result = {each for each in Edition if kinds & TABLE[action][each].variants}
        assert edition in result or Edition.CURRENT in result, action


@pytest.mark.parametrize("edition", Edition)
def test_every_end_travels_everywhere(edition: Edition) -> None:
    for variant in Variant:
        for action in (DeviceAction.WIPE, DeviceAction.RETIRE, DeviceAction.DELETE, DeviceAction.SYNC):
            if supports(action, variant, edition=edition):
                check(action, ActionTarget(variant, edition))
            else:
                with pytest.raises(UnsupportedAction, match=f"{action} is not supported by a device of the kind"):
                    check(action, ActionTarget(variant, edition))


def test_what_only_our_devices_cannot_do_is_not_emulated() -> None:
    with pytest.raises(NotEmulated, match="nothing that it could act on"):
        check(DeviceAction.ATTEST, ActionTarget(Variant.WINDOWS, NEW))
    with pytest.raises(NotEmulated, match="no code that bypasses"):
        check(DeviceAction.BYPASS_ACTIVATION_LOCK, ActionTarget(Variant.MACOS, NEW))
    with pytest.raises(UnsupportedAction, match="Windows 10 and later"):
        check(DeviceAction.DEFENDER_SCAN, ActionTarget(Variant.ANDROID_FULLY_MANAGED, NEW))
    with pytest.raises(NotEmulated, match="TeamViewer"):
        check(DeviceAction.REMOTE_ASSISTANCE, ActionTarget(Variant.ANDROID_WORK_PROFILE, NEW))


@pytest.mark.parametrize("edition", Edition)
def test_lost_mode_is_for_supervised_devices_alone(edition: Edition) -> None:
    with pytest.raises(UnsupportedAction, match="that is not supervised: it is an action for supervised iOS"):
        check(DeviceAction.ENABLE_LOST_MODE, ActionTarget(Variant.IOS, edition))
    check(DeviceAction.ENABLE_LOST_MODE, ActionTarget(Variant.IOS, edition, supervised=True))


@pytest.mark.parametrize(
    ("variant", "version", "can"),
    [
        (Variant.ANDROID_DEVICE_ADMIN, "6.0.1", True),
        (Variant.ANDROID_DEVICE_ADMIN, "7.0", False),
        (Variant.ANDROID_KNOX, "14", False),
        (Variant.ANDROID_DEVICE_ADMIN, None, True),
        (Variant.ANDROID_WORK_PROFILE, "7.1.2", False),
        (Variant.ANDROID_WORK_PROFILE, "8.0.0", True),
    ],
)
def test_in_2020_the_version_of_android_decided_whose_passcode_is_reset(
    variant: Variant, version: str | None, *, can: bool
) -> None:
    device = ActionTarget(variant, OLD, os_version=version)
    if can:
        check(DeviceAction.RESET_PASSCODE, device)
    else:
        with pytest.raises(UnsupportedAction, match="Android before version 7"):
            check(DeviceAction.RESET_PASSCODE, device)


@pytest.mark.parametrize("name", sorted(WIPE_OPTIONS))
def test_parts_of_a_wipe_are_for_some_kinds_only(name: str) -> None:
    for variant in Variant:
        if variant in WIPE_OPTIONS[name].variants:
            check_wipe_option(name, variant)
        else:
            with pytest.raises(UnsupportedAction, match=name):
                check_wipe_option(name, variant)
