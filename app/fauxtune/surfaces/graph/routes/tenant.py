"""What belongs to the tenant as a whole: the service itself, its scope tags, the audit log.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import approximated, stored
from fauxtune.operations.insight.audit_rules import assigns_tag
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Handler, audited_by
from fauxtune.surfaces.graph.resources import tenant
from fauxtune.surfaces.graph.routes.collections import read_collection
from fauxtune.surfaces.graph.routes.families import routes_of_own

AUDIT_EVENT = entity("auditEvent")
DEVICE_MANAGEMENT = entity("deviceManagement")
ROLE_SCOPE_TAG = entity("roleScopeTag")
ROLE_SCOPE_TAG_AUTO_ASSIGNMENT = entity("roleScopeTagAutoAssignment")

_EVENTS = "deviceManagement/auditEvents"
_TAGS = "deviceManagement/roleScopeTags"
_TAG = f"{_TAGS}/{{tag}}"
_READ_ANY = tuple(dict.fromkeys((*needs.READ_CONFIGURATION, *needs.READ_SERVICE, *needs.READ_MANAGED)))
_WATCHED = approximated("changes of profiles, assignments, filters, categories, tags, imports and devices leave events")
_NOT_GIVEN = stored("the devices of the groups are not given the tag")

_SERVICE: tuple[Route[Handler], ...] = (
    Route(
        "GET",
        "deviceManagement",
        tenant.get_service,
        "The service in this tenant",
        returns=DEVICE_MANAGEMENT,
        permissions=_READ_ANY,
        source="Graph: deviceManagement: get",
        fidelity=approximated("of the settings, those for compliance can be changed"),
    ),
    Route(
        "PATCH",
        "deviceManagement",
        tenant.update_service,
        "Change the service's settings",
        accepts=DEVICE_MANAGEMENT,
        returns=DEVICE_MANAGEMENT,
        permissions=(*needs.WRITE_CONFIGURATION, *needs.WRITE_SERVICE),
        source="Graph: deviceManagement: update",
        fidelity=approximated("501 for another value of a setting that has no effect here"),
    ),
    Route(
        "GET",
        "deviceManagement/settings",
        tenant.get_settings,
        "The service's settings",
        permissions=_READ_ANY,
        source="Graph: deviceManagementSettings",
        fidelity=approximated("of the settings, those for compliance can be changed"),
    ),
    Route(
        "GET",
        "deviceManagement/subscriptionState",
        tenant.get_subscription_state,
        "Whether the subscription is active",
        permissions=_READ_ANY,
        source="Graph: deviceManagement",
        fidelity=approximated("it always is"),
    ),
)

_AUDIT: tuple[Route[Handler], ...] = (
    *read_collection(
        _EVENTS,
        tenant.EVENTS,
        summaries=("List what administrators did", "Count what administrators did", "Get an audit event"),
        returns=AUDIT_EVENT,
        permissions=needs.READ_AUDIT,
        source="Graph: auditEvent: list",
        source_of_element="Graph: auditEvent: get",
        fidelity=_WATCHED,
        fidelity_of_count=_WATCHED,
    ),
    Route(
        "GET",
        f"{_EVENTS}/getAuditCategories",
        tenant.list_categories,
        "The categories of audit events",
        permissions=needs.READ_AUDIT,
        source="Graph: auditEvent: getAuditCategories",
        fidelity=approximated("those that occur here"),
    ),
    Route(
        "GET",
        f"{_EVENTS}/getAuditActivityTypes/{{category}}",
        tenant.list_activity_types,
        "The activities of a category",
        permissions=needs.READ_AUDIT,
        source="Graph: auditEvent: getAuditActivityTypes",
        fidelity=approximated("those that occur here; none for a category that does not exist"),
    ),
)

_SCOPE_TAGS: tuple[Route[Handler], ...] = (
    *routes_of_own(tenant.TAGS),
    Route(
        "POST",
        f"{_TAGS}/getRoleScopeTagsById",
        tenant.tags_by_id,
        "Some scope tags by their ids",
        beta_only=True,
        permissions=tenant.READ_TAGS,
        source="Graph: roleScopeTag: getRoleScopeTagsById",
        fidelity=approximated("1000 ids at most"),
    ),
    Route(
        "GET",
        f"{_TAGS}/hasCustomRoleScopeTag",
        tenant.has_custom_tag,
        "Whether there is more than the built-in tag",
        beta_only=True,
        permissions=tenant.READ_TAGS,
        source="Graph: roleScopeTag: hasCustomRoleScopeTag",
    ),
    Route(
        "POST",
        f"{_TAG}/assign",
        audited_by(assigns_tag, tenant.assign_tag),
        "Replace the groups whose devices get the tag",
        returns=ROLE_SCOPE_TAG_AUTO_ASSIGNMENT,
        many=True,
        beta_only=True,
        permissions=tenant.WRITE_TAGS,
        source="Graph: roleScopeTag: assign",
        fidelity=_NOT_GIVEN,
    ),
    *read_collection(
        f"{_TAG}/assignments",
        tenant.ASSIGNED,
        summaries=(
            "List the groups whose devices get the tag",
            "Count the groups whose devices get the tag",
            "Get one of the groups whose devices get the tag",
        ),
        returns=ROLE_SCOPE_TAG_AUTO_ASSIGNMENT,
        beta_only=True,
        permissions=tenant.READ_TAGS,
        source="Graph: roleScopeTagAutoAssignment: list",
        source_of_element="Graph: roleScopeTagAutoAssignment: get",
        fidelity=_NOT_GIVEN,
        fidelity_of_count=_NOT_GIVEN,
    ),
)

TENANT: tuple[Route[Handler], ...] = (*_SERVICE, *_AUDIT, *_SCOPE_TAGS)
