"""Mutants: what devices report of themselves, and what Graph shows of it."""

#: data

from __future__ import annotations

from tests.mutants.mutant import Mutant

_FACTS = "app/fauxtune/core/graph/device_facts.py"
_APPLE = "app/fauxtune/surfaces/devices/apple/facts.py"
_TEST_FACTS = "tests/core/graph/test_device_facts.py"
_TEST_APPLE = "tests/surfaces/devices/apple/test_command_results.py"
_TEST_JOURNEY = "tests/journeys/test_device_facts.py"
_TEST_SIMULATOR = "tests/simulator/test_facts.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        rule="A device reports that it is compliant, and Graph shows it",
        file=_FACTS,
        before='    "chassisType",\n    "deviceName",',
        after='    "chassisType",\n    "complianceState",\n    "deviceName",',
        tests=(f"{_TEST_FACTS}::test_a_device_cannot_say_what_is_the_servers",),
    ),
    Mutant(
        rule="A negative size is accepted",
        file=_FACTS,
        before="and not isinstance(value, bool) and 0 <= value <= largest",
        after="and not isinstance(value, bool) and value <= largest",
        tests=(f"{_TEST_FACTS}::test_a_value_that_no_device_has_costs_only_itself",),
    ),
    Mutant(
        rule="The phone number of a personal device is shown whole",
        file=_FACTS,
        before='    if owner != "company" and record.get("phoneNumber"):',
        after='    if owner == "nobody" and record.get("phoneNumber"):',
        tests=(f"{_TEST_FACTS}::test_the_number_of_a_personal_device_is_masked_in_both_places",),
    ),
    Mutant(
        rule="An iPhone without a passcode counts as encrypted",
        file=_APPLE,
        before="has_passcode and capable == _ENCRYPTS if",
        after="capable == _ENCRYPTS if",
        tests=(f"{_TEST_APPLE}::test_an_iphone_without_a_passcode_is_not_encrypted",),
    ),
    Mutant(
        rule="A gigabyte of an iPhone is a power of two",
        file=_APPLE,
        before="is_mac and major < _FIRST_DECIMAL_MACOS else _GIGABYTE",
        after="major < _FIRST_DECIMAL_MACOS else _BINARY_GIGABYTE",
        tests=(f"{_TEST_APPLE}::test_a_gigabyte_is_a_power_of_ten_but_on_old_macs",),
    ),
    Mutant(
        rule="A list of devices shows what must be selected on one device",
        file="app/fauxtune/surfaces/graph/resources/device_parts.py",
        before="    return record_document(row) | _BLANK\n",
        after="    return record_document(row)\n",
        tests=(f"{_TEST_JOURNEY}::test_a_list_shows_none_of_what_must_be_selected",),
    ),
    Mutant(
        rule="A protection state of Windows Defender is not dated",
        file=_FACTS,
        before="    if not known.keys().isdisjoint(_OF_PROTECTION):\n",
        after="    if False:\n",
        tests=(f"{_TEST_FACTS}::test_what_windows_defender_reports_is_dated_and_shown_by_itself",),
    ),
    Mutant(
        rule="A device that turns out to be supervised is asked for its bypass code only a week later",
        file="app/fauxtune/operations/checkin/step_results.py",
        before="variant, known=visit.row.facts)):",
        after="variant, known={})):",
        tests=(
            f"{_TEST_JOURNEY}::test_a_phone_that_becomes_supervised_tells_its_bypass_code_once_and_a_list_hides_it",
        ),
    ),
    Mutant(
        rule="A refused fact leaves the others of the same report changed",
        file="simulator/fauxtune_sim/facts/device_facts.py",
        before="    hardware, own, name = device.hardware, dict(device.own_facts), device.name\n",
        after="    hardware, own, name = device.hardware, device.own_facts, device.name\n",
        tests=(f"{_TEST_SIMULATOR}::test_a_value_that_the_device_cannot_have_is_refused",),
    ),
)
