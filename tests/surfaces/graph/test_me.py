"""Graph: /me: the same as of any user, for the one who signed in; and what only that one may do.

A program sends a mail for a user, and it is in the mailboxes of the tenant.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from fauxtune.server.factory import Application
from tests.support.graph import ABSENT, TENANT, error_code, error_message, id_of_user, ids
from tests.surfaces.graph.conftest import Enroll

FORM = {
    "grant_type": "password",
    "client_id": "c0ffee00-0000-4000-8000-00000000a991",
    "client_secret": "fauxtune-not-a-secret",
    "scope": "https://graph.microsoft.com/.default",
    "username": "alice@contoso.example",
}


@pytest.fixture
async def alice(app: Application, http: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """Alice, signed in, at v1.0."""
    answer = await http.post("/organizations/oauth2/v2.0/token", data={**FORM, "password": "Fauxtune1!"})
    headers = {"authorization": f"Bearer {answer.json()['access_token']}"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(
        transport=transport, base_url="https://localhost:8443/v1.0", headers=headers
    ) as opened:
        yield opened


Json = dict[str, Any]
ALICE, BOB, CAROL = (f"{name}@contoso.example" for name in ("alice", "bob", "carol"))


def _to(*addresses: str) -> list[Json]:
    return [{"emailAddress": {"address": address, "name": "x"}} for address in addresses]


async def _mails(http: httpx.AsyncClient, user: str) -> list[Json]:
    answer = (await http.get(f"{TENANT}/users/{user}/messages")).raise_for_status()
    mails: list[Json] = answer.json()["value"]
    return mails


async def test_what_is_mine_is_what_the_directory_says_of_me(
    alice: httpx.AsyncClient, v1: httpx.AsyncClient, enroll: Enroll
) -> None:
    await enroll("alice")
    me = await id_of_user(v1, "alice")
    for name in ("memberOf", "transitiveMemberOf", "ownedDevices", "registeredDevices", "licenseDetails"):
        mine = await ids(alice, f"/me/{name}")
        assert mine == await ids(v1, f"/users/{me}/{name}")
        assert mine
    groups = await ids(alice, "/me/memberOf/microsoft.graph.group")
    checked = await alice.post("/me/checkMemberGroups", json={"groupIds": groups})
    assert sorted(checked.json()["value"]) == sorted(groups)
    expanded = (await alice.get("/me?$select=id&$expand=memberOf($select=displayName)")).json()
    assert {each["displayName"] for each in expanded["memberOf"]} == {"All Staff", "SMIME Pilot"}
    assert (await alice.patch("/me", json={"mobilePhone": "+49 1"})).status_code == 204
    assert (await alice.get("/me")).json()["mobilePhone"] == "+49 1"
    assert (await alice.post("/me/revokeSignInSessions")).json()["value"] is True


@pytest.mark.parametrize("tail", ["", "/memberOf", "/ownedDevices", "/licenseDetails", "/manager"])
async def test_an_application_has_nothing_of_its_own(v1: httpx.AsyncClient, tail: str) -> None:
    answer = await v1.get(f"/me{tail}")
    assert (answer.status_code, error_code(answer)) == (400, "Request_BadRequest")


async def test_a_password_is_changed_by_whoever_knows_it(alice: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    wrong: list[Any] = [
        {},
        {"currentPassword": "Fauxtune1!"},
        {"currentPassword": "x", "newPassword": "New-4321"},
        {"currentPassword": None, "newPassword": "New-4321"},
        {"currentPassword": "Fauxtune1!", "newPassword": ""},
    ]
    for body in wrong:
        assert (await alice.post("/me/changePassword", json=body)).status_code == 400
    body = {"currentPassword": "Fauxtune1!", "newPassword": "New-4321"}
    assert (await alice.post("/me/changePassword", json=body)).status_code == 204
    for password, status in (("Fauxtune1!", 400), ("New-4321", 200)):
        answer = await http.post("/organizations/oauth2/v2.0/token", data={**FORM, "password": password})
        assert answer.status_code == status


async def test_a_mail_is_in_the_mailboxes_of_all_its_recipients(v1: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    message = {
        "subject": "Your device",
        "body": {"contentType": "HTML", "content": "<p>Hello <b>Bob</b></p><script>alert(1)</script>"},
        "toRecipients": _to(BOB, "somebody@elsewhere.example"),
        "bccRecipients": _to(CAROL),
    }
    answer = await v1.post(f"/users/{ALICE}/sendMail", json={"message": message, "saveToSentItems": False})
    assert (answer.status_code, answer.content) == (202, b""), answer.text
    for user in (BOB, CAROL):
        (mail,) = await _mails(http, user)
        assert mail["subject"] == "Your device"
        raw = (await http.get(f"{TENANT}/users/{user}/messages/{mail['uid']}/raw")).text
        assert (f"From: {ALICE}" in raw, "Hello Bob" in raw, CAROL in raw, "alert" in raw) == (
            True,
            True,
            False,
            False,
        )
    assert await _mails(http, ALICE) == []


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        ({}, 400, "message"),
        ({"message": []}, 400, "message"),
        ({"message": {"subject": "x"}}, 400, "recipients"),
        ({"message": {"toRecipients": [{}]}}, 400, "toRecipients"),
        ({"message": {"toRecipients": "bob"}}, 400, "toRecipients"),
        ({"message": {"toRecipients": _to("bob")}}, 400, "bob"),
        ({"message": {"subject": "a\nb: c", "toRecipients": _to(BOB)}}, 400, "subject"),
        ({"message": {"body": {"contentType": "rtf"}, "toRecipients": _to(BOB)}}, 400, "contentType"),
        ({"message": {"attachments": [{}], "toRecipients": _to(BOB)}}, 501, "attachments"),
    ],
)
async def test_what_is_no_mail_is_refused_and_nobody_gets_it(
    v1: httpx.AsyncClient, http: httpx.AsyncClient, body: Json, status: int, why: str
) -> None:
    answer = await v1.post(f"/users/{ALICE}/sendMail", json=body)
    assert (answer.status_code, why in error_message(answer)) == (status, True), answer.text
    assert await _mails(http, BOB) == []


async def test_nobody_sends_for_a_user_who_does_not_exist(v1: httpx.AsyncClient) -> None:
    answer = await v1.post(f"/users/{ABSENT}/sendMail", json={"message": {"toRecipients": _to(BOB)}})
    assert (answer.status_code, error_code(answer)) == (404, "Request_ResourceNotFound")
