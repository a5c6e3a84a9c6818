"""Compliance policies, and the templates of the notifications that they send.

What makes a compliance policy valid. Graph: deviceCompliancePolicy; Intune: "Configure actions for noncompliant
devices".

Templates of notifications, and their messages. Graph: notificationMessageTemplate, localizedNotificationMessage;
Intune: "Configure actions for noncompliant devices", 2024-01-23 (the longest subject and message).
"""

from __future__ import annotations

from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.rules import PARENT, Member, Rules, Versions

#: Hours until a scheduled action ("Configure actions for noncompliant devices", 2024-01-23: 0 to 365 days).
MOST_HOURS = 365 * 24
NO_TEMPLATE = "00000000-0000-0000-0000-000000000000"

#: Kept in the document of the policy; a PATCH ignores them, `scheduleActionsForRules` replaces them.
SCHEDULED_ACTIONS = Member("scheduledActionsForRule", own=(Member("scheduledActionConfigurations"),))


def check_policy(document: JsonObject, _before: JsonObject | None) -> None:
    """Raise Invalid unless exactly one scheduled action marks the device as not compliant: the service's own words."""
    items = [item for rule in document.get(SCHEDULED_ACTIONS.name) or () for item in rule[_ITEMS] or ()]
    if sum(item["actionType"] == "block" for item in items) != 1:
        raise Invalid(
            "Compliance policy must have one and only one block scheduled action", target=SCHEDULED_ACTIONS.name
        )
    if not all(0 <= item["gracePeriodHours"] <= MOST_HOURS for item in items):
        raise Invalid(f"gracePeriodHours is 0 to {MOST_HOURS}, a year.", target="gracePeriodHours")


def normal(document: JsonObject) -> JsonObject:
    """Return the policy with the empty GUID where a scheduled action names no template."""
    rules = document.get(SCHEDULED_ACTIONS.name)
    if rules is None:
        return document
    return {**document, SCHEDULED_ACTIONS.name: [_normal_rule(rule) for rule in rules]}


def _normal_rule(rule: JsonObject) -> JsonObject:
    items = [{**item, _TEMPLATE: item.get(_TEMPLATE) or NO_TEMPLATE} for item in rule[_ITEMS] or ()]
    return {**rule, _ITEMS: items}


_ITEMS, _TEMPLATE = "scheduledActionConfigurations", "notificationTemplateId"

COMPLIANCE_POLICIES = Rules(
    "deviceCompliancePolicies",
    check=check_policy,
    versions=Versions.COUNTED,
    derived=normal,
    members=(SCHEDULED_ACTIONS,),
)


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
