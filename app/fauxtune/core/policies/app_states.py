"""The state of an app on a device, and what an agent's report of it means.

Source of the states: Graph: resultantAppState. An app that is not assigned any more stays on the device.

Sources of what a report means, and of when the agent tries an app again: Intune: "Add and assign Win32 apps"
(2026-04-14; 2020: "Win32 app management"): detection rules, return codes; an app that failed, or whose return code says
retry, is tried three times, 5 minutes apart, and then after 24 hours; Graph: win32LobAppReturnCode. Differs from
Intune: detection rules are not evaluated, the device says whether it has the app.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class InstallState(StrEnum):
    """The state of an app on a device (Graph: resultantAppState)."""

    PENDING = "pendingInstall"
    INSTALLED = "installed"
    FAILED = "failed"
    NOT_INSTALLED = "notInstalled"
    UNINSTALL_FAILED = "uninstallFailed"
    NOT_APPLICABLE = "notApplicable"
    UNKNOWN = "unknown"


#: The intents of assignments (Graph: installIntent). `app_planning` says which of several counts.
REQUIRED, UNINSTALL = "required", "uninstall"
AVAILABLE = ("available", "availableWithoutEnrollment")
#: The intents that follow from another app: it depends on this one, or supersedes it and replaces it.
AS_DEPENDENCY, AS_SUPERSEDED = "dependency", "superseded"
_INSTALLS, _UNINSTALLS = (REQUIRED, AS_DEPENDENCY), (UNINSTALL, AS_SUPERSEDED)
#: Graph's error code of an app that the device could not install, as a signed 32-bit number: "Intune app installation
#: error reference" (learn.microsoft.com), and the list of 2020 in "Troubleshoot company resource access problems".
FAILED_ON_ANDROID, FAILED_ON_APPLE = 0xC7D14FB5 - (1 << 32), 0x87D13B64 - (1 << 32)


@dataclass(frozen=True, slots=True)
class DeviceApp:
    """An app that concerns a device. `identifier`: package or bundle; `version`: what the device reports, None if it
    does not have the app. `position`: the place of its order among those of the device, None without one; `content`:
    the version of the content that it has, `attempted`: the one that it failed to install. Both are None where content
    has no versions. `attempts`: how often a management agent has failed with the order.
    """

    app_id: str
    identifier: str
    intent: str
    state: InstallState
    error_code: int | None = None
    reason: str | None = None
    version: str | None = None
    position: int | None = None
    content: str | None = None
    attempted: str | None = None
    attempts: int = 0

    @property
    def is_in_policy(self) -> bool:
        """Whether the device's policy names it."""
        return self.intent in (REQUIRED, UNINSTALL) and self.state is not InstallState.NOT_APPLICABLE

    @property
    def installs(self) -> bool:
        """Whether the device is to have it."""
        return self.intent in _INSTALLS

    @property
    def uninstalls(self) -> bool:
        """Whether the device is not to have it."""
        return self.intent in _UNINSTALLS


@dataclass(frozen=True, slots=True)
class AppReport:
    """What a device reports of its apps: versions by identifier, and why it has not carried out an order. `complete`:
    it has applied the current policy.
    """

    installed: Mapping[str, str]
    refused: Mapping[str, str]
    complete: bool


def after_report(app: DeviceApp, report: AppReport) -> DeviceApp:
    """Return an app after a device's report."""
    version = report.installed.get(app.identifier)
    reason = report.refused.get(app.identifier)
    is_there = version is not None
    if reason is not None and app.is_in_policy and is_there is (app.intent == UNINSTALL):
        return failed(app, reason=reason, code=FAILED_ON_ANDROID, version=version)
    if is_there and not (app.intent == UNINSTALL and not report.complete):
        return replace(app, state=InstallState.INSTALLED, error_code=None, reason=None, version=version)
    if is_there or not report.complete:
        return app
    return absent(app)


def failed(
    app: DeviceApp,
    *,
    reason: str,
    code: int,
    version: str | None = None,
    attempted: str | None = None,
) -> DeviceApp:
    """Return an app whose order the device has refused. `version`: what is on the device all the same."""
    state = InstallState.UNINSTALL_FAILED if app.uninstalls else InstallState.FAILED
    return replace(app, state=state, error_code=code, reason=reason, version=version, attempted=attempted)


def present(app: DeviceApp, *, version: str, content: str | None = None) -> DeviceApp:
    """Return an app that the device has."""
    known = app.content if content is None else content
    return replace(
        app,
        state=InstallState.INSTALLED,
        error_code=None,
        reason=None,
        version=version,
        content=known,
        attempted=None,
        attempts=0,
        position=None if app.installs else app.position,
    )


def absent(app: DeviceApp, *, reason: str | None = None) -> DeviceApp:
    """Return an app that the device does not have. `reason`: why not yet."""
    state = InstallState.PENDING if app.installs else InstallState.NOT_INSTALLED
    if app.state is InstallState.NOT_APPLICABLE:
        return app
    gone = replace(app, version=None, content=None, attempted=None, attempts=0)
    return replace(gone, state=state, error_code=None, reason=reason)


def changes_policy(before: Iterable[DeviceApp], after: Iterable[DeviceApp]) -> bool:
    """Whether the device's policy is another one."""
    return _orders(before) != _orders(after)


def _orders(apps: Iterable[DeviceApp]) -> set[tuple[str, str]]:
    return {(app.identifier, app.intent) for app in apps if app.is_in_policy}


#: Graph: win32LobAppReturnCodeType.
SUCCESS, SOFT_REBOOT, HARD_REBOOT, RETRY, FAILED = "success", "softReboot", "hardReboot", "retry", "failed"
#: What an app without return codes of its own takes: those that a new Win32 app has.
USUAL_CODES: Mapping[int, str] = {
    0: SUCCESS,
    1707: SUCCESS,
    3010: SOFT_REBOOT,
    1641: HARD_REBOOT,
    1618: RETRY,
}
#: The app was not detected after an installation that ended well: 0x87D1041C, as a signed 32-bit number.
NOT_DETECTED = 0x87D1041C - (1 << 32)
#: It was still detected after it was uninstalled: 0x87D1041D. Unverified: no document has it; administrators report it.
STILL_DETECTED = 0x87D1041D - (1 << 32)
_BY_SCRIPT = ("win32LobAppPowerShellScriptRule", "win32LobAppPowerShellScriptDetection")
#: Tries in a row, the time between two of them, and the time until the next ones.
_TRIES, _RETRY_AFTER, _FAILED_AFTER = 3, timedelta(minutes=5), timedelta(hours=24)
_RESTARTS = {
    SOFT_REBOOT: "The device has to be restarted",
    HARD_REBOOT: "The device restarts",
}


@dataclass(frozen=True, slots=True)
class AppRun:
    """A report of an agent: `exit_code` of the command, None if none was run; whether the app is detected afterwards,
    and in which version.
    """

    id: str
    content: str
    detected: bool
    exit_code: int | None = None
    version: str | None = None


def codes_of(document: Mapping[str, Any]) -> dict[int, str]:
    """Return the meaning of return codes that an app defines; the usual ones if it defines none."""
    listed: Iterable[Mapping[str, Any]] = document.get("returnCodes") or ()
    return {int(each["returnCode"]): str(each["type"]) for each in listed} or dict(USUAL_CODES)


def detection_script(document: Mapping[str, Any]) -> str | None:
    """Return the script by which an app is detected, in base64; None for one that is detected otherwise. Graph:
    win32LobAppPowerShellScriptRule of the type `detection`; beta's older win32LobAppPowerShellScriptDetection.
    """
    rules = [rule for rule in document.get("rules") or () if rule.get("ruleType") == "detection"]
    for rule in (*rules, *(document.get("detectionRules") or ())):
        if str(rule.get("@odata.type", "")).endswith(_BY_SCRIPT) and rule.get("scriptContent"):
            return str(rule["scriptContent"])
    return None


def after_run(app: DeviceApp, run: AppRun, *, codes: Mapping[int, str], version: str) -> DeviceApp:
    """Return an app after a report. `version`: what the app says of itself, for an agent that says none."""
    meaning = SUCCESS if run.exit_code is None else codes.get(run.exit_code, FAILED)
    known = (run.version or version or app.version or "") if run.detected else None
    tried = replace(app, attempts=app.attempts + 1)
    if meaning == RETRY and tried.attempts % _TRIES:
        why = f"Another try follows in five minutes: the installer ended with {run.exit_code}."
        state = InstallState.PENDING if app.installs else InstallState.INSTALLED
        return replace(tried, state=state, error_code=run.exit_code, reason=why, version=known)
    if app.installs and app.position is not None:
        return _after_install(tried, run, meaning=meaning, version=known)
    if app.uninstalls and app.position is not None:
        return _after_uninstall(tried, run, meaning=meaning, version=known)
    return _seen(app, run, version=known)


def _after_install(app: DeviceApp, run: AppRun, *, meaning: str, version: str | None) -> DeviceApp:
    if meaning in (FAILED, RETRY):
        why = f"The installer ended with {run.exit_code}."
        return failed(app, reason=why, code=run.exit_code or 0, version=version, attempted=run.content)
    if version is None:
        why = "The app was not detected after its installer ended well."
        return failed(app, reason=why, code=NOT_DETECTED, attempted=run.content)
    return _restarting(present(app, version=version, content=run.content), run, meaning=meaning)


def _after_uninstall(app: DeviceApp, run: AppRun, *, meaning: str, version: str | None) -> DeviceApp:
    if version is None:
        return _restarting(replace(absent(app), position=None), run, meaning=meaning)
    code = (run.exit_code or 0) if meaning in (FAILED, RETRY) else STILL_DETECTED
    why = f"The uninstaller ended with {run.exit_code}, and the app is still detected."
    return failed(app, reason=why, code=code, version=version, attempted=run.content)


def _seen(app: DeviceApp, run: AppRun, *, version: str | None) -> DeviceApp:
    """An app that the agent was only asked about."""
    if version is not None:
        return present(app, version=version, content=run.content)
    state = InstallState.PENDING if app.installs else InstallState.NOT_INSTALLED
    return replace(app, state=state, version=None, content=None)


def _restarting(app: DeviceApp, run: AppRun, *, meaning: str) -> DeviceApp:
    why = _RESTARTS.get(meaning)
    return app if why is None else replace(app, reason=f"{why} (return code {run.exit_code}).")


def tries_at(app: DeviceApp, *, changed_at: datetime) -> datetime | None:
    """Return when the agent tries an order again that it has tried; None if it has not. `changed_at`: when it was
    reported.
    """
    has_failed = app.state in (InstallState.FAILED, InstallState.UNINSTALL_FAILED) or app.error_code is not None
    return changed_at + (_RETRY_AFTER if app.attempts % _TRIES else _FAILED_AFTER) if has_failed else None
