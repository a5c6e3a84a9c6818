"""What a tenant has one of: its organization, its licences, Intune's settings, the audit log, the scope tags.

Graph: organization, domain, subscribedSku, deviceManagement, deviceManagementSettings, auditEvent, roleScopeTag (beta).

The settings for compliance are settings of the tenant, and can be changed. What else the service says of itself is true
of every tenant: no Autopilot and no logs of devices; what is not emulated is off.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fauxtune.core.clock import iso
from fauxtune.core.errors import Invalid, NotEmulated, NotFound
from fauxtune.core.graph.index import complex_type, entity
from fauxtune.core.model.tenants import PREPAID, SKUS
from fauxtune.core.odata.documents.validation import accept, defaults
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.query.filter import parse_filter
from fauxtune.core.odata.schema.types import approximated
from fauxtune.core.odata.schema.types import stored as stored_only
from fauxtune.operations.compliance import occasions
from fauxtune.operations.directory.users_and_groups import missing
from fauxtune.operations.insight import audit_rules
from fauxtune.operations.insight.audit_rules import TAG, assigns_tag
from fauxtune.operations.profiles import role_scope_tags as operations
from fauxtune.operations.tenants import tenants
from fauxtune.storage.collections.directory import USERS
from fauxtune.storage.collections.tenant import AUDIT_EVENTS, ROLE_SCOPE_TAG_ASSIGNMENTS, ROLE_SCOPE_TAGS
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import collections
from fauxtune.storage.queries import filters_and_tags as queries
from fauxtune.storage.rows.tenants import RoleScopeTagRow
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph.call import Answer, Call, Json, check_options, entity_answer
from fauxtune.surfaces.graph.declared import Routes
from fauxtune.surfaces.graph.families.index import FAMILIES
from fauxtune.surfaces.graph.lists import (
    Listed,
    collection_answer,
    element_document,
    list_documents,
    stored,
)
from fauxtune.surfaces.graph.resources.own_family import RowFamily
from fauxtune.surfaces.graph.resources.parts import Below, Computed, Found, Rows, placed

DOMAIN = entity("domain")
ORGANIZATION = entity("organization")

_CAPABILITIES = ("Email", "OfficeCommunicationsOnline", "Intune")


def _organization(call: Call) -> Json:
    tenant = call.tenant
    domain = {
        "capabilities": ", ".join(_CAPABILITIES),
        "isDefault": True,
        "isInitial": True,
        "name": tenant.domain,
        "type": "Managed",
    }
    return {
        **defaults(ORGANIZATION),
        "id": tenant.id,
        "displayName": tenant.name,
        "createdDateTime": iso(tenant.created_at),
        "mobileDeviceManagementAuthority": "intune",
        "tenantType": "AAD",
        "verifiedDomains": [domain],
    }


def _domain(call: Call) -> Json:
    return {
        **defaults(DOMAIN),
        "id": call.tenant.domain,
        "authenticationType": "Managed",
        "isAdminManaged": True,
        "isDefault": True,
        "isInitial": True,
        "isRoot": True,
        "isVerified": True,
        "supportedServices": list(_CAPABILITIES),
    }


async def _organizations(call: Call) -> Found:
    return "organization", [_organization(call)]


async def _domains(call: Call) -> Found:
    return "domains", [_domain(call)]


_LESS = approximated("one domain, no plans and no contacts")
ORGANIZATIONS = Routes("organization", type=ORGANIZATION, read=needs.READ_ORGANIZATION, fidelity=_LESS)
ORGANIZATIONS.collection(
    "",
    Computed(ORGANIZATION, _organizations, key="organization", missing=missing),
    *("The organisation", "Count the organisations: one", "Get the organisation"),
)
DOMAINS = Routes("domains", type=DOMAIN, read=needs.READ_DOMAINS, fidelity=_LESS)
DOMAINS.collection(
    "",
    Computed(DOMAIN, _domains, key="domain", missing=missing),
    *("List domains", "Count the domains: one", "Get a domain"),
)


SUBSCRIBED_SKU = entity("subscribedSku")
USER = entity("user")
LICENCES = Routes(
    "subscribedSkus",
    type=SUBSCRIBED_SKU,
    read=needs.READ_LICENSES,
    fidelity=approximated("one product, Intune Plan 1, of which there is a million"),
)


@LICENCES.list()
async def list_skus(call: Call) -> Answer:
    """List the tenant's licences."""
    documents = await call.read(_documents, call)
    return list_documents(call, documents, entity=SUBSCRIBED_SKU, context="subscribedSkus")


@LICENCES.get("/{sku}")
async def get_sku(call: Call) -> Answer:
    """Get a licence of the tenant.

    The key is the tenant's id, an underscore, and the licence's.
    """
    documents = await call.read(_documents, call)
    document = element_document(call, documents, entity=SUBSCRIBED_SKU, key=call.keys["sku"])
    if document is None:
        raise missing(call.keys["sku"])
    return entity_answer(call, document, context="subscribedSkus")


def _documents(connection: Connection, call: Call) -> list[Json]:
    tenant = call.tenant
    return [
        {
            "id": f"{tenant.id}_{sku}",
            "accountId": tenant.id,
            "accountName": tenant.name,
            "appliesTo": "User",
            "capabilityStatus": "Enabled",
            "consumedUnits": _consumed(call, connection, sku=sku),
            "prepaidUnits": {"enabled": PREPAID, "lockedOut": 0, "suspended": 0, "warning": 0},
            "servicePlans": list(plans),
            "skuId": sku,
            "skuPartNumber": name,
            "subscriptionIds": [],
        }
        for sku, (name, plans) in SKUS.items()
    ]


def _consumed(call: Call, connection: Connection, *, sku: str) -> int:
    condition = parse_filter(f"assignedLicenses/any(l:l/skuId eq {sku})", USER)
    return collections.count(connection, call.tenant.id, collection=USERS, condition=condition)


DEVICE_MANAGEMENT = entity("deviceManagement")
DEVICE_MANAGEMENT_SETTINGS = complex_type("deviceManagementSettings")

_CONTEXT = "deviceManagement"
_READ_ANY = tuple(dict.fromkeys((*needs.READ_CONFIGURATION, *needs.READ_SERVICE, *needs.READ_MANAGED)))
_SOME = approximated("of the settings, those for compliance can be changed")
SERVICE = Routes(
    _CONTEXT,
    type=DEVICE_MANAGEMENT,
    read=_READ_ANY,
    write=(*needs.WRITE_CONFIGURATION, *needs.WRITE_SERVICE),
)
#: data. Members of the settings that are settings of the tenant.
_OF_TENANT = {
    "secureByDefault": "compliance.secureByDefault",
    "deviceComplianceCheckinThresholdDays": "compliance.checkinThresholdDays",
    "isScheduledActionEnabled": "compliance.scheduledActions",
}


@SERVICE.get(fidelity=_SOME)
async def get_service(call: Call) -> Answer:
    """The service in this tenant."""
    check_options(call, DEVICE_MANAGEMENT)
    document = view(DEVICE_MANAGEMENT, _service(call), version=call.version, select=call.query.select)
    return Answer(200, {"@odata.context": call.context(f"{_CONTEXT}/$entity"), **document})


@SERVICE.get("/settings", returns=None, source="Graph: deviceManagementSettings", fidelity=_SOME)
async def get_settings(call: Call) -> Answer:
    """The service's settings.

    A value of the service that clients also read on its own.
    """
    document = view(DEVICE_MANAGEMENT, _service(call), version=call.version, select=("settings",))
    return Answer(200, {"@odata.context": call.context(f"{_CONTEXT}/settings"), **document["settings"]})


@SERVICE.get(
    "/subscriptionState", returns=None, source="Graph: deviceManagement", fidelity=approximated("it always is")
)
async def get_subscription_state(call: Call) -> Answer:
    """Whether the subscription is active."""
    return Answer(200, {"@odata.context": call.context(f"{_CONTEXT}/subscriptionState"), "value": "active"})


@SERVICE.update(fidelity=approximated("501 for another value of a setting that has no effect here"))
async def update_service(call: Call) -> Answer:
    """Change the service's settings.

    200 with the service. Raises Invalid for a value that is out of range, NotEmulated for another value of a setting
    that has no effect here.
    """
    body = call.body()
    sent = body.get("settings")
    checked = accept(DEVICE_MANAGEMENT, body, partial=True, version=call.version).get("settings")
    if isinstance(sent, dict) and checked is not None:
        names = [name for name in sent if name in checked]
        present = _settings(call)
        other = [name for name in names if name not in _OF_TENANT and checked[name] != present[name]]
        if other:
            raise NotEmulated(f"The setting '{other[0]}' has no effect here: leave it as it is.", target=other[0])
        changes = {_OF_TENANT[name]: checked[name] for name in names if name in _OF_TENANT}
        if changes:
            await call.run(tenants.change_settings, changes)
            await occasions.judge_again(call.emulator, call.tenant, changed=changes)
    document = view(DEVICE_MANAGEMENT, _service(call), version=call.version)
    return Answer(200, {"@odata.context": call.context(f"{_CONTEXT}/$entity"), **document})


def _settings(call: Call) -> dict[str, Any]:
    tenant = call.emulator.runner.current(call.tenant)
    of_tenant = {name: tenant.setting(setting) for name, setting in _OF_TENANT.items()}
    return {**defaults(DEVICE_MANAGEMENT_SETTINGS), **of_tenant}


def _service(call: Call) -> dict[str, Any]:
    # Unverified: what the account's id is made from; here it is the tenant's.
    return {
        **defaults(DEVICE_MANAGEMENT),
        "id": call.tenant.id,
        "intuneAccountId": call.tenant.id,
        "settings": _settings(call),
        "subscriptionState": "active",
        "subscriptions": "intune",
        "unlicensedAdminstratorsEnabled": True,
    }


AUDIT_EVENT = entity("auditEvent")

#: Of the families, without what is below others: that has the same component and category.
_SUBJECTS = tuple(family.subject() for families in FAMILIES.values() for family in families)
_EVENTS = "deviceManagement/auditEvents"
_TEXTS = "Collection(Edm.String)"
EVENTS = Routes(
    _EVENTS,
    type=AUDIT_EVENT,
    read=needs.READ_AUDIT,
    fidelity=approximated(
        "changes of profiles, assignments, filters, categories, tags, imports and devices leave events"
    ),
)
EVENTS.collection(
    "",
    Rows(Listed(collection=AUDIT_EVENTS, entity=AUDIT_EVENT, context=_EVENTS, document=stored), key="event"),
    *("List what administrators did", "Count what administrators did", "Get an audit event"),
)


@EVENTS.function("/getAuditCategories", fidelity=approximated("those that occur here"))
async def list_categories(call: Call) -> Answer:
    """The categories of audit events."""
    return _texts(call, sorted({*audit_rules.categories(), *(subject.category for subject in _SUBJECTS)}))


@EVENTS.function(
    "/getAuditActivityTypes/{category}",
    fidelity=approximated("those that occur here; none for a category that does not exist"),
)
async def list_activity_types(call: Call) -> Answer:
    """The activities of a category.

    Unverified: none for a category that does not exist.
    """
    category = call.keys["category"]
    known = [subject for subject in _SUBJECTS if subject.category.lower() == category.lower()]
    names = {*audit_rules.activity_types(category), *(name for subject in known for name in subject.activities())}
    return _texts(call, sorted(names))


def _texts(call: Call, texts: list[str]) -> Answer:
    return Answer(200, {"@odata.context": call.context(_TEXTS), "value": texts})


ROLE_SCOPE_TAG = entity("roleScopeTag")
ROLE_SCOPE_TAG_AUTO_ASSIGNMENT = entity("roleScopeTagAutoAssignment")

_TAGS = "deviceManagement/roleScopeTags"
#: Graph reference, 2021: only RBAC; Microsoft's list of permissions, 2026-08: Configuration too, as the lesser one.
READ_TAGS = (*needs.READ_CONFIGURATION, *needs.READ_ROLES)
WRITE_TAGS = (*needs.WRITE_CONFIGURATION, *needs.WRITE_ROLES)
_NOT_GIVEN = stored_only("the devices of the groups are not given the tag")
_KEPT = "no administrator is kept from what has other tags"


def _expand_to_nothing(_call: Call, _connection: Connection, rows: Sequence[RoleScopeTagRow]) -> list[Json]:
    """A list expands `assignments` to nothing, as it was seen in live tenants: they stand below each tag."""
    return [{"assignments": []} for _ in rows]


TAGS = RowFamily(
    _TAGS,
    "roleScopeTag",
    "a scope tag",
    ROLE_SCOPE_TAGS,
    key="tag",
    read=READ_TAGS,
    write=WRITE_TAGS,
    subject=TAG,
    expandable=("assignments",),
    expanded_by=_expand_to_nothing,
    created_by=operations.create_tag,
    changed_by=operations.update_tag,
    deleted_by=operations.delete_tag,
    # As IntuneCD expects it of the real service; Microsoft's reference has 201. Unverified.
    create_status=200,
    fidelity=stored_only(_KEPT),
    fidelities={
        "create": stored_only(f"{_KEPT}; 200, as clients expect it, not 201"),
        "update": approximated("the built-in tag keeps its name; 400 for a name that is taken"),
        "delete": approximated("400 for the built-in tag, and for one that something carries"),
    },
)
_ASSIGNMENTS = Listed(
    collection=ROLE_SCOPE_TAG_ASSIGNMENTS,
    document=stored,
    entity=ROLE_SCOPE_TAG_AUTO_ASSIGNMENT,
    context=_TAGS,
)
TAG_PARTS = Routes(_TAGS, type=ROLE_SCOPE_TAG, read=READ_TAGS, write=WRITE_TAGS, beta_only=True)
TAG_ASSIGNMENTS = Routes(
    f"{_TAGS}/{{tag}}/assignments",
    type=ROLE_SCOPE_TAG_AUTO_ASSIGNMENT,
    read=READ_TAGS,
    beta_only=True,
    fidelity=_NOT_GIVEN,
)
#: More tags than a tenant has. Unverified: the real service's limit.
_MOST = 1000


@TAG_PARTS.action(
    "/{tag}/assign", many=True, returns=ROLE_SCOPE_TAG_AUTO_ASSIGNMENT, audit=assigns_tag, fidelity=_NOT_GIVEN
)
async def assign_tag(call: Call) -> Answer:
    """Replace the groups whose devices get the tag."""
    sent = call.body().get("assignments")
    if not isinstance(sent, list):
        raise Invalid('The body must be {"assignments": [...]}.', target="assignments")
    kind = ROLE_SCOPE_TAG_AUTO_ASSIGNMENT
    targets = [accept(kind, each, partial=False, version=call.version)["target"] for each in sent]
    documents = await call.run(operations.assign_tag, call.keys["tag"], targets=targets)
    values = [view(kind, document, version=call.version) for document in documents]
    return collection_answer(call, values, context=f"Collection({kind.full_name})")


@TAG_PARTS.action("/getRoleScopeTagsById", permissions=READ_TAGS, fidelity=approximated("1000 ids at most"))
async def tags_by_id(call: Call) -> Answer:
    """Some scope tags by their ids.

    An id that no tag has is passed over.
    """
    sent = call.body().get("roleScopeTagIds")
    if not isinstance(sent, list) or not all(isinstance(each, str) for each in sent) or len(sent) > _MOST:
        raise Invalid(
            f'The body must be {{"roleScopeTagIds": ["0"]}}, with at most {_MOST} ids.', target="roleScopeTagIds"
        )
    rows = await call.read(queries.tags, call.tenant.id, ids=sent)
    values = [view(ROLE_SCOPE_TAG, row.document, version=call.version) for row in rows]
    return collection_answer(call, values, context=f"Collection({ROLE_SCOPE_TAG.full_name})")


@TAG_PARTS.function("/hasCustomRoleScopeTag")
async def has_custom_tag(call: Call) -> Answer:
    """Whether there is more than the built-in tag."""
    last = await call.read(queries.last_number, call.tenant.id)
    value: Json = {"@odata.context": call.context("Edm.Boolean"), "value": last > 0}
    return Answer(200, value)


async def _row(call: Call) -> RoleScopeTagRow:
    key = call.keys["tag"]
    row = await call.read(queries.tag, call.tenant.id, tag_id=key)
    if row is None:
        raise NotFound(f"There is no roleScopeTag '{key}'.")
    return row


TAG_ASSIGNMENTS.collection(
    "",
    Below(_row, placed(_ASSIGNMENTS, lambda row: f"{_TAGS}('{row.id}')/assignments"), key="assignment"),
    *("List the groups whose devices get the tag", "Count the groups whose devices get the tag"),
    "Get one of the groups whose devices get the tag",
)
