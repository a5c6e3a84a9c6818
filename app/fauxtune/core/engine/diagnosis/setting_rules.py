"""The rule about settings for which policies ask with different values.

Intune for Education: "Avoiding policy conflicts"; Intune: "Troubleshoot policies and profiles".
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


def in_conflict(facts: Facts) -> Iterator[Observation]:
    """Policies that reach a device ask for different values of one setting."""
    for device in facts.active:
        for row in device.rows.values():
            if row.source is Source.SETTING and row.claims and row.payload is not None:
                for setting in Unit.decode(row.payload).settings:
                    if setting.in_conflict:
                        yield from _observations(device, setting)


def _observations(device: Device, setting: Setting) -> Iterator[Observation]:
    names = {one.profile: _name(device, one.profile) for one in setting.by if device.profile(one.profile) is not None}
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
