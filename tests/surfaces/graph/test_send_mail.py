"""Graph: a program sends a mail for a user, and it is in the mailboxes of the tenant."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.graph import ABSENT, TENANT, error_code, error_message

Json = dict[str, Any]
ALICE, BOB, CAROL = (f"{name}@contoso.example" for name in ("alice", "bob", "carol"))


def _to(*addresses: str) -> list[Json]:
    return [{"emailAddress": {"address": address, "name": "x"}} for address in addresses]


async def _mails(http: httpx.AsyncClient, user: str) -> list[Json]:
    answer = (await http.get(f"{TENANT}/users/{user}/messages")).raise_for_status()
    mails: list[Json] = answer.json()["value"]
    return mails


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
