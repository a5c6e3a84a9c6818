"""The words for events of the journal, which every recorded event has, and for what devices report of themselves."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from fauxtune.core.model.words.device_words import FactLine, fact_lines, storage_words
from fauxtune.core.model.words.journal_words import Tone, check_type, tone, words

OPERATIONS = Path(__file__).resolve().parents[3] / "app/fauxtune/operations"
CERTIFICATE = {"thumbprint": "5e09a1f2" + "0" * 32, "serial": "77", "source": "pkcs"}


def recorded() -> set[str]:
    """The types that are literals in the calls of `record` and of its helpers."""
    types = set()
    for file in OPERATIONS.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "record":
                types |= {each.value for each in ast.walk(node.args[0]) if isinstance(each, ast.Constant)}
    return {each for each in types if isinstance(each, str)}


def said(event_type: str, *, certificate: dict[str, Any] | None = None, **detail: Any) -> str:
    return words(event_type, profile="Signing", certificate=certificate, detail=detail)


def test_every_event_that_is_recorded_has_words() -> None:
    by_variables = {
        "delivered",
        "failed",
        "installed",
        "removed",
        "wiped",
        "retired",
        "unenrolled",
        "deleted",
        "revoked",
    }
    types = recorded() | by_variables | {"released", "waiting", "authorityAvailable"}
    assert {"enrolled", "issued", "templateAdded"} <= types
    without = {each for each in types if "marker=1" in said(each, marker=1)}
    # `renewed` is compared with "first" in its call, and an order is recorded as "...Requested".
    assert without <= {"first", "available"}
    for each in types - {"first", "available"}:
        check_type(each)  # whatever is recorded can be asked for


@pytest.mark.parametrize(
    ("event", "detail", "text"),
    [
        ("installed", {}, "PKCS certificate 5e09a1f2 was installed ('Signing')"),
        ("failed", {"reason": "it is full"}, "PKCS certificate 5e09a1f2 failed ('Signing'): it is full"),
        ("removed", {"cause": "wipe"}, "PKCS certificate 5e09a1f2 was removed, because the device was wiped"),
        ("revocationCaused", {"cause": "unassigned"}, "PKCS certificate 5e09a1f2 is revoked, because the profile is"),
        (
            "revoked",
            {"reason": "keyCompromise"},
            "PKCS certificate 5e09a1f2 was revoked ('Signing'): the key fell into other hands",
        ),
        ("deleted", {}, "PKCS certificate 5e09a1f2 was deleted"),
        ("refused", {"asked": "revocation", "reason": "no"}, "the revocation of PKCS certificate 5e09a1f2 was refused"),
    ],
)
def test_an_event_about_a_certificate_names_it_by_the_beginning_of_its_thumbprint(
    event: str, detail: dict[str, str], text: str
) -> None:
    assert said(event, certificate=CERTIFICATE, **detail).startswith(text)


def test_an_event_of_a_device_says_what_was_asked_or_done() -> None:
    assert said("remoteLockRequested") == "remote lock was requested"
    assert said("actionDone", action="wipe") == "carried out wipe"
    assert said("refused", action="wipe", reason="it is locked") == "refused wipe: it is locked"
    assert said("deleted") == "ended: the device's record was deleted"
    assert said("refused", item="root/ab/trusted", reason="no") == "did not remove trusted root: no"


def test_the_certificate_of_an_intermediate_authority_is_not_called_a_root() -> None:
    certificate = {"thumbprint": "5e09a1f2" * 5, "serial": None, "source": "root"}
    assert said("installed", certificate=certificate) == "trusted root 5e09a1f2 was installed ('Signing')"
    between = {**certificate, "intermediate": True}
    assert said("installed", certificate=between) == "intermediate certificate 5e09a1f2 was installed ('Signing')"


def test_braces_in_a_name_are_text() -> None:
    assert words("installed", profile="{what}", certificate=CERTIFICATE, detail={}).endswith("('{what}')")
    assert said("failed", certificate=CERTIFICATE, reason="{0} {x}").endswith("{0} {x}")


def test_an_event_that_lacks_a_member_or_is_not_known_is_shown_all_the_same() -> None:
    assert said("enrolled") == "enrolled as ?"
    assert said("somethingNew", one=1, two=[1, 2]) == "something new one=1 two=1, 2"


def test_bad_news_is_told_apart() -> None:
    assert [tone(each) for each in ("failed", "revoked", "installed", "delivered")] == [
        Tone.BAD,
        Tone.GOING,
        Tone.GOOD,
        Tone.NEUTRAL,
    ]


def test_what_is_known_is_said_and_marked_good_or_bad() -> None:
    facts = {
        "isEncrypted": True,
        "isPasscodePresent": False,
        "jailBroken": "True",
        "totalStorageSpaceInBytes": 128_000_000_000,
        "freeStorageSpaceInBytes": 70_400_000_000,
        "physicalMemoryInBytes": 2**33,
        "batteryLevelPercentage": 84.0,
        "imei": "351234567890124",
        "phoneNumber": "",
    }
    assert fact_lines(facts) == [
        FactLine("Storage", "encrypted", "good"),
        FactLine("Passcode", "none", "bad"),
        FactLine("Jailbreak, root", "yes", "bad"),
        FactLine("Free storage", "70.4 of 128 GB, 55 %"),
        FactLine("Memory", "8 GiB"),
        FactLine("Battery", "84 %"),
        FactLine("IMEI", "35 123456 789012 4"),
    ]


def test_of_a_device_that_has_reported_nothing_nothing_is_said() -> None:
    assert fact_lines({}) == []
    assert fact_lines({"totalStorageSpaceInBytes": 0, "jailBroken": None, "isSupervised": False}) == []
    assert storage_words(10**9, free=0) == "0.0 of 1 GB, 0 %"
