"""The state of an app on a device: what it was told, and what follows from what it reports.

Source: Graph: resultantAppState. An app that is not assigned any more stays on the device.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


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
