"""Multi Admin Approval in the console: a policy, a wipe that waits, a person who decides, and the wipe."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx
import pytest

from fauxtune.core.administration.approvals import approved, asking, create_policy
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.policies.tenant_administration import CODE
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.console import done, send_from, show, submit, text_of
from tests.support.tenant import Contoso
from tests.surfaces.console.conftest import Enroll

NEW = "/approvals/policies/new"
BOB = "bob@contoso.example"
DEVICES = "/deviceManagement/managedDevices"
CATEGORY = AdminRequest("POST", "/deviceManagement/deviceCategories", {"displayName": "Kiosk"})


@dataclass(frozen=True, slots=True)
class Application:
    """The seeded application, which asks over the wire."""

    http: httpx.AsyncClient
    token: str

    async def send(self, request: AdminRequest) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}", **request.headers}
        return await self.http.request(request.method, f"/beta{request.path}", json=request.body, headers=headers)

    async def asks(self, contoso: Contoso, *approvers: str) -> str:
        """Create a policy with these approvers, and ask for what it guards; the page of the request."""
        group = await _group(contoso, *approvers)
        policy = create_policy("Categories", policy_type="tenantConfiguration", approvers=[group])
        assert (await self.send(policy)).status_code == 201
        answer = await self.send(asking(CATEGORY, justification="Ticket 4711"))
        assert answer.status_code == 403, answer.text
        return f"/approvals/{answer.headers[CODE]}"

    async def management_state(self, device: str) -> str:
        answer = await self.send(AdminRequest("GET", f"{DEVICES}/{device}"))
        return str(answer.raise_for_status().json()["managementState"])


@pytest.fixture
def application(http: httpx.AsyncClient, app_token: str) -> Application:
    return Application(http, app_token)


async def _group(contoso: Contoso, *members: str) -> str:
    return await contoso.group("Approvers", *[await contoso.user_id(member) for member in members])


async def test_a_wipe_waits_for_an_approval_and_is_done_with_it_once(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll, application: Application
) -> None:
    phone = await enroll("alice", mode="fully-managed")
    group = await _group(contoso, "bob")
    assert "nothing waits for an approval" in await show(console, "/approvals")
    done(await submit(console, NEW, name="Wipes", type="deviceWipe", target=f"group:{group}"))
    assert "Wipes wiping a device Approvers" in await show(console, "/approvals")

    wipe = f"/devices/{phone.enrollment_id}/wipe"
    page = await show(console, wipe)
    assert "What would happen" in page, "a look at the effects needs no approval"
    assert "Ask for an approval" in page
    request = done(await submit(console, wipe, justification="Lost"))
    page = await show(console, request)
    for words in ("waits for a decision", "the console", "Lost", f"POST {DEVICES}/"):
        assert words in page
    assert "has to be finished first" in await show(console, wipe)
    assert await application.management_state(phone.managed_device_id) == "managed"

    done(await submit(console, request, step="approve", user=BOB, justification="Seen"))
    shown = await console.get(request)
    assert "approved, and not used yet" in text_of(shown)
    assert "Bob Brown : Seen" in text_of(shown)
    link = _link(shown, r"wipe\?approval=[^\"]*")
    used = await send_from(console, link, to=link, fields={"approval": request.rpartition("/")[2]})
    assert done(used).endswith(f"/devices/{phone.enrollment_id}")
    assert await application.management_state(phone.managed_device_id) == "wipePending"
    assert "approved and used" in await show(console, "/approvals")


@ON_BOTH_DATABASES
async def test_what_an_application_asked_for_is_decided_as_a_person_who_may(
    console: httpx.AsyncClient, contoso: Contoso, application: Application
) -> None:
    page = await application.asks(contoso, "bob")
    overview = await console.get("")
    assert "1 operation of administrators waits for the approval of another one." in text_of(overview)
    assert _link(overview, r"approvals/[^\"]*").endswith(page)
    assert f'value="{BOB}"' in (await console.get(page)).text, "the approver is suggested"
    for user, reason in (
        ("carol@contoso.example", "Only direct members of a group"),
        ("nobody", "There is no person “nobody”"),
    ):
        refused = await submit(console, page, step="approve", user=user)
        assert (refused.status_code, reason in text_of(refused)) == (400, True), text_of(refused)
    done(await submit(console, page, step="approve", user=BOB))
    assert "sends the request once more" in await show(console, page)
    code = page.rpartition("/")[2]
    assert (await application.send(approved(CATEGORY, code=code))).status_code == 201
    events = (await application.send(AdminRequest("GET", "/deviceManagement/auditEvents"))).json()["value"]
    (event,) = (each for each in events if each["activityType"].startswith("approve"))
    assert (event["actor"]["applicationId"], event["actor"]["userPrincipalName"]) == ("console", BOB)


async def test_a_request_is_rejected_taken_back_or_withdrawn(
    console: httpx.AsyncClient, contoso: Contoso, application: Application
) -> None:
    pages = [await application.asks(contoso, "bob")]
    for _ in range(2):
        answer = await application.send(asking(CATEGORY, justification="Ticket 4712"))
        pages.append(f"/approvals/{answer.headers[CODE]}")
    assert "3 operations of administrators wait for" in await show(console, "")
    rejected, taken_back, withdrawn = pages
    done(await submit(console, rejected, step="reject", user=BOB, justification="No"))
    assert "rejected" in await show(console, rejected)
    done(await submit(console, taken_back, step="approve", user=BOB))
    done(await submit(console, taken_back, step="take-back", user=BOB))
    done(await submit(console, withdrawn, step="withdraw"))
    for page in (taken_back, withdrawn):
        assert "State cancelled" in await show(console, page)
    assert "of administrators" not in await show(console, "")
    late = await console.post(rejected, data={"form_token": await _token(console), "step": "withdraw"})
    assert (late.status_code, "is rejected" in text_of(late)) == (400, True)


async def test_a_policy_that_cannot_be_is_refused_and_one_is_deleted(
    console: httpx.AsyncClient, contoso: Contoso, application: Application
) -> None:
    group = f"group:{await _group(contoso, 'bob')}"
    for fields, reason in (
        ({"name": "x", "type": "deviceWipe"}, "Choose a group"),
        ({"name": "x", "type": "everything", "target": group}, "Choose what waits"),
        ({"name": " ", "type": "app", "target": group}, "Give the policy a name"),
    ):
        refused = await submit(console, NEW, **fields)
        assert (refused.status_code, reason in text_of(refused)) == (400, True), text_of(refused)
    done(await submit(console, NEW, name="Apps", type="app", target=group))
    link = _link(await console.get("/approvals"), "/delete")
    assert "no approval is needed any more for this: apps and their assignments" in await show(console, link)
    done(await submit(console, link))
    assert "No policy" in await show(console, "/approvals")


def _link(page: httpx.Response, end: str) -> str:
    """Return the address of the first link with this end."""
    link = re.search(rf'href="([^"]*{end})"', page.text)
    assert link is not None
    return str(page.request.url.join(link[1]))


async def _token(console: httpx.AsyncClient) -> str:
    token = re.search(r'name="form_token" value="([^"]+)"', (await console.get("/why")).text)
    assert token is not None
    return token[1]
