"""Multi Admin Approval: what a policy guards waits for another administrator, and is done once."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from fauxtune.core.errors import GraphRefused
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.policies.tenant_administration import CODE, JUSTIFICATION, header
from fauxtune.operations.runtime.emulator import Emulator, ProposedRequest
from tests.support.graph import (
    ABSENT,
    TENANT,
    advance_clock,
    create,
    document,
    documents,
    error_code,
    error_message,
    id_of_group,
    ids,
)
from tests.support.sign_in import CLIENT

pytestmark = pytest.mark.both_in_soak

Json = dict[str, Any]
Enroll = Callable[..., Awaitable[Any]]
REQUESTS, POLICIES = "/deviceManagement/operationApprovalRequests", "/deviceManagement/operationApprovalPolicies"
SCRIPTS, CATEGORIES = "/deviceManagement/deviceManagementScripts", "/deviceManagement/deviceCategories"
SCRIPT = {"displayName": "Inventory", "fileName": "inventory.ps1", "scriptContent": "R2V0LURhdGU="}
WHY = {"x-msft-approval-justification": b64encode("Ticket 4711, für Köln".encode()).decode()}


async def _policy(graph: httpx.AsyncClient, policy_type: str, *, group: str = "SMIME Pilot") -> None:
    approvers = [await id_of_group(graph, group)]
    await create(graph, POLICIES, displayName=policy_type, policyType=policy_type, approverGroupIds=approvers)


async def _as(graph: httpx.AsyncClient, http: httpx.AsyncClient, user: str) -> httpx.AsyncClient:
    """The same client, signed in as a user."""
    form = {
        "grant_type": "password",
        "client_id": CLIENT,
        "username": f"{user}@contoso.example",
        "password": "Fauxtune1!",
        "scope": "https://graph.microsoft.com/.default",
    }
    token = (await http.post("/contoso/oauth2/v2.0/token", data=form)).raise_for_status().json()["access_token"]
    return httpx.AsyncClient(
        transport=graph._transport, base_url=graph.base_url, headers={"authorization": f"Bearer {token}"}
    )


async def _requested(graph: httpx.AsyncClient, method: str, path: str, **more: Any) -> str:
    """Ask for an operation that a policy guards; return the code of the request."""
    answer = await graph.request(method, path, headers=WHY, **more)
    assert (answer.status_code, error_code(answer)) == (403, "ApprovalRequired"), answer.text
    code = answer.headers["x-msft-approval-code"]
    assert f"x-msft-approval-code: {code}" in error_message(answer)
    return str(code)


async def _states(graph: httpx.AsyncClient) -> Json:
    return {each["id"]: each["status"] for each in await documents(graph, REQUESTS)}


def _with(code: str) -> dict[str, str]:
    return {"x-msft-approval-code": code}


async def test_a_script_is_made_once_another_administrator_has_approved_it(
    beta: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    before = (await beta.post(SCRIPTS, json={**SCRIPT, "displayName": "Before"})).raise_for_status().json()["id"]
    await _policy(beta, "script")
    without = await beta.post(SCRIPTS, json=SCRIPT)
    assert without.status_code == 400
    assert error_message(without).startswith("Header 'x-msft-approval-justification' is required to request approval")
    code = await _requested(beta, "POST", SCRIPTS, json=SCRIPT)
    assert await ids(beta, SCRIPTS) == [before], "nothing was made"

    request = await document(beta, f"{REQUESTS}/{code}")
    assert (request["status"], request["requestJustification"]) == ("needsApproval", "Ticket 4711, für Köln")
    assert request["requiredOperationApprovalPolicyTypes"] == ["script"]
    assert (request["requestor"]["application"]["id"], request["requestor"]["user"]) == (CLIENT, None)
    assert (request["approver"], request["approvalJustification"]) == (None, None)
    early = await beta.post(SCRIPTS, json=SCRIPT, headers=_with(code))
    assert (early.status_code, "needsApproval" in error_message(early)) == (400, True)

    decision = {"justification": "Seen", "approvalSource": "adminConsole"}
    by_application = await beta.post(f"{REQUESTS}/{code}/approve", json=decision)
    assert (by_application.status_code, "sign in" in error_message(by_application)) == (403, True)
    outsider, bob = await _as(beta, http, "carol"), await _as(beta, http, "bob")
    refused = await outsider.post(f"{REQUESTS}/{code}/approve", json=decision)
    assert (refused.status_code, "direct members" in error_message(refused)) == (403, True)
    assert (await bob.post(f"{REQUESTS}/{code}/approve", json=decision)).json()["value"] == code
    again = await bob.post(f"{REQUESTS}/{code}/reject", json=decision)
    assert (again.status_code, "is approved" in error_message(again)) == (400, True)
    request = await document(beta, f"{REQUESTS}/{code}")
    assert (request["status"], request["approvalJustification"]) == ("approved", "Seen")
    assert request["approver"]["user"]["displayName"].startswith("Bob")

    for wrong, said in (({**SCRIPT, "fileName": "other.ps1"}, "another request"), (SCRIPT, "No approval")):
        by = beta if said == "another request" else bob
        answer = await by.post(SCRIPTS, json=wrong, headers=_with(code))
        assert (answer.status_code, said in error_message(answer)) == (400, True), answer.text
    same = dict(reversed(SCRIPT.items()))
    made = await beta.post(SCRIPTS, json=same, headers=_with(code))
    assert made.status_code == 201, made.text
    assert set(await ids(beta, SCRIPTS)) == {before, made.json()["id"]}
    assert (await document(beta, f"{REQUESTS}/{code}"))["status"] == "completed"
    twice = await beta.post(SCRIPTS, json=SCRIPT, headers=_with(code))
    assert (twice.status_code, "completed" in error_message(twice)) == (400, True)
    assert (await beta.get(SCRIPTS)).status_code == 200, "reading needs no approval"


async def test_what_needs_an_approval_is_answered_403_or_412_as_a_tenant_chooses_and_polled_by_its_request_id(
    beta: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    await _policy(beta, "script")
    await _requested(beta, "POST", SCRIPTS, json=SCRIPT)
    (await http.patch(TENANT, json={"settings": {"approvals.preconditionFailed": True}})).raise_for_status()
    answer = await beta.post(SCRIPTS, json=SCRIPT, headers=WHY)
    code = answer.headers["x-msft-approval-code"]
    assert (answer.status_code, error_code(answer), code in error_message(answer)) == (412, "BadRequest", True)
    polled = await documents(beta, REQUESTS, **{"$filter": f"requestId eq '{code}'"})
    assert [(each["id"], each["status"], "requestId" in each) for each in polled] == [(code, "needsApproval", False)]


async def test_a_request_is_rejected_withdrawn_taken_back_or_expires(
    beta: httpx.AsyncClient, http: httpx.AsyncClient
) -> None:
    await _policy(beta, "tenantConfiguration")
    bob = await _as(beta, http, "bob")
    codes = [await _requested(beta, "POST", CATEGORIES, json={"displayName": str(count)}) for count in range(5)]
    (await bob.post(f"{REQUESTS}/{codes[0]}/reject", json={"justification": "No"})).raise_for_status()
    (await beta.post(f"{REQUESTS}/cancelMyRequest", json={"id": codes[1]})).raise_for_status()
    event = (await documents(beta, "/deviceManagement/auditEvents"))[0]
    assert (event["activityType"], event["resources"][0]["resourceId"]) == (
        "cancelMyRequest OperationApprovalRequest",
        codes[1],
    )
    foreign = await bob.post(f"{REQUESTS}/cancelMyRequest", json={"id": codes[2]})
    assert foreign.status_code == 404
    for action in ("approve", "cancelApproval"):
        (await bob.post(f"{REQUESTS}/{codes[2]}/{action}", json={})).raise_for_status()
    (await bob.post(f"{REQUESTS}/{codes[3]}/approve")).raise_for_status()
    states = ["rejected", "cancelled", "cancelled", "approved", "needsApproval"]
    assert await _states(beta) == dict(zip(codes, states, strict=True))
    assert {each["id"] for each in await documents(beta, f"{REQUESTS}/retrieveMyRequests")} == set(codes)
    assert await documents(bob, f"{REQUESTS}/retrieveMyRequests") == []
    mine = f"{REQUESTS}/retrieveMyRequestById(id='{codes[4]}')"
    assert (await document(beta, mine))["id"] == codes[4]
    assert (await bob.get(mine)).status_code == 404
    waiting = await documents(beta, REQUESTS, **{"$filter": "status eq 'needsApproval'"})
    assert [each["id"] for each in waiting] == codes[4:]

    await advance_clock(http, "P3D")
    states[3:] = ["expired", "expired"]
    assert await _states(beta) == dict(zip(codes, states, strict=True))
    late = await bob.post(f"{REQUESTS}/{codes[4]}/approve")
    assert (late.status_code, "expired" in error_message(late)) == (400, True)
    for number in range(4):
        answer = await beta.post(CATEGORIES, json={"displayName": str(number)}, headers=_with(codes[number]))
        assert answer.status_code == 400
    await advance_clock(http, "P30D")
    assert await documents(beta, REQUESTS) == []


async def test_devices_are_not_wiped_retired_or_deleted_without_an_approval(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    await enroll("alice", mode="fully-managed")
    (device,) = await ids(beta, "/deviceManagement/managedDevices")
    for each in ("deviceWipe", "deviceRetire", "deviceDelete"):
        await _policy(beta, each)
    one, owner = f"/deviceManagement/managedDevices/{device}", f"/users/alice@contoso.example/managedDevices/{device}"
    code = await _requested(beta, "POST", f"{one}/wipe", json={"keepUserData": False})
    locked = await beta.post(f"{one}/retire", headers=WHY)
    assert (locked.status_code, "active Approval Request" in error_message(locked)) == (409, True)
    about = {"entityId": device, "entityType": "managedDevice"}
    status = (await beta.post(f"{REQUESTS}/retrieveRequestStatus", json=about)).raise_for_status().json()["value"]
    assert (status["requestId"], status["requestStatus"], status["entityLocked"]) == (code, "needsApproval", True)
    unknown = await beta.post(f"{REQUESTS}/retrieveRequestStatus", json={**about, "entityId": ABSENT})
    assert unknown.status_code == 404

    (await beta.post(f"{REQUESTS}/cancelMyRequest", json={"id": code})).raise_for_status()
    for method, path in (("DELETE", one), ("POST", f"{owner}/wipe"), ("POST", f"{one}/microsoft.graph.retire")):
        code = await _requested(beta, method, path)
        (await beta.post(f"{REQUESTS}/cancelMyRequest", json={"id": code})).raise_for_status()
    for name in ("wipe", "retire", "delete"):
        many = {"actionName": name, "deviceIds": [device]}
        await _requested(beta, "POST", "/deviceManagement/managedDevices/executeAction", json=many)
    item = {"id": "1", "method": "POST", "url": f"{one}/wipe", "headers": {**WHY, "Content-Type": "application/json"}}
    (batched,) = (await beta.post("/$batch", json={"requests": [{**item, "body": {}}]})).json()["responses"]
    assert (batched["status"], bool(batched["headers"]["x-msft-approval-code"])) == (403, True)
    (await beta.post(f"{one}/syncDevice")).raise_for_status()
    detail = await document(beta, one)
    assert [result["actionName"] for result in detail["deviceActionResults"]] in ([], ["syncDevice"])

    waiting = {"id": batched["headers"]["x-msft-approval-code"]}
    (await beta.post(f"{REQUESTS}/cancelMyRequest", json=waiting)).raise_for_status()
    code = await _requested(beta, "POST", f"{one}/wipe")
    (await (await _as(beta, http, "alice")).post(f"{REQUESTS}/{code}/approve")).raise_for_status()
    (await beta.post(f"{one}/wipe", headers=_with(code))).raise_for_status()
    assert (await document(beta, one))["managementState"] == "wipePending"


async def test_nobody_approves_what_they_asked_for(beta: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    await _policy(beta, "app")
    bob, alice = await _as(beta, http, "bob"), await _as(beta, http, "alice")
    app = {"@odata.type": "#microsoft.graph.webApp", "displayName": "Wiki", "appUrl": "https://wiki.contoso.example"}
    code = await _requested(bob, "POST", "/deviceAppManagement/mobileApps", json=app)
    own = await bob.post(f"{REQUESTS}/{code}/approve")
    assert (own.status_code, "of their own" in error_message(own)) == (403, True)
    (await alice.post(f"{REQUESTS}/{code}/approve")).raise_for_status()
    (await bob.post("/deviceAppManagement/mobileApps", json=app, headers=_with(code))).raise_for_status()


async def test_which_operations_need_an_approval_is_told(beta: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    assert await documents(beta, f"{POLICIES}/retrieveOperationsRequiringApproval") == []
    for each in ("app", "script"):
        await _policy(beta, each, group="SMIME Pilot" if each == "app" else "All Staff")
    sets = await documents(beta, f"{POLICIES}/retrieveOperationsRequiringApproval")
    assert {each["policyType"] for each in sets} == {"app", "script"}
    for user, types in (("bob", {"app", "script"}), ("carol", {"script"})):
        caller = await _as(beta, http, user)
        sets = await documents(caller, f"{POLICIES}/retrieveApprovableOperations")
        assert {each["policyType"] for each in sets} == types
    for policy in await ids(beta, POLICIES):
        (await beta.delete(f"{POLICIES}/{policy}")).raise_for_status()
    await create(beta, SCRIPTS, **SCRIPT)


async def test_what_the_emulator_sends_for_itself_waits_only_if_it_says_so(
    beta: httpx.AsyncClient, emulator: Emulator, tenant: Tenant
) -> None:
    await _policy(beta, "tenantConfiguration")
    request = ProposedRequest("POST", CATEGORIES, {"displayName": "Kiosk"})
    assert await emulator.graph(emulator.for_administrator(), tenant, request=request)
    with pytest.raises(GraphRefused, match="approval-justification"):
        await emulator.graph(emulator.for_administrator(), tenant, request=replace(request, needs_approval=True))
    headers = {JUSTIFICATION: header("Why")}
    asking = replace(request, needs_approval=True, headers=headers, body={"displayName": "Another"})
    with pytest.raises(GraphRefused) as refused:
        await emulator.graph(emulator.for_administrator(), tenant, request=asking)
    assert (refused.value.status, set(await ids(beta, REQUESTS))) == (403, {refused.value.headers[CODE]})


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("no base64 !", "must be Base64"),
        (b64encode(b"\xff\xfe").decode(), "must be Base64"),
        (b64encode(b"x" * 1025).decode(), "no greater than 1024 characters"),
        (b64encode(b"\x00").decode(), "NUL"),
    ],
    ids=["no Base64", "no UTF-8", "too long", "NUL"],
)
async def test_a_justification_that_cannot_be_kept_is_refused(beta: httpx.AsyncClient, sent: str, said: str) -> None:
    await _policy(beta, "role")
    role = {"displayName": "Helpdesk", "rolePermissions": []}
    answer = await beta.post(
        "/deviceManagement/roleDefinitions", json=role, headers={"x-msft-approval-justification": sent}
    )
    assert (answer.status_code, said in error_message(answer)) == (400, True), answer.text
    assert await documents(beta, REQUESTS) == []
