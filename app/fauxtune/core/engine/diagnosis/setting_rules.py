"""The rules about settings for which policies ask with different values.

Intune for Education: "Avoiding policy conflicts"; Intune: "Common questions, answers, and scenarios with
policies and profiles".
"""

from __future__ import annotations

from collections.abc import Iterator

from fauxtune.core.engine.diagnosis.facts import Device, Facts, device_name, name_of
from fauxtune.core.engine.diagnosis.findings import Observation
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.settings import Setting, Unit
from fauxtune.core.model.states import Source

_FIX = (
    "Let all of them ask for the same value, or only one of them for this setting, or exclude a group from the others."
)
_FIX_BELOW = "Let the profile ask for the value of the compliance policy, or leave the setting out of it."


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
