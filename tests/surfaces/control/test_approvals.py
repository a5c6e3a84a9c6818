"""What the control surface says of a request for approval, which Graph does not."""

from __future__ import annotations

import httpx

from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries.insight import groups_and_profiles
from tests.support.approvals import waiting_request


async def test_the_operation_and_those_who_may_decide_are_told(emulator: Emulator, contoso: httpx.AsyncClient) -> None:
    tenant = await emulator.runner.tenant("contoso")
    groups = await emulator.runner.read(groups_and_profiles.groups_named, tenant.id, names=["SMIME Pilot"])
    _policy, approval = await waiting_request(emulator, tenant, approvers=[row.id for row in groups])
    told = (await contoso.get(f"/approvals/{approval}")).raise_for_status().json()
    assert told == {
        "id": approval,
        "status": "needsApproval",
        "operation": "POST /deviceManagement/deviceManagementScripts",
        "subject": None,
        "subjectName": None,
        "approvers": ["alice@contoso.example", "bob@contoso.example"],
    }
    assert (await contoso.get("/approvals/nothing")).status_code == 404
