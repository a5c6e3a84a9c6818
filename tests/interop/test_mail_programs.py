"""A person's own mail program joins in: s-nail with the keys that were exported from a phone, and openssl by hand.

The server's mail ports, POP3 and SMTP in TLS, with a login by the certificate of the phone.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fauxtune_sim.cli import mailbox_commands, owner_commands
from fauxtune_sim.cli.mail_commands import MailOptions
from fauxtune_sim.cli.mailbox_commands import AccountOptions
from fauxtune_sim.cli.owner_commands import ExportOptions
from fauxtune_sim.device.device import Device
from fauxtune_sim.platforms import Platform
from fauxtune_sim.server.transport import Transport
from tests.interop.programs import OpenSsl
from tests.support.administrator import ALICE, IOS_MAIL, Administrator, AgentEnroller, administrator_of
from tests.support.running_server import Running, serving

BOB = "bob@contoso.example"
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Desk:
    """Alice's desk: the phones of Alice and Bob as folders, and the keys of Alice's phone as files."""

    server: Running
    administrator: Administrator
    folder: Path
    keys: Path

    def phone(self, name: str) -> Path:
        return self.folder / name

    @property
    def key(self) -> Path:
        (file,) = self.keys.glob("alice*.pem")
        return file

    def port(self, kind: str) -> int:
        return urlsplit(self.server.endpoints["mail"][kind]).port or 0

    def settings(self) -> str:
        """s-nail's file of settings."""
        certificate, *issuers = _CERTIFICATE.findall(self.key.read_text())
        assert certificate
        (self.folder / "issuers.pem").write_text(issuers[0])
        bob = self.folder / "bob.pem"
        user = ALICE.replace("@", "%40")
        return "\n".join(
            (
                "set v15-compat tls-verify=strict tls-ca-no-defaults smime-ca-no-defaults",
                f"set tls-ca-file={self.server.endpoints['caFile']} tls-config-pairs='Certificate={self.key}'",
                "set pop3-auth=externanon smtp-auth=externanon",
                f"set mta=smtps://{user}@localhost:{self.port('smtps')} from={ALICE}",
                f"set smime-ca-file={self.keys / 'trusted.pem'} smime-sign-include-certs={self.folder / 'issuers.pem'}",
                f"set smime-sign-cert={self.key} smime-sign-cert-{ALICE}={self.key}",
                f"set smime-sign smime-force-encryption smime-encrypt-{BOB}={bob}",
                "",
            )
        )

    async def s_nail(self, *arguments: str, text: str) -> str:
        """Run s-nail with commands or a text as its input; what it wrote."""
        rc = self.folder / "nailrc"
        rc.write_text(self.settings())
        environment = {"MAILRC": str(rc), "HOME": str(self.folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}

        def run() -> str:
            done = subprocess.run(
                ["s-nail", "-n", *arguments],
                input=text,
                capture_output=True,
                text=True,
                env=environment,
                timeout=60,
                check=False,
            )
            return done.stdout + done.stderr

        return await asyncio.to_thread(run)

    async def inbox(self, commands: str) -> str:
        """Commands of s-nail in Alice's mailbox; what it wrote."""
        url = f"pop3s://{ALICE.replace('@', '%40')}@localhost:{self.port('pop3s')}"
        return await self.s_nail("-R", "-f", url, text=f"{commands}\nexit\n")


@pytest.fixture
def mail_server(tmp_path: Path, commands: Path) -> Iterator[Running]:
    with serving("--data-dir", tmp_path / "data", "--mail", "--mail-port", "0", commands=commands) as running:
        yield running


@pytest.fixture
async def desk(mail_server: Running, tmp_path: Path) -> AsyncIterator[Desk]:
    """Alice and Bob have iPhones with mail accounts; the keys of Alice's are exported."""
    ca = Path(mail_server.endpoints["caFile"]).read_bytes()
    async with administrator_of(mail_server) as administrator, Transport(ca=ca) as transport:
        await administrator.mail_accounts(IOS_MAIL)
        enrol = AgentEnroller(mail_server, administrator, transport)
        for name, user in (("alice", ALICE), ("bob", BOB)):
            device = Device.new(f"{name}'s phone", platform=Platform.IOS, folder=tmp_path / name)
            agent = await enrol(Platform.IOS, device, user=user)
            while not (await agent.check_in()).settled:
                pass
            (identity,) = device.keystore.identities()
            await administrator.publish(user, thumbprint=identity.thumbprint)
            owner_commands.export(tmp_path / name, ExportOptions(pem=tmp_path / f"{name}-keys"))
        (bob,) = (tmp_path / "bob-keys").glob("bob*.pem")
        (tmp_path / "bob.pem").write_text(_CERTIFICATE.findall(bob.read_text())[0])
        yield Desk(mail_server, administrator, tmp_path, tmp_path / "alice-keys")


async def send(desk: Desk, *, subject: str) -> None:
    """Bob's phone sends a signed and encrypted mail to Alice."""
    phone = desk.phone("bob")
    mail = MailOptions(
        state=phone,
        out=phone / "out.eml",
        to_users=(ALICE,),
        sign=True,
        encrypt=True,
        as_tool=True,
        subject=subject,
        text="At noon.",
    )
    await mailbox_commands.deliver(mail, AccountOptions(phone))


@pytest.mark.program("s-nail", package="s-nail")
async def test_s_nail_reads_what_a_phone_sent_and_the_phone_reads_its_answer(desk: Desk) -> None:
    await send(desk, subject="Lunch")
    inside = desk.folder / "decrypted"
    listed = await desk.inbox(f"headers\ndecrypt 1 {inside}")
    assert "1 message 1 new" in listed
    assert "Lunch" in listed
    opened = await desk.s_nail("-R", "-f", str(inside), text="verify 1\nprint 1\nexit\n")
    assert "Message 1 was verified successfully" in opened
    assert "At noon." in opened

    assert "not sent" not in await desk.s_nail("-s", "Re: Lunch", BOB, text="I come.\n")
    account = AccountOptions(desk.phone("bob"))
    (row,) = (await mailbox_commands.fetch(account)).document["fetched"]
    assert (row["from"], row["subject"], row["smime"]) == (ALICE, "Re: Lunch", True)
    reading = await mailbox_commands.open_message(account, 1, save=None, ask_authority=True)
    assert reading.succeeded, reading.lines
    assert "I come." in "\n".join(reading.lines)


@pytest.mark.program("s-nail", package="s-nail")
async def test_s_nail_is_told_why_the_key_of_a_wiped_phone_opens_nothing(desk: Desk) -> None:
    await send(desk, subject="Lunch")
    assert "1 message" in await desk.inbox("headers")
    devices = await desk.administrator.devices()
    (phone,) = (device for device in devices if device["userPrincipalName"] == ALICE)
    path = f"/beta/deviceManagement/managedDevices/{phone['id']}/wipe"
    (await desk.administrator.graph.post(path)).raise_for_status()
    refused = await desk.inbox("headers")
    assert "[AUTH] the device that the certificate was issued for is being wiped" in refused
    assert "the device that the certificate was issued for is being wiped" in await desk.s_nail(
        "-s", "Hello", BOB, text="I have Alice's key.\n"
    )


@pytest.mark.program("openssl", package="openssl")
async def test_openssl_logs_in_by_hand(desk: Desk, openssl: OpenSsl) -> None:
    await send(desk, subject="Lunch")
    tls = ["s_client", "-quiet", "-verify_return_error", "-CAfile", desk.server.endpoints["caFile"]]
    tls += ["-cert", str(desk.key), "-key", str(desk.key), "-servername", "localhost"]

    def converse(kind: str, *options: str, lines: list[str]) -> str:
        connection = ("-connect", f"localhost:{desk.port(kind)}", *options)
        return openssl(*tls, *connection, input="".join(f"{line}\r\n" for line in lines).encode()).decode()

    reading = ["AUTH EXTERNAL =", "TOP 1 0", "QUIT"]
    for kind, options in (("pop3s", ()), ("pop3", ("-starttls", "pop3"))):
        answer = await asyncio.to_thread(converse, kind, *options, lines=reading)
        assert f"+OK {ALICE}: 1 message\r\n" in answer
        assert "Subject: Lunch\r\n" in answer
    sending = ["EHLO desk", "AUTH EXTERNAL =", f"MAIL FROM:<{ALICE}>", f"RCPT TO:<{BOB}>", "QUIT"]
    for kind, options in (("smtps", ()), ("smtp", ("-starttls", "smtp"))):
        answer = await asyncio.to_thread(converse, kind, *options, lines=sending)
        codes = re.findall(r"^(\d{3}) ", answer, re.MULTILINE)
        assert codes[-4:] == ["235", "250", "250", "221"], answer
