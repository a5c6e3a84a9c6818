"""Devices communicate securely with the mail server: the account that a profile set up logs in with its certificate,
until the certificate is revoked or the device is wiped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.cli import mailbox_commands
from fauxtune_sim.cli.mail_commands import MailOptions
from fauxtune_sim.cli.mailbox_commands import AccountOptions
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import MailboxRefused, NotAllowedHere, NotFoundHere
from fauxtune_sim.mail.mailbox_wires import Mailbox, MailLogin
from fauxtune_sim.platforms import Platform
from tests.support.administrator import ALICE, IOS_MAIL, Administrator, AgentEnroller
from tests.support.mail_programs import PASSWORD
from tests.support.running_server import Running, serving

WORK_PROFILE = (
    "androidWorkProfileTrustedRootCertificate",
    "androidWorkProfilePkcsCertificateProfile",
    "androidWorkProfileGmailEasConfiguration",
)


@pytest.fixture
def server(tmp_path: Path, commands: Path) -> Iterator[Running]:
    with serving("--data-dir", tmp_path / "data", "--mail", "--mail-port", "0", commands=commands) as running:
        yield running


async def enrolled(enrol_agent: AgentEnroller, folder: Path, *, platform: Platform) -> tuple[Agent, AccountOptions]:
    """Alice's device, which has settled."""
    agent = await enrol_agent(platform, Device.new("Alice's phone", platform=platform, folder=folder))
    while not (await agent.check_in()).settled:
        pass
    return agent, AccountOptions(folder)


def letter(folder: Path, *, subject: str = "A message", encrypt: bool = True) -> MailOptions:
    """A mail from Alice's phone to herself."""
    return MailOptions(
        state=folder,
        out=folder / "out.eml",
        to_users=("alice@contoso.example",),
        sign=True,
        encrypt=encrypt,
        as_tool=True,
        subject=subject,
    )


@pytest.mark.parametrize(("platform", "kinds"), [(Platform.IOS, IOS_MAIL), (Platform.ANDROID, WORK_PROFILE)])
async def test_the_account_sends_and_reads_with_its_certificate_until_that_is_revoked(
    administrator: Administrator,
    enrol_agent: AgentEnroller,
    tmp_path: Path,
    *,
    platform: Platform,
    kinds: tuple[str, str, str],
) -> None:
    await administrator.mail_accounts(kinds)
    folder = tmp_path / "phone"
    agent, account = await enrolled(enrol_agent, folder, platform=platform)
    (identity,) = agent.device.keystore.identities()
    await administrator.publish(ALICE, thumbprint=identity.thumbprint)
    sent = await mailbox_commands.deliver(letter(folder, subject="Lunch"), account)
    assert sent.document["login"].startswith("the certificate ")
    fetched = await mailbox_commands.fetch(account)
    (row,) = fetched.document["fetched"]
    assert (row["from"], row["subject"], row["smime"]) == (ALICE, "Lunch", True)
    assert (await mailbox_commands.fetch(account)).document["fetched"] == []
    assert [row["number"] for row in (await mailbox_commands.list_messages(account)).document["messages"]] == [1]
    opened = await mailbox_commands.open_message(account, 1, save=None, ask_authority=True)
    assert opened.succeeded, opened.lines

    certificates = "/_fauxtune/v1/tenants/contoso/certificates"
    answer = await administrator.graph.post(
        f"{certificates}/{identity.thumbprint}/revoke", json={"reason": "keyCompromise"}
    )
    assert answer.is_success, answer.text
    for attempt in (mailbox_commands.fetch(account), mailbox_commands.deliver(letter(folder, encrypt=False), account)):
        with pytest.raises(MailboxRefused, match=r"the certificate was revoked at .* \(the key fell into other hands"):
            await attempt
    journal = await administrator.graph.get(
        "/_fauxtune/v1/tenants/contoso/journal", params={"type": "mailLoginRefused"}
    )
    assert [event["detail"]["code"] for event in journal.json()["events"]] == ["revoked", "revoked"]


async def test_a_device_that_was_wiped_has_no_mail_and_its_stolen_key_is_refused(
    server: Running, administrator: Administrator, enrol_agent: AgentEnroller, tmp_path: Path
) -> None:
    await administrator.mail_accounts(IOS_MAIL)
    folder = tmp_path / "phone"
    agent, account = await enrolled(enrol_agent, folder, platform=Platform.IOS)
    await mailbox_commands.deliver(letter(folder, encrypt=False), account)
    await mailbox_commands.fetch(account)
    (identity,) = agent.device.keystore.identities()
    stolen = MailLogin(ALICE, identity=identity, ca=agent.device.ca)
    with Mailbox(server.endpoints["mail"]["pop3s"], stolen) as mailbox:
        assert len(mailbox.unique_ids()) == 1
    assert len(list(folder.glob("mail-*.eml"))) == 1
    await administrator.perform("wipe")
    while agent.device.is_enrolled:
        await agent.check_in()
    assert list(folder.glob("mail-*.eml")) == []
    with pytest.raises(NotFoundHere, match="has no mail account: its management ended"):
        await mailbox_commands.fetch(account)
    refusal = "the device that the certificate was issued for was wiped, and the certificate was revoked at"
    with pytest.raises(MailboxRefused, match=refusal):
        Mailbox(server.endpoints["mail"]["pop3s"], stolen)


async def test_an_account_with_a_password_asks_its_user_for_it(
    administrator: Administrator, enrol_agent: AgentEnroller, tmp_path: Path
) -> None:
    await administrator.mail_accounts(IOS_MAIL, method="usernameAndPassword")
    _, account = await enrolled(enrol_agent, tmp_path / "phone", platform=Platform.IOS)
    with pytest.raises(NotAllowedHere, match="logs in with its user's password: give it with --password-file"):
        await mailbox_commands.fetch(account)
    password = tmp_path / "password"
    password.write_text(f"{PASSWORD}\n")
    assert (await mailbox_commands.fetch(replace(account, password_file=password))).document["login"] == "a password"
    password.write_text("wrong")
    with pytest.raises(MailboxRefused, match=r"with a password: .* the name or the password is wrong"):
        await mailbox_commands.fetch(replace(account, password_file=password))
