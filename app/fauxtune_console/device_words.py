"""What a device should hold, what it was given and what it said, how its end went, and its mail apps, in words.

*Removed* is gone from the device; *revoked* is on the CRL of the authority. The two are told apart everywhere.

Of mail apps the rules are those of `core.mail.apps` in the tenant's edition. Whether an e-mail profile switches S/MIME
on is read in the account that the device was given.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.engine.diagnosis.numbers import ErrorNumber
from fauxtune.core.engine.planning.ledger import NOT_WANTED
from fauxtune.core.mail.apps import MailApp, Switch, apps_of, switches_of
from fauxtune.core.model.actions import ActionState, DeviceAction
from fauxtune.core.model.certificates import reason
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Authority, ItemState, Source
from fauxtune.core.model.tenants import Edition
from fauxtune.operations.insight import diagnosis
from fauxtune.operations.insight.device_report import Outcome, ReportedItem
from fauxtune.storage.rows.certificates import CertificateRow, RevocationState
from fauxtune_console.templating import count

#: data. An action -> its button, and its words in a sentence.
ACTIONS: dict[DeviceAction, tuple[str, str]] = {
    DeviceAction.SYNC: ("Sync", "check in now"),
    DeviceAction.LOCK: ("Lock", "lock the screen"),
    DeviceAction.RETIRE: ("Retire", "remove the company's data"),
    DeviceAction.WIPE: ("Wipe", "reset the device"),
    DeviceAction.DELETE: ("Delete", "delete the record"),
}
#: data. The state of an action -> its class, and its words.
ACTION_STATES: dict[ActionState, tuple[str, str]] = {
    ActionState.PENDING: ("wait", "waits for the device"),
    ActionState.ACTIVE: ("wait", "sent, not confirmed yet"),
    ActionState.DONE: ("good", "done"),
    ActionState.FAILED: ("bad", "failed"),
    ActionState.NOT_SUPPORTED: ("bad", "the device does not support it"),
    ActionState.CANCELED: ("off", "cancelled: another order took its place"),
}
#: data. Why a certificate that the removal table revokes is not on the CRL yet.
_REVOCATION_STATES: dict[RevocationState, str] = {
    "asked": "a connector was asked to have it revoked, and has not done so yet",
    "waiting": "it is revoked when the authority can be reached again",
    "refused": "the authority refused the revocation: look into the connectors' log",
}
#: data. A source -> why nothing is revoked when a device ends.
_NOTHING_TO_REVOKE: dict[Source, str] = {
    Source.ROOT: "nothing to revoke: a root is not the device's",
    Source.EMAIL: "nothing to revoke: it is an account, no certificate",
    Source.SETTING: "nothing to revoke: it is a setting",
}


@dataclass(frozen=True, slots=True)
class Said:
    """One cell: a class and words; `at`: when; `number`: the error's number. `note` is a second line."""

    css: str
    words: str
    at: datetime | None = None
    number: ErrorNumber | None = None
    note: str = ""


def should_hold(item: ReportedItem) -> Said:
    """Whether the device should hold the item, from now on."""
    wanted_before, wanted_now = _is_wanted(item.row), _is_wanted(item.foreseen)
    if item.is_new:
        return Said("wait", "yes", note="new: from its next check-in on")
    if wanted_before and not wanted_now:
        return Said("wait", "no longer", note="it is told so at its next check-in")
    if wanted_now and not wanted_before:
        return Said("wait", "yes, again", note="from its next check-in on")
    return Said("good", "yes") if wanted_now else Said("off", "no longer")


def was_given(item: ReportedItem) -> Said:
    """Return when the item was sent to the device, or what it waits for."""
    row, at = item.row, None if item.given is None else item.given.time
    match row.state:
        case ItemState.WANTED:
            waits = row.waits_for or item.foreseen.waits_for or ""
            return Said("wait", "not yet", note=f"waits for {waits}" if waits else "at its next check-in")
        case ItemState.FAILED if row.fingerprint is None:
            return Said("off", "not sent")
        case ItemState.REMOVING:
            return Said("wait", "told to remove it")
    if at is None:
        return Said("off", "not sent" if row.state is ItemState.REMOVED else "sent")
    return Said("good" if _is_wanted(row) else "off", "sent", at)


def was_said(item: ReportedItem) -> Said:
    """Return what the device, or the connector before it, answered."""
    row, answer = item.row, item.answer
    at = None if answer is None else answer.time
    match row.state:
        case ItemState.INSTALLED:
            return Said("good", "installed", at)
        case ItemState.FAILED:
            problem = row.problem
            if problem is None:
                return Said("bad", "failed", at)
            whose = "failed" if row.fingerprint is not None else "could not be made"
            return Said("bad", f"{whose}: {problem.message}", at, diagnosis.number(problem.code))
        case ItemState.SENT:
            return Said("wait", "not now: the device puts it off" if item.put_off else "no answer yet")
        case ItemState.REMOVING:
            refused = answer is not None and answer.type == "refused"
            return Said("bad" if refused else "wait", "did not remove it" if refused else "no answer yet", at)
        case ItemState.REMOVED:
            return Said("off", "gone", at)
        case ItemState.KEPT:
            return Said("off", "still on the device", note="Intune leaves it there")
    return Said("off", "–")


def at_the_authority(certificate: CertificateRow | None, *, now: datetime) -> Said | None:
    """Return what is to be said about the certificate at its authority; None if all is usual."""
    if certificate is None:
        return None
    if certificate.revoked_at is not None:
        return Said("bad", f"revoked: {reason(certificate.reason)}", certificate.revoked_at)
    if certificate.not_after <= now:
        return Said("bad", "expired", certificate.not_after)
    return None


def removed(outcome: Outcome, *, ended: bool) -> Said:
    """Return whether the item is gone from the device, whose enrolment has ended or is ending."""
    row = outcome.row
    if row is None:
        return Said("off", "was replaced before")
    if outcome.removed_at is not None:
        return Said("good", "removed", outcome.removed_at)
    if not ended:
        still = Said("wait", "still there until it checks in")
        return still if outcome.removed else Said("off", "will stay on the device")
    return Said("bad", "stays on the device", note="Intune leaves it there")


def revoked(outcome: Outcome) -> Said:
    """Return whether the certificate is revoked, and if not, why."""
    row, certificate = outcome.row, outcome.certificate
    if certificate is not None and certificate.revoked_at is not None:
        return Said("good", f"revoked: {reason(certificate.reason)}", certificate.revoked_at)
    if row is not None and row.source is Source.IMPORTED:
        others = f"the same one is on {count(outcome.elsewhere, 'other device')}" if outcome.elsewhere else ""
        return Said("off", "not revoked", note=others or "no other device has it now")
    if row is not None and row.source in _NOTHING_TO_REVOKE:
        return Said("off", "not revoked", note=_NOTHING_TO_REVOKE[row.source])
    if certificate is not None and certificate.revocation_state is not None:
        return Said("wait", "not revoked yet", note=_REVOCATION_STATES[certificate.revocation_state])
    if row is not None and row.authority is Authority.PARTNER and row.thumbprint is not None:
        return _at_partner(outcome)
    if row is None:
        return Said("off", "not revoked", note="another certificate took its place before, and it stays valid")
    if certificate is None:
        return Said("off", "nothing to revoke", note="no certificate was issued for it")
    if outcome.revoked:
        return Said("bad", "not revoked", note="it should be: look into the connectors' log")
    return Said("off", "not revoked", note="Intune leaves it valid until it expires")


def _at_partner(outcome: Outcome) -> Said:
    """Return how the revocation of a certificate stands that a partner's authority issued."""
    revocation = outcome.at_partner
    if revocation is None:
        return Said("off", "not revoked", note="another authority issued it, and is not asked to revoke it")
    match revocation.state:
        case "open":
            return Said("wait", "not revoked yet", note="the authority that issued it is asked, and has not answered")
        case "revoked":
            return Said("good", "revoked by the authority that issued it")
        case "failed":
            why = ": ".join(part for part in (revocation.error_code, revocation.error_message) if part)
            return Said("bad", "not revoked", note=f"the authority that issued it has not done so: {why}")


def _is_wanted(row: LedgerRow) -> bool:
    return row.state not in NOT_WANTED


_NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class AppLine:
    """One app. `command` is what the end user of a simulated device types, empty if nothing has to be done."""

    key: str
    title: str
    state: Said
    steps: str
    choice: str
    command: str


def app_lines(variant: Variant, edition: Edition, *, rows: Iterable[LedgerRow]) -> list[AppLine]:
    """Return the mail apps of a device that holds these items."""
    on = switches_of(rows)
    return [
        _configured(app) if on.by_configuration and app.name == "outlook" else _line(app, edition, on=on.by_profile)
        for app in apps_of(variant)
    ]


def _configured(app: MailApp) -> AppLine:
    """Return the line of Outlook on a device whose app configuration switches S/MIME on."""
    state = Said("good", "by the app configuration that the device holds")
    choice = app.rules[Edition.CURRENT].choice.says
    return AppLine(f"app:{app.name}", app.title, state=state, steps=_NOTHING, choice=choice, command="")


def _line(app: MailApp, edition: Edition, *, on: bool) -> AppLine:
    rules = app.rules[edition]
    switch = rules.switch.value
    done = switch is Switch.BY_ITSELF or (switch is Switch.BY_PROFILE and on)
    command = f"fauxtune-sim mail account set --state FOLDER --app {app.name} --smime on"
    return AppLine(
        key=f"app:{app.name}",
        title=app.title,
        state=_state(switch, on=on),
        steps=_NOTHING if done else rules.steps,
        choice=rules.choice.says,
        command="" if done or switch is Switch.NOT_AT_ALL else command,
    )


def _state(switch: Switch, *, on: bool) -> Said:
    match switch:
        case Switch.BY_ITSELF:
            return Said("good", "by the app itself")
        case Switch.BY_PROFILE if on:
            return Said("good", "by the e-mail profile that the device holds")
        case Switch.BY_PROFILE:
            return Said("wait", "by its user: no e-mail profile on the device switches it on")
        case Switch.BY_USER:
            return Said("wait", "by its user")
        case Switch.NOT_AT_ALL:
            return Said("off", "not at all: this app has no S/MIME")
