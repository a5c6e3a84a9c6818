"""The mail that a user gets whose device does not comply: a notification template's, or the service's own.

Graph: notificationMessageTemplate, localizedNotificationMessage. Unverified: the words of the service's own mail.
"""

from __future__ import annotations

from fauxtune.core.model.text import JsonObject
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import resources as queries

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
    chosen = next((each for each in messages if wanted and str(each.get("locale")).lower() == wanted), None)
    chosen = chosen or next((each for each in messages if each.get("isDefault")), None)
    chosen = chosen or next(iter(messages), None)
    if chosen is None:
        return _SUBJECT, _TEXT
    return str(chosen.get("subject") or _SUBJECT), str(chosen.get("messageTemplate") or _TEXT)


def _messages(tx: Transaction, template: str) -> list[JsonObject]:
    rows = queries.resources_of_family(tx.connection, tx.tenant.id, family=_MESSAGES, parent_id=template)
    return [row.document for row in rows]
