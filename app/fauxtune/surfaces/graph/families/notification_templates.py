"""Templates of notifications to users, and their actions, which have no effect here."""

from __future__ import annotations

from fauxtune.core.odata.schema.types import approximated, stored
from fauxtune.core.policies.compliance import MESSAGES, TEMPLATES
from fauxtune.operations.profiles.family_hooks import MESSAGE_HOOKS
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call
from fauxtune.surfaces.graph.families.family import Action, Family


async def nothing_happens(call: Call) -> Answer:
    """POST .../{resource}/action: answered, and without effect."""
    call.optional_body()
    await call.run(_nothing)
    return NO_CONTENT


def _nothing(_tx: Transaction) -> None:
    """Change nothing: only the audit log tells of it, and finds that the resource exists."""


_AUDIT = ("NotificationMessageTemplate", "Compliance")
_TIMES = approximated("what the real service answers to a second message of one language is not documented")

HEADING = "Notifications"
FAMILIES: tuple[Family, ...] = (
    Family(
        "deviceManagement/notificationMessageTemplates",
        "notificationMessageTemplate",
        "a notification template",
        TEMPLATES,
        read=needs.READ_SERVICE,
        write=needs.WRITE_SERVICE,
        audit=_AUDIT,
        create_status=200,
        without=reasons.TELLING,
        expanded_below="localizedNotificationMessages",
        below=(
            Family(
                "localizedNotificationMessages",
                "localizedNotificationMessage",
                "a message in one language",
                MESSAGES,
                read=needs.READ_SERVICE,
                write=needs.WRITE_SERVICE,
                audit=_AUDIT,
                create_status=200,
                without=reasons.TELLING,
                hooks=MESSAGE_HOOKS,
                fidelity=_TIMES,
            ),
        ),
        actions=(
            Action(
                "sendTestMessage",
                nothing_happens,
                "Send the message to the caller",
                fidelity=stored("no mail is sent"),
            ),
        ),
    ),
)
