"""Kinds of devices, and the facts that each platform's hardware has: how they look, which versions there are."""

from __future__ import annotations

import re
from random import Random

import pytest

from fauxtune_sim.errors import NotFoundHere
from fauxtune_sim.facts.apple import AppleHardware
from fauxtune_sim.facts.device_facts import new_hardware, read_hardware
from fauxtune_sim.facts.table import Hardware
from fauxtune_sim.facts.windows import WindowsHardware
from fauxtune_sim.platforms import Kind, Mode, Platform, kind_of, read_kind

APPLE = (Platform.IOS, Platform.IPADOS, Platform.MACOS)
WINDOWS = (Platform.WINDOWS, Platform.WINDOWS_10_MOBILE, Platform.WINDOWS_PHONE_81)


def apple(platform: Platform, os_version: str | None = None) -> AppleHardware:
    hardware = new_hardware(platform, os_version)
    assert isinstance(hardware, AppleHardware)
    return hardware


def windows(platform: Platform, os_version: str | None = None) -> WindowsHardware:
    hardware = new_hardware(platform, os_version)
    assert isinstance(hardware, WindowsHardware)
    return hardware


@pytest.mark.parametrize("kind", [Kind(one, Mode.WORK_PROFILE if one == "android" else None) for one in Platform])
def test_a_kind_is_read_back_from_its_words(kind: Kind) -> None:
    assert read_kind(str(kind)) == kind
    assert kind_of(kind.platform) == kind


def test_only_android_has_modes() -> None:
    assert str(kind_of(Platform.ANDROID, Mode.FULLY_MANAGED)) == "android/fully-managed"
    for platform in (*APPLE, *WINDOWS):
        with pytest.raises(NotFoundHere, match="only android"):
            kind_of(platform, Mode.FULLY_MANAGED)


@pytest.mark.parametrize("platform", list(Platform))
def test_facts_are_kept_as_they_are(platform: Platform) -> None:
    hardware = new_hardware(platform)
    assert read_hardware(platform, hardware.document()) == hardware
    assert hardware.suggested_name(Random(1))


@pytest.mark.parametrize("platform", list(Platform))
def test_a_version_that_is_not_simulated_is_answered_with_those_that_are(platform: Platform) -> None:
    usual = new_hardware(platform).os_version
    for text in ("3", "", "../14", "10.0.1.1", usual + ".", "99999999"):
        if text:
            with pytest.raises(NotFoundHere, match=re.escape(usual)):
                new_hardware(platform, text)
        with pytest.raises(NotFoundHere, match=re.escape(usual)):
            new_hardware(platform).at_version(platform, text)


def test_two_devices_share_no_identifier() -> None:
    def identifiers(hardware: Hardware) -> set[str]:
        names = {"serial_number", "imei", "udid", "hardware_id", "android_id", "enrollment_specific_id", "meid"}
        return {value for name, value in hardware.document().items() if name in names and value}

    for platform in Platform:
        assert not identifiers(new_hardware(platform)) & identifiers(new_hardware(platform))


@pytest.mark.parametrize("_again", range(12))
def test_an_iphone_has_the_udid_of_its_chip_a_serial_number_and_an_imei(_again: int) -> None:
    phone = apple(Platform.IOS, "16")
    form = r"[0-9a-f]{40}" if phone.product_name == "iPhone10,4" else r"0000[0-9]{4}-[0-9A-F]{16}"
    assert re.fullmatch(form, phone.udid)
    assert re.fullmatch(r"[A-HJ-NP-Z0-9]{10,12}", phone.serial_number)
    assert re.fullmatch(r"[0-9]{15}", phone.imei)
    assert re.fullmatch(r"iPhone[0-9]+,[0-9]", phone.product_name)
    assert (phone.os_version, phone.build_version) == ("16.7.8", "20H343")


def test_a_mac_has_a_uuid_and_is_no_phone() -> None:
    mac = apple(Platform.MACOS)
    assert re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", mac.udid)
    assert (mac.imei, mac.meid, mac.os_version, mac.build_version) == ("", "", "14.5", "23F79")
    assert apple(Platform.IPADOS).imei == ""


@pytest.mark.parametrize("_again", range(12))
def test_an_old_iphone_is_never_made_with_a_version_that_it_cannot_have(_again: int) -> None:
    phone = apple(Platform.IOS, "18.1")
    assert phone.product_name != "iPhone10,4"
    assert phone.at_version(Platform.IOS, "15").os_version == "15.8.2"


def test_an_old_iphone_is_not_brought_to_a_version_that_it_cannot_have() -> None:
    phones = (apple(Platform.IOS, "16") for _ in range(1000))
    old = next(one for one in phones if one.product_name == "iPhone10,4")
    with pytest.raises(NotFoundHere, match=r"iPhone10,4 with iOS 18\.1 is not simulated: 15\.8\.2, 16\.7\.8 are"):
        old.at_version(Platform.IOS, "18.1")


def test_a_windows_computer_is_named_as_setup_names_it() -> None:
    computer = windows(Platform.WINDOWS)
    assert re.fullmatch(r"DESKTOP-[A-Z0-9]{7}", computer.suggested_name(Random(1)))
    assert re.fullmatch(r"[0-9A-F]{64}", computer.hardware_id)
    assert (computer.imei, computer.os_edition, computer.os_version) == ("", 48, "10.0.19045.4291")


@pytest.mark.parametrize(
    ("platform", "text", "version"),
    [
        (Platform.WINDOWS, "11", "10.0.22631.3447"),
        (Platform.WINDOWS, "10.0.22631", "10.0.22631.3447"),
        (Platform.WINDOWS, "10.0.22631.1", "10.0.22631.1"),
        (Platform.WINDOWS_10_MOBILE, None, "10.0.15254.603"),
        (Platform.WINDOWS_PHONE_81, "8.1", "8.10.14219.0"),
        (Platform.WINDOWS_PHONE_81, "8.10.14219.341", "8.10.14219.341"),
    ],
)
def test_windows_versions_go_by_name_or_number(platform: Platform, text: str | None, version: str) -> None:
    hardware = windows(platform, text)
    assert hardware.os_version == version
    assert bool(hardware.imei) is (platform is not Platform.WINDOWS)
