"""The rules about apps that are not on a device, or not as they are to be. Each is a standing, and its words.

Intune: "Troubleshoot app installation issues", "Add, assign, and monitor a Win32 app", "Assign apps to groups".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fauxtune.core.engine.diagnosis.facts import AppStanding, Device, DeviceApp, Facts, device_name
from fauxtune.core.engine.diagnosis.findings import Check, Observation, Severity


@dataclass(frozen=True, slots=True)
class _Words:
    """How a standing is said; `{app}`, `{device}` and `{why}` stand in the sentence. `breaks`: it is an error where the
    diagnosis is about that app.
    """

    message: str
    fix: str
    breaks: bool = True


#: data
_WORDS: Mapping[AppStanding, _Words] = {
    AppStanding.KEPT_ONLY: _Words("{app} is not installed anywhere. {why}", "Use a kind of app that devices install."),
    AppStanding.NOT_PUBLISHED: _Words(
        "{app} reaches nobody. {why}", "Upload its content and commit it: its publishingState must be published."
    ),
    AppStanding.NAMELESS: _Words("{app} reaches nobody. {why}", "Set its bundle, package or product identifier."),
    AppStanding.OTHER_PLATFORM: _Words("{app} is not for {device}. {why}", "Add an app for devices of this kind."),
    AppStanding.UNFIT: _Words(
        "{app} is not applicable to {device}. {why}", "Update the device, or change what the app asks for."
    ),
    AppStanding.DEPENDENCY: _Words(
        "{device} cannot install {app}. {why}", "Assign what it depends on, or let it be installed by itself."
    ),
    AppStanding.SUPERSEDED: _Words(
        "{device} is not given {app}. {why}",
        "Nothing is wrong, unless the other app was not to supersede it.",
        breaks=False,
    ),
    AppStanding.FAILED: _Words(
        "{device} failed with {app}. {why}", "Correct what the device says, and synchronise it: then it tries again."
    ),
    AppStanding.WAITS: _Words("{device} has still to change {app}. {why}", "Let the device check in.", breaks=False),
}


def stands(standing: AppStanding) -> Check:
    """Return the rule about the apps that stand so."""

    def check(facts: Facts) -> Iterator[Observation]:
        for device in facts.active:
            for app in device.apps:
                if app.standing is standing:
                    yield _observation(facts, device, app=app)

    return check


def _observation(facts: Facts, device: Device, *, app: DeviceApp) -> Observation:
    words = _WORDS[app.standing]
    is_selected = facts.selected is not None and facts.selected.profile.id == app.id
    return Observation(
        message=words.message.format(app=f"'{app.name}'", device=device_name(device), why=app.why).strip(),
        fix=words.fix,
        evidence={
            "app": app.id,
            "intent": app.intent,
            **({} if app.error_code is None else {"errorCode": app.error_code}),
        },
        device=device.id,
        profile=app.id,
        severity=Severity.ERROR if words.breaks and is_selected else None,
    )
