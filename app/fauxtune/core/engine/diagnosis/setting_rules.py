"""The rules about settings: those for which policies ask with different values, and those that a device does not meet,
so that it does not comply, with the end of its grace.

Intune for Education: "Avoiding policy conflicts"; Intune: "Common questions, answers, and scenarios with policies and
profiles", "Monitor results of your device compliance policies".
"""

from __future__ import annotations

from collections.abc import Iterator

from fauxtune.core.engine.compliance.states import DeviceState
from fauxtune.core.engine.diagnosis.facts import Compliance, Device, Facts, UnmetSetting, device_name, name_of
from fauxtune.core.engine.diagnosis.findings import Observation, day, moment
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.settings import Setting, Unit
from fauxtune.core.model.states import Source

_FIX = (
    "Let all of them ask for the same value, or only one of them for this setting, or exclude a group from the others."
)
_FIX_BELOW = "Let the profile ask for the value of the compliance policy, or leave the setting out of it."

_FINE = frozenset({DeviceState.UNKNOWN, DeviceState.COMPLIANT, DeviceState.CONFIG_MANAGER})
#: So many settings are named in the sentence; the evidence has all of them.
_NAMED = 3


def in_conflict(facts: Facts) -> Iterator[Observation]:
    """Policies that reach a device ask for different values of one setting."""
    for device, setting in _settings(facts):
        if setting.in_conflict:
            yield from _observations(device, setting)


def gives_way(facts: Facts) -> Iterator[Observation]:
    """A compliance policy that reaches a device asks for another value of a setting than a profile."""
    for device, setting in _settings(facts):
        for one in setting.below:
            rulers = " and ".join(f"'{name}'" for name in _names(device, setting).values())
            yield Observation(
                message=f"{device_name(device)}: '{_name(device, one.profile)}' asks for another value of "
                f"{setting.address} than {setting.text}, for which a compliance policy asks ({rulers}): that goes "
                "before.",
                fix=_FIX_BELOW,
                evidence={"address": setting.address, "setting": one.setting, "value": setting.value},
                device=device.id,
                profile=one.profile,
            )


def _settings(facts: Facts) -> Iterator[tuple[Device, Setting]]:
    """The settings that devices are to have, each with its device."""
    for device in facts.active:
        for row in device.rows.values():
            if row.source is Source.SETTING and row.claims and row.payload is not None:
                for setting in Unit.decode(row.payload).settings:
                    yield device, setting


def _names(device: Device, setting: Setting) -> dict[ProfileId, str]:
    """The names of the policies that ask for the value that counts."""
    below = {one.profile for one in setting.below}
    return {
        one.profile: _name(device, one.profile)
        for one in setting.by
        if one.profile not in below and device.profile(one.profile) is not None
    }


def _observations(device: Device, setting: Setting) -> Iterator[Observation]:
    names = _names(device, setting)
    listed = " and ".join(f"'{name}'" for name in names.values())
    kept = "" if setting.value is None else f" The device keeps {setting.text}."
    for profile in names:
        yield Observation(
            message=f"{device_name(device)}: {listed} ask for different values of {setting.address}.{kept}",
            fix=_FIX,
            evidence={
                "address": setting.address,
                "settings": [one.setting for one in setting.by],
                "profiles": list(names),
                "value": setting.value,
            },
            device=device.id,
            profile=profile,
        )


def _name(device: Device, profile: ProfileId) -> str:
    known = device.profile(profile)
    return profile if known is None else name_of(known)


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
