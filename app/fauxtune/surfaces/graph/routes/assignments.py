"""Who gets a profile: assignments in both of their forms, and the filters of assignments.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import EXACT, approximated
from fauxtune.operations.insight.audit_rules import assigns_profile
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Handler, audited_by
from fauxtune.surfaces.graph.resources import assignment_filters, assignments
from fauxtune.surfaces.graph.routes.collections import read_collection
from fauxtune.surfaces.graph.routes.families import routes_of_own

DEVICE_CONFIGURATION = entity("deviceConfiguration")
ASSIGNMENT_FILTER = entity("deviceAndAppManagementAssignmentFilter")
EVALUATION_STATUS_DETAILS = entity("assignmentFilterEvaluationStatusDetails")

_ASSIGNMENT = entity("deviceConfigurationAssignment")
_GROUP_ASSIGNMENT = entity("deviceConfigurationGroupAssignment")
_PROFILES = "deviceManagement/deviceConfigurations"
_ALL = f"{_PROFILES}/{{profile}}/assignments"
_ONE = f"{_ALL}/{{assignment}}"
_OLD = f"{_PROFILES}/{{profile}}/groupAssignments"
_OLD_ONE = f"{_OLD}/{{assignment}}"
_FILTERS = "deviceManagement/assignmentFilters"
_FILTER = f"{_FILTERS}/{{filter}}"
_DEVICES = ("deviceManagement/managedDevices", "users/{user}/managedDevices", "me/managedDevices")
_READ, _WRITE = needs.READ_CONFIGURATION, needs.WRITE_CONFIGURATION

_TAKEN = approximated("409 for a target that has one: what the real service answers is not documented")
_NOW = approximated("evaluated when asked, not as of the last check-in")

_OF_PROFILES: tuple[Route[Handler], ...] = (
    Route(
        "POST",
        f"{_PROFILES}/{{profile}}/assign",
        audited_by(assigns_profile, assignments.assign),
        "Replace the assignments",
        returns=_ASSIGNMENT,
        many=True,
        permissions=_WRITE,
        source="Graph: deviceConfiguration: assign",
        fidelity=approximated("400 for a group that is included and excluded at once"),
    ),
    *read_collection(
        _ALL,
        assignments.ASSIGNED,
        summaries=("List the assignments", "Count the assignments", "Get an assignment"),
        returns=_ASSIGNMENT,
        permissions=_READ,
        source="Graph: deviceConfigurationAssignment: list",
        source_of_element="Graph: deviceConfigurationAssignment: get",
        fidelity=EXACT,
    ),
    Route(
        "POST",
        _ALL,
        audited_by(assigns_profile, assignments.create_assignment),
        "Add one assignment",
        accepts=_ASSIGNMENT,
        returns=_ASSIGNMENT,
        status=201,
        permissions=_WRITE,
        source="Graph: deviceConfigurationAssignment: create",
        fidelity=_TAKEN,
    ),
    Route(
        "PATCH",
        _ONE,
        audited_by(assigns_profile, assignments.update_assignment),
        "Update an assignment",
        accepts=_ASSIGNMENT,
        returns=_ASSIGNMENT,
        permissions=_WRITE,
        source="Graph: deviceConfigurationAssignment: update",
        fidelity=approximated("the group of an assignment cannot be changed"),
    ),
    Route(
        "DELETE",
        _ONE,
        audited_by(assigns_profile, assignments.delete_assignment),
        "Remove one assignment",
        status=204,
        permissions=_WRITE,
        source="Graph: deviceConfigurationAssignment: delete",
    ),
    Route(
        "POST",
        f"{_PROFILES}/getTargetedUsersAndDevices",
        assignments.targeted_users_and_devices,
        "Whom profiles reach",
        beta_only=True,
        permissions=_READ,
        source="Graph: deviceConfiguration: getTargetedUsersAndDevices",
        fidelity=approximated("devices of every platform, also of those that the profile is not for"),
    ),
)

_IN_OLD_FORM: tuple[Route[Handler], ...] = (
    *read_collection(
        _OLD,
        assignments.ASSIGNED_TO_GROUPS,
        summaries=(
            "List the assignments to groups in their old form",
            "Count the assignments to groups",
            "Get an assignment in its old form",
        ),
        returns=_GROUP_ASSIGNMENT,
        beta_only=True,
        permissions=_READ,
        source="Graph: deviceConfigurationGroupAssignment: list",
        source_of_element="Graph: deviceConfigurationGroupAssignment: get",
        fidelity=EXACT,
    ),
    Route(
        "POST",
        _OLD,
        audited_by(assigns_profile, assignments.create_group_assignment),
        "Add one assignment in its old form",
        accepts=_GROUP_ASSIGNMENT,
        returns=_GROUP_ASSIGNMENT,
        status=201,
        beta_only=True,
        permissions=_WRITE,
        source="Graph: deviceConfigurationGroupAssignment: create",
        fidelity=_TAKEN,
    ),
    Route(
        "PATCH",
        _OLD_ONE,
        audited_by(assigns_profile, assignments.update_group_assignment),
        "Update an assignment in its old form: include or exclude",
        accepts=_GROUP_ASSIGNMENT,
        returns=_GROUP_ASSIGNMENT,
        beta_only=True,
        permissions=_WRITE,
        source="Graph: deviceConfigurationGroupAssignment: update",
        fidelity=approximated("400 for another group: delete it and add another"),
    ),
    Route(
        "DELETE",
        _OLD_ONE,
        audited_by(assigns_profile, assignments.delete_assignment),
        "Remove one assignment by its old form",
        status=204,
        beta_only=True,
        permissions=_WRITE,
        source="Graph: deviceConfigurationGroupAssignment: delete",
    ),
    Route(
        "GET",
        f"{_OLD_ONE}/deviceConfiguration",
        assignments.profile_of_group_assignment,
        "The profile of an assignment in its old form",
        returns=DEVICE_CONFIGURATION,
        beta_only=True,
        permissions=_READ,
        source="Graph: deviceConfigurationGroupAssignment: deviceConfiguration",
    ),
)

_OF_FILTERS: tuple[Route[Handler], ...] = (
    *routes_of_own(assignment_filters.FILTERS),
    Route(
        "POST",
        f"{_FILTERS}/validateFilter",
        assignment_filters.validate_filter,
        "Whether a rule can be read",
        beta_only=True,
        permissions=_READ,
        source="Graph: deviceAndAppManagementAssignmentFilter: validateFilter",
    ),
    Route(
        "GET",
        f"{_FILTERS}/getState",
        assignment_filters.get_state,
        "Whether filters are on",
        beta_only=True,
        permissions=_READ,
        source="Graph: deviceAndAppManagementAssignmentFilter: getState",
        fidelity=approximated("they always are"),
    ),
    Route(
        "GET",
        f"{_FILTERS}/getPlatformSupportedProperties/{{platform}}",
        assignment_filters.platform_properties,
        "What rules for a platform can say",
        beta_only=True,
        permissions=_READ,
        source="Graph: deviceAndAppManagementAssignmentFilter: getPlatformSupportedProperties",
    ),
    Route(
        "GET",
        f"{_FILTER}/getSupportedProperties",
        assignment_filters.supported_properties,
        "What rules for the filter's platform can say",
        beta_only=True,
        permissions=_READ,
        source="Graph: deviceAndAppManagementAssignmentFilter: getSupportedProperties",
    ),
)

_EVALUATED: tuple[Route[Handler], ...] = (
    Route(
        "POST",
        "deviceManagement/evaluateAssignmentFilter",
        assignment_filters.evaluate_filter,
        "The devices that meet a rule",
        beta_only=True,
        permissions=_READ,
        source="Graph: deviceManagement: evaluateAssignmentFilter",
        fidelity=approximated("the shape of the answer follows Intune's reports; its columns are our own"),
    ),
    Route(
        "POST",
        "deviceManagement/getAssignmentFiltersStatusDetails",
        assignment_filters.status_details,
        "What a profile's filters find of one device",
        beta_only=True,
        permissions=_READ,
        source="Graph: deviceManagement: getAssignmentFiltersStatusDetails",
        fidelity=_NOW,
    ),
)


def _of_device(root: str) -> tuple[Route[Handler], ...]:
    """What the filters find of a device, wherever devices are reached."""
    return read_collection(
        f"{root}/{{device}}/assignmentFilterEvaluationStatusDetails",
        assignment_filters.EVALUATIONS,
        summaries=("List the profiles whose filters look at a device", "Count them", "Get one of them"),
        returns=EVALUATION_STATUS_DETAILS,
        beta_only=True,
        permissions=needs.READ_MANAGED,
        source="Graph: assignmentFilterEvaluationStatusDetails: list",
        source_of_element="Graph: assignmentFilterEvaluationStatusDetails: get",
        fidelity=_NOW,
        fidelity_of_count=_NOW,
        dated=True,
        dated_count=False,
    )


ASSIGNMENTS: tuple[Route[Handler], ...] = (
    *_OF_PROFILES,
    *_IN_OLD_FORM,
    *_OF_FILTERS,
    *_EVALUATED,
    *(route for root in _DEVICES for route in _of_device(root)),
)
