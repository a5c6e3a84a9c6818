"""Terms and conditions, branding, cleanup rules, policy sets: what is valid, and what every tenant has."""

from __future__ import annotations

from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.rules import BuiltIn, Member, Rules

_DAYS = "deviceInactivityBeforeRetirementInDays"


def check_cleanup_rule(document: JsonObject, _before: JsonObject | None) -> None:
    """Raise Invalid for a number of days that is not positive. Unverified: the real service's limits."""
    if document[_DAYS] < 1:
        raise Invalid(f"{_DAYS} must be 1 or more.", target=_DAYS)


def with_modified(document: JsonObject) -> JsonObject:
    """Return the terms with the time of their change in both of its properties."""
    return {**document, "modifiedDateTime": document["lastModifiedDateTime"]}


TERMS = Rules("termsAndConditions", derived=with_modified)
#: The id of the default profile is the same in all tenants. Unverified: this one.
DEFAULT_BRANDING_ID = "c3a59481-1bf2-46ce-94b3-66eec07a8d60"
BRANDING = Rules(
    "intuneBrandingProfiles",
    on_create="profileName profileDescription roleScopeTagIds",
    fixed_built_in="profileName isDefaultProfile disableClientTelemetry profileDescription",
    locked_built_in=False,
    built_in=(
        BuiltIn(
            DEFAULT_BRANDING_ID,
            "intuneBrandingProfile",
            {
                "profileName": "Default",
                "isDefaultProfile": True,
                "showLogo": True,
                "showDisplayNameNextToLogo": True,
            },
        ),
    ),
)
CLEANUP_RULES = Rules("managedDeviceCleanupRules", check=check_cleanup_rule)
POLICY_SET_ITEMS = Member("items")
POLICY_SETS = Rules("policySets", members=(POLICY_SET_ITEMS,))
