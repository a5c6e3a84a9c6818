"""The apps of a device on its page: what is wanted of each, how it stands, and why it is not there."""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune.core.policies.app_states import InstallState
from fauxtune.operations.insight.app_report import ReportedApp, apps_of_device
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.rows.devices import EnrollmentRow
from fauxtune.surfaces.console.device_words import Said

#: data. State -> colour, and words.
_STATES = {
    InstallState.PENDING: ("wait", "to be installed"),
    InstallState.INSTALLED: ("good", "installed"),
    InstallState.FAILED: ("bad", "failed"),
    InstallState.NOT_INSTALLED: ("off", "not installed"),
    InstallState.UNINSTALL_FAILED: ("bad", "could not be uninstalled"),
    InstallState.NOT_APPLICABLE: ("off", "not for this device"),
    InstallState.UNKNOWN: ("wait", "not known"),
}
#: data. Intent -> words.
_INTENTS = {
    "required": "required",
    "uninstall": "to be uninstalled",
    "available": "available",
    "availableWithoutEnrollment": "available",
    "dependency": "another app needs it",
    "superseded": "replaced by another app",
}


@dataclass(frozen=True, slots=True)
class AppLine:
    """One app."""

    id: str
    name: str
    version: str
    intent: str
    state: Said
    why: str


def installed_lines(tx: Transaction, row: EnrollmentRow) -> list[AppLine]:
    """Return the apps that concern a device, and those for devices of its kind that do not reach it."""
    return [_line(app) for app in apps_of_device(tx, row) if app.fits]


def _line(app: ReportedApp) -> AppLine:
    css, words = ("off", "not on this device") if app.state is None else _STATES[app.state]
    intent = "" if app.intent is None else _INTENTS[app.intent]
    error = "" if app.error_code is None else f" (0x{app.error_code & 0xFFFFFFFF:08X})"
    return AppLine(app.id, app.name, app.version or "", intent, Said(css, words, app.changed_at), f"{app.why}{error}")
