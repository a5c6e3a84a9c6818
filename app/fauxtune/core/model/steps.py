"""The words for steps of devices that are managed step by step (Apple's MDM, OMA-DM)."""

from __future__ import annotations

from enum import StrEnum


class StepKind(StrEnum):
    """The kind of command in a step."""

    INSTALL = "install"
    REMOVE = "remove"
    ACTION = "action"
    QUESTION = "question"
    INSTALL_APP = "installApp"
    REMOVE_APP = "removeApp"
    LIST_APPS = "listApps"


class StepState(StrEnum):
    """The state of a step that was sent at least once."""

    WAITING = "waiting"  # to be sent again
    SENT = "told"
    LATER = "later"  # the device put it off
    CONFIRMED = "confirmed"  # the device reports an install; its inventory has still to show it
    ANSWERED = "answered"  # a question
    REFUSED = "refused"
