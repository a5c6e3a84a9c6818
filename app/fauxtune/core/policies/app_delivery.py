"""Which apps a device is to install or to uninstall, and what follows from its reports.

Source: Intune: "Include and exclude app assignments" (of several intents one wins); Graph: resultantAppState. An app
that is not assigned any more stays on the device.
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


#: The intents that can reach a device, the strongest first.
INTENTS = ("required", "uninstall", "available", "availableWithoutEnrollment")
REQUIRED, UNINSTALL = INTENTS[:2]
#: Graph's `failed` of an app that the device could not install: 0x87D11388, as a signed 32-bit number. Unverified.
INSTALL_FAILED = 0x87D11388 - (1 << 32)


@dataclass(frozen=True, slots=True)
class DeviceApp:
    """An app that is assigned to a device. `identifier`: package or bundle; `version`: what the device reports."""

    app_id: str
    identifier: str
    intent: str
    state: InstallState
    error_code: int | None = None
    reason: str | None = None
    version: str | None = None

    @property
    def is_in_policy(self) -> bool:
        """Whether the device's policy names it."""
        return self.intent in (REQUIRED, UNINSTALL)


@dataclass(frozen=True, slots=True)
class AppReport:
    """What a device reports of its apps: versions by identifier, and why it has not carried out an order. `complete`:
    it has applied the current policy.
    """

    installed: Mapping[str, str]
    refused: Mapping[str, str]
    complete: bool


@dataclass(frozen=True, slots=True)
class WantedApp:
    """An app that reaches a device with an intent."""

    app_id: str
    identifier: str
    intent: str


def after_report(app: DeviceApp, report: AppReport) -> DeviceApp:
    """Return an app after a device's report."""
    version = report.installed.get(app.identifier)
    reason = report.refused.get(app.identifier)
    is_there = version is not None
    if reason is not None and app.is_in_policy and is_there is (app.intent == UNINSTALL):
        state = InstallState.FAILED if app.intent == REQUIRED else InstallState.UNINSTALL_FAILED
        return replace(app, state=state, error_code=INSTALL_FAILED, reason=reason, version=version)
    if is_there and not (app.intent == UNINSTALL and not report.complete):
        return replace(app, state=InstallState.INSTALLED, error_code=None, reason=None, version=version)
    if is_there or not report.complete:
        return app
    state = InstallState.PENDING if app.intent == REQUIRED else InstallState.NOT_INSTALLED
    return replace(app, state=state, error_code=None, reason=None, version=None)


def planned(wanted: Iterable[WantedApp], present: Mapping[str, DeviceApp]) -> dict[str, DeviceApp]:
    """Return the apps of a device from now on, by id. Those that nothing assigns any more are not among them."""
    result = {}
    for each in wanted:
        before = present.get(each.app_id)
        if before is not None and (before.intent, before.identifier) == (each.intent, each.identifier):
            result[each.app_id] = before
            continue
        is_there = before is not None and before.version is not None
        state = InstallState.INSTALLED if is_there else InstallState.NOT_INSTALLED
        if not is_there and each.intent == REQUIRED:
            state = InstallState.PENDING
        version = before.version if before is not None else None
        result[each.app_id] = DeviceApp(each.app_id, each.identifier, each.intent, state, version=version)
    return result


def changes_policy(before: Iterable[DeviceApp], after: Iterable[DeviceApp]) -> bool:
    """Whether the device's policy is another one."""
    return _orders(before) != _orders(after)


def _orders(apps: Iterable[DeviceApp]) -> set[tuple[str, str]]:
    return {(app.identifier, app.intent) for app in apps if app.is_in_policy}
