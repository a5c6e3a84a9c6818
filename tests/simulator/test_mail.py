"""S/MIME mail between simulated devices: what is read, what is believed, and why not.

The contacts that a device learns from signed mail: whose certificates, how many, and until when.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from fauxtune_sim.cli import mail_commands
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.state_folder import StateFolder
from fauxtune_sim.errors import MailRefused, StateBroken
from fauxtune_sim.keys.keystore import Identity, KeyStore
from fauxtune_sim.mail import accounts as module
from fauxtune_sim.mail.accounts import CONTACTS, Contacts
from fauxtune_sim.mail.reading import read_mail
from fauxtune_sim.mail.verdict import SignatureCode
from fauxtune_sim.mail.writing import MailMessage, Protection, recipient_address, signing_identity, write_mail

if TYPE_CHECKING:
    from tests.simulator.conftest import Pki


TODAY, YEAR = datetime(2026, 11, 24, 10, 0, tzinfo=UTC), timedelta(days=365)
LETTER = MailMessage(
    sender="alice@contoso.example",
    recipients=("bob@contoso.example",),
    subject="Grüße",
    text="We meet at ten.\nBring a pen.",
    date=TODAY,
)


@pytest.fixture(params=["rsa", "ec"])
def alice(request: pytest.FixtureRequest, pki: Pki) -> Identity:
    return pki.issue(key=None if request.param == "rsa" else ec.generate_private_key(ec.SECP256R1()))


ALICE, BOB = "alice@contoso.example", "bob@contoso.example"


def contacts_of(folder: Path) -> Contacts:
    return Contacts(StateFolder(folder))


def test_signed_mail_is_believed(pki: Pki, alice: Identity) -> None:
    reading = read_mail(write_mail(LETTER, Protection(signer=alice)), pki.store())
    assert (reading.verified, reading.why, reading.decrypted) == (True, None, None)
    assert (reading.signer, reading.signer_thumbprint) == ("alice@contoso.example", alice.thumbprint)
    assert reading.text == LETTER.text + "\n"


def test_encrypted_mail_is_read_with_the_right_key_of_several(pki: Pki, alice: Identity) -> None:
    mail = write_mail(LETTER, Protection(encrypt_to=[alice.certificate]))
    reading = read_mail(mail, pki.store(pki.issue(alias="another"), alice))
    assert (reading.decrypted, reading.recipient, reading.verified) == (True, alice.thumbprint, None)
    assert reading.text == LETTER.text + "\n"
    assert b"We meet" not in mail


def test_mail_that_is_signed_and_encrypted_is_read_and_believed(pki: Pki, alice: Identity) -> None:
    bob = pki.issue("bob@contoso.example")
    mail = write_mail(LETTER, Protection(signer=alice, encrypt_to=[bob.certificate]))
    reading = read_mail(mail, pki.store(bob))
    assert (reading.decrypted, reading.verified, reading.recipient) == (True, True, bob.thumbprint)
    assert b"multipart/signed" not in mail


def test_a_key_that_does_not_match_is_told_apart_from_no_key(pki: Pki) -> None:
    mail = write_mail(LETTER, Protection(encrypt_to=[pki.issue().certificate]))
    reading = read_mail(mail, pki.store(pki.issue()))
    assert (reading.decrypted, reading.text, reading.is_good) == (False, None, False)
    assert "this device cannot read it (its only key does not open it)" in str(reading.why)


@pytest.mark.parametrize(
    ("text", "encoded"), [("Umlaute: äöü", b"base64"), ("plain", b"7bit"), (".\n.\nFrom here on", b"7bit")]
)
def test_any_text_survives_the_signature(pki: Pki, text: str, encoded: bytes) -> None:
    letter = MailMessage(sender=LETTER.sender, recipients=LETTER.recipients, subject="s", text=text, date=TODAY)
    mail = write_mail(letter, Protection(signer=pki.issue()))
    assert encoded in mail
    assert (read_mail(mail, pki.store()).verified, read_mail(mail, pki.store()).text) == (True, text + "\n")


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_line_ends_that_a_file_system_changed_do_not_matter(pki: Pki, line_end: bytes) -> None:
    mail = write_mail(LETTER, Protection(signer=pki.issue())).replace(b"\r\n", line_end)
    assert read_mail(mail, pki.store()).verified


def test_one_changed_word_breaks_the_signature(pki: Pki) -> None:
    reading = read_mail(write_mail(LETTER, Protection(signer=pki.issue())).replace(b"at ten", b"at two"), pki.store())
    assert (reading.verified, reading.text) == (False, "We meet at two.\nBring a pen.\n")
    assert "changed after it was signed" in str(reading.why)


def test_a_mail_without_the_intermediate_needs_the_readers(pki: Pki) -> None:
    mail = write_mail(LETTER, Protection(signer=pki.issue(), with_chain=False))
    assert read_mail(mail, pki.store()).verified
    reading = read_mail(mail, pki.store(trusted=(pki.root,)))
    assert reading.verified is False
    assert "no trusted certificate on this device issued" in str(reading.why)


def test_a_mail_that_brings_the_intermediate_needs_only_the_root(pki: Pki) -> None:
    assert read_mail(write_mail(LETTER, Protection(signer=pki.issue())), pki.store(trusted=(pki.root,))).verified


@pytest.mark.parametrize("held", [(), ("intermediate",)], ids=["nothing", "the intermediate alone"])
def test_without_the_root_nothing_is_believed(pki: Pki, held: tuple[str, ...]) -> None:
    store = pki.store(trusted=tuple(getattr(pki, name) for name in held))
    assert read_mail(write_mail(LETTER, Protection(signer=pki.issue())), store).verified is False


WRONG: dict[str, tuple[Callable[[Pki], Identity], str]] = {
    "another address": (lambda pki: pki.issue("mallory@contoso.example"), "is for mallory"),
    "not for mail": (lambda pki: pki.issue(extended=ExtendedKeyUsageOID.SERVER_AUTH), "not for mail"),
    "not for signing": (lambda pki: pki.issue(sign=False), "not for signing"),
    "expired": (lambda pki: pki.issue(begin=TODAY - 2 * YEAR, end=TODAY - YEAR), "had expired"),
    "not yet valid": (lambda pki: pki.issue(begin=TODAY + YEAR, end=TODAY + 2 * YEAR), "was not valid yet"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_signature_that_holds_is_not_believed_if_its_certificate_is_wrong(pki: Pki, case: str) -> None:
    make, why = WRONG[case]
    reading = read_mail(write_mail(LETTER, Protection(signer=make(pki))), pki.store())
    assert reading.verified is False
    assert why in str(reading.why)


def test_a_certificate_without_extended_usage_is_for_mail_too(pki: Pki) -> None:
    assert read_mail(write_mail(LETTER, Protection(signer=pki.issue(extended=None))), pki.store()).verified


def test_an_old_signature_is_judged_at_its_own_time(pki: Pki) -> None:
    old = pki.issue(begin=TODAY - 2 * YEAR, end=TODAY - YEAR)
    letter = MailMessage(
        sender=LETTER.sender, recipients=LETTER.recipients, subject="s", text="t", date=TODAY - timedelta(days=500)
    )
    assert read_mail(write_mail(letter, Protection(signer=old)), pki.store()).verified


def test_an_end_entity_cannot_issue(pki: Pki) -> None:
    one = pki.issue()
    pretender = Identity("x", "pkcs", one.certificate, one.key, chain=())
    store = pki.store(trusted=(pki.root, one.certificate))
    assert read_mail(write_mail(LETTER, Protection(signer=pretender, with_chain=False)), store).verified is False


def test_the_newest_valid_signing_key_is_chosen(pki: Pki) -> None:
    older = pki.issue(begin=TODAY - timedelta(days=200), alias="older")
    newer = pki.issue(begin=TODAY - timedelta(days=10), alias="newer")
    expired = pki.issue(begin=TODAY - YEAR, end=TODAY - timedelta(days=1), alias="expired")
    for_encryption = pki.issue(begin=TODAY - timedelta(days=1), sign=False, alias="for encryption")
    store = pki.store(older, newer, expired, for_encryption)
    assert signing_identity(store, at=TODAY).alias == "newer"
    assert signing_identity(store, at=TODAY, thumbprint=older.thumbprint.upper()).alias == "older"
    with pytest.raises(MailRefused, match="no key for the certificate"):
        signing_identity(store, at=TODAY, thumbprint="00")
    with pytest.raises(MailRefused, match="no signing certificate that is valid now"):
        signing_identity(KeyStore(), at=TODAY)


def test_a_certificate_that_is_not_for_encryption_is_no_recipient(pki: Pki) -> None:
    assert recipient_address(pki.issue().certificate) == "alice@contoso.example"
    with pytest.raises(MailRefused, match="not for encryption"):
        recipient_address(pki.issue(encrypt=False).certificate)


@pytest.mark.parametrize(
    "data",
    [b"", b"no header at all", b"\r\nhello", b"root:x:0:0:root:/root:/bin/sh\nbin:x:1:1::/:/bin/false\n"],
    ids=["empty", "text", "body only", "a file with colons"],
)
def test_what_is_no_mail_is_refused(pki: Pki, data: bytes) -> None:
    with pytest.raises(MailRefused, match="not a mail"):
        read_mail(data, pki.store())


def test_plain_mail_is_just_read(pki: Pki) -> None:
    reading = read_mail(b"From: a@b.example\r\n\r\nhello\r\n", pki.store())
    assert (reading.decrypted, reading.verified, reading.text, reading.is_good) == (None, None, "hello\n", True)


def test_a_header_cannot_be_smuggled_in(pki: Pki) -> None:
    letter = MailMessage(sender="a@b.example\r\nBcc: c@d.example", recipients=("x",), subject="s", text="t", date=TODAY)
    with pytest.raises(MailRefused, match="one line"):
        write_mail(letter, Protection(signer=pki.issue()))


def test_broken_mail_never_escapes_as_another_error(pki: Pki) -> None:
    bob = pki.issue("bob@contoso.example")
    mail = write_mail(LETTER, Protection(signer=pki.issue(), encrypt_to=[bob.certificate]))
    signed = write_mail(LETTER, Protection(signer=pki.issue()))
    for data in (mail, signed):
        for at in range(0, len(data), 41):
            for broken in (data[:at], data[:at] + b"!" + data[at + 1 :]):
                try:
                    read_mail(broken, pki.store(bob))
                except MailRefused:
                    continue


def test_the_page_about_mail_explains_every_verdict() -> None:
    page = (Path(__file__).parents[2] / "docs" / "mail.md").read_text()
    table = page.partition("| code in the JSON |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1].strip().strip("`") for line in table.splitlines() if line.startswith("| `")]
    assert rows == [code.value for code in SignatureCode]


def test_only_certificates_for_encrypting_to_this_address_are_kept(pki: Pki, tmp_path: Path) -> None:
    alice, bob = pki.issue(ALICE).certificate, pki.issue(BOB).certificate
    signing = pki.issue(ALICE, encrypt=False).certificate
    assert [one.certificate for one in contacts_of(tmp_path).learn(ALICE.upper(), [alice, bob, signing], at=TODAY)] == [
        alice
    ]
    assert contacts_of(tmp_path).learn(ALICE, [alice], at=TODAY) == []
    assert [one.certificate for one in contacts_of(tmp_path).of(ALICE)] == [alice]
    assert contacts_of(tmp_path).of(BOB) == []


def test_the_contacts_that_were_learned_first_make_room(
    pki: Pki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST", 2)
    certificates = [pki.issue(ALICE).certificate for _ in range(3)]
    for certificate in certificates:
        contacts_of(tmp_path).learn(ALICE, [certificate], at=TODAY)
    assert [one.certificate for one in contacts_of(tmp_path).of(ALICE)] == certificates[:0:-1]


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    for damage in (b"[]", b'{"contacts": [{}]}', b'{"contacts": [{"address": "a", "certificate": "eHg="}]}'):
        (tmp_path / CONTACTS).write_bytes(damage)
        with pytest.raises(StateBroken, match=CONTACTS):
            contacts_of(tmp_path)


async def test_reading_signed_mail_teaches_the_sender_and_leaving_management_forgets(pki: Pki, tmp_path: Path) -> None:
    device = Device.new("phone", folder=tmp_path / "phone")
    device.keystore = pki.store()
    device.save()
    bob, folder = pki.issue(BOB), tmp_path / "phone"
    message = MailMessage(sender=BOB, recipients=(ALICE,), subject="Hello", text="x", date=TODAY)

    async def read(name: str, mail: bytes) -> list[str]:
        (tmp_path / name).write_bytes(mail)
        return list((await mail_commands.read(folder, tmp_path / name, ask_authority=False)).lines)

    def forged(signer: Identity) -> bytes:
        return write_mail(message, Protection(signer=signer)).replace(b"\r\nx\r\n", b"\r\ny\r\n")

    assert not any("contacts" in line for line in await read("forged.eml", forged(bob)))
    assert not any("contacts" in line for line in await read("plain.eml", write_mail(message)))
    assert any(
        "added to the contacts of phone: bob@" in line
        for line in await read("signed.eml", write_mail(message, Protection(signer=bob)))
    )
    (contact,) = contacts_of(folder).of(BOB)
    assert contact.certificate == bob.certificate
    assert contact.is_usable(TODAY)
    assert not contact.is_usable(TODAY + timedelta(days=9_000))
    assert (await mail_commands.contacts(folder)).document["contacts"][0]["address"] == BOB

    device.remove_management("retired")
    assert contacts_of(folder).entries == []
    assert "no contacts yet" in (await mail_commands.contacts(folder)).lines[0]
