"""Profiles in general: their base, and assignments.

Source: Graph reference and beta metadata, deviceConfiguration and its derived types; Intune assignment targets.
"""

from __future__ import annotations

from fauxtune.core.graph import enums
from fauxtune.core.graph.base import ENTITY, TAGS_HIDE_NOTHING
from fauxtune.core.odata.schema.fidelity import approximated, stored
from fauxtune.core.odata.schema.types import ComplexType, Edm, Entity, Navigation, Owner, Property

_ANYWHERE = stored("the profile reaches all devices that it is assigned to, whatever the rule")


def _rule(name: str, *properties: Property) -> ComplexType:
    rule_type = Property("ruleType", enums.DEVICE_MANAGEMENT_APPLICABILITY_RULE_TYPE, nullable=False)
    return ComplexType(
        name,
        (*properties, Property("name"), rule_type),
        beta_only=True,
        source=f"Graph: {name} (beta)",
        fidelity=_ANYWHERE,
    )


_OS_EDITION = _rule(
    "deviceManagementApplicabilityRuleOsEdition",
    Property("osEditionTypes", enums.WINDOWS10_EDITION_TYPE, collection=True),
)
_OS_VERSION = _rule("deviceManagementApplicabilityRuleOsVersion", Property("minOSVersion"), Property("maxOSVersion"))
_DEVICE_MODE = _rule(
    "deviceManagementApplicabilityRuleDeviceMode",
    Property("deviceMode", enums.WINDOWS10_DEVICE_MODE_TYPE, nullable=False),
)

DEVICE_CONFIGURATION = Entity(
    "deviceConfiguration",
    (
        Property("lastModifiedDateTime", Edm.DATE_TIME, nullable=False, owner=Owner.SERVER),
        Property("roleScopeTagIds", collection=True, default=("0",), beta_only=True, fidelity=TAGS_HIDE_NOTHING),
        Property("supportsScopeTags", Edm.BOOLEAN, nullable=False, default=True, beta_only=True, owner=Owner.SERVER),
        Property("deviceManagementApplicabilityRuleOsEdition", _OS_EDITION, beta_only=True, fidelity=_ANYWHERE),
        Property("deviceManagementApplicabilityRuleOsVersion", _OS_VERSION, beta_only=True, fidelity=_ANYWHERE),
        Property("deviceManagementApplicabilityRuleDeviceMode", _DEVICE_MODE, beta_only=True, fidelity=_ANYWHERE),
        Property("createdDateTime", Edm.DATE_TIME, nullable=False, owner=Owner.SERVER),
        Property("description"),
        Property("displayName", nullable=False, required=True),
        Property("version", Edm.INT32, nullable=False, default=1, owner=Owner.SERVER),
    ),
    base=ENTITY,
    abstract=True,
    polymorphic=True,
    navigations=(
        Navigation("assignments", "deviceConfigurationAssignment", collection=True, contained=True),
        Navigation(
            "groupAssignments", "deviceConfigurationGroupAssignment", collection=True, contained=True, beta_only=True
        ),
        Navigation("deviceStatuses", "deviceConfigurationDeviceStatus", collection=True, contained=True),
        Navigation("userStatuses", "deviceConfigurationUserStatus", collection=True, contained=True),
        Navigation("deviceStatusOverview", "deviceConfigurationDeviceOverview", contained=True),
        Navigation("userStatusOverview", "deviceConfigurationUserOverview", contained=True),
        Navigation("deviceSettingStateSummaries", "settingStateDeviceSummary", collection=True, contained=True),
    ),
    source="Graph: deviceConfiguration",
)

ASSIGNMENT_TARGET = ComplexType(
    "deviceAndAppManagementAssignmentTarget",
    (
        Property("deviceAndAppManagementAssignmentFilterId", beta_only=True),
        Property(
            "deviceAndAppManagementAssignmentFilterType",
            enums.DEVICE_AND_APP_MANAGEMENT_ASSIGNMENT_FILTER_TYPE,
            nullable=False,
            beta_only=True,
        ),
    ),
    abstract=True,
    polymorphic=True,
    source="Graph: deviceAndAppManagementAssignmentTarget",
)
GROUP_TARGET = ComplexType(
    "groupAssignmentTarget",
    (Property("groupId", required=True),),
    base=ASSIGNMENT_TARGET,
    source="Graph: groupAssignmentTarget",
)
EXCLUSION_TARGET = ComplexType(
    "exclusionGroupAssignmentTarget", base=GROUP_TARGET, source="Graph: exclusionGroupAssignmentTarget"
)
ALL_DEVICES_TARGET = ComplexType(
    "allDevicesAssignmentTarget", base=ASSIGNMENT_TARGET, source="Graph: allDevicesAssignmentTarget"
)
ALL_LICENSED_USERS_TARGET = ComplexType(
    "allLicensedUsersAssignmentTarget", base=ASSIGNMENT_TARGET, source="Graph: allLicensedUsersAssignmentTarget"
)
COLLECTION_TARGET = ComplexType(
    "configurationManagerCollectionAssignmentTarget",
    (Property("collectionId"),),
    base=ASSIGNMENT_TARGET,
    source="Graph: configurationManagerCollectionAssignmentTarget",
    fidelity=stored("it reaches no device: none belongs to a collection, whose id ends the id of the assignment"),
)

DEVICE_CONFIGURATION_ASSIGNMENT = Entity(
    "deviceConfigurationAssignment",
    (
        Property(
            "source",
            enums.DEVICE_AND_APP_MANAGEMENT_ASSIGNMENT_SOURCE,
            nullable=False,
            beta_only=True,
            owner=Owner.SERVER,
            fidelity=approximated("always direct: there are no policy sets"),
        ),
        Property("sourceId", beta_only=True, owner=Owner.SERVER),
        Property(
            "intent",
            enums.DEVICE_CONFIG_ASSIGNMENT_INTENT,
            nullable=False,
            beta_only=True,
            fidelity=approximated(
                "that `remove` acts as an exclusion does is our reading: no document says what it does"
            ),
        ),
        Property(
            "target",
            ASSIGNMENT_TARGET,
            required=True,
            variants=(GROUP_TARGET, EXCLUSION_TARGET, ALL_DEVICES_TARGET, ALL_LICENSED_USERS_TARGET, COLLECTION_TARGET),
        ),
    ),
    base=ENTITY,
    source="Graph: deviceConfigurationAssignment",
)
