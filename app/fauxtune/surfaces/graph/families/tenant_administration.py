"""Tenant administration: its families, and what policy sets and Multi Admin Approval can do besides.

Terms and conditions, branding, cleanup rules, approvals, partners for threat defence, policy sets.

Policy sets. Graph: policySet: update, getPolicySets.

What policies and requests of Multi Admin Approval can do beside what every resource can. Graph (beta):
operationApprovalPolicy: retrieveApprovableOperations, retrieveOperationsRequiringApproval; operationApprovalRequest:
approve, reject, cancelApproval, cancelMyRequest, retrieveMyRequests, retrieveMyRequestById, retrieveRequestStatus.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import complex_type, entity
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.odata.documents.view import view
from fauxtune.core.odata.schema.types import approximated, stored
from fauxtune.core.policies import tenant_administration
from fauxtune.core.policies.rules import Rules
from fauxtune.core.policies.tenant_administration import (
    BRANDING,
    CLEANUP_RULES,
    LONGEST_JUSTIFICATION,
    POLICY_SET_ITEMS,
    POLICY_SETS,
    REQUESTS,
    TERMS,
    UNDER_WAY,
    Status,
)
from fauxtune.operations.insight.audit_families import FamilySubject, acts
from fauxtune.operations.profiles import approval_requests as operations
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.approval_requests import POLICY_HOOKS, Administrator
from fauxtune.operations.profiles.assignments import Assignable, NewAssignment
from fauxtune.operations.profiles.family_hooks import TERMS_HOOKS
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import resources as queries
from fauxtune.surfaces.graph import needed_permissions as needs
from fauxtune.surfaces.graph import reasons
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Handler, Json, entity_answer
from fauxtune.surfaces.graph.families.family import Action, Assigned, Family
from fauxtune.surfaces.graph.lists import collection_answer, list_documents
from fauxtune.surfaces.graph.resources.assignments import targets_of
from fauxtune.surfaces.graph.resources.document_members import accepted_member

POLICY_SET = entity("policySet")
POLICY_SET_ASSIGNMENT = entity("policySetAssignment")

_ADDED, _UPDATED, _DELETED = "addedPolicySetItems", "updatedPolicySetItems", "deletedPolicySetItems"


async def update(call: Call) -> Answer:
    """POST .../{resource}/update: items that come, change and go, and the whole new set of assignments."""
    body = call.body()
    added = accepted_member(POLICY_SET, body.get(_ADDED), member=POLICY_SET_ITEMS, version=call.version)
    changed = accepted_member(POLICY_SET, body.get(_UPDATED), member=POLICY_SET_ITEMS, version=call.version)
    ids = [each.get("id") for each in body.get(_UPDATED) or [] if isinstance(each, dict)]
    updated = {str(key): each for key, each in zip(ids, changed, strict=True)}
    deleted = body.get(_DELETED) or []
    if not isinstance(deleted, list) or not all(isinstance(each, str) for each in deleted):
        raise Invalid(f"'{_DELETED}' must be a list of ids.", target=_DELETED)
    targets = None
    if body.get("assignments") is not None:
        targets = targets_of(body, shape=POLICY_SET_ASSIGNMENT, version=call.version)
    await call.run(_update, call.keys["resource"], added=added, updated=updated, deleted=deleted, targets=targets)
    return NO_CONTENT


async def get_policy_sets(call: Call) -> Answer:
    """POST .../getPolicySets: those of the ids that are policy sets."""
    ids = call.body().get("policySetIds")
    if not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise Invalid('The body must be {"policySetIds": ["<id>"]}.', target="policySetIds")
    rows = await call.read(queries.resources_by_id, call.tenant.id, ids=ids)
    values = [
        view(POLICY_SET, row.document, version=call.version) for row in rows.values() if row.family == POLICY_SETS.name
    ]
    return collection_answer(call, values, context=f"Collection({POLICY_SET.full_name})")


def _update(
    tx: Transaction,
    key: str,
    *,
    added: list[Json],
    updated: dict[str, Json],
    deleted: list[str],
    targets: list[NewAssignment] | None,
) -> None:
    row = resources.get(tx, POLICY_SETS, key=key)
    items = {each["id"]: each for each in row.document[POLICY_SET_ITEMS.name]}
    missing = [each for each in (*updated, *deleted) if each not in items]
    if missing:
        raise NotFound(f"The policy set has no item '{missing[0]}'.")
    kept = [{**updated.get(key, item), "id": key} for key, item in items.items() if key not in deleted]
    new = resources.numbered(tx, added, member=POLICY_SET_ITEMS)
    resources.rewritten(tx, row, rules=POLICY_SETS, document={**row.document, POLICY_SET_ITEMS.name: [*kept, *new]})
    if targets is not None:
        to = Assignable(ProfileId(row.id), "policySet", None)
        resources.assign(tx, POLICY_SETS, key=row.id, to=to, targets=targets)


_APPROVAL_REQUEST = entity("operationApprovalRequest")
_SET, _STATUS = complex_type("operationApprovalPolicySet"), complex_type("operationApprovalRequestEntityStatus")
_REQUESTS = "deviceManagement/operationApprovalRequests"
#: The events of requests in the audit log.
AUDITED = FamilySubject("operationApprovalRequest", "OperationApprovalRequest", "Role", (REQUESTS,), ("resource",))


def decide(status: Status) -> Handler:
    """Return the handler of approve, reject and cancelApproval: 200 with the request's id. Unverified: that text."""

    async def handler(call: Call) -> Answer:
        justification = call.optional_body().get("justification")
        if justification is not None and not isinstance(justification, str):
            raise Invalid("justification must be a text.", target="justification")
        if len(justification or "") > LONGEST_JUSTIFICATION:
            raise Invalid(f"justification has at most {LONGEST_JUSTIFICATION} characters.", target="justification")
        key = call.keys["resource"]
        await call.run(operations.decide, key, by=_caller(call), status=status, justification=justification)
        return Answer(200, {"@odata.context": call.context("Edm.String"), "value": key})

    return handler


async def cancel_mine(call: Call) -> Answer:
    """POST .../operationApprovalRequests/cancelMyRequest: what the caller requested."""
    key = call.body().get("id")
    if not isinstance(key, str) or not key:
        raise Invalid("A value is required for property 'id'.", target="id")
    # The body names the request, so the rule of the audit cannot stand at the route.
    audited = replace(call, audit=acts(AUDITED, "cancelMyRequest"), keys={"resource": key})
    await audited.run(operations.cancel, key, by=_caller(call))
    return NO_CONTENT


async def list_mine(call: Call) -> Answer:
    """GET .../operationApprovalRequests/retrieveMyRequests: what the caller requested."""
    documents = await call.run(operations.requests_of, by=_caller(call))
    return list_documents(call, documents, entity=_APPROVAL_REQUEST, context=_REQUESTS)


async def get_mine(call: Call) -> Answer:
    """GET .../operationApprovalRequests/retrieveMyRequestById(id='...')."""
    document = await call.run(operations.request_of, call.keys["id"], by=_caller(call))
    value = view(_APPROVAL_REQUEST, document, version=call.version, select=call.query.select)
    return entity_answer(call, value, context=_REQUESTS)


async def request_status(call: Call) -> Answer:
    """POST .../operationApprovalRequests/retrieveRequestStatus: of the newest request about a thing. Unverified: 404
    for a thing that nothing was requested about.
    """
    subject = call.body().get("entityId")
    if not isinstance(subject, str) or not subject:
        raise Invalid("A value is required for property 'entityId'.", target="entityId")
    document = await call.run(operations.status_about, subject)
    if document is None:
        raise NotFound(f"No approval was requested about '{subject}'.")
    value = {
        "requestId": document["id"],
        "requestExpirationDateTime": document["expirationDateTime"],
        "requestStatus": document["status"],
        "entityLocked": document["status"] in UNDER_WAY,
    }
    status = view(_STATUS, value, version=call.version)
    return Answer(200, {"@odata.context": call.context(_STATUS.full_name), "value": status})


async def list_guarded(call: Call) -> Answer:
    """GET .../operationApprovalPolicies/retrieveOperationsRequiringApproval: what needs an approval."""
    return _sets(call, await call.run(operations.guarded))


async def list_approvable(call: Call) -> Answer:
    """GET .../operationApprovalPolicies/retrieveApprovableOperations: what the caller can approve."""
    return _sets(call, await call.run(operations.guarded, approver=_caller(call)))


def _sets(call: Call, documents: Sequence[Json]) -> Answer:
    values = [view(_SET, document, version=call.version) for document in documents]
    return collection_answer(call, values, context=f"Collection({_SET.full_name})")


def _caller(call: Call) -> Administrator:
    return Administrator(call.principal.client_id, call.principal.user_id)


_NOT_ASSIGNED = stored("what is in a set is not assigned by it")
_POLICY = approximated("in force at once, without an approval of its own; no application is excluded")
_REQUEST = approximated("who approves what follows only from the groups of policies; kept for 30 days, 1,000 at most")
_READ_APPROVALS = (*needs.READ_CONFIGURATION, *needs.READ_ROLES)
_WRITE_APPROVALS = (*needs.WRITE_CONFIGURATION, *needs.WRITE_ROLES)


def _function(name: str, handler: Handler, *, about: str, returns: str = "operationApprovalPolicySet") -> Action:
    """A function whose answer depends on who asks: it is not kept."""
    return Action(
        name,
        handler,
        about,
        method="GET",
        on_all=True,
        reads=True,
        status=200,
        returns=returns,
        many=True,
        fidelity=_REQUEST,
        dated=True,
    )


def _decision(name: str, status: Status, *, about: str) -> Action:
    return Action(name, decide(status), about, status=200, fidelity=_REQUEST)


HEADING = "Administration of the tenant"
FAMILIES: tuple[Family, ...] = (
    Family(
        "deviceManagement/termsAndConditions",
        "termsAndConditions",
        "terms and conditions",
        TERMS,
        read=needs.READ_SERVICE,
        write=needs.WRITE_SERVICE,
        audit=("TermsAndConditions", "TermsAndConditions"),
        without=reasons.TELLING,
        fidelity=stored("nobody is asked to accept them"),
        hooks=TERMS_HOOKS,
        assigned=Assigned(
            "termsAndConditionsAssignment", verbs="list get create update delete", expandable="", action=False
        ),
    ),
    Family(
        "deviceManagement/intuneBrandingProfiles",
        "intuneBrandingProfile",
        "a branding profile",
        BRANDING,
        read=needs.READ_APPS,
        write=needs.WRITE_APPS,
        audit=("IntuneBrandingProfile", "Other"),
        without=reasons.TELLING,
        fidelity=stored("no page and no mail shows it"),
        assigned=Assigned("intuneBrandingProfileAssignment"),
        hidden_in_lists="themeColorLogo lightBackgroundLogo landingPageCustomizedImage",
        shown_properties="themeColorLogo lightBackgroundLogo landingPageCustomizedImage",
    ),
    Family(
        "deviceManagement/managedDeviceCleanupRules",
        "managedDeviceCleanupRule",
        "a cleanup rule",
        CLEANUP_RULES,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=("ManagedDeviceCleanupRule", "Device"),
        without=reasons.CLEANUP,
        fidelity=stored("no device is retired by it"),
    ),
    Family(
        "deviceManagement/operationApprovalPolicies",
        "operationApprovalPolicy",
        "an approval policy",
        tenant_administration.POLICIES,
        read=_READ_APPROVALS,
        write=_WRITE_APPROVALS,
        audit=("OperationApprovalPolicy", "Role"),
        without=reasons.APPROVALS,
        fidelity=_POLICY,
        hooks=POLICY_HOOKS,
        actions=(
            _function("retrieveOperationsRequiringApproval", list_guarded, about="What needs an approval"),
            _function("retrieveApprovableOperations", list_approvable, about="What the caller can approve"),
        ),
    ),
    Family(
        "deviceManagement/operationApprovalRequests",
        "operationApprovalRequest",
        "a request for approval",
        tenant_administration.REQUESTS,
        read=_READ_APPROVALS,
        write=_READ_APPROVALS,
        audit=("OperationApprovalRequest", "Role"),
        without=reasons.APPROVALS,
        verbs="list get",
        fidelity=_REQUEST,
        actions=(
            _decision("approve", Status.APPROVED, about="Approve a request"),
            _decision("reject", Status.REJECTED, about="Reject a request"),
            _decision("cancelApproval", Status.CANCELLED, about="Take an approval back"),
            Action(
                "cancelMyRequest",
                cancel_mine,
                "Withdraw a request of one's own",
                on_all=True,
                required="id",
                fidelity=_REQUEST,
                may_be_absent=True,
            ),
            Action(
                "retrieveRequestStatus",
                request_status,
                "The newest request about a thing",
                on_all=True,
                status=200,
                returns="operationApprovalRequestEntityStatus",
                required="entityId",
                fidelity=_REQUEST,
                may_be_absent=True,
            ),
            _function(
                "retrieveMyRequests",
                list_mine,
                about="What the caller has requested",
                returns="operationApprovalRequest",
            ),
            replace(
                _function(
                    "retrieveMyRequestById/{id}",
                    get_mine,
                    about="One of these requests",
                    returns="operationApprovalRequest",
                ),
                many=False,
            ),
        ),
    ),
    Family(
        "deviceManagement/mobileThreatDefenseConnectors",
        "mobileThreatDefenseConnector",
        "a connector for threat defence",
        Rules("mobileThreatDefenseConnectors"),
        read=needs.READ_SERVICE,
        write=needs.WRITE_SERVICE,
        audit=("MobileThreatDefenseConnector", "Other"),
        without=reasons.PARTNERS,
        fidelity=stored("no partner is connected"),
    ),
    Family(
        "deviceAppManagement/policySets",
        "policySet",
        "a policy set",
        POLICY_SETS,
        read=needs.READ_CONFIGURATION,
        write=needs.WRITE_CONFIGURATION,
        audit=("PolicySet", "DeviceConfiguration"),
        without=reasons.SETS,
        fidelity=_NOT_ASSIGNED,
        assigned=Assigned("policySetAssignment", expandable="item", action=False, on_create=True),
        shown_members="items",
        only_on_items="items",
        actions=(
            Action("update", update, "Change the items of a policy set", fidelity=_NOT_ASSIGNED),
            Action(
                "getPolicySets",
                get_policy_sets,
                "The policy sets with these ids",
                on_all=True,
                reads=True,
                status=200,
                returns="policySet",
                many=True,
                fidelity=_NOT_ASSIGNED,
            ),
        ),
    ),
)
