"""What belongs to the tenant as a whole: the service itself, its scope tags, the audit log.

#: data
"""

from __future__ import annotations

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import approximated, stored
from fauxtune.operations.insight.audit_rules import TAG, assigns_tag, changes, creates, deletes
from fauxtune.operations.profiles import role_scope_tags
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Handler, audited_by, runs
from fauxtune.surfaces.graph.resources import tenant

AUDIT_EVENT = entity("auditEvent")
DEVICE_MANAGEMENT = entity("deviceManagement")
ROLE_SCOPE_TAG = entity("roleScopeTag")
ROLE_SCOPE_TAG_AUTO_ASSIGNMENT = entity("roleScopeTagAutoAssignment")

_EVENTS = "deviceManagement/auditEvents"
_TAGS = "deviceManagement/roleScopeTags"
_TAG = f"{_TAGS}/{{tag}}"
_READ_ANY = tuple(dict.fromkeys((*needs.READ_CONFIGURATION, *needs.READ_SERVICE, *needs.READ_MANAGED)))
_WATCHED = approximated("changes of profiles, assignments, filters, categories, tags, imports and devices leave events")
_STORED_TAG = stored("no administrator is kept from what has other tags")
#: Graph reference, 2021: only RBAC; Microsoft's list of permissions, 2026-08: Configuration too, as the lesser one.
_READ_TAGS = (*needs.READ_CONFIGURATION, *needs.READ_ROLES)
_WRITE_TAGS = (*needs.WRITE_CONFIGURATION, *needs.WRITE_ROLES)

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
    Route(
        "GET",
        _EVENTS,
        tenant.list_events,
        "List what administrators did",
        returns=AUDIT_EVENT,
        many=True,
        permissions=needs.READ_AUDIT,
        source="Graph: auditEvent: list",
        fidelity=_WATCHED,
    ),
    Route(
        "GET",
        f"{_EVENTS}/$count",
        tenant.count_events,
        "Count what administrators did",
        permissions=needs.READ_AUDIT,
        source="Graph: auditEvent: list",
        fidelity=_WATCHED,
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
    Route(
        "GET",
        f"{_EVENTS}/{{event}}",
        tenant.get_event,
        "Get an audit event",
        returns=AUDIT_EVENT,
        permissions=needs.READ_AUDIT,
        source="Graph: auditEvent: get",
        fidelity=_WATCHED,
    ),
)

_SCOPE_TAGS: tuple[Route[Handler], ...] = (
    Route(
        "GET",
        _TAGS,
        tenant.list_tags,
        "List scope tags",
        returns=ROLE_SCOPE_TAG,
        many=True,
        beta_only=True,
        permissions=_READ_TAGS,
        source="Graph: roleScopeTag: list",
        fidelity=_STORED_TAG,
    ),
    Route(
        "POST",
        _TAGS,
        audited_by(creates(TAG), tenant.create_tag),
        "Create a scope tag",
        accepts=ROLE_SCOPE_TAG,
        returns=ROLE_SCOPE_TAG,
        beta_only=True,
        permissions=_WRITE_TAGS,
        source="Graph: roleScopeTag: create",
        fidelity=stored("no administrator is kept from what has other tags; 200, as clients expect it, not 201"),
    ),
    Route(
        "GET",
        f"{_TAGS}/$count",
        tenant.count_tags,
        "Count scope tags",
        beta_only=True,
        permissions=_READ_TAGS,
        source="Graph: roleScopeTag: list",
        fidelity=_STORED_TAG,
    ),
    Route(
        "POST",
        f"{_TAGS}/getRoleScopeTagsById",
        tenant.tags_by_id,
        "Some scope tags by their ids",
        beta_only=True,
        permissions=_READ_TAGS,
        source="Graph: roleScopeTag: getRoleScopeTagsById",
        fidelity=approximated("1000 ids at most"),
    ),
    Route(
        "GET",
        f"{_TAGS}/hasCustomRoleScopeTag",
        tenant.has_custom_tag,
        "Whether there is more than the built-in tag",
        beta_only=True,
        permissions=_READ_TAGS,
        source="Graph: roleScopeTag: hasCustomRoleScopeTag",
    ),
    Route(
        "GET",
        _TAG,
        tenant.get_tag,
        "Get a scope tag",
        returns=ROLE_SCOPE_TAG,
        beta_only=True,
        permissions=_READ_TAGS,
        source="Graph: roleScopeTag: get",
        fidelity=_STORED_TAG,
    ),
    Route(
        "PATCH",
        _TAG,
        audited_by(changes(TAG), tenant.update_tag),
        "Update a scope tag",
        accepts=ROLE_SCOPE_TAG,
        returns=ROLE_SCOPE_TAG,
        beta_only=True,
        permissions=_WRITE_TAGS,
        source="Graph: roleScopeTag: update",
        fidelity=approximated("the built-in tag keeps its name; 400 for a name that is taken"),
    ),
    Route(
        "DELETE",
        _TAG,
        audited_by(deletes(TAG), runs(role_scope_tags.delete_tag, key="tag")),
        "Delete a scope tag",
        status=204,
        beta_only=True,
        permissions=_WRITE_TAGS,
        source="Graph: roleScopeTag: delete",
        fidelity=approximated("400 for the built-in tag, and for one that something carries"),
    ),
    Route(
        "POST",
        f"{_TAG}/assign",
        audited_by(assigns_tag, tenant.assign_tag),
        "Replace the groups whose devices get the tag",
        returns=ROLE_SCOPE_TAG_AUTO_ASSIGNMENT,
        many=True,
        beta_only=True,
        permissions=_WRITE_TAGS,
        source="Graph: roleScopeTag: assign",
        fidelity=stored("the devices of the groups are not given the tag"),
    ),
    Route(
        "GET",
        f"{_TAG}/assignments",
        tenant.ASSIGNED.every,
        "List the groups whose devices get the tag",
        returns=ROLE_SCOPE_TAG_AUTO_ASSIGNMENT,
        many=True,
        beta_only=True,
        permissions=_READ_TAGS,
        source="Graph: roleScopeTagAutoAssignment: list",
        fidelity=stored("the devices of the groups are not given the tag"),
    ),
    Route(
        "GET",
        f"{_TAG}/assignments/$count",
        tenant.ASSIGNED.count,
        "Count the groups whose devices get the tag",
        beta_only=True,
        permissions=_READ_TAGS,
        source="Graph: roleScopeTagAutoAssignment: list",
        fidelity=stored("the devices of the groups are not given the tag"),
    ),
    Route(
        "GET",
        f"{_TAG}/assignments/{{assignment}}",
        tenant.ASSIGNED.get,
        "Get one of the groups whose devices get the tag",
        returns=ROLE_SCOPE_TAG_AUTO_ASSIGNMENT,
        beta_only=True,
        permissions=_READ_TAGS,
        source="Graph: roleScopeTagAutoAssignment: get",
        fidelity=stored("the devices of the groups are not given the tag"),
    ),
)

TENANT: tuple[Route[Handler], ...] = (*_SERVICE, *_AUDIT, *_SCOPE_TAGS)
