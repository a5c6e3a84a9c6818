"""Templates of notifications to users, with a message for each language. Graph: notificationMessageTemplate.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.base import TAGS_HIDE_NOTHING
from fauxtune.core.odata.schema.overlay import Overlay

NOTIFICATIONS = (
    Overlay(
        "notificationMessageTemplate",
        server="lastModifiedDateTime defaultLocale",
        required="displayName",
        nullable="defaultLocale",
        defaults={"roleScopeTagIds": ("0",)},
        different={TAGS_HIDE_NOTHING: "roleScopeTagIds"},
    ),
    Overlay(
        "localizedNotificationMessage",
        server="lastModifiedDateTime",
        required="locale subject messageTemplate",
    ),
)
