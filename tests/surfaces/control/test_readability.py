"""Who can read which mail, on the control surface: at every moment, and what a request would make unreadable."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from fauxtune.operations.runtime.emulator import Emulator
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.clock import FixedClock
from tests.support.devices.android import AndroidOverHttp
from tests.support.statements import statements
from tests.surfaces.control.conftest import Assign, Enroll

TO_ALICE = {"to": "alice@contoso.example"}
PLAIN = b"From: bob@contoso.example\r\nTo: alice@contoso.example\r\nSubject: Plain\r\n\r\nAt noon.\r\n"


async def deliver(contoso: httpx.AsyncClient, raw: bytes) -> None:
    answer = await contoso.post("/messages", params=TO_ALICE, content=raw, headers={"content-type": "message/rfc822"})
    assert answer.status_code == 201, answer.text


def encrypted(subject: str, *certificates: x509.Certificate) -> bytes:
    builder = pkcs7.PKCS7EnvelopeBuilder().set_data(b"At noon.\r\n")
    for certificate in certificates:
        builder = builder.add_recipient(certificate)
    head = f"From: bob@contoso.example\nTo: alice@contoso.example\nSubject: {subject}\n".encode()
    return (head + builder.encrypt(Encoding.SMIME, [])).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


async def matrix(contoso: httpx.AsyncClient, user: str = "alice", **query: Any) -> dict[str, Any]:
    answer = await contoso.get(f"/users/{user}@contoso.example/readability", params=query)
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


def readings(answer: dict[str, Any]) -> list[list[str]]:
    return [[cell["reading"] for cell in row["cells"]] for row in answer["mail"]]


@pytest.fixture
async def phone(contoso: httpx.AsyncClient, enroll: Enroll, assign: Assign) -> AndroidOverHttp:
    """Alice's phone, with a certificate of its own."""
    phone = await enroll(contoso)
    for name in ("root", "pkcs"):
        await assign(name)
    for _ in range(2):
        await phone.settle()
    return phone


def own(phone: AndroidOverHttp) -> x509.Certificate:
    (contents,) = phone.opened.values()
    return contents.certificate


@ON_BOTH_DATABASES
async def test_the_matrix_says_who_could_read_what_at_every_moment(
    contoso: httpx.AsyncClient,
    http: httpx.AsyncClient,
    phone: AndroidOverHttp,
    *,
    enroll: Enroll,
    clock: FixedClock,
    app_token: str,
) -> None:
    second = await enroll(contoso)
    for _ in range(2):
        await second.settle()
    bobs = await enroll(contoso, "bob")
    for _ in range(2):
        await bobs.settle()
    await deliver(contoso, PLAIN)
    await deliver(contoso, encrypted("for one phone", own(phone)))
    await deliver(contoso, encrypted("for Bob too", own(phone), own(bobs)))
    before = await matrix(contoso)
    assert [device["device"] for device in before["devices"]] == [phone.enrollment_id, second.enrollment_id]
    assert readings(before) == [
        ["notEncrypted", "notEncrypted"],
        ["readable", "keyNeverHere"],
        ["readable", "keyNeverHere"],
    ]
    _, row, shared = before["mail"]
    cell = row["cells"][0]
    (mark,) = (await contoso.get("/certificates/marks", params={"thumbprints": cell["certificate"][:8]})).json()[
        "value"
    ]
    assert cell["mark"] == mark["mark"]
    assert (mark["thumbprint"], mark["source"], mark["symbol"]) == (cell["certificate"], "pkcs", "●")
    assert f"has had the key of certificate {cell['mark']} ({cell['certificate'][:8]}) since 2026-" in cell["sentence"]
    assert "which was issued for " in row["cells"][1]["sentence"]
    assert [reader["userPrincipalName"] for reader in shared["others"]] == ["bob@contoso.example"]
    clock.forward(minutes=30)
    moment = (await contoso.get("/journal")).json()["events"][-1]
    await graph(http, app_token, f"/deviceManagement/managedDevices/{phone.managed_device_id}/retire")
    await phone.settle()
    now = await matrix(contoso)
    assert readings(now)[1] == ["keyNeverHere", "keyRemoved"], "a device that has left comes last"
    assert "because the device was retired" in now["mail"][1]["cells"][1]["sentence"]
    assert [device["left"] for device in now["devices"]] == [None, "retired"]
    # Then it could read it: by the clock, and by the number in the journal.
    for at in (moment["time"], moment["seq"], before["at"]):
        then = await matrix(contoso, at=at)
        assert readings(then) == readings(before)
        assert then["number"] == moment["seq"]
    assert (await matrix(contoso, at="2020-01-01"))["mail"] == []


async def graph(http: httpx.AsyncClient, token: str, path: str, *, method: str = "POST") -> None:
    answer = await http.request(method, f"/beta{path}", headers={"authorization": f"Bearer {token}"})
    assert answer.is_success, answer.text


async def test_pages_follow_the_numbers_of_the_messages(contoso: httpx.AsyncClient) -> None:
    for _ in range(3):
        await deliver(contoso, PLAIN)
    first = await matrix(contoso, limit=2)
    second = await matrix(contoso, limit=2, after=first["nextAfter"])
    assert [[row["uid"] for row in page["mail"]] for page in (first, second)] == [[1, 2], [3]]
    assert second["nextAfter"] is None


@pytest.mark.parametrize(
    "at", ["yesterday", "99999999", "2026-13-01", "9" * 30, "-1", "٣", "0001-01-01T00:00:00+23:59"]
)
async def test_a_moment_that_does_not_exist_is_refused(contoso: httpx.AsyncClient, at: str) -> None:
    answer = await contoso.get("/users/alice@contoso.example/readability", params={"at": at})
    assert answer.status_code == 400, answer.text


async def test_nobody_has_no_matrix(contoso: httpx.AsyncClient) -> None:
    assert (await contoso.get("/users/nobody/readability")).status_code == 404


async def test_what_if_counts_the_mail_that_nobody_could_read_any_more(
    contoso: httpx.AsyncClient, phone: AndroidOverHttp, enroll: Enroll
) -> None:
    bobs = await enroll(contoso, "bob")
    for _ in range(2):
        await bobs.settle()
    url = f"/deviceManagement/managedDevices/{phone.managed_device_id}/retire"
    question = {"method": "POST", "url": url}
    nothing = {"messages": 0, "subjects": [], "untilGivenAgain": 0, "onDevices": []}
    assert (await contoso.post("/whatif", json=question)).json()["unreadable"] == nothing
    await deliver(contoso, PLAIN)
    await deliver(contoso, encrypted("for one phone", own(phone)))
    await deliver(contoso, encrypted("for Bob too", own(phone), own(bobs)))
    await deliver(contoso, encrypted("for Bob", own(bobs)))
    assert (await contoso.post("/whatif", json=question)).json()["unreadable"] == {
        "messages": 1,
        "subjects": ["for one phone"],
        "untilGivenAgain": 0,
        "onDevices": [
            {"device": phone.enrollment_id, "managedDeviceId": phone.managed_device_id, "messages": 2},
        ],
    }


async def test_more_mail_and_more_devices_need_no_more_statements(
    contoso: httpx.AsyncClient, emulator: Emulator, phone: AndroidOverHttp, enroll: Enroll
) -> None:
    await deliver(contoso, encrypted("first", own(phone)))
    await matrix(contoso)  # new certificates are read once, whoever looks first
    with statements(emulator) as few:
        await matrix(contoso)
    for number in range(20):
        await deliver(contoso, encrypted(f"mail {number}", own(phone)))
    second = await enroll(contoso)
    for _ in range(2):
        await second.settle()
    await matrix(contoso)
    with statements(emulator) as many:
        assert len((await matrix(contoso))["mail"]) == 21
    assert len(many) == len(few), many
