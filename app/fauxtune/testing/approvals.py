"""Multi Admin Approval in a test: what needs another administrator, and that administrator's decision."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from fauxtune.core.administration import approvals as tasks
from fauxtune.core.administration.approvals import Decision
from fauxtune.testing.calls import Calls
from fauxtune_client.endpoints import User as SignedIn

if TYPE_CHECKING:
    from fauxtune.testing.parts import Tenancy, User


class Approvals:
    """The approval policies of a tenant, and the requests that wait for a decision."""

    def __init__(self, tenant: Tenancy, calls: Calls) -> None:
        """Use `tenant.approvals`."""
        self._tenant = tenant
        self._calls = calls

    def require(self, policy_type: str, *, approvers: Iterable[str | User]) -> None:
        """Let operations of a type wait for one of these users, from now on.

        `policy_type` is Graph's: "deviceWipe", "deviceRetire", "deviceDelete", "app", "script", "role" or
        "tenantConfiguration". Such an operation is answered 403, with the code in the header x-msft-approval-code. The
        tenant gets a group of the approvers; what this library itself asks for is guarded too.
        """
        group = self._tenant.group(f"Approvers: {policy_type}", members=approvers)
        self._calls.send(tasks.create_policy(group.name, policy_type=policy_type, approvers=[group.id]))

    def waiting(self) -> list[dict[str, Any]]:
        """Return the requests that wait for a decision, as Graph's operationApprovalRequest, the oldest first."""
        rows = self._calls.client.graph_list(tasks.REQUESTS)
        return sorted(
            (row for row in rows if row["status"] == "needsApproval"), key=lambda row: str(row["requestDateTime"])
        )

    def approve(self, code: str, *, by: str | User, justification: str = "") -> None:
        """Approve a request as a user who is an approver: who asked for it can do it now, once, with this code."""
        self._decide(code, Decision.APPROVE, by=by, justification=justification)

    def reject(self, code: str, *, by: str | User, justification: str = "") -> None:
        """Reject a request as a user who is an approver: what was asked for is not done."""
        self._decide(code, Decision.REJECT, by=by, justification=justification)

    def _decide(self, code: str, decision: Decision, *, by: str | User, justification: str) -> None:
        approver = SignedIn(self._tenant.person(by).name, self._tenant.user_password, tenant=self._tenant.id)
        request = tasks.decide(code, decision, justification=justification or None)
        Calls(self._calls.client.signed_in_as(approver)).send(request)
