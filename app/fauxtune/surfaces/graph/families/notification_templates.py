"""Templates of notifications to users.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.schema.fidelity import approximated, stored
from fauxtune.core.policies.notification_templates import MESSAGES, TEMPLATES
from fauxtune.operations.profiles.notification_templates import MESSAGE_HOOKS
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.families.family import Action, Family
from fauxtune.surfaces.graph.resources.family_actions import nothing_happens

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
