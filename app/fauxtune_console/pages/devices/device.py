"""One device: what it should hold, what it was given, what it said; its actions, its events, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from fastapi import Response

from fauxtune.core.model.actions import WAITING, DeviceAction
from fauxtune.core.model.certificates import purpose
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.platforms import Platform
from fauxtune.core.model.states import EnrollmentState, ItemState, Source
from fauxtune.core.model.words import journal_words
from fauxtune.core.model.words.device_words import VARIANTS, FactLine, fact_lines
from fauxtune.core.model.words.provider_states import REFUSALS
from fauxtune.core.policies.app_states import InstallState
from fauxtune.operations.devices.available_actions import USUAL
from fauxtune.operations.insight.device_report import (
    DeviceReport,
    Outcome,
    ReportedApp,
    ReportedItem,
    apps_of_device,
    device_report,
)
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.rows.devices import DeviceActionRow, EnrollmentRow
from fauxtune_console import device_words as words
from fauxtune_console.call import TenantCall
from fauxtune_console.compliance_lines import PolicyLine, ScriptLine, compliance_lines, script_lines
from fauxtune_console.device_words import Said, app_lines
from fauxtune_console.happenings import Happening, happenings
from fauxtune_console.holdings import FAMILIES, Chip, chip, setting_words, source_words
from fauxtune_console.shown_marks import mark
from fauxtune_labs.operations.hosted_devices import device_of_enrollment

# The apps of a device on its page: what is wanted of each, how it stands, and why it is not there.

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
    return [_app_line(app) for app in apps_of_device(tx, row) if app.fits]


def _app_line(app: ReportedApp) -> AppLine:
    css, words = ("off", "not on this device") if app.state is None else _STATES[app.state]
    intent = "" if app.intent is None else _INTENTS[app.intent]
    error = "" if app.error_code is None else f" (0x{app.error_code & 0xFFFFFFFF:08X})"
    return AppLine(app.id, app.name, app.version or "", intent, Said(css, words, app.changed_at), f"{app.why}{error}")


_MOST_EVENTS, _MOST_ACTIONS = 20, 10
#: data. The causes by which an enrolment ends -> what happened to the device.
_ENDINGS: dict[str, str] = {
    "wipe": "It was wiped: everything on it was erased.",
    "retire": "It was retired: the company's data was removed, and the rest stayed.",
    "unenroll": "Its user ended the management, and the company's data was removed.",
    "delete": "Its record was deleted, and the device was told to give up the company's data.",
}
#: data. Ends that were ordered and not confirmed -> what will happen.
_COMING_ENDINGS: dict[str, str] = {
    "wipe": "It is to be wiped: it erases everything at its next check-in.",
    "retire": "It is to be retired: it gives up the company's data at its next check-in.",
    "delete": "Its record was deleted: it gives up the company's data at its next check-in.",
}
_OWNERS = {"company": "the company", "personal": "its user"}
_COMPLIANCE = {
    "compliant": "compliant",
    "noncompliant": "not compliant",
    "unknown": "not known",
    "inGracePeriod": "not compliant, in its period of grace",
    "conflict": "policies contradict each other",
    "error": "could not be judged",
}


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile or policy that wants an item, or wanted it. Policies have no page."""

    id: ProfileId
    name: str
    has_page: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One item in the table."""

    key: str
    chip: Chip
    kind: str
    purpose: str
    profiles: tuple[Profile, ...]
    should: Said
    given: Said
    answer: Said
    authority: Said | None


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    """What became of one thing that the device held. `rule`: the document by which it went so."""

    key: str
    chip: Chip | None
    kind: str
    letters: str
    profiles: tuple[Profile, ...]
    removed: Said
    revoked: Said
    rule: str


@dataclass(frozen=True, slots=True)
class Button:
    """An action. `refusal`: why it cannot be ordered; `note`: how the page says it."""

    action: DeviceAction
    words: str
    url: str
    refusal: str | None


class _Tables(TypedDict):
    """The tables of what reaches a device and is no item of it."""

    policies: list[PolicyLine]
    scripts: list[ScriptLine]
    installed: list[AppLine]


async def device(call: TenantCall) -> Response:
    """Show one device."""
    report, events, tables = await call.run(_read, call.request.path_params["device"])
    hosted = await device_of_enrollment(call.emulator, call.tenant, row=report.row)
    lines = [_line(item, report, call=call) for item in report.items]
    ended = report.row.state is EnrollmentState.ENDED
    visible = [line for line, item in zip(lines, report.items, strict=True) if item.row.state is not ItemState.REMOVED]
    return call.page(
        "device.html",
        report=report,
        name=_name(report),
        variant=VARIANTS[report.row.variant],
        family=FAMILIES[report.row.platform],
        hosted=hosted,
        refuses=[] if hosted is None else [refused for item, refused in REFUSALS.items() if item in hosted.refuses],
        ended=ended,
        ending=_ending(report),
        lines=visible,
        gone=[line for line in lines if line not in visible],
        outcomes=[_outcome(outcome, report) for outcome in report.outcomes],
        sums=_sums(report.outcomes, ended=ended),
        buttons=[_button(action, report, call=call) for action in USUAL],
        facts=_facts(report),
        **tables,
        reported=_reported(report),
        apps=app_lines(report.row.variant, call.tenant.edition, rows=[item.row for item in report.items]),
        actions=[_action(row) for row in _newest(report.actions)],
        events=events,
        more_events=len(report.events) > _MOST_EVENTS,
        # The server may not have noticed yet that a device has gone off line.
        connected=call.emulator.signals.is_connected(report.row.id) and (hosted is None or hosted.is_online),
        others=[row for row in report.enrollments if row.id != report.row.id],
        now=call.now,
    )


def _read(tx: Transaction, key: str) -> tuple[DeviceReport, list[Happening], _Tables]:
    report = device_report(tx, key)
    events = happenings(tx.connection, tx.tenant.id, rows=report.events[:_MOST_EVENTS])
    device = report.row.id
    tables: _Tables = {
        "policies": compliance_lines(tx, device),
        "scripts": script_lines(tx, device),
        "installed": installed_lines(tx, report.row),
    }
    return report, events, tables


def _name(report: DeviceReport) -> str:
    return report.row.device_name or VARIANTS[report.row.variant]


def _ending(report: DeviceReport) -> str:
    """Return how the enrolment ended or will end; nothing for an active one."""
    cause = "" if report.row.cause is None else report.row.cause.value
    match report.row.state:
        case EnrollmentState.ENDED:
            return _ENDINGS.get(cause, "Its enrolment has ended.")
        case EnrollmentState.ENDING:
            return _COMING_ENDINGS.get(cause, "Its enrolment ends at its next check-in.")
    return ""


def _line(item: ReportedItem, report: DeviceReport, *, call: TenantCall) -> Line:
    row = item.row
    return Line(
        key=row.key,
        chip=chip(row, names=report.names),
        kind=setting_words(row) or source_words(row)[1],
        purpose=purpose(row.purpose),
        profiles=_profiles(row, report),
        should=words.should_hold(item),
        given=words.was_given(item),
        answer=words.was_said(item),
        authority=words.at_the_authority(item.certificate, now=call.now),
    )


def _profiles(row: LedgerRow, report: DeviceReport) -> tuple[Profile, ...]:
    return tuple(
        Profile(
            claim.profile,
            report.names.get(claim.profile, "a profile that was deleted"),
            has_page=claim.profile in report.profiles,
        )
        for claim in row.claims
    )


def _outcome(outcome: Outcome, report: DeviceReport) -> OutcomeLine:
    row, certificate = outcome.row, outcome.certificate
    removed = words.removed(outcome, ended=report.row.state is EnrollmentState.ENDED)
    if row is None:
        assert certificate is not None
        return OutcomeLine(
            key=certificate.serial,
            chip=None,
            kind="an earlier certificate of this device",
            letters=mark(certificate.thumbprint).letters,
            profiles=(),
            removed=removed,
            revoked=words.revoked(outcome),
            rule=outcome.rule,
        )
    return OutcomeLine(
        key=row.key,
        chip=chip(row, names=report.names),
        kind=source_words(row)[1],
        letters="",
        profiles=_profiles(row, report),
        removed=removed,
        revoked=words.revoked(outcome),
        rule=outcome.rule,
    )


def _sums(outcomes: tuple[Outcome, ...], *, ended: bool) -> dict[str, int]:
    """Return how many things the device held, and how many of these were removed and revoked."""
    held = [outcome for outcome in outcomes if outcome.row is not None]
    gone = [each for each in held if (each.removed_at is not None if ended else each.removed)]
    return {
        "held": len(held),
        "removed": len(gone),
        "revoked": sum(each.certificate is not None and each.certificate.revoked_at is not None for each in outcomes),
        "imported": sum(each.row is not None and each.row.source is Source.IMPORTED for each in held),
    }


def _button(action: DeviceAction, report: DeviceReport, *, call: TenantCall) -> Button:
    label, _ = words.ACTIONS[action]
    return Button(action, label, call.url("devices", report.row.id, label.lower()), report.refusals[action])


def _facts(report: DeviceReport) -> list[tuple[str, str]]:
    """Return what is known of the hardware and its management."""
    row, document = report.row, {} if report.record is None else report.record.document
    facts = {**row.facts, **{name: value for name, value in document.items() if value}}
    model = " ".join(str(facts[name]) for name in ("manufacturer", "model") if facts.get(name))
    known = [
        ("Model", model),
        ("System", f"{_system(report, facts)} {facts.get('osVersion') or ''}".strip()),
        ("Serial number", str(facts.get("serialNumber") or "")),
        ("Mode", VARIANTS[row.variant]),
        ("Belongs to", _OWNERS.get(str(document.get("managedDeviceOwnerType")), "")),
        ("Compliance", _COMPLIANCE.get(str(document.get("complianceState")), "")),
    ]
    return [(label, value) for label, value in known if value]


def _reported(report: DeviceReport) -> list[FactLine]:
    """Return what the device has reported of itself; of a personal one no more than Graph shows."""
    record = {} if report.record is None else report.record.document
    visible = {name: record[name] for name in report.row.facts if name in record}
    return fact_lines({**report.row.facts, **visible})


def _system(report: DeviceReport, facts: Mapping[str, object]) -> str:
    """Return the operating system. Graph's word has the mode in it on Android, which is said apart."""
    if report.row.platform is Platform.ANDROID:
        return "Android"
    return str(facts.get("operatingSystem") or VARIANTS[report.row.variant])


def _newest(actions: tuple[DeviceActionRow, ...]) -> list[DeviceActionRow]:
    """Return the actions to show, the newest first; of those that are over only the last ones."""
    return [*reversed(actions)][:_MOST_ACTIONS]


def _action(row: DeviceActionRow) -> tuple[DeviceActionRow, str, Said, bool]:
    css, state = words.ACTION_STATES[row.state]
    name = words.ACTIONS.get(row.action, (journal_words.spaced(row.action.value),))[0]
    return row, name, Said(css, state, row.completed_at), row.state in WAITING
