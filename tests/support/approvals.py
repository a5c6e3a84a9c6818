"""A request for approval in a tenant, by operations."""

from __future__ import annotations

from collections.abc import Sequence

from fauxtune.core.model.tenants import Tenant
from fauxtune.core.policies.tenant_administration import POLICIES, PolicyType, header
from fauxtune.operations.profiles import approval_requests, resources
from fauxtune.operations.profiles.approval_requests import POLICY_HOOKS, Administrator, Operation
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction


async def waiting_request(emulator: Emulator, tenant: Tenant, *, approvers: Sequence[str]) -> tuple[str, str]:
    """Return the ids of a new policy with these groups, and of a request of an application that it guards."""
    return await emulator.runner.run(tenant, _waiting, approvers=approvers)


def _waiting(tx: Transaction, *, approvers: Sequence[str]) -> tuple[str, str]:
    document = {"displayName": "Scripts", "policyType": "script", "approverGroupIds": [*approvers]}
    policy = resources.create(tx, POLICIES, kind="operationApprovalPolicy", document=document, hooks=POLICY_HOOKS)
    operation = Operation(PolicyType.SCRIPT, digest="digest", request="POST /deviceManagement/deviceManagementScripts")
    code = approval_requests.request(
        tx, operation, by=Administrator("an application", None), header=header("Ticket 4711")
    )
    assert code is not None
    return policy.id, code
