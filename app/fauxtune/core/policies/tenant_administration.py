"""Terms and conditions, branding, cleanup rules and policy sets: what is valid, and what every tenant has. Multi Admin
Approval: what needs a second administrator, and what a request for approval goes through.

`surfaces/graph/dispatch.py` stops what needs one; `operations/profiles/approval_requests.py` keeps the requests.
Graph (beta): operationApprovalPolicy, operationApprovalRequest; Intune: "Use access policies to require Multi Admin
Approval", "Use Multi Admin Approval with the Microsoft Graph API" (2026).
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from fauxtune.core.clock import from_iso
from fauxtune.core.errors import Invalid
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.text import JsonObject, text_value
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


#: A request that nobody finishes expires; after its last change it stays in the list for so long.
EXPIRES_AFTER, STAYS_FOR = timedelta(days=3), timedelta(days=30)
#: Requests that a tenant keeps at most: the oldest go. Unverified: that there is such a limit.
MOST = 1000
LONGEST_JUSTIFICATION = 1024
JUSTIFICATION, CODE = "x-msft-approval-justification", "x-msft-approval-code"
#: In the document of a request: by what its operation is known again, the id of what that changes, and its method with
#: its path, which people read; of a longer path the beginning.
OPERATION, SUBJECT, REQUEST = "@operation", "@subject", "@request"
LONGEST_REQUEST = 500


class PolicyType(StrEnum):
    """The types of policies that guard something. Graph: operationApprovalPolicyType."""

    APP = "app"
    SCRIPT = "script"
    ROLE = "role"
    TENANT_CONFIGURATION = "tenantConfiguration"
    DEVICE_WIPE = "deviceWipe"
    DEVICE_RETIRE = "deviceRetire"
    DEVICE_DELETE = "deviceDelete"


#: data. What waits, in words.
GUARDED: Mapping[str, str] = {
    PolicyType.APP: "apps and their assignments",
    PolicyType.SCRIPT: "scripts and remediations",
    PolicyType.ROLE: "roles and their assignments",
    PolicyType.TENANT_CONFIGURATION: "device categories",
    PolicyType.DEVICE_WIPE: "wiping a device",
    PolicyType.DEVICE_RETIRE: "retiring a device",
    PolicyType.DEVICE_DELETE: "deleting a device",
}
#: data. The type of the policies that guard changes of a collection's resources and of their assignments. Unverified:
#: that contents of an app, which devices get once the app names them, are not guarded.
OF_COLLECTION: Mapping[tuple[str, ...], PolicyType] = {
    ("deviceAppManagement", "mobileApps"): PolicyType.APP,
    ("deviceManagement", "deviceManagementScripts"): PolicyType.SCRIPT,
    ("deviceManagement", "deviceHealthScripts"): PolicyType.SCRIPT,
    ("deviceManagement", "roleDefinitions"): PolicyType.ROLE,
    ("deviceManagement", "roleAssignments"): PolicyType.ROLE,
    ("deviceManagement", "deviceCategories"): PolicyType.TENANT_CONFIGURATION,
}
#: Below a resource: what is guarded as the resource itself is.
_GUARDED_PARTS = ("assign", "assignments")
#: data. What devices are asked to do -> the type of the policies that guard it.
OF_ACTION: Mapping[str, PolicyType] = {
    DeviceAction.WIPE: PolicyType.DEVICE_WIPE,
    DeviceAction.RETIRE: PolicyType.DEVICE_RETIRE,
    DeviceAction.DELETE: PolicyType.DEVICE_DELETE,
}


class Status(StrEnum):
    """The status of a request. Graph: operationApprovalRequestStatus."""

    NEEDS_APPROVAL = "needsApproval"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    COMPLETED = "completed"
    EXPIRED = "expired"


UNDER_WAY = (Status.NEEDS_APPROVAL, Status.APPROVED)


def check_policy(document: JsonObject, _before: JsonObject | None) -> None:
    """Raise Invalid for a policy that guards nothing, or for which nobody can approve. Unverified: the words."""
    if document.get("policyType") in (None, "unknown"):
        raise Invalid("A value is required for property 'policyType'.", target="policyType")
    if not document.get("approverGroupIds"):
        raise Invalid("A policy needs a group of approvers.", target="approverGroupIds")


def header(text: str) -> str:
    """Return the header in which a justification is sent."""
    return b64encode(text.encode()).decode()


POLICIES = Rules("operationApprovalPolicies", check=check_policy)
REQUESTS = Rules("operationApprovalRequests", created="requestDateTime")


def policy_type(method: str, segments: tuple[str, ...], *, body: JsonObject) -> PolicyType | None:
    """Return the type of the policies that guard an operation; None for one that no policy can guard. `segments`: of
    its route, with `{}` around the name of a key. A method other than GET.
    """
    if "managedDevices" in segments[:3]:
        below = segments[segments.index("managedDevices") + 1 :]
        return OF_ACTION.get(_device_action(method, below, body=body))
    below = segments[2:]
    if len(below) > 1 and below[1] not in _GUARDED_PARTS:
        return None
    return OF_COLLECTION.get(segments[:2])


def _device_action(method: str, below: tuple[str, ...], *, body: JsonObject) -> str:
    """Return what devices are asked to do, by the path below their collection."""
    if below == ("executeAction",):
        return str(body.get("actionName"))
    if method.upper() == "DELETE" and len(below) == 1:
        return "delete"
    return below[1] if len(below) == 2 else ""


def justification(sent: str | None) -> str:
    """Return the justification of a request, whose header is Base64. Raises Invalid without it, and for one that is
    too long. Unverified: the words for what is no Base64.
    """
    if not sent:
        raise Invalid(f"Header '{JUSTIFICATION}' is required to request approval")
    try:
        text = text_value(b64decode(sent, validate=True).decode())
    except (binascii.Error, UnicodeDecodeError):
        raise Invalid(f"Header '{JUSTIFICATION}' must be Base64 of a text in UTF-8") from None
    if len(text) > LONGEST_JUSTIFICATION:
        raise Invalid(
            f"Decoded content of '{JUSTIFICATION}' header must be no greater than {LONGEST_JUSTIFICATION} characters"
        )
    return text


def changes_by_time(document: JsonObject) -> datetime:
    """Return when a request expires, or leaves the list, only by time."""
    if document["status"] in UNDER_WAY:
        return from_iso(document["expirationDateTime"])
    return from_iso(document["lastModifiedDateTime"]) + STAYS_FOR
