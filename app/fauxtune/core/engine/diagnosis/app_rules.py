"""The rules about apps that are not on a device, or not as they are to be, and about scripts that have not run there or
that ended with an error. Each rule about apps is a standing, and its words. And the chain
from one app to one device, link by link: published, assigned, for this device, told, installed.

Intune: "Troubleshoot app installation issues", "Add, assign, and monitor a Win32 app", "Assign apps to groups"; "Use
PowerShell scripts on Windows devices", "Use shell scripts on macOS devices", "Use Remediations to detect and fix
support issues".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from fauxtune.core.engine.diagnosis.chain import LINKS, Assessment, LinkKind, LinkStatus, Subject
from fauxtune.core.engine.diagnosis.facts import (
    AppStanding,
    Device,
    DeviceApp,
    DeviceScript,
    Facts,
    device_name,
    name_of,
)
from fauxtune.core.engine.diagnosis.findings import Check, Observation, Severity, moment


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


_CORRECT = "Correct what it says on the device, or change the script: a changed script runs again."
_WAIT = "Let the device check in, with its user signed in, or wait until the script is due."
#: Characters of an output that a sentence repeats.
_LONGEST = 200


def script_waits(facts: Facts) -> Iterator[Observation]:
    """A script reaches the device, and has not run there since it is as it is now."""
    for device in facts.active:
        for script in device.scripts:
            if script.exit_code is None:
                why = f"has not run the script '{script.name}': {_why(facts, script)}."
                yield _observation_of_script(device, script, message=why, fix=_WAIT)


def script_failed(facts: Facts) -> Iterator[Observation]:
    """The last run of a script ended with an error, or found an issue that is not removed."""
    for device in facts.active:
        for script in device.scripts:
            if script.failed:
                wrote = f", and wrote: {script.output[:_LONGEST]}" if script.output else ""
                ended = f"ran the script '{script.name}', which ended with exit code {script.exit_code}{wrote}."
                yield _observation_of_script(device, script, message=ended, fix=_CORRECT)


def _observation_of_script(device: Device, script: DeviceScript, *, message: str, fix: str) -> Observation:
    return Observation(
        message=f"{device_name(device)} {message}",
        fix=fix,
        evidence={"script": script.id, "exitCode": script.exit_code, "due": moment(script.due_at)},
        device=device.id,
    )


def _why(facts: Facts, script: DeviceScript) -> str:
    if not script.is_known:
        return "its agent has not asked since the script was assigned to it; it asks when the device checks in next"
    if script.due_at is not None and script.due_at > facts.now:
        return f"it is due at {moment(script.due_at)}"
    if script.needs_user:
        return "it runs for the device's user, who is not signed in, or the agent has not asked since it is due"
    return "its agent has not asked since it is due"


def _app(subject: Subject) -> Assessment:
    return LinkStatus.OK, f"'{name_of(subject.profile)}' ({subject.profile.kind}) is published."


def _platform(subject: Subject) -> Assessment:
    is_there = subject.device is not None
    return LinkStatus.OK, (
        "The app is for devices of this kind." if is_there else "There is no device to compare with."
    )


def _requirements(_subject: Subject) -> Assessment:
    return LinkStatus.OK, "Nothing that is known of the device speaks against it."


def _dependency(_subject: Subject) -> Assessment:
    return LinkStatus.OK, "Nothing that it depends on is missing for good."


def _supersedence(_subject: Subject) -> Assessment:
    return LinkStatus.OK, "No other app takes its place."


def _told(subject: Subject) -> Assessment:
    if subject.app is not None and subject.app.standing is AppStanding.WAITS:
        return LinkStatus.WAITING, subject.app.why
    return LinkStatus.OK, "Nothing waits for the device to be told."


def _installed(subject: Subject) -> Assessment:
    app = subject.app
    if app is not None and app.standing is AppStanding.INSTALLED:
        return LinkStatus.OK, f"Version {app.version} is installed." if app.version else "It is installed."
    if app is not None and app.standing is AppStanding.REMOVED:
        return LinkStatus.OK, "It is not there, as its assignment asks."
    if app is not None and app.standing is AppStanding.LEFT_TO_USER:
        return LinkStatus.WAITING, "It is left to the user, who has not installed it."
    return LinkStatus.WAITING, "The device does not have it."


_OF_PROFILES = {link.name: link for link in LINKS}

#: The links of an app, in their order; some are those of profiles.
APP_LINKS: tuple[LinkKind, ...] = (
    _OF_PROFILES["enrollment"],
    LinkKind("app", frozenset({"app-kept-only", "app-not-published", "app-nameless"}), _app),
    _OF_PROFILES["licence"],
    _OF_PROFILES["assignment"],
    _OF_PROFILES["filter"],
    LinkKind("platform", frozenset({"app-other-platform"}), _platform),
    LinkKind("requirements", frozenset({"app-unfit"}), _requirements),
    LinkKind("dependency", frozenset({"app-dependency"}), _dependency),
    LinkKind("supersedence", frozenset({"app-superseded"}), _supersedence),
    replace(_OF_PROFILES["checkIn"], codes=frozenset({"network-blocked", "device-silent"})),
    LinkKind("told", frozenset({"app-waits"}), _told),
    replace(_OF_PROFILES["device"], codes=frozenset({"app-failed"})),
    LinkKind("installed", frozenset(), _installed),
)
