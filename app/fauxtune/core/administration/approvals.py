"""Multi Admin Approval: policies, requests for approval and the decisions on them, and what waits for one.

Graph (beta): operationApprovalPolicy, operationApprovalRequest: approve, reject, cancelApproval, cancelMyRequest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from fauxtune.core.administration.requests import AdminRequest, Json, Service, key
from fauxtune.core.policies.tenant_administration import CODE, JUSTIFICATION, header

POLICIES, REQUESTS = "/deviceManagement/operationApprovalPolicies", "/deviceManagement/operationApprovalRequests"

_NOTE = "The token must be an approver's: an application cannot decide."


class Decision(StrEnum):
    """The decision of an approver, by the name of its action."""

    APPROVE = "approve"
    REJECT = "reject"
    #: Takes an approval back.
    CANCEL = "cancelApproval"


def create_policy(
    name: str, *, policy_type: str, approvers: Sequence[str], description: str | None = None
) -> AdminRequest:
    """Let operations of a type wait for an approval from now on. `approvers`: the ids of groups."""
    body: Json = {"displayName": name, "policyType": policy_type, "approverGroupIds": [*approvers]}
    if description is not None:
        body["description"] = description
    return AdminRequest("POST", POLICIES, body)


def read_operation(request_id: str) -> AdminRequest:
    """Ask which operation a request is about, and who may decide on it: Graph does not say."""
    return AdminRequest("GET", f"/approvals/{key(request_id)}", service=Service.CONTROL)


def decide(request_id: str, decision: Decision, *, justification: str | None = None) -> AdminRequest:
    """Decide on a request: as a user who is a member of a group of approvers."""
    body: Json = {"justification": justification} if justification else {}
    return AdminRequest("POST", f"{REQUESTS}/{key(request_id)}/{decision}", body, notes=(_NOTE,))


def withdraw(request_id: str) -> AdminRequest:
    """Withdraw a request: as whoever asked."""
    return AdminRequest("POST", f"{REQUESTS}/cancelMyRequest", {"id": request_id})


def asking(request: AdminRequest, *, justification: str) -> AdminRequest:
    """Return the request as it asks for the approval that it needs; without a policy it is carried out."""
    return replace(request, headers={**request.headers, JUSTIFICATION: header(justification)})


def approved(request: AdminRequest, *, code: str) -> AdminRequest:
    """Return the request with the code of its approval."""
    return replace(request, headers={**request.headers, CODE: code})
