"""Mail programs of Python's own library, on the ports of a running server, and certificates to log in with."""

from __future__ import annotations

import asyncio
import base64
import poplib
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

from fauxtune.operations.ca import counter
from fauxtune.operations.runtime.emulator import Emulator

T = TypeVar("T")

ALICE, BOB = "alice@contoso.example", "bob@contoso.example"
PASSWORD = "Fauxtune1!"
LETTER = b"From: alice@contoso.example\r\nTo: bob@contoso.example\r\nSubject: Lunch\r\n\r\nAt noon.\r\n"


async def in_thread(work: Callable[[], T]) -> T:
    """Run what blocks, while the server answers on the loop."""
    return await asyncio.to_thread(work)


@dataclass(frozen=True, slots=True)
class Programs:
    """The ports by kind, and the CA of the server."""

    ports: dict[str, int]
    ca: Path

    def context(self, identity: Path | None = None) -> ssl.SSLContext:
        """Trust the server; with `identity`, a PEM file, show that certificate."""
        context = ssl.create_default_context(cafile=str(self.ca))
        if identity is not None:
            context.load_cert_chain(identity)
        return context

    def pop3(self) -> poplib.POP3:
        return poplib.POP3("localhost", self.ports["pop3"], timeout=30)

    def pop3s(self, identity: Path | None = None) -> poplib.POP3_SSL:
        return poplib.POP3_SSL("localhost", self.ports["pop3s"], timeout=30, context=self.context(identity))

    def smtp(self) -> smtplib.SMTP:
        return smtplib.SMTP("localhost", self.ports["smtp"], timeout=30)

    def smtps(self, identity: Path | None = None) -> smtplib.SMTP_SSL:
        return smtplib.SMTP_SSL("localhost", self.ports["smtps"], timeout=30, context=self.context(identity))

    def send(self, letter: bytes = LETTER, *, sender: str = ALICE, to: str | list[str] = BOB) -> None:
        """Send a letter as a user."""
        with self.smtp() as program:
            program.login(sender, PASSWORD)
            program.sendmail(sender, to, letter)

    def read(self, user: str = BOB) -> list[bytes]:
        """Return all messages of a user."""
        program = self.pop3()
        program.user(user)
        program.pass_(PASSWORD)
        count, _ = program.stat()
        messages = [b"".join(line + b"\r\n" for line in program.retr(number)[1]) for number in range(1, count + 1)]
        program.quit()
        return messages


def command(program: poplib.POP3, line: str) -> bytes:
    """Send a line for which poplib has no method; its answer's first line. Raises poplib.error_proto for -ERR."""
    raw: Any = program
    return bytes(raw._shortcmd(line))


def external(program: poplib.POP3, name: str = "") -> bytes:
    """Log in with the certificate of the connection."""
    return command(program, f"AUTH EXTERNAL {base64.b64encode(name.encode()).decode() or '='}")


async def identity(
    emulator: Emulator,
    folder: Path,
    *,
    user: str | None = ALICE,
    template: str = "User",
    subject: str | None = None,
    tenant_name: str = "contoso",
) -> tuple[Path, x509.Certificate]:
    """Issue a certificate to a user; a PEM file with it, its key and its chain."""
    tenant = await emulator.runner.tenant(tenant_name)
    request = counter.CounterRequest(template, user_principal_name=user, subject=subject, pfx_password="x")
    key = await asyncio.to_thread(emulator.key_source.take)
    answer = await emulator.runner.run(tenant, counter.issue_at_counter, request, key=key, keys=emulator.keys)
    assert answer.pfx is not None
    opened, certificate, chain = pkcs12.load_key_and_certificates(answer.pfx, b"x")
    assert opened is not None
    assert certificate is not None
    file = folder / f"{certificate.serial_number:x}.pem"
    parts = [opened.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())]
    parts += [each.public_bytes(Encoding.PEM) for each in (certificate, *chain)]
    file.write_bytes(b"".join(parts))
    return file, certificate
