"""Which action which kind of device supports, and what is carried where."""

from __future__ import annotations

import pytest

from fauxtune.core.engine.applicability import CARRIED, TABLE, WIPE_OPTIONS, check, check_wipe_option, platform_of
from fauxtune.core.errors import NotEmulated, UnsupportedAction
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.platforms import FACTS, Platform, Variant
from fauxtune.core.odata.entities.device_actions import BULK, FORMS, REMOTE_ACTION


def test_the_table_speaks_of_every_action_and_says_why_of_every_other_kind() -> None:
    assert set(TABLE) == set(DeviceAction)
    for action, rule in TABLE.items():
        assert rule.source, action
        assert rule.otherwise or rule.variants == set(Variant), action


def test_every_action_but_two_has_a_path_of_its_own() -> None:
    assert set(DeviceAction) - {form.action for form in FORMS} == {DeviceAction.DELETE, DeviceAction.MOVE_TO_UNIT}


def test_every_bulk_action_is_an_action() -> None:
    assert set(REMOTE_ACTION.members) - set(BULK) == {"unknownFutureValue"}


@pytest.mark.parametrize("platform", list(Platform))
def test_what_is_carried_is_supported_by_some_kind_of_the_platform(platform: Platform) -> None:
    kinds = {variant for variant in Variant if platform_of(variant) is platform}
    for action in CARRIED[platform]:
        assert kinds & TABLE[action].variants, action


def test_every_end_travels_everywhere() -> None:
    for variant in Variant:
        for action, can in (
            (DeviceAction.WIPE, FACTS[variant].can_be_wiped),
            (DeviceAction.RETIRE, FACTS[variant].can_be_retired),
            (DeviceAction.DELETE, True),
            (DeviceAction.SYNC, True),
        ):
            if can:
                check(action, variant)
            else:
                with pytest.raises(UnsupportedAction, match=f"{action} is not supported by a device of the kind"):
                    check(action, variant)


def test_what_only_our_devices_cannot_do_is_not_emulated() -> None:
    with pytest.raises(NotEmulated, match="nothing that it could act upon"):
        check(DeviceAction.DEFENDER_SCAN, Variant.WINDOWS)
    with pytest.raises(UnsupportedAction, match="Windows 10 and later"):
        check(DeviceAction.DEFENDER_SCAN, Variant.ANDROID_FULLY_MANAGED)
    with pytest.raises(NotEmulated, match="TeamViewer"):
        check(DeviceAction.REMOTE_ASSISTANCE, Variant.ANDROID_WORK_PROFILE)


@pytest.mark.parametrize("name", sorted(WIPE_OPTIONS))
def test_parts_of_a_wipe_are_for_some_kinds_only(name: str) -> None:
    for variant in Variant:
        if variant in WIPE_OPTIONS[name].variants:
            check_wipe_option(name, variant)
        else:
            with pytest.raises(UnsupportedAction, match=name):
                check_wipe_option(name, variant)
