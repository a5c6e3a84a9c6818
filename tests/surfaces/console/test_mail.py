"""The mail of a person and the address book in the console: who can read what, who signed it, and hostile messages.

The block of mail apps on a device's page, the table of mail and devices, and what a task would make unreadable.
"""

from __future__ import annotations

import html
import re
import shlex
import subprocess
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from fauxtune.core.mail.message import describe
from fauxtune.core.model.ids import ItemKey, MessageId
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.model.tenants import Edition
from fauxtune.operations.ca.counter import CounterRequest, issue_at_counter
from fauxtune.operations.mail import address_book, mailboxes
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import mailboxes as queries
from fauxtune.storage.rows.mail import MailboxEntryRow, MailMessageRow
from fauxtune_console.device_words import AppLine, app_lines
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.certificates import issued_elsewhere, thumbprint
from tests.support.console import done, show, submit, text_of
from tests.support.devices.android import AndroidOverHttp
from tests.support.statements import statements
from tests.support.tenant import START, Contoso
from tests.surfaces.console.conftest import Enroll

ALICE, BOB = "/users/alice@contoso.example", "/users/bob@contoso.example"
HEAD = (
    "From: Bob <bob@contoso.example>\r\nTo: alice@contoso.example\r\nSubject: {subject}\r\n"
    "Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n"
)
SIGNED = b"Content-Type: text/plain\r\n\r\nPay 100.\r\n"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


async def deliver(contoso: Contoso, body: bytes, *, subject: str = "Hello") -> None:
    raw = HEAD.format(subject=subject).encode() + body
    delivery = await contoso.do(mailboxes.deliver, raw, recipients=[contoso.upn("alice")])
    assert delivery.message_id is not None


async def issued(contoso: Contoso, user: str) -> tuple[x509.Certificate, RSAPrivateKey]:
    """A certificate of the tenant's authority for a user, with its key."""
    key = contoso.device_keys[0]
    request = CounterRequest("SmimeBoth", user_principal_name=contoso.upn(user))
    answer = await contoso.do(issue_at_counter, request, key=key, keys=contoso.emulator.keys)
    return answer.certificate, key


def signed(certificate: x509.Certificate, key: RSAPrivateKey) -> bytes:
    """A clear-signed entity."""
    builder = pkcs7.PKCS7SignatureBuilder().set_data(SIGNED).add_signer(certificate, key, hashes.SHA256())
    body = builder.sign(Encoding.SMIME, [pkcs7.PKCS7Options.DetachedSignature])
    return body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def account(state: ItemState = ItemState.INSTALLED, **settings: bool) -> LedgerRow:
    stored = Account(
        kind="iosEasEmailProfileConfiguration", host="mail", address="a@b.example", username="a", settings=settings
    )
    return LedgerRow(ItemKey("email/1"), source=Source.EMAIL, state=state, payload=stored.encode())


def apps(*rows: LedgerRow, variant: Variant = Variant.IOS, edition: Edition = Edition.CURRENT) -> dict[str, AppLine]:
    return {line.title: line for line in app_lines(variant, edition, rows=rows)}


ALICE, BOB = "/users/alice@contoso.example", "/users/bob@contoso.example"


async def test_mail_is_written_listed_opened_downloaded_and_deleted(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    assert "No mail. Write some" in await show(console, f"{ALICE}/mail")
    fields = {"to": "alice@contoso.example; nobody@contoso.example", "subject": "Plan", "text": "At noon."}
    answer = await submit(console, f"{BOB}/mail/new", **fields)
    note = (await console.get(done(answer))).text
    assert "Delivered to alice@contoso.example. Not to nobody@contoso.example: no user of this tenant has" in note
    assert "Plan new bob@contoso.example plain just now" in await show(console, f"{ALICE}/mail")
    page = await show(console, f"{ALICE}/mail/1")
    assert "Nobody: anybody can have written this, under any name." in page
    assert "Text text/plain, 10 bytes At noon." in page
    assert "there is nothing for openssl to prove" in page
    file = await console.get(f"{ALICE}/mail/1/message.eml")
    assert (file.headers["content-type"], file.headers["x-content-type-options"]) == ("message/rfc822", "nosniff")
    assert file.content.endswith(b"At noon.\r\n")
    assert "Subject: Plan" in await show(console, f"{ALICE}/mail/1/source")
    done(await submit(console, f"{ALICE}/mail/1/delete"))
    for path in ("1", "0", "-1", "1e3", "9" * 30, "x"):
        assert (await console.get(f"{ALICE}/mail/{path}")).status_code == 404, path


async def test_a_name_in_the_form_of_a_mail_is_that_of_a_person_of_this_tenant_as_in_commands(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    assert "Names or addresses, such as bob or bob@contoso.example, with commas" in await show(
        console, f"{BOB}/mail/new"
    )
    fields = {"to": "alice, carol@contoso.example", "cc": "bob", "subject": "Plan", "text": "At noon."}
    answer = await submit(console, f"{BOB}/mail/new", **fields)
    note = (await console.get(done(answer))).text
    assert "Delivered to alice@contoso.example, carol@contoso.example, bob@contoso.example." in note


async def test_the_form_encrypts_for_the_address_book_and_says_why_it_cannot(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    assert "It cannot be signed here: the private keys" in await show(console, f"{BOB}/mail/new")
    fields = {"to": "alice@contoso.example", "subject": "Plan", "text": "At noon.", "encrypt": "on"}
    refused = await submit(console, f"{BOB}/mail/new", **fields)
    assert refused.status_code == 400
    assert "No certificate is published for alice@contoso.example." in text_of(refused)
    assert "At noon." in refused.text, "what was typed is kept"
    certificate, _key = await issued(contoso, "alice")
    choose = "/address-book/publish?address=alice@contoso.example"
    assert ": issued, of no device; valid from 2026-11-24 to" in await show(console, choose)
    published = {"address": "alice@contoso.example", "thumbprint": thumbprint(certificate)}
    done(await submit(console, choose, **published))
    done(await submit(console, f"{BOB}/mail/new", **fields))
    page = await show(console, f"{ALICE}/mail/1")
    assert "Only a device with a key can open it. The server has none." in page
    assert "A signature inside the encryption is seen only on a device" in page
    assert "openssl cms -decrypt -in message-1.eml -recip KEY.pem" in page
    for wrong in ({**fields, "subject": "x\ry"}, {**fields, "to": "al<ice"}, {**fields, "to": ""}):
        assert (await submit(console, f"{BOB}/mail/new", **wrong)).status_code == 400


async def test_each_device_shows_the_message_or_says_why_not(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    await contoso.group("Everybody", await contoso.user_id("alice"))
    mark = await contoso.import_pfx("alice")
    phone = await enroll(model="Pixel")
    await contoso.imported_profile("Everybody")
    await phone.settle()
    await enroll()  # it has not checked in since
    fields = {"address": "alice@contoso.example", "thumbprint": mark}
    done(await submit(console, "/address-book/publish?address=alice@contoso.example", **fields))
    write = {"to": "alice@contoso.example", "subject": "Plan", "text": "At noon.", "encrypt": "on"}
    done(await submit(console, f"{BOB}/mail/new", **write))
    page = await show(console, f"{ALICE}/mail/1")
    assert "readable" in page
    assert "not readable" in page
    assert "alice_AndroidForWork never had a key for it." in page, "and says why"


async def test_a_signature_that_covers_less_than_is_shown_is_never_verified(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    certificate, key = await issued(contoso, "bob")
    await deliver(contoso, signed(certificate, key))
    wrapped = b"Content-Type: multipart/mixed; boundary=z\r\n\r\n--z\r\n\r\nPay Eve.\r\n--z\r\n%b\r\n--z--\r\n"
    await deliver(contoso, wrapped % signed(certificate, key))
    await deliver(contoso, signed(certificate, key).replace(b"Pay 100", b"Pay 900"))
    elsewhere = issued_elsewhere(key, contoso.upn("bob"), begin=START, signs=True)
    await deliver(contoso, signed(elsewhere, key))
    good, around, changed, foreign = [await show(console, f"{ALICE}/mail/{uid}") for uid in (1, 2, 3, 4)]
    assert "valid The signature fits; the certificate is the sender's, was issued here" in good
    assert "outside the signature" not in good
    assert "Not verified: 1 part of 2 stands outside the signature." in around
    assert "Outside the signature: anybody on the way can have added it. Pay Eve." in around
    assert "broken It does not fit: the content was changed after it was signed" in changed
    assert "of another authority It fits, but another authority issued the certificate" in foreign


@pytest.mark.program("openssl", package="openssl")
async def test_the_line_beside_a_signed_message_proves_it(
    console: httpx.AsyncClient, contoso: Contoso, tmp_path: Path
) -> None:
    await deliver(contoso, signed(*await issued(contoso, "bob")))
    page = html.unescape((await console.get(f"{ALICE}/mail/1")).text)
    (line,) = re.findall(r"openssl cms -verify [^<]*", page)
    (tmp_path / "message-1.eml").write_bytes((await console.get(f"{ALICE}/mail/1/message.eml")).content)
    (tmp_path / "authorities.pem").write_bytes((await console.get("/authority/authorities.pem")).content)
    proved = subprocess.run(shlex.split(line), cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert proved.returncode == 0, proved.stderr
    assert (tmp_path / "content.eml").read_bytes() == SIGNED
    (tmp_path / "message-1.eml").write_bytes((tmp_path / "message-1.eml").read_bytes().replace(b"100", b"900"))
    assert subprocess.run(shlex.split(line), cwd=tmp_path, capture_output=True, timeout=60).returncode != 0


async def test_a_hostile_message_is_text_wherever_it_is_shown(console: httpx.AsyncClient, contoso: Contoso) -> None:
    name = "../../<b>x.html"
    parts = (
        f"Content-Type: text/html\r\n\r\n{HOSTILE}",
        f'Content-Type: application/x; name="{name}"\r\nContent-Disposition: attachment\r\n\r\n{HOSTILE}',
        "Content-Type: text/plain; charset=<none>\r\nContent-Transfer-Encoding: base64\r\n\r\n=broken=",
        "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nnot CMS",
    )
    body = "".join(f"--z\r\n{part}\r\n" for part in parts)
    mixed = f"Content-Type: multipart/mixed; boundary=z\r\nX: {HOSTILE}\r\n\r\n{body}--z--\r\n"
    await deliver(contoso, mixed.encode(), subject=HOSTILE)
    for path in (f"{ALICE}/mail", f"{ALICE}/mail/1", f"{ALICE}/mail/1/source"):
        answer = await console.get(path)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "<img" not in answer.text.replace('<img src="/console/static/icon.svg"', "")
    page = text_of(await console.get(f"{ALICE}/mail/1"))
    assert f"HTML, shown as its source text/html, {len(HOSTILE)} bytes" in page
    assert HOSTILE in page
    assert "“ <b>x.html ”" in page, "without the folders"


@ON_BOTH_DATABASES
async def test_the_address_book_says_what_each_entry_is(console: httpx.AsyncClient, contoso: Contoso) -> None:
    assert "Nothing is published yet" in await show(console, "/address-book")
    looked = await show(console, "/address-book?text=alice@contoso.example")
    assert "No certificate is published for alice@contoso.example. A certificate that was issued or imported" in looked
    assert "No address with “%” is in the address book." in await show(console, "/address-book?text=%25")
    certificate, _key = await issued(contoso, "alice")
    pem = certificate.public_bytes(Encoding.PEM).decode()
    done(await submit(console, "/address-book/publish", address="alice@contoso.example", pem=pem))
    done(await submit(console, "/address-book/publish", address="Partner@Fabrikam.example", pem=pem))
    page = await show(console, "/address-book")
    assert "usable" in page
    assert "The address partner@fabrikam.example is not in it: it is for alice@contoso.example." in page
    assert "No user of this tenant has the address partner@fabrikam.example." in page
    entry = f"/address-book/partner@fabrikam.example/{thumbprint(certificate)}"
    assert (await console.get(f"{entry}/certificate.pem")).text == pem
    done(await submit(console, f"{entry}/withdraw"))
    assert (await console.get(f"{entry}/withdraw")).status_code == 404
    for fields in ({"address": "x"}, {"address": "alice@contoso.example"}, {"address": HOSTILE, "pem": HOSTILE}):
        refused = await submit(console, "/address-book/publish", **fields)
        assert refused.status_code == 400
        assert "<script>alert" not in refused.text
    assert await contoso.do(address_book.count) == 1


async def test_a_mailbox_of_ten_thousand_messages_is_read_a_page_at_a_time(
    console: httpx.AsyncClient, contoso: Contoso, emulator: Emulator
) -> None:
    alice = await contoso.user_id("alice")

    def fill(tx: Transaction) -> None:
        raw = HEAD.format(subject="One of many").encode() + b"\r\nx\r\n"
        document = describe(raw).document()
        for uid in range(1, 10_001):
            message = MailMessageRow(tx.tenant.id, MessageId(f"m{uid}"), tx.now, "", len(raw), document, raw)
            entry = MailboxEntryRow(tx.tenant.id, alice, uid, message.id, len(raw), seen=False)
            queries.add_message(tx.connection, message, entries=[entry])

    await contoso.do(fill)
    for path, numbers in (
        (f"{ALICE}/mail", "1–50 of 10,000 messages"),
        (f"{ALICE}/mail?page=200", "9,951–10,000 of 10,000 messages"),
        (f"{ALICE}/mail/5000", "One of many"),
    ):
        with statements(emulator) as sent:
            assert numbers in await show(console, path)
        assert len(sent) <= 40, path


async def test_who_publishes_without_a_person_chooses_from_all_imported_ones(
    console: httpx.AsyncClient, contoso: Contoso
) -> None:
    path = "/address-book/publish"
    assert "No certificate was imported yet: import one on a person's page first" in await show(console, path)
    imported = await contoso.import_pfx("alice")
    page = await console.get(path)
    assert f'value="{imported.lower()}"' in page.text.lower()
    assert "imported for alice" in text_of(page).lower()
    assert 'name="thumbprint" value' in page.text
    assert " checked" not in page.text, "nobody's certificate is published by mistake"
    of_bob = await console.get(f"{path}?address=bob@contoso.example")
    assert "imported for alice" in text_of(of_bob).lower(), "bob has none: it is not said that there is none at all"
    assert " checked" not in of_bob.text


def test_a_profile_that_signs_leaves_nothing_to_do_in_mail_and_everything_in_outlook() -> None:
    lines = apps(account(smimeSigningEnabled=True))
    assert (lines["Mail"].state.css, lines["Mail"].steps, lines["Mail"].command) == ("good", "nothing", "")
    assert "--app outlook" in lines["Outlook"].command


def test_without_such_a_profile_on_the_device_its_user_switches_smime_on() -> None:
    for rows in ((), (account(),), (account(ItemState.SENT, smimeSigningEnabled=True),)):
        line = apps(*rows)["Mail"]
        assert (line.state.css, line.steps.partition(",")[0]) == ("wait", "Settings")


def test_an_app_configuration_switches_smime_on_in_outlook_alone() -> None:
    smime = "com.microsoft.outlook.Mail.SMIMEEnabled"
    for value, css in ((True, "good"), (False, "wait")):
        stored = Account(
            kind="iosMobileAppConfiguration",
            host="",
            address="",
            username="",
            settings={"configuration": {smime: value}},
        )
        row = LedgerRow(ItemKey("email/2"), source=Source.EMAIL, state=ItemState.INSTALLED, payload=stored.encode())
        lines = apps(row)
        assert (lines["Outlook"].state.css, lines["Mail"].state.css) == (css, "wait")


def test_the_rule_of_the_choice_is_that_of_the_edition() -> None:
    choices = {edition: apps(edition=edition)["Mail"].choice for edition in Edition}
    assert "valid longest" in choices[Edition.APRIL_2020]
    assert "begins to be valid last" in choices[Edition.CURRENT]


def test_a_device_without_mail_apps_has_no_lines() -> None:
    assert apps(variant=Variant.ANDROID_DEDICATED) == {}


async def test_the_table_says_who_can_read_what_now_and_earlier(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    assert "No mail." in await show(console, f"{ALICE}/readability")
    thumbprint, phone = await mailed(console, contoso, enroll)
    letters = await contoso.mark(thumbprint)
    page = await show(console, f"{ALICE}/readability")
    assert f"Plan from bob@contoso.example , just now ✓ reads {letters}" in page
    assert (
        f"alice_AndroidForWork has had the key of certificate {letters} ({thumbprint[:8]}) since 2026-11-24 10:00."
        in page
    )
    assert f"whoever has the file of {letters}" in page
    before = (await contoso.events())[-1].seq
    phone.lose(*phone.holds)
    await phone.check_in()
    assert f"− removed {letters}" in await show(console, f"{ALICE}/readability")
    assert "because the user deleted it" in await show(console, f"{ALICE}/readability")
    assert f"✓ reads {letters}" in await show(console, f"{ALICE}/readability?entry={before}")
    assert "No mail had come by then." in await show(console, f"{ALICE}/readability?at=2020-01-01T00:00")
    for wrong in ("at=yesterday", "entry=99999999"):
        assert (await console.get(f"{ALICE}/readability?{wrong}")).status_code == 400, wrong


@ON_BOTH_DATABASES
async def test_a_task_says_which_mail_nobody_could_read_any_more(
    console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll
) -> None:
    thumbprint, phone = await mailed(console, contoso, enroll)
    device = f"/devices/{phone.enrollment_id}"
    page = await show(console, f"{device}/retire")
    assert "Mail that nobody could read any more: 1 ( Plan )" in page
    assert "It could be read again once a device is given the imported certificate again." in page
    assert "alice_AndroidForWork could not read 1 message any more." in page
    page = await show(console, f"{ALICE}/imported/{thumbprint}/delete")
    assert "Mail that nobody could read any more: 1 ( Plan )" in page
    assert "once a device is given" not in page
    assert "could not read" not in await show(console, f"{BOB}/licence")


async def mailed(console: httpx.AsyncClient, contoso: Contoso, enroll: Enroll) -> tuple[str, AndroidOverHttp]:
    """Alice's phone with an imported certificate, and a mail that is encrypted for it."""
    await contoso.group("Everybody", await contoso.user_id("alice"))
    thumbprint = await contoso.import_pfx("alice")
    phone = await enroll(model="Pixel")
    await contoso.imported_profile("Everybody")
    await phone.settle()
    fields = {"address": "alice@contoso.example", "thumbprint": thumbprint}
    done(await submit(console, "/address-book/publish?address=alice@contoso.example", **fields))
    write = {"to": "alice@contoso.example", "subject": "Plan", "text": "At noon.", "encrypt": "on"}
    done(await submit(console, f"{BOB}/mail/new", **write))
    return thumbprint, phone
