"""Rules of dynamic groups about Autopilot devices: what is evaluated, what is not, and what meets them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.engine.membership_rules import is_nameable, parse
from fauxtune.core.model.text import JsonObject

PC: JsonObject = {"physicalIds": ["[ZTDId]:1b", "[OrderId]:Sales"], "enrollmentProfileName": "Kiosk"}
BARE: JsonObject = {"physicalIds": [], "enrollmentProfileName": None}


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ('(device.devicePhysicalIDs -any (_ -startsWith "[ZTDid]"))', True),
        ('device.devicePhysicalIds -any _ -contains "[ZTDId]"', True),
        ("(device.devicePhysicalIds -any _ -eq '[orderid]:sales')", True),
        ('(device.devicePhysicalIds -any _ -eq "[OrderID]:Sale")', False),
        ('device.devicePhysicalIds -any (_ -in ["[OrderID]:Support", "[OrderID]:Sales"])', True),
        ('(device.enrollmentProfileName -eq "kiosk")', True),
        ('device.enrollmentProfileName -eq "x" or device.devicePhysicalIds -any _ -contains "1b"', True),
        ('device.enrollmentProfileName -eq "x" -and device.devicePhysicalIds -any _ -contains "1b"', False),
        (
            'device.enrollmentProfileName -eq "x" -or (device.enrollmentProfileName -startsWith "Ki")',
            True,
        ),
    ],
)
def test_a_rule_names_the_devices_that_meet_it(rule: str, holds: bool) -> None:
    parsed = parse(rule)
    assert parsed is not None
    assert parsed(PC) is holds
    assert not parsed(BARE)
    assert not parsed({})


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "device.deviceOSType -eq 'Windows'",
        'user.department -eq "Sales"',
        'device.enrollmentProfileName -ne "Kiosk"',
        'device.enrollmentProfileName -match "K.*"',
        "device.enrollmentProfileName -eq null",
        'device.enrollmentProfileName -eq ""',
        '(device.enrollmentProfileName -eq "Kiosk"',
        'device.enrollmentProfileName -eq "Kiosk")',
        'device.enrollmentProfileName -eq "Kiosk',
        'device.devicePhysicalIds -any (_ -in ["a" "b"])',
        'device.devicePhysicalIds -all (_ -eq "a")',
        "(" * 3000,
        "not device.devicePhysicalIds -any _ -eq 'a'",
    ],
)
def test_what_is_not_understood_is_not_evaluated(rule: str) -> None:
    assert parse(rule) is None


@settings(deadline=None)
@given(st.text(alphabet="()[]\"'_-`, adeginorv.PhysicalIds", max_size=60))
def test_no_text_breaks_the_parser_and_no_rule_names_a_device_without_values(text: str) -> None:
    rule = parse(text)
    assert rule is None or not rule(BARE)


def test_only_autopilot_devices_and_those_that_clients_wrote_to_can_be_named() -> None:
    assert is_nameable(PC)
    assert is_nameable({"physicalIds": [], "enrollmentProfileName": "Kiosk"})
    assert not is_nameable(BARE)
