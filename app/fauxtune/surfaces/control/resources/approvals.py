"""What Graph does not say of a request for approval: which operation waits, and who may decide on it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from fauxtune.core.policies.tenant_administration import REQUEST, SUBJECT
from fauxtune.operations.profiles import approval_requests as operations
from fauxtune.surfaces.control.access import Here, calls
from fauxtune.surfaces.control.bodies import Answer

#: Names of approvers in an answer.
_MOST = 20

router = calls("/tenants/{tenant}", tag="approvals")


class WaitingOperation(Answer):
    """The operation that a request for approval is about (Graph: operationApprovalRequest)."""

    id: str
    status: str
    operation: Annotated[str, Field(description="method and path; its body is in the window on the wire, if anywhere")]
    subject: Annotated[str | None, Field(description="the id of what it changes; null for what is new")]
    subject_name: Annotated[str | None, Field(description="the name of what it changes, if that has one")]
    approvers: Annotated[
        list[str], Field(description=f"the first {_MOST} users who may decide on it, by userPrincipalName")
    ]


@router.get("/approvals/{approval}", summary="Get which operation waits for an approval, and who may decide")
async def get_approval(here: Here, approval: str) -> WaitingOperation:
    """Graph has its state, and decides: as a user, operationApprovalRequests/{id}/approve."""
    examined = await here.run(operations.examine, approval, most=_MOST)
    row = examined.row
    return WaitingOperation(
        id=row.id,
        status=row.document["status"],
        operation=row.document.get(REQUEST, ""),
        subject=row.document[SUBJECT] or None,
        subject_name=examined.subject_name,
        approvers=[approver.detail or approver.id for approver in examined.approvers],
    )
