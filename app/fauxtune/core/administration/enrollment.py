"""Who may enrol: restrictions of platforms. Graph: deviceEnrollmentPlatformRestrictionConfiguration (beta)."""

from __future__ import annotations

from fauxtune.core.administration.requests import AdminRequest, key

CONFIGURATIONS = "/deviceManagement/deviceEnrollmentConfigurations"
_KIND = "#microsoft.graph.deviceEnrollmentPlatformRestrictionConfiguration"
_GROUP = "#microsoft.graph.groupAssignmentTarget"


def block_platform(name: str, *, platform_type: str) -> AdminRequest:
    """Create a restriction that blocks a platform (`ios`, `androidForWork` ...) for whom it is assigned to."""
    body = {
        "@odata.type": _KIND,
        "displayName": name,
        "platformType": platform_type,
        "platformRestriction": {"platformBlocked": True, "personalDeviceEnrollmentBlocked": False},
    }
    return AdminRequest("POST", CONFIGURATIONS, body)


def assign_restriction(restriction: str, *, group: str) -> AdminRequest:
    """Assign a restriction to a group, by its id, and to nobody else."""
    assignment = {"target": {"@odata.type": _GROUP, "groupId": group}}
    body = {"enrollmentConfigurationAssignments": [assignment]}
    return AdminRequest("POST", f"{CONFIGURATIONS}/{key(restriction)}/assign", body)
