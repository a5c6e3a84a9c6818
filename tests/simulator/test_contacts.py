"""The contacts that a device learns from signed mail: whose certificates, how many, and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fauxtune_sim.cli import mail_commands
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.state_folder import StateFolder
from fauxtune_sim.errors import StateBroken
from fauxtune_sim.keys.keystore import Identity
from fauxtune_sim.mail import accounts as module
from fauxtune_sim.mail.accounts import CONTACTS, Contacts
from fauxtune_sim.mail.writing import MailMessage, Protection, write_mail

if TYPE_CHECKING:
    from tests.simulator.conftest import Pki

TODAY = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ALICE, BOB = "alice@contoso.example", "bob@contoso.example"


def contacts_of(folder: Path) -> Contacts:
    return Contacts(StateFolder(folder))


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
