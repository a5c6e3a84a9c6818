"""The rule about devices that do not comply: which settings they do not meet, and when their grace ends.

Intune: "Monitor results of your device compliance policies".
"""

from __future__ import annotations

from collections.abc import Iterator

from fauxtune.core.engine.compliance.states import DeviceState
from fauxtune.core.engine.diagnosis.facts import Compliance, Device, Facts, UnmetSetting, device_name
from fauxtune.core.engine.diagnosis.findings import Observation, day, moment

_FINE = frozenset({DeviceState.UNKNOWN, DeviceState.COMPLIANT, DeviceState.CONFIG_MANAGER})
#: So many settings are named in the sentence; the evidence has all of them.
_NAMED = 3


def not_compliant(facts: Facts) -> Iterator[Observation]:
    """The device does not comply, or is in its period of grace."""
    for device in facts.active:
        compliance = device.compliance
        if compliance is not None and compliance.state not in _FINE:
            yield _observation(device, compliance)


def _observation(device: Device, compliance: Compliance) -> Observation:
    named = [_sentence(unmet_setting) for unmet_setting in compliance.unmet[:_NAMED]]
    more = len(compliance.unmet) - len(named)
    why = "; ".join([*named, *([f"and {more} more"] if more > 0 else [])]) or "its policies are not met"
    state = "does not comply"
    if compliance.state is DeviceState.IN_GRACE_PERIOD:
        state = f"does not comply, and is in its period of grace until {day(compliance.grace_ends_at)}"
    return Observation(
        message=f"{device_name(device)} {state}: {why}.",
        fix=_fix(compliance),
        evidence={
            "complianceState": compliance.state.value,
            "settings": [unmet_setting.setting for unmet_setting in compliance.unmet],
            "graceEnds": moment(compliance.grace_ends_at),
        },
        device=device.id,
    )


def _sentence(unmet: UnmetSetting) -> str:
    from fauxtune.core.engine.compliance.judging import words_of  # at first use: most tenants judge nothing

    value = "" if unmet.value is None else f" (the device reported {unmet.value})"
    return f"the policy '{unmet.policy}' requires that {words_of(unmet.setting)}{value}"


def _fix(compliance: Compliance) -> str:
    from fauxtune.core.engine.compliance.judging import BUILT_IN_FIXES, is_enforced

    fixes = [
        BUILT_IN_FIXES[unmet_setting.setting]
        for unmet_setting in compliance.unmet
        if unmet_setting.setting in BUILT_IN_FIXES
    ]
    if fixes and len(fixes) == len(compliance.unmet):
        return " ".join(fixes)
    if compliance.unmet and all(is_enforced(unmet_setting.setting) for unmet_setting in compliance.unmet):
        return "Let the user do what the device asks for, and let it check in."
    return "Correct it on the device and let it check in, or change the policy or its assignments."
