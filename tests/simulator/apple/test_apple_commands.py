"""The command line with Apple devices: a profile from anywhere, the owner's hand, mail as the account wants it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.apple.client import AppleAgent
from fauxtune_sim.cli import commands, mail_commands
from fauxtune_sim.cli.commands import EnrollOptions
from fauxtune_sim.cli.mail_commands import MailOptions
from fauxtune_sim.cli.mailbox_commands import AccountChange, change_account
from fauxtune_sim.cli.owner_commands import Owner
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import NotAllowedHere, NotFoundHere, ProfileRefused, ServerRefused
from fauxtune_sim.mail.reading import read_mail
from fauxtune_sim.platforms import Platform
from fauxtune_sim.server.discovery import ServerOptions

if TYPE_CHECKING:
    from tests.simulator.apple.conftest import Enrol, Maker, MdmServer
    from tests.simulator.conftest import Pki

NOBODY = ServerOptions()


async def test_a_device_enrols_with_a_profile_from_a_file(make: Maker, server: MdmServer, tmp_path: Path) -> None:
    (tmp_path / "p.mobileconfig").write_bytes(make.enrollment(make.device_pkcs12()))
    order = EnrollOptions(tmp_path / "phone", platform=Platform.IOS, profile=str(tmp_path / "p.mobileconfig"))
    result = await commands.enroll(order, NOBODY)
    assert (result.document["settled"], result.document["platform"]) == (True, "ios")
    assert server.enabled == {result.document["name"]}
    assert load_device(tmp_path / "phone").is_enrolled


async def test_a_device_enrols_with_a_profile_from_an_address(make: Maker, server: MdmServer, tmp_path: Path) -> None:
    server.profile = make.enrollment()
    place = f"{server.url}/mdm/any/apple/enroll?token="
    order = EnrollOptions(tmp_path / "mac", platform=Platform.MACOS, profile=f"{place}good")
    assert (await commands.enroll(order, NOBODY)).document["settled"]
    with pytest.raises(ServerRefused, match="answered 401"):
        await commands.enroll(EnrollOptions(tmp_path / "x", platform=Platform.IOS, profile=f"{place}bad"), NOBODY)


@pytest.mark.parametrize(
    ("changes", "error", "why"),
    [
        ({"token": "t"}, NotFoundHere, "leave --token"),
        ({"profile": "not-there"}, NotFoundHere, "cannot be read"),
        ({"platform": Platform.ANDROID}, NotAllowedHere, "cannot enrol with a profile"),
        ({}, ProfileRefused, "1000"),
    ],
)
async def test_what_enrols_nobody_is_said_in_words(
    tmp_path: Path, changes: dict[str, Any], error: type[Exception], why: str
) -> None:
    (tmp_path / "p").write_bytes(b"no profile")
    order: dict[str, Any] = {"platform": Platform.IOS, "profile": str(tmp_path / "p")}
    with pytest.raises(error, match=why):
        await commands.enroll(EnrollOptions(tmp_path / "phone", **(order | changes)), NOBODY)
    assert not (tmp_path / "phone").exists()


@pytest.fixture
async def phone(enrol: Enrol, make: Maker, server: MdmServer, pki: Pki, tmp_path: Path) -> AppleAgent:
    """An iPhone in `tmp_path/phone` whose account signs and encrypts, and lets its user turn encryption off."""
    agent = await enrol(device=Device.new("phone", platform=Platform.IOS, folder=tmp_path / "phone"))
    signing = make.identity(pki.issue(), PayloadIdentifier="org.example.signing")
    account = make.exchange(
        SMIMESigningEnabled=True,
        SMIMESigningCertificateUUID=signing["PayloadUUID"],
        SMIMEEncryptByDefault=True,
        SMIMEEncryptByDefaultUserOverrideable=True,
    )
    server.tell("InstallProfile", Payload=make.profile(signing, account))
    await agent.check_in()
    return agent


ALICE = "alice@contoso.example"


def order(tmp_path: Path, **changes: Any) -> MailOptions:
    known: dict[str, Any] = {
        "state": tmp_path / "phone",
        "to_certificates": [tmp_path / "bob.pem"],
        "out": tmp_path / "letter.eml",
    }
    return MailOptions(**(known | changes))


@pytest.mark.usefixtures("phone")
async def test_a_mail_of_which_nothing_is_said_is_what_the_account_makes_of_it(pki: Pki, tmp_path: Path) -> None:
    bob = pki.issue("bob@contoso.example")
    (tmp_path / "bob.pem").write_bytes(bob.certificate.public_bytes(Encoding.PEM))
    result = await mail_commands.send(order(tmp_path))
    assert (result.document["from"], result.document["to"]) == ("alice@contoso.example", ["bob@contoso.example"])
    reading = read_mail((tmp_path / "letter.eml").read_bytes(), pki.store(bob))
    assert (reading.decrypted, reading.verified) == (True, True)
    signed = await mail_commands.send(order(tmp_path, encrypt=False))
    assert signed.document["encryptedTo"] == []
    with pytest.raises(NotAllowedHere, match="does not let its user change"):
        await mail_commands.send(order(tmp_path, sign=False))


async def test_with_smime_off_a_plain_mail_is_written_which_says_why_it_is_plain(
    enrol: Enrol, pki: Pki, tmp_path: Path
) -> None:
    bob = pki.issue("bob@contoso.example")
    (tmp_path / "bob.pem").write_bytes(bob.certificate.public_bytes(Encoding.PEM))
    await enrol(device=Device.new("phone", platform=Platform.IOS, folder=tmp_path / "phone"))
    for options, why in (
        (
            order(tmp_path, sender=ALICE),
            "neither signed nor encrypted. S/MIME is off in Mail on phone, so its user must switch",
        ),
        (order(tmp_path, sender=ALICE, sign=False, encrypt=False), "neither signed nor encrypted, as ordered"),
        (order(tmp_path, sender=ALICE, as_tool=True), "neither signed nor encrypted: use --sign, --encrypt, or both"),
    ):
        result = await mail_commands.send(options)
        assert result.document["notes"][0].startswith(why)
        assert (result.document["signedWith"], result.document["encryptedTo"]) == (None, [])
        assert b"Content-Type: text/plain" in (tmp_path / "letter.eml").read_bytes()
    with pytest.raises(NotAllowedHere, match="S/MIME is off in Mail"):
        await mail_commands.send(order(tmp_path, sender=ALICE, sign=True))


def unfolded(result: commands.CommandOutput) -> str:
    """Its lines as one, for long ones are folded."""
    return " ".join(line.strip() for line in result.lines)


@pytest.mark.usefixtures("phone")
def test_the_owner_changes_what_the_account_lets_them(tmp_path: Path) -> None:
    before = Owner(tmp_path / "phone").keystore()
    assert "signs, encrypts, signs with" in unfolded(before)
    assert before.document[-1]["smime"]["changeable"] == ["encrypt"]
    changed = change_account(tmp_path / "phone", AccountChange(encrypt=False))
    assert "does not encrypt" in changed.lines[0]
    assert "does not encrypt" in unfolded(Owner(tmp_path / "phone").keystore())
    with pytest.raises(NotAllowedHere):
        change_account(tmp_path / "phone", AccountChange(sign="off"))
    with pytest.raises(NotFoundHere, match=r"no mail account for x@y\.example"):
        change_account(tmp_path / "phone", AccountChange(sign="off", address="x@y.example"))


async def test_what_a_locked_phone_puts_off_it_does_once_it_is_unlocked(
    phone: AppleAgent, server: MdmServer, make: Maker, pki: Pki, tmp_path: Path
) -> None:
    assert phone.device.is_enrolled
    server.tell("InstallProfile", Payload=make.profile(make.root(pki.root), identifier="root"))
    assert Owner(tmp_path / "phone").lock(locked=True).document["locked"]
    result = await commands.check_in(tmp_path / "phone", until_settled=False, timeout=1)
    assert (result.document["settled"], result.document["installed"]) == (False, [])
    assert Owner(tmp_path / "phone").restart().document == {
        "device": phone.device.name,
        "locked": True,
        "reboots": 1,
    }
    Owner(tmp_path / "phone").lock(locked=False)
    result = await commands.check_in(tmp_path / "phone", until_settled=True, timeout=30)
    assert (result.document["settled"], result.document["installed"]) == (True, ["root"])


async def test_a_refused_delivery_is_answered_by_an_error_chain_and_leaves_the_device_as_it_was(
    enrol: Enrol, make: Maker, server: MdmServer, pki: Pki
) -> None:
    agent = await enrol()
    root = make.profile(make.root(pki.root), identifier="test.root")
    server.tell("InstallProfile", Payload=root)
    await agent.check_in()
    for kind, code in (("imported", 9006), ("pkcs", None), ("root", 770), ("email", None)):
        agent.device.refuse(kind, code)
    imported = make.identity(pki.issue(), PayloadIdentifier="org.example.imported.1")
    refused = {
        9006: make.profile(imported, identifier="test.imported"),
        9000: make.profile(make.identity(pki.issue()), identifier="test.pkcs"),
        770: make.profile(make.root(pki.intermediate), identifier="test.other"),
        21006: make.profile(make.exchange(), identifier="test.mail"),
    }
    commands_ = {code: server.tell("InstallProfile", Payload=payload) for code, payload in refused.items()}
    again = server.tell("InstallProfile", Payload=root)
    await agent.check_in()
    for code, command in commands_.items():
        assert command.report is not None
        chain = command.report["ErrorChain"]
        assert [link["ErrorCode"] for link in chain] == [4001, code]
        assert "owner" in chain[1]["USEnglishDescription"]
    assert again.report is not None
    assert again.report["Status"] == "Acknowledged"
    assert not agent.device.keystore.entries
    assert not agent.device.accounts
    assert agent.device.keystore.trusted_certificates() == (pki.root,)


async def test_a_device_that_refuses_certificates_can_still_be_enrolled(make: Maker, enrol: Enrol) -> None:
    device = Device.new("a device", platform=Platform.IOS)
    for kind in ("pkcs", "scep", "root"):
        device.refuse(kind)
    assert (await enrol(make.enrollment(make.device_pkcs12()), device=device)).device.is_enrolled
