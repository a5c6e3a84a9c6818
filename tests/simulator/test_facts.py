"""The facts of a device: which there are, how they change, what is refused, what survives in a folder."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import FactRefused, NotFoundHere, SimulatorError
from fauxtune_sim.facts import table
from fauxtune_sim.facts.device_facts import read_value, withheld_facts
from fauxtune_sim.facts.table import Fact, FactValue, Form, all_facts, facts_of, with_luhn_digit
from fauxtune_sim.fleet.fleet import FleetSettings, planned_devices, read_mix
from fauxtune_sim.platforms import Mode, Platform
from fauxtune_sim.tables import Mistake
from tests.support.device_facts import other_value, settable_facts

every_platform = pytest.mark.parametrize("platform", list(Platform))


def test_windows_defender_scans_on_every_day_of_the_calendar_and_on_no_other() -> None:
    device = Device.new(platform=Platform.WINDOWS)
    for day in range(4 * 365 + 1):
        moment = f"{date(2023, 1, 1) + timedelta(days=day)}T03:12:45Z"
        device.report(lastQuickScanDateTime=moment)
        assert device.facts["lastQuickScanDateTime"] == moment
    for no_day in ("2026-02-29", "2024-02-30", "2026-04-31", "2026-01-32", "2026-13-01", "2026-00-10"):
        with pytest.raises(FactRefused, match="a text such as"):
            device.report(lastQuickScanDateTime=f"{no_day}T03:12:45Z")


@every_platform
def test_each_fact_that_can_be_set_is_read_back(platform: Platform) -> None:
    for fact in settable_facts(platform):
        device = Device.new(platform=platform)
        value = other_value(fact, device)
        before = dict(device.facts)
        device.report(**{fact.name: value})
        follows = {"osVersion": {"osBuildNumber", "androidSecurityPatchLevel"}, "skuNumber": {"skuFamily"}}
        pair = {"isEncrypted", "isPasscodePresent"}
        also = follows.get(fact.name, pair if fact.name in pair else set())
        changed = {name for name, each in device.facts.items() if before.get(name) != each}
        assert device.facts[fact.name] == value, fact.name
        assert changed - also <= {fact.name}, fact.name
        assert device.has_news


@every_platform
def test_a_device_that_has_a_usual_value_by_chance_takes_another_one(platform: Platform) -> None:
    for fact in settable_facts(platform):
        if fact.form is not Form.TEXT or fact.name in ("osVersion", "model"):
            continue
        device = Device.new(platform=platform)
        device.report(**{fact.name: fact.example})
        value = other_value(fact, device)
        device.report(**{fact.name: value})
        assert device.facts[fact.name] == value != fact.example


@every_platform
def test_a_new_device_has_plausible_facts(platform: Platform) -> None:
    for seed in range(40):
        device = Device.new(platform=platform, random=Random(seed))
        facts = device.facts
        assert facts.keys() <= {fact.name for fact in facts_of(platform)}
        total, free = facts["totalStorageSpaceInBytes"], facts["freeStorageSpaceInBytes"]
        assert isinstance(total, int)
        assert isinstance(free, int)
        assert total % 10**9 == 0
        assert 0.04 < free / total < 0.91
        for name in ("imei", "iccid"):
            assert with_luhn_digit(str(facts.get(name, "0"))[:-1])[-1] == str(facts.get(name, "0"))[-1]
        # Whatever a device has can be set again: the table allows it.
        device.report(**{fact.name: facts[fact.name] for fact in facts_of(platform) if _is_present(fact, facts)})
        assert device.facts == facts


def _is_present(fact: Fact, facts: Mapping[str, FactValue]) -> bool:
    return fact.settable and fact.name in facts


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(list(Platform)),
    st.dictionaries(
        st.sampled_from(list(all_facts())),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        max_size=4,
    ),
)
def test_any_report_changes_all_facts_or_none(platform: Platform, facts: dict[str, FactValue]) -> None:
    device = Device.new(platform=platform, random=Random(1))
    before = dict(device.facts)
    try:
        device.report(**facts)
    except SimulatorError:
        assert device.facts == before
        assert not device.has_news
    else:
        # One of several words may be written as what it means: `jailBroken=False`.
        words = {fact.name for fact in all_facts().values() if fact.form is Form.CHOICE}
        expected = {name: str(value) if name in words - {"skuNumber"} else value for name, value in facts.items()}
        assert all(device.facts.get(name) == value or value == "" for name, value in expected.items())


@pytest.mark.parametrize(
    ("platform", "name", "value", "why"),
    [
        (Platform.IOS, "isEncrypted", "yes", "isEncrypted is true or false, not 'yes'"),
        (Platform.IOS, "totalStorageSpaceInBytes", -1, "a whole number from 0 to"),
        (Platform.IOS, "totalStorageSpaceInBytes", True, "not True"),
        (Platform.IOS, "totalStorageSpaceInBytes", float("nan"), "not nan"),
        (Platform.IOS, "batteryLevelPercentage", 101, "from 0 to 100"),
        (Platform.IOS, "jailBroken", "yes", "one of False, True, Unknown"),
        (Platform.IOS, "subscriberCarrier", "x" * 1_000_000, "such as Swisscom, not 'xxx"),
        (Platform.IOS, "deviceName", "a\nb", "a text such as"),
        (Platform.IOS, "imei", "351234567890123", "351234567890124 is right"),
        (Platform.IOS, "udid", "x", "cannot be set"),
        (Platform.IOS, "freeStorageSpaceInBytes", 2**60, "is more than totalStorageSpaceInBytes"),
        (Platform.ANDROID, "androidSecurityPatchLevel", "last week", "such as 2026-10-05"),
        (Platform.WINDOWS, "skuNumber", 7, "one of 4, 48, 101, 121"),
    ],
)
def test_a_value_that_the_device_cannot_have_is_refused(
    platform: Platform, name: str, value: FactValue, why: str
) -> None:
    device = Device.new(platform=platform)
    before = dict(device.facts)
    with pytest.raises(FactRefused) as refused:
        device.report(**{"deviceName": "another", name: value})
    assert why in str(refused.value)
    assert len(str(refused.value)) < 300
    assert device.facts == before


def test_an_unknown_name_is_answered_with_the_nearest_three() -> None:
    device = Device.new(platform=Platform.IOS)
    with pytest.raises(NotFoundHere, match="there is no fact isEncrypt: the nearest are isEncrypted, "):
        device.report(isEncrypt=True)
    with pytest.raises(NotFoundHere, match="ios devices report no tpmVersion"):
        device.report(tpmVersion="6.0")
    with pytest.raises(NotFoundHere, match="there is no fact xxxxxx"):
        device.report(**{"x" * 100_000: True})
    with pytest.raises(NotFoundHere, match="there is no fact self"):
        device.report(self=True)


def test_an_iphone_without_a_passcode_is_not_encrypted() -> None:
    device = Device.new(platform=Platform.IOS)
    device.report(isPasscodePresent=False)
    assert device.facts["isEncrypted"] is False
    device.report(isEncrypted=True)
    assert device.facts["isPasscodePresent"] is True
    with pytest.raises(FactRefused, match="contradict each other"):
        device.report(isEncrypted=True, isPasscodePresent=False)


def test_a_new_version_brings_its_build_along() -> None:
    device = Device.new(platform=Platform.IOS, os_version="17.5.1")
    device.report(osVersion="17.6.1")
    assert device.facts["osBuildNumber"] == "21G93"
    device.report(osVersion="17.5.1", osBuildNumber="21F91")
    assert (device.facts["osVersion"], device.facts["osBuildNumber"]) == ("17.5.1", "21F91")


def test_a_personal_device_withholds_its_identifiers_from_android_12_on() -> None:
    identifiers = {"serialNumber", "imei", "meid"}
    assert identifiers <= withheld_facts(Device.new(mode=Mode.WORK_PROFILE, os_version="12"))
    assert not identifiers & withheld_facts(Device.new(mode=Mode.WORK_PROFILE, os_version="11"))
    assert not withheld_facts(Device.new(mode=Mode.FULLY_MANAGED))


def test_facts_survive_in_the_folder(tmp_path: Path) -> None:
    device = Device.new("a phone", platform=Platform.IOS, folder=tmp_path / "phone")
    device.report(jailBroken="True", osVersion="17.6.1")
    device.save()
    loaded = load_device(tmp_path / "phone")
    assert (loaded.facts, loaded.has_news) == (device.facts, True)


def test_a_folder_of_an_earlier_version_has_the_facts_of_a_new_device(tmp_path: Path) -> None:
    device = Device.new("a phone", platform=Platform.IOS, folder=tmp_path / "phone")
    device.save()
    file = tmp_path / "phone" / "device.json"
    document = json.loads(file.read_text())
    del document["facts"], document["hasNews"]
    file.write_text(json.dumps(document))
    first, second = load_device(tmp_path / "phone"), load_device(tmp_path / "phone")
    assert first.facts == second.facts
    assert first.facts.keys() == device.facts.keys()
    assert first.facts["serialNumber"] == device.facts["serialNumber"]


def fleet(seed: int | None, *, devices: int = 30) -> list[tuple[str, dict[str, FactValue]]]:
    settings = FleetSettings(
        devices,
        server="",
        tenant="",
        users=("anna.smith@contoso.example", "bob@contoso.example"),
        mix=read_mix("ios:2,windows,android,macos,ipados,android/knox"),
        seed=seed,
    )
    return [(device.name, dict(device.facts)) for device, _user in planned_devices(settings)]


def test_a_seed_makes_the_same_fleet_again() -> None:
    first = fleet(7)
    assert first == fleet(7)
    assert first[:10] == fleet(7, devices=10)
    assert first != fleet(8)
    assert fleet(None) != fleet(None)


def test_the_devices_of_a_seeded_fleet_are_named_after_their_users_each_by_another_name() -> None:
    names = [name for name, _facts in fleet(7)]
    assert "Anna's iPhone" in names
    assert "Anna's iPhone 2" in names
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("isEncrypted", "False", False),
        ("freeStorageSpaceInBytes", "7000", 7000),
        ("freeStorageSpaceInBytes", "7 GB", "7 GB"),
        ("jailBroken", "True", "True"),
    ],
)
def test_a_value_on_the_command_line_is_read_by_the_form_of_the_fact(name: str, text: str, value: FactValue) -> None:
    assert read_value(Platform.IOS, name, text=text) == value


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("flag isUsb", "flog isUsb", "a fact is one of text, follows, flag, whole, choice, not 'flog'"),
        ("flag isUsbDebuggingEnabled", "flag isUsbDebuggingEnabled yes", "after flag stands NAME, and nothing else"),
        ("choice skuNumber 4, 48, 101, 121", "choice skuNumber", "after choice stands NAME and its values"),
        ("flag isUsbDebuggingEnabled", "flag jailBroken", "jailBroken stands here twice; once is enough"),
        (" | windows DevInfo/Mod", " | windows", "after windows stands the field that carries the fact"),
        (" only macos", " only mac", "there is no platform 'mac'; there are ios, macos, apple"),
        (" | android memoryInfo.totalRam", " | droid x", "there is no platform 'droid'"),
        ("batteryLevelPercentage 100", "batteryLevelPercentage all", "invalid literal"),
        ("\ntext model .{1,64} Lat", "\ntext model\nx", "after text stands NAME and its values"),
    ],
)
def test_a_mistake_in_the_table_has_its_line(right: str, wrong: str, message: str) -> None:
    text = Path(table.__file__).with_suffix(".txt").read_text(encoding="utf-8")
    before, _, after = text.partition(right)
    number = before.count("\n") + 1 + right.startswith("\n")
    with pytest.raises(Mistake, match=rf"facts/table\.txt, line {number}: .*{re.escape(message)}"):
        table.read_facts(f"{before}{wrong}{after}")
