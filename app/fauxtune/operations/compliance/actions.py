"""What follows when a device does not comply: the scheduled actions of policies, and the list of devices to retire.

Intune, "Configure actions for noncompliance": the mail goes to the user's address; retire only puts the device on a
list, from which an administrator confirms it. Push messages reach an app that is not emulated: the journal has them.

Intune, "Configure actions for noncompliant devices", 2024-01-23: nothing is retired until an administrator confirms
it; a device that is taken from the list comes on it again when the action applies again, which is with its next
failure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from fauxtune.core.engine.compliance.grace import NOTIFICATION, PUSH, REMOTE_LOCK, RETIRE, Action
from fauxtune.core.engine.compliance.judging import Policy
from fauxtune.core.errors import FauxtuneError
from fauxtune.core.mail.writing import Letter
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.ids import GroupId
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.mail import address_book
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import compliance as compliance_queries
from fauxtune.storage.queries import devices as device_queries
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries import resources as resource_queries
from fauxtune.storage.rows.devices import EnrollmentRow

# The mail that a user gets whose device does not comply: a notification template's, or the service's own.
#
# Graph: notificationMessageTemplate, localizedNotificationMessage. Unverified: the words of the service's own mail.

TEMPLATES = "notificationMessageTemplates"
_MESSAGES = f"{TEMPLATES}/localizedNotificationMessages"
_NO_TEMPLATE = frozenset({"", "00000000-0000-0000-0000-000000000000"})
_SUBJECT = "Your device is not compliant"
_TEXT = (
    "Your device {{DeviceName}} does not meet the requirements of your organisation. Open the Company Portal app to "
    "see what to change; until then it may lose access to the organisation's data.\n"
)


def message_of(tx: Transaction, template: str | None, *, language: object) -> tuple[str, str]:
    """Return subject and text of the mail: in the user's language, else the template's default message."""
    messages = [] if template in _NO_TEMPLATE or template is None else _messages(tx, template.lower())
    wanted = str(language or "").lower()
    chosen = next((message for message in messages if wanted and str(message.get("locale")).lower() == wanted), None)
    chosen = chosen or next((message for message in messages if message.get("isDefault")), None)
    chosen = chosen or next(iter(messages), None)
    if chosen is None:
        return _SUBJECT, _TEXT
    return str(chosen.get("subject") or _SUBJECT), str(chosen.get("messageTemplate") or _TEXT)


def _messages(tx: Transaction, template: str) -> list[JsonObject]:
    rows = resource_queries.resources_of_family(tx.connection, tx.tenant.id, family=_MESSAGES, parent_id=template)
    return [row.document for row in rows]


#: Intune, "Configure actions for noncompliance": the sender of the mails.
SENDER = "microsoft-noreply@microsoft.com"


@dataclass(frozen=True, slots=True)
class Failure:
    """A device that does not meet a policy, and the actions of the policy that are due."""

    device: EnrollmentRow
    policy: Policy
    due: tuple[Action, ...]


def carry_out(tx: Transaction, failure: Failure) -> bool:
    """Do the actions that are due; return whether the device comes on the list of those to retire."""
    is_listed = False
    for action in failure.due:
        match action.type:
            case "notification":
                _notify(tx, failure, action=action)
            case "remoteLock":
                _lock(tx, failure)
            case "retire":
                is_listed = True
                _note(tx, failure, action=RETIRE, result="the device is on the list of those to retire")
            case _:
                _note(tx, failure, action=PUSH, result="a message was sent to the Company Portal app")
    return is_listed


def _notify(tx: Transaction, failure: Failure, *, action: Action) -> None:
    """Send the mail to the user and to the members of the groups that get copies. A device without a user, and a user
    without an address, get none.
    """
    user = _user(tx, failure.device)
    address = "" if user is None else str(user.get("mail") or "")
    if user is None or not address:
        _note(tx, failure, action=NOTIFICATION, result="no mail: the device has no user with an address")
        return
    written = message_of(tx, action.template, language=user.get("preferredLanguage"))
    values = {"UserName": str(user.get("displayName")), **_device_variables(tx, failure)}
    subject, text = (_filled(each, values) for each in written)
    letter = Letter(sender=SENDER, to=(address,), cc=_copies(tx, action), subject=subject, text=text)
    try:
        delivery = address_book.send(tx, letter)
    except FauxtuneError as error:
        _note(tx, failure, action=NOTIFICATION, result=f"no mail: {error.message}")
        return
    _note(tx, failure, action=NOTIFICATION, result=f"a mail was delivered to {', '.join(delivery.accepted)}")


def _copies(tx: Transaction, action: Action) -> tuple[str, ...]:
    """The addresses of the groups that get copies: those of their members."""
    groups = [GroupId(group.lower()) for group in action.copies]
    members = directory_queries.users_below(tx.connection, tx.tenant.id, group_ids=groups)
    return tuple(sorted({str(member.document["mail"]) for member in members if member.document.get("mail")}))


def _lock(tx: Transaction, failure: Failure) -> None:
    record = device_queries.managed_device_of(tx.connection, failure.device.id)
    if record is None:
        return
    try:
        device_actions.ask(tx, record.id, action=DeviceAction.LOCK)
    except FauxtuneError as error:
        _note(tx, failure, action=REMOTE_LOCK, result=f"not done: {error.message}")
        return
    _note(tx, failure, action=REMOTE_LOCK, result="the device is asked to lock itself")


def _user(tx: Transaction, device: EnrollmentRow) -> JsonObject | None:
    if device.user_id is None:
        return None
    row = directory_queries.user(tx.connection, tx.tenant.id, user_id=device.user_id)
    return None if row is None else row.document


def _device_variables(tx: Transaction, failure: Failure) -> dict[str, str]:
    """The variables of a mail that speak of the device."""
    record = device_queries.managed_device_of(tx.connection, failure.device.id)
    if record is None:
        return {"DeviceName": "", "DeviceId": "", "OSAndVersion": ""}
    system = f"{record.document.get('operatingSystem') or ''} {record.document.get('osVersion') or ''}".strip()
    return {"DeviceName": str(record.device_name), "DeviceId": record.id, "OSAndVersion": system}


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Return a subject or text with its variables filled in. Intune: "Configure actions for noncompliant devices",
    2024-01-23: four variables, in both. Unverified: that the id is that of Intune's record.
    """
    for name, value in values.items():
        text = text.replace(f"{{{{{name}}}}}", value)
    return text


def _note(tx: Transaction, failure: Failure, *, action: str, result: str) -> None:
    tx.record(
        "complianceActionDone",
        device=failure.device.id,
        action=action,
        policy=failure.policy.name,
        result=result,
    )


def decide(tx: Transaction, *, is_confirmed: bool, devices: Collection[str] | None) -> None:
    """Retire these devices of the list (None: all of them), or take them from it. Ids that are not on the list are
    passed over. Raises UnsupportedAction for a device that cannot be retired.
    """
    wanted = None if devices is None else {device.lower() for device in devices}
    for row in compliance_queries.to_retire(tx.connection, tx.tenant.id):
        if wanted is not None and row.device_id.lower() not in wanted:
            continue
        compliance_queries.take_from_retire_list(tx.connection, tx.tenant.id, enrollment_id=row.enrollment_id)
        if is_confirmed:
            device_actions.retire(tx, row.device_id)
