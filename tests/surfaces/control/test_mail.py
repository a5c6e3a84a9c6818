"""Mailboxes and the address book on the control surface, by the requests that commands and the console send.

Who can read which mail: at every moment, and what a request would make unreadable.
"""

from __future__ import annotations

import base64
from email import message_from_bytes
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7, pkcs12

from fauxtune.core.administration import emulation
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.administration.snippets import Addresses
from fauxtune.core.mail.writing import LONGEST_TEXT
from fauxtune.operations.runtime.emulator import Emulator
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.clock import FixedClock
from tests.support.devices.android import AndroidOverHttp
from tests.support.statements import statements
from tests.surfaces.control.conftest import Assign, Enroll

ALICE, BOB, CAROL = (f"{name}@contoso.example" for name in ("alice", "bob", "carol"))
ADDRESSES = Addresses("https://localhost:8443", "contoso")
HEAD = {"content-type": "message/rfc822"}
_JSON, _TEXT = {"content-type": "application/json"}, {"content-type": "text/plain"}
PLAIN = f"From: Bob <{BOB}>\r\nTo: {ALICE}\r\nSubject: Hello\r\n\r\nAt noon.\r\n".encode()


async def send(http: httpx.AsyncClient, request: AdminRequest, *, raw: bytes | None = None) -> httpx.Response:
    content: dict[str, Any] = {"json": request.body} if raw is None else {"content": raw, "headers": HEAD}
    return await http.request(request.method, ADDRESSES.url(request), **content)


async def answer(http: httpx.AsyncClient, request: AdminRequest, *, raw: bytes | None = None) -> Any:
    """The answer to a request that must be accepted."""
    result = await send(http, request, raw=raw)
    assert result.is_success, result.text
    return result.json() if result.headers.get("content-type", "").startswith("application/json") else result.content


async def refusal(http: httpx.AsyncClient, request: AdminRequest, *, raw: bytes | None = None) -> tuple[int, str]:
    result = await send(http, request, raw=raw)
    return result.status_code, result.json()["error"]["message"]


class Person:
    """A certificate for mail with its key, issued by the tenant's authority."""

    def __init__(self, issued: dict[str, Any]) -> None:
        self.pem: str = issued["certificate"]
        self.thumbprint: str = issued["thumbprint"]
        key, certificate, others = pkcs12.load_key_and_certificates(
            base64.b64decode(issued["pfx"]), issued["pfxPassword"].encode()
        )
        assert key is not None
        assert certificate is not None
        self.key, self.certificate, self.others = key, certificate, others

    def signed(self, content: bytes, *, head: bytes) -> bytes:
        """A clear-signed message."""
        builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
        signer = builder.add_signer(self.certificate, self.key, hashes.SHA256())  # type: ignore[arg-type]
        body = signer.sign(Encoding.SMIME, [pkcs7.PKCS7Options.DetachedSignature])
        return head + body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


async def issue(http: httpx.AsyncClient, user: str, *, template: str = "SmimeBoth") -> Person:
    return Person(await answer(http, emulation.issue_certificate(template, user=user)))


TO_ALICE = {"to": "alice@contoso.example"}
PLAIN_MAIL = b"From: bob@contoso.example\r\nTo: alice@contoso.example\r\nSubject: Plain\r\n\r\nAt noon.\r\n"


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


async def test_a_message_is_sent_listed_opened_downloaded_and_deleted(http: httpx.AsyncClient) -> None:
    delivered = await answer(
        http, emulation.send_file("x.eml", to=[ALICE, "nobody@contoso.example"], sender=BOB), raw=PLAIN
    )
    assert delivered["accepted"] == [ALICE]
    assert delivered["refused"] == [
        {"address": "nobody@contoso.example", "reason": "no user of this tenant has this address"}
    ]
    (line,) = (await answer(http, emulation.list_messages(ALICE)))["value"]
    assert (line["uid"], line["subject"], line["sender"], line["envelopeSender"]) == (1, "Hello", BOB, BOB)
    opened = await answer(http, emulation.open_message(ALICE, uid=1))
    assert [(part["text"], part["signatures"], part["outside"]) for part in opened["parts"]] == [("At noon.\n", [], [])]
    assert opened["signatures"] == []
    assert await answer(http, emulation.raw_message(ALICE, uid=1)) == PLAIN
    assert (await answer(http, emulation.list_messages(ALICE, after=1)))["value"] == []
    await answer(http, emulation.delete_message(ALICE, uid=1))
    assert (await refusal(http, emulation.open_message(ALICE, uid=1))) == (404, "The mailbox has no message 1.")
    assert (await refusal(http, emulation.list_messages("nobody")))[0] == 404


async def test_a_text_is_encrypted_for_what_is_published_and_for_nothing_else(http: httpx.AsyncClient) -> None:
    letter = emulation.send_text(ALICE, to=[BOB], cc=[CAROL], subject="Plan", text="Grüße\r\n.\r\n", encrypt=True)
    bob, carol = await issue(http, BOB), await issue(http, CAROL)
    status, reason = await refusal(http, letter)
    assert status == 400
    assert f"No certificate is published for {BOB}." in reason
    assert f"No certificate is published for {CAROL}." in reason
    await answer(http, emulation.publish_certificate(BOB, thumbprint=bob.thumbprint))
    await answer(http, emulation.publish_certificate(CAROL, certificate=carol.pem))
    assert (await answer(http, letter))["accepted"] == [BOB, CAROL]
    opened = await answer(http, emulation.open_message(CAROL, uid=1))
    assert (opened["encrypted"], opened["subject"], opened["problem"]) == (True, "Plan", None)
    assert [(part["encrypted"], part["text"]) for part in opened["parts"]] == [(True, None)]
    assert len(opened["encryption"]["recipients"]) == 2
    raw = await answer(http, emulation.raw_message(CAROL, uid=1))
    der = message_from_bytes(raw).get_payload(decode=True)
    assert isinstance(der, bytes)
    for person in (bob, carol):
        inside = pkcs7.pkcs7_decrypt_der(der, person.certificate, person.key, [])  # type: ignore[arg-type]
        text = message_from_bytes(inside).get_payload(decode=True)
        assert isinstance(text, bytes)
        assert text.decode() == "Grüße\r\n.\r\n", "the line ends of mail"


async def test_a_signature_is_judged_by_integrity_sender_authority_and_revocation(http: httpx.AsyncClient) -> None:
    bob = await issue(http, BOB)
    head = f"From: Bob <{BOB}>\r\nTo: {ALICE}\r\nSubject: Signed\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n".encode()
    content = b"Content-Type: text/plain\r\n\r\nPay 100.\r\n"
    good = bob.signed(content, head=head)
    for raw, code in (
        (good, "valid"),
        (good.replace(b"Pay 100", b"Pay 900"), "broken"),
        (bob.signed(content, head=head.replace(BOB.encode(), CAROL.encode())), "wrongAddress"),
    ):
        await answer(http, emulation.send_file("x.eml", to=[ALICE]), raw=raw)
        uid = (await answer(http, emulation.list_messages(ALICE)))["value"][-1]["uid"]
        opened = await answer(http, emulation.open_message(ALICE, uid=uid))
        (signature,) = opened["signatures"]
        assert (signature["code"], signature["counts"]) == (code, code == "valid"), signature["sentence"]
        assert opened["parts"][0]["signatures"] == [0]
    await answer(http, emulation.revoke_certificate(bob.thumbprint, reason="keyCompromise"))
    (signature,) = (await answer(http, emulation.open_message(ALICE, uid=1)))["signatures"]
    assert (signature["code"], signature["issuedHere"]) == ("revoked", True)
    assert "revoked the certificate on 2026-11-24" in signature["sentence"]


async def test_the_address_book_is_looked_up_listed_and_withdrawn(http: httpx.AsyncClient) -> None:
    nothing = await answer(http, emulation.look_up_address(BOB))
    assert nothing["value"] == []
    assert nothing["sentence"].startswith(f"No certificate is published for {BOB}.")
    bob = await issue(http, BOB)
    published = await answer(http, emulation.publish_certificate(BOB.upper(), thumbprint=bob.thumbprint.upper()))
    assert (published["address"], published["usable"], published["remarks"]) == (BOB, True, [])
    assert (await answer(http, emulation.look_up_address(BOB)))["value"] == [published]
    wrong = await answer(http, emulation.publish_certificate(CAROL, certificate=bob.pem))
    assert [remark["code"] for remark in wrong["remarks"]] == ["wrongAddress"]
    listed = await answer(http, emulation.list_published("O"))
    assert ([item["address"] for item in listed["value"]], listed["total"]) == ([BOB, CAROL], 2)
    await answer(http, emulation.withdraw_certificate(BOB, thumbprint=bob.thumbprint))
    assert (await refusal(http, emulation.withdraw_certificate(BOB, thumbprint=bob.thumbprint)))[0] == 404
    assert x509.load_pem_x509_certificate(wrong["certificate"].encode()) == bob.certificate


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (emulation.send_text(ALICE, to=[]), "1 to 100 recipients"),
        (emulation.send_text(ALICE, to=[BOB], subject="x\r\nBcc: eve@evil.example"), "A subject is one line"),
        (emulation.send_text("x\r\nBcc: eve@evil.example", to=[BOB]), "is not an e-mail address"),
        (emulation.send_text(ALICE, to=["ü@contoso.example"]), "other characters than ASCII"),
        (emulation.send_text(ALICE, to=[BOB], text="x" * (LONGEST_TEXT + 1)), "at most 200,000"),
        (emulation.send_text(ALICE, to=["nobody@contoso.example"]), "Nobody got the message."),
        (emulation.publish_certificate(ALICE), "either certificate (PEM) or thumbprint"),
        (emulation.publish_certificate(ALICE, certificate="x"), "is not an X.509 certificate"),
        (emulation.publish_certificate("alice", certificate="x"), "is not an e-mail address"),
    ],
)
async def test_what_cannot_be_sent_or_published_is_refused_with_the_reason(
    http: httpx.AsyncClient, request_: AdminRequest, words: str
) -> None:
    status, message = await refusal(http, request_)
    assert status == 400
    assert words in message
    assert (await answer(http, emulation.list_messages(BOB)))["value"] == []


async def test_a_message_of_50_mb_is_refused_with_the_reason(http: httpx.AsyncClient) -> None:
    status, message = await refusal(
        http, emulation.send_file("x.eml", to=[ALICE]), raw=PLAIN + b"x" * (50 * 1024 * 1024)
    )
    assert (status, message) == (413, "The request body must not be larger than 4 MiB.")


async def test_a_message_may_have_many_commas_and_json_may_not(http: httpx.AsyncClient) -> None:
    await answer(http, emulation.send_file("x.eml", to=[ALICE]), raw=PLAIN + b"," * 10_000)
    many = b"[" + b"1," * 10_000 + b"1]"
    result = await http.post(ADDRESSES.url(emulation.send_text(ALICE, to=[BOB])), content=many, headers=_JSON)
    assert "too many elements" in result.json()["error"]["message"]
    result = await http.post(ADDRESSES.url(emulation.send_text(ALICE, to=[BOB])), content=b"{}", headers=_JSON)
    assert (result.status_code, result.json()["error"]["message"]) == (400, "from: Field required.")
    text = await http.post(ADDRESSES.url(emulation.send_file("x.eml", to=[ALICE])), content=PLAIN, headers=_TEXT)
    assert text.status_code == 415
    assert "application/json or message/rfc822" in text.json()["error"]["message"]


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
    await deliver(contoso, PLAIN_MAIL)
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
        await deliver(contoso, PLAIN_MAIL)
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
    await deliver(contoso, PLAIN_MAIL)
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
