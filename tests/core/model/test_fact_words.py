"""What devices report of themselves, in words."""

from __future__ import annotations

from fauxtune.core.model.words.device_words import FactLine, fact_lines, storage_words


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
