"""Templates of notifications, and their messages. Graph: notificationMessageTemplate, localizedNotificationMessage;
Intune: "Configure actions for noncompliant devices", 2024-01-23 (the longest subject and message).
"""

from __future__ import annotations

from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.rules import PARENT, Rules

LONGEST_SUBJECT, LONGEST_MESSAGE = 78, 2000


def check_message(document: JsonObject, _before: JsonObject | None) -> None:
    """Raise Invalid for a message that is too long."""
    for name, longest in (("subject", LONGEST_SUBJECT), ("messageTemplate", LONGEST_MESSAGE)):
        if len(document[name]) > longest:
            raise Invalid(f"The {name} has {len(document[name])} characters; it can have {longest}.", target=name)


def message_id(_guid: str, _kind: str, document: JsonObject) -> str:
    """Return the id of a message, which is made of its template and its language."""
    return f"{document[PARENT]}_{document['locale']}"


TEMPLATES = Rules("notificationMessageTemplates")
MESSAGES = Rules(
    "notificationMessageTemplates/localizedNotificationMessages",
    check=check_message,
    new_id=message_id,
    fixed="locale",
)
