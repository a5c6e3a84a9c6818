"""Mail accounts of profiles: which keys count on which system, what the user may change, what becomes of a mail."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.apple.client import AppleAgent
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import MailRefused, NotAllowedHere, NotFoundHere
from fauxtune_sim.mail.accounts import MailAccount, Setting
from fauxtune_sim.mail.reading import read_mail
from fauxtune_sim.mail.smime_settings import MailProtection, change_setting, choose_protection, mail_defaults
from fauxtune_sim.mail.writing import MailMessage, Protection, signing_identity, write_mail
from fauxtune_sim.platforms import Platform

if TYPE_CHECKING:
    from fauxtune_sim.keys.keystore import Identity
    from tests.simulator.apple.conftest import Enrol, Maker, MdmServer
    from tests.simulator.conftest import Pki

ADDRESS = "alice@contoso.example"
TODAY = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
MODERN: dict[str, Any] = {
    "SMIMESigningEnabled": True,
    "SMIMEEncryptByDefault": True,
    "SMIMEEnableEncryptionPerMessageSwitch": True,
}


@dataclass(slots=True)
class Mailing:
    """Devices with an account that a profile set up."""

    enrol: Enrol
    server: MdmServer
    make: Maker
    signing: Identity
    encryption: Identity

    async def __call__(self, agent: AppleAgent | None = None, /, **keys: Any) -> AppleAgent:
        agent = agent or await self.enrol()
        data = self.profile(**keys)
        queued = self.server.tell("InstallProfile", Payload=data)
        await agent.check_in()
        assert queued.report is not None
        assert queued.report["Status"] == "Acknowledged", queued.report
        return agent

    def profile(self, **keys: Any) -> bytes:
        signing = self.make.identity(self.signing, old=True)
        encryption = self.make.identity(self.encryption, old=True)
        named = {
            "SMIMESigningCertificateUUID": signing["PayloadUUID"],
            "SMIMEEncryptionCertificateUUID": encryption["PayloadUUID"],
        }
        account = self.make.exchange(PayloadIdentifier="mail.account", **(named | keys))
        result: bytes = self.make.profile(signing, encryption, account, identifier="mail")
        return result

    async def on(self, os_version: str, platform: Platform = Platform.IOS, **keys: Any) -> AppleAgent:
        """With a system of this version."""
        device = Device.new("a device", platform=platform)
        device.hardware = replace(device.hardware, os_version=os_version)
        return await self(await self.enrol(device=device), **keys)


@pytest.fixture
def mailing(enrol: Enrol, server: MdmServer, make: Maker, pki: Pki) -> Mailing:
    return Mailing(enrol, server, make, signing=pki.issue(encrypt=False), encryption=pki.issue(sign=False))


def only_account(agent: AppleAgent) -> MailAccount:
    (account,) = agent.device.accounts.values()
    return account


async def test_an_account_shows_where_it_is_and_which_identities_it_uses(mailing: Mailing) -> None:
    agent = await mailing(**MODERN, Password="hidden", OAuth=False, MailNumberOfPastDaysToSync=7)
    account = only_account(agent)
    row = account.row()
    assert (row["alias"], row["address"], row["host"]) == ("mail.account", ADDRESS, "mail.contoso.example")
    assert row["package"] == "com.apple.mobilemail"
    assert row["smime"]["signsWith"] == mailing.signing.thumbprint
    assert row["smime"]["decryptsWith"] == mailing.encryption.thumbprint
    assert (row["smime"]["signs"], row["smime"]["encrypts"], row["smime"]["perMessageSwitch"]) == (True, True, True)
    assert account.configuration["MailNumberOfPastDaysToSync"] == 7
    assert "hidden" not in str(account)


async def test_an_account_signs_in_with_an_identity_of_its_profile(
    mailing: Mailing, make: Maker, server: MdmServer
) -> None:
    agent = await mailing.enrol()
    login = make.identity(mailing.signing, PayloadIdentifier="org.example.login")
    data = make.profile(make.exchange(PayloadCertificateUUID=login["PayloadUUID"]), login)
    server.tell("InstallProfile", Payload=data)
    await agent.check_in()
    account = only_account(agent)
    assert (account.login_alias, account.smime) == ("org.example.login", None)
    assert account.id.startswith("test.profile/")


OLD = {"SMIMEEnabled": True}
MIDDLE = {"SMIMESigningEnabled": True, "SMIMEEncryptionEnabled": True, "SMIMEEnablePerMessageSwitch": True}
EVERY = tuple(sorted(Setting))
#: Version, keys -> signs, encrypts, has a switch for each message, what the user may change.
GATED = [
    ("9.3.5", OLD, (True, True, False, EVERY)),
    ("9.3.5", OLD | {"SMIMEEnablePerMessageSwitch": True}, (True, True, True, EVERY)),
    ("7.1", OLD | {"SMIMEEnablePerMessageSwitch": True}, (True, True, False, EVERY)),
    ("9.3.5", MODERN, (False, False, False, EVERY)),
    ("11.4", OLD, (False, False, False, EVERY)),
    ("11.4", MIDDLE, (True, True, True, EVERY)),
    ("10.3", {"SMIMEEncryptByDefault": True}, (False, False, False, EVERY)),
    ("12.0", MIDDLE, (True, False, False, ())),
    ("17.5.1", OLD | MIDDLE, (True, False, False, ())),
    ("17.5.1", MODERN, (True, True, True, ())),
    ("18.1", MODERN | {"SMIMESigningUserOverrideable": True}, (True, True, True, ("sign",))),
    (
        "17.5.1",
        {"SMIMEEncryptByDefaultUserOverrideable": True, "SMIMEEncryptionCertificateUUIDUserOverrideable": True},
        (False, False, False, ("encrypt", "encryption-identity")),
    ),
]


@pytest.mark.parametrize(("version", "keys", "wanted"), GATED)
async def test_the_keys_that_count_depend_on_the_system(
    mailing: Mailing, version: str, keys: dict[str, Any], wanted: tuple[Any, ...]
) -> None:
    smime = only_account(await mailing.on(version, **keys)).smime
    assert smime is not None
    result = (smime["signs"], smime["encrypts"], smime["perMessageSwitch"], tuple(smime["changeable"]))
    assert result == wanted


async def test_a_mac_has_accounts_for_imap_without_smime(mailing: Mailing, make: Maker, server: MdmServer) -> None:
    agent = await mailing.enrol(platform=Platform.MACOS)
    account = make.payload(
        "com.apple.mail.managed",
        EmailAccountType="EmailTypeIMAP",
        EmailAddress=ADDRESS,
        IncomingMailServerHostName="imap.contoso.example",
        IncomingMailServerUsername="alice",
        SMIMESigningEnabled=True,
    )
    server.tell("InstallProfile", Payload=make.profile(account))
    await agent.check_in()
    held = only_account(agent)
    assert (held.address, held.host, held.smime, held.package) == (
        ADDRESS,
        "imap.contoso.example",
        None,
        "com.apple.mail",
    )
    assert mail_defaults(agent.device) is None


@pytest.mark.parametrize(("left", "version", "refused"), [(0, "17.5.1", True), (1, "17.5.1", False)])
async def test_an_account_whose_services_are_all_off_is_refused(
    enrol: Enrol, server: MdmServer, make: Maker, left: int, version: str, *, refused: bool
) -> None:
    """Apple: at least one of EnableMail and the four like it must be true."""
    agent = await enrol()
    names = ("EnableMail", "EnableContacts", "EnableCalendars", "EnableReminders", "EnableNotes")
    off = dict.fromkeys(names[left:], False)
    tell = server.tell("InstallProfile", Payload=make.profile(make.exchange(**off)))
    await agent.check_in()
    assert tell.report is not None
    assert (tell.report["Status"] == "Error") is refused
    if refused:
        assert tell.report["ErrorChain"][-1]["ErrorCode"] == 2004
    assert bool(agent.device.accounts) is not refused


async def test_two_profiles_cannot_set_up_the_same_account(mailing: Mailing, make: Maker, server: MdmServer) -> None:
    agent = await mailing()
    queued = server.tell("InstallProfile", Payload=make.profile(make.exchange(), identifier="another"))
    server.tell("InstallProfile", Payload=make.profile(make.exchange(UserName="bob"), identifier="third"))
    await agent.check_in()
    assert queued.report is not None
    assert [one["ErrorCode"] for one in queued.report["ErrorChain"]] == [4001, 21005]
    assert len(agent.device.accounts) == 2


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("SMIMESigningCertificateUUID", {"sign": False}),
        ("SMIMEEncryptionCertificateUUID", {"encrypt": False}),
        ("SMIMESigningCertificateUUID", {"extended": ExtendedKeyUsageOID.CLIENT_AUTH}),
    ],
    ids=["not for signing", "not for encryption", "not for mail"],
)
async def test_a_certificate_that_is_not_for_mail_is_no_certificate_for_an_account(
    enrol: Enrol, server: MdmServer, make: Maker, pki: Pki, name: str, wrong: dict[str, Any]
) -> None:
    agent, identity = await enrol(), make.identity(pki.issue(**wrong))
    queued = server.tell(
        "InstallProfile", Payload=make.profile(identity, make.exchange(**{name: identity["PayloadUUID"]}))
    )
    await agent.check_in()
    assert queued.report is not None
    assert [one["ErrorCode"] for one in queued.report["ErrorChain"]] == [4001, 7004]
    assert agent.device.keystore.is_empty


async def test_an_identity_of_another_profile_does_not_count(
    enrol: Enrol, server: MdmServer, make: Maker, pki: Pki
) -> None:
    agent, identity = await enrol(), make.identity(pki.issue())
    server.tell("InstallProfile", Payload=make.profile(identity, identifier="identity"))
    account = make.exchange(SMIMESigningCertificateUUID=identity["PayloadUUID"])
    queued = server.tell("InstallProfile", Payload=make.profile(account, identifier="mail"))
    await agent.check_in()
    assert queued.report is not None
    assert [one["ErrorCode"] for one in queued.report["ErrorChain"]] == [4001, 7003]


async def test_a_new_identity_under_the_same_name_reaches_the_account(
    mailing: Mailing, make: Maker, server: MdmServer, pki: Pki
) -> None:
    agent = await mailing.enrol()
    first, second = make.identity(mailing.signing), pki.issue()
    account = make.exchange(SMIMESigningEnabled=True, SMIMESigningCertificateUUID=first["PayloadUUID"])
    renewed = make.identity(second) | {name: first[name] for name in ("PayloadIdentifier", "PayloadUUID")}
    for identity, wanted in ((first, mailing.signing), (renewed, second)):
        server.tell("InstallProfile", Payload=make.profile(identity, account))
        assert (await agent.check_in()).installed == ["test.profile"]
        assert choose_protection(agent.device).signer == wanted.thumbprint
    assert len(agent.device.keystore.entries) == 1


# What becomes of a mail


async def test_by_the_profile_alone_mail_is_signed_and_encrypted(mailing: Mailing, pki: Pki) -> None:
    agent, bob = await mailing(**MODERN), pki.issue("bob@contoso.example")
    choice = choose_protection(agent.device)
    assert choice == MailProtection(sign=True, encrypt=True, sender=ADDRESS, signer=mailing.signing.thumbprint)
    signer = signing_identity(agent.device.keystore, at=TODAY, thumbprint=choice.signer)
    letter = MailMessage(ADDRESS, ("bob@contoso.example",), "s", "t", TODAY)
    reading = read_mail(write_mail(letter, Protection(signer=signer, encrypt_to=[bob.certificate])), pki.store(bob))
    assert (reading.decrypted, reading.verified) == (True, True)


#: Keys -> what the user says -> what becomes of it, or what they are told.
DECISIONS: list[tuple[dict[str, Any], dict[str, bool], tuple[bool, bool] | str]] = [
    (MODERN, {}, (True, True)),
    (MODERN, {"sign": True, "encrypt": True}, (True, True)),
    (MODERN, {"encrypt": False}, (True, False)),
    (MODERN, {"sign": False}, "signing on and does not let"),
    (MODERN | {"SMIMESigningUserOverrideable": True}, {"sign": False}, (False, True)),
    ({"SMIMESigningEnabled": True}, {}, (True, False)),
    ({"SMIMESigningEnabled": True}, {"encrypt": True}, "encryption off and does not let"),
    ({"SMIMEEncryptByDefaultUserOverrideable": True}, {"encrypt": True}, (False, True)),
    ({"SMIMEEnableEncryptionPerMessageSwitch": True}, {"encrypt": True}, (False, True)),
    ({}, {"sign": True}, "signing off and does not let"),
    ({}, {}, (False, False)),
]


class Wishes(TypedDict, total=False):
    """What a user says of one mail."""

    sign: bool
    encrypt: bool


@pytest.mark.parametrize(("keys", "says", "wanted"), DECISIONS)
async def test_the_profile_decides_unless_the_user_may(
    mailing: Mailing, keys: dict[str, Any], says: Wishes, wanted: tuple[bool, bool] | str
) -> None:
    device = (await mailing(**keys)).device
    if isinstance(wanted, str):
        with pytest.raises(NotAllowedHere, match=wanted):
            choose_protection(device, **says)
        return
    choice = choose_protection(device, **says)
    assert (choice.sign, choice.encrypt) == wanted


def test_without_an_account_the_user_decides_alone() -> None:
    device = Device.new(platform=Platform.IOS)
    assert choose_protection(device, sign=True) == MailProtection(sign=True, encrypt=False)
    device.accounts["a"] = MailAccount("a", package="p", digest="d", address=ADDRESS)
    assert choose_protection(device, encrypt=True) == MailProtection(sign=False, encrypt=True)


async def test_an_account_that_signs_without_an_identity_cannot_send(mailing: Mailing, pki: Pki) -> None:
    may_choose: dict[str, Any] = {
        "SMIMESigningCertificateUUIDUserOverrideable": True,
        "SMIMESigningCertificateUUID": "",
    }
    agent = await mailing(SMIMESigningEnabled=True, **may_choose)
    with pytest.raises(MailRefused, match="no signing identity is chosen"):
        choose_protection(agent.device)
    thumbprint = mailing.signing.thumbprint
    change_setting(agent.device, "mail.account", setting=Setting.SIGNING_IDENTITY, value=thumbprint.upper())
    assert choose_protection(agent.device).signer == thumbprint


async def test_only_what_may_be_changed_is_changed_and_it_stays_chosen(mailing: Mailing, tmp_path: Path) -> None:
    device = Device.new("mine", platform=Platform.IOS, folder=tmp_path / "mine")
    agent = await mailing(await mailing.enrol(device=device), **MODERN, SMIMESigningUserOverrideable=True)
    with pytest.raises(NotAllowedHere, match="does not let its user change encrypt"):
        change_setting(device, "mail.account", setting=Setting.ENCRYPT, value=False)
    with pytest.raises(NotFoundHere, match="no mail account"):
        change_setting(device, "another", setting=Setting.SIGN, value=False)
    with pytest.raises(NotFoundHere, match="on or off"):
        change_setting(device, "mail.account", setting=Setting.SIGN, value="maybe")
    assert choose_protection(device).sign
    change_setting(device, "mail.account", setting=Setting.SIGN, value=False)
    device.save()
    loaded = load_device(tmp_path / "mine")
    assert (choose_protection(loaded).sign, choose_protection(loaded).encrypt) == (False, True)
    # The profile comes again with the same right, then without it.
    await mailing(agent, **MODERN, SMIMESigningUserOverrideable=True)
    assert not choose_protection(device).sign
    await mailing(agent, **MODERN)
    assert choose_protection(device).sign


async def test_an_identity_that_is_not_there_cannot_be_chosen(mailing: Mailing) -> None:
    agent = await mailing(SMIMEEncryptionCertificateUUIDUserOverrideable=True)
    with pytest.raises(NotFoundHere, match="no key for the certificate"):
        change_setting(agent.device, "mail.account", setting=Setting.ENCRYPTION_IDENTITY, value="00")


async def test_of_two_accounts_the_one_with_the_address_decides(
    mailing: Mailing, make: Maker, server: MdmServer
) -> None:
    agent = await mailing(**MODERN)
    other = make.exchange(EmailAddress="office@contoso.example", UserName="office", SMIMESigningEnabled=False)
    server.tell("InstallProfile", Payload=make.profile(other, identifier="office"))
    await agent.check_in()
    assert choose_protection(agent.device).sender == ADDRESS
    office = choose_protection(agent.device, address="office@contoso.example")
    assert (office.sign, office.sender) == (False, "office@contoso.example")
