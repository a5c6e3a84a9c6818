"""What policies and requests of Multi Admin Approval can do beside what every resource can. Graph (beta):
operationApprovalPolicy: retrieveApprovableOperations, retrieveOperationsRequiringApproval; operationApprovalRequest:
approve, reject, cancelApproval, cancelMyRequest, retrieveMyRequests, retrieveMyRequestById, retrieveRequestStatus.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.graph.index import complex_type, entity
from fauxtune.core.odata.documents.view import view
from fauxtune.core.policies.approvals import LONGEST_JUSTIFICATION, REQUESTS, UNDER_WAY, Status
from fauxtune.operations.insight.audit_families import FamilySubject, acts
from fauxtune.operations.profiles import approval_requests as operations
from fauxtune.operations.profiles.approval_requests import Administrator
from fauxtune.surfaces.graph.call import NO_CONTENT, Answer, Call, Handler, Json, entity_answer
from fauxtune.surfaces.graph.computed import list_documents
from fauxtune.surfaces.graph.lists import collection_answer

_REQUEST = entity("operationApprovalRequest")
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
    return list_documents(call, documents, entity=_REQUEST, context=_REQUESTS)


async def get_mine(call: Call) -> Answer:
    """GET .../operationApprovalRequests/retrieveMyRequestById(id='...')."""
    document = await call.run(operations.request_of, call.keys["id"], by=_caller(call))
    value = view(_REQUEST, document, version=call.version, select=call.query.select)
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
    values = [view(_SET, each, version=call.version) for each in documents]
    return collection_answer(call, values, context=f"Collection({_SET.full_name})")


def _caller(call: Call) -> Administrator:
    return Administrator(call.principal.client_id, call.principal.user_id)
