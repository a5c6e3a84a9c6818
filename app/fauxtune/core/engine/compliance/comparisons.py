"""How the value of one setting is compared with what the device last reported.

A fact that the device has not reported gives `unknown`; one that cannot be compared gives `error`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from typing import Any

from fauxtune.core.engine.compliance.states import Status

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of one setting, the device's value, and why it could not be compared."""

    status: Status
    value: str | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One comparison: the value that the policy requires, the device's facts, and the policy's other properties."""

    required: Any
    facts: Facts
    policy: Mapping[str, Any]


Rule = Callable[[Case], Outcome]

#: A version has digits between dots; a Mac's has its build in brackets.
_VERSION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9}){0,7})(?: \([^)]*\))?")
_BUILD = re.compile(r"([0-9]{1,4})([A-Z])([0-9]{1,6})([a-z]?)")
_THREATS = {"secured": 0, "lowSeverity": 1, "mediumSeverity": 2, "highSeverity": 3}
_LEVELS = {"secured": 0, "low": 1, "medium": 2, "high": 3}
_VERDICTS = ("none", "basic", "device", "strong")
_TRUSTED_PLATFORM_2 = (2,)


def passed(is_met: bool, value: object) -> Outcome:
    """Return compliant or not, with the device's value."""
    return Outcome(Status.COMPLIANT if is_met else Status.NON_COMPLIANT, shown(value))


def shown(value: object) -> str:
    """Return a value as Graph's currentValue shows it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def flag(fact: str, *, wanted: bool = True) -> Rule:
    """The fact is true (or false, as `wanted`)."""

    def judge(case: Case) -> Outcome:
        value = case.facts.get(fact)
        return Outcome(Status.UNKNOWN) if value is None else passed(value is wanted, value)

    return judge


def at_least(fact: str) -> Rule:
    """The version is the required one or a later one, number by number."""
    return _versions(fact, lambda own, required: own >= required)


def at_most(fact: str) -> Rule:
    """The version is the required one or an earlier one, number by number."""
    return _versions(fact, lambda own, required: own <= required)


def in_ranges(fact: str) -> Rule:
    """The version stands in one of the ranges, both ends included."""

    def judge(case: Case) -> Outcome:
        text = case.facts.get(fact)
        if text is None:
            return Outcome(Status.UNKNOWN)
        own = version(text)
        ranges = [(version(each.get("lowestVersion")), version(each.get("highestVersion"))) for each in case.required]
        if own is None or any(low is None or high is None for low, high in ranges):
            return _incomparable(text)
        length = max(len(part) for part in (own, *(part for pair in ranges for part in pair if part is not None)))
        mine = padded(own, length)
        return passed(
            any(padded(low or (), length) <= mine <= padded(high or (), length) for low, high in ranges), text
        )

    return judge


def build(fact: str, *, is_minimum: bool) -> Rule:
    """An Apple build, such as 21G93, is not earlier (or not later) than the required one."""

    def judge(case: Case) -> Outcome:
        text = case.facts.get(fact)
        if text is None:
            return Outcome(Status.UNKNOWN)
        own, wanted = _build(text), _build(case.required)
        if own is None or wanted is None:
            return _incomparable(text)
        return passed(own >= wanted if is_minimum else own <= wanted, text)

    return judge


def since(fact: str) -> Rule:
    """The date is the required one or a later one (YYYY-MM-DD)."""

    def judge(case: Case) -> Outcome:
        text = case.facts.get(fact)
        if text is None:
            return Outcome(Status.UNKNOWN)
        own, wanted = _date(text), _date(case.required)
        return _incomparable(text) if own is None or wanted is None else passed(own >= wanted, text)

    return judge


def not_jailbroken(case: Case) -> Outcome:
    """The device's app has reported that it is not jailbroken; until then the state is unknown."""
    value = case.facts.get("jailBroken")
    return passed(value == "False", value) if value in ("True", "False") else Outcome(Status.UNKNOWN)


def threat_level(case: Case) -> Outcome:
    """The partner's threat level is not above the required one. Without a level the device does not comply."""
    level = case.facts.get("partnerReportedThreatState")
    known = _THREATS.get(str(level))
    return passed(known is not None and known <= _LEVELS.get(str(case.required), 0), level or "unavailable")


def mobile_threat_level(case: Case) -> Outcome | None:
    """The threat level counts only where the policy requires mobile threat defence."""
    return threat_level(case) if case.policy.get("deviceThreatProtectionEnabled") else None


def integrity(least: str) -> Rule:
    """The verdict of Play Integrity is `least` or better; strong where the policy wants it backed by hardware."""

    def judge(case: Case) -> Outcome:
        verdict = case.facts.get("playIntegrityVerdict")
        if verdict not in _VERDICTS:
            return Outcome(Status.UNKNOWN)
        is_strong = case.policy.get("securityRequiredAndroidSafetyNetEvaluationType") == "hardwareBacked"
        wanted = "strong" if is_strong else least
        return passed(_VERDICTS.index(verdict) >= _VERDICTS.index(wanted), verdict)

    return judge


def bit_locker(case: Case) -> Outcome:
    """BitLocker was on when the device was attested. Differs from Intune: without attested health, an encrypted drive
    counts.
    """
    value = case.facts.get("isBitLockerEnabled", case.facts.get("isEncrypted"))
    return Outcome(Status.UNKNOWN) if value is None else passed(value is True, value)


def secure_boot(case: Case) -> Outcome:
    """Secure Boot is on. Devices whose TPM is older than 2.0 do not comply."""
    value = case.facts.get("isSecureBootEnabled")
    if value is None:
        return Outcome(Status.UNKNOWN)
    tpm = case.facts.get("tpmSpecificationVersion")
    return passed(value is True and (tpm is None or _tpm(tpm) >= _TRUSTED_PLATFORM_2), value)


def has_tpm(case: Case) -> Outcome:
    """The device has a TPM of any version."""
    text = case.facts.get("tpmSpecificationVersion")
    return Outcome(Status.UNKNOWN) if text is None else passed(_tpm(text) > (0,), text)


def attested(case: Case) -> Outcome:
    """The device has reported its attested health."""
    names = ("isBitLockerEnabled", "isCodeIntegrityEnabled", "isEarlyLaunchAntimalwareEnabled")
    return passed(
        any(name in case.facts for name in names), "reported" if any(name in case.facts for name in names) else "none"
    )


def running(fact: str) -> Rule:
    """The state of a protection is `running`."""

    def judge(case: Case) -> Outcome:
        value = case.facts.get(fact)
        return Outcome(Status.UNKNOWN) if value is None else passed(value == "running", value)

    return judge


def passcode_quality(case: Case) -> Outcome:
    """The device has a passcode, and says that it meets what is required of it."""
    if case.facts.get("isPasscodePresent") is False:
        return passed(False, "no passcode")
    value = case.facts.get("isPasscodeCompliant")
    return Outcome(Status.UNKNOWN) if value is None else passed(value is True, value)


def passcode_present(case: Case) -> Outcome:
    """The device has a passcode. A device that only says whether its passcode meets the rules has one then."""
    value = case.facts.get("isPasscodePresent")
    if value is None:
        value = case.facts.get("isPasscodeCompliant")
    return Outcome(Status.UNKNOWN) if value is None else passed(value is True, value)


def not_reported(_case: Case) -> Outcome:
    """No device here reports what the setting is compared with."""
    return Outcome(Status.UNKNOWN)


def not_applicable(_case: Case) -> Outcome:
    """The setting never applies to the devices here."""
    return Outcome(Status.NOT_APPLICABLE)


def version(text: object) -> tuple[int, ...] | None:
    """Return the numbers of a version; None if it is not one."""
    match = _VERSION.fullmatch(text) if isinstance(text, str) else None
    return None if match is None else tuple(map(int, match[1].split(".")))


def padded(numbers: tuple[int, ...], length: int) -> tuple[int, ...]:
    """Return the numbers with zeros at the end."""
    return numbers + (0,) * (length - len(numbers))


def _versions(fact: str, compare: Callable[[tuple[int, ...], tuple[int, ...]], bool]) -> Rule:
    def judge(case: Case) -> Outcome:
        text = case.facts.get(fact)
        if text is None:
            return Outcome(Status.UNKNOWN)
        own, wanted = version(text), version(case.required)
        if own is None or wanted is None:
            return _incomparable(text)
        mine, theirs = zip(*zip_longest(own, wanted, fillvalue=0), strict=True)
        return passed(compare(mine, theirs), text)

    return judge


def _incomparable(text: object) -> Outcome:
    return Outcome(Status.ERROR, shown(text), "The value that the device reported cannot be compared.")


def _tpm(text: object) -> tuple[int, ...]:
    """The numbers that a TPM's specification begins with: "2.0, 0, 1.38"."""
    first = str(text).partition(",")[0].strip()
    return version(first) or (0,)


def _build(text: object) -> tuple[int, str, int, str] | None:
    match = _BUILD.fullmatch(text) if isinstance(text, str) else None
    return None if match is None else (int(match[1]), match[2], int(match[3]), match[4])


def _date(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None
