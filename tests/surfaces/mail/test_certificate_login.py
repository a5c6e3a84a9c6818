"""A mail program logs in with a certificate: TLS shows it, AUTH EXTERNAL asks for the mailbox."""

from __future__ import annotations

import poplib
import smtplib
import socket
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fauxtune.core.model.tenants import Tenant
from fauxtune.core.pki.names import serial_hex
from fauxtune.operations.connectors import revocation
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants.creation import found_tenant
from fauxtune.operations.tenants.seeds import BUILT_IN, parse_seed
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.clock import FixedClock
from tests.support.mail_programs import ALICE, BOB, LETTER, Programs, command, external, identity, in_thread
from tests.support.tenant import Contoso

pytestmark = pytest.mark.both_in_soak


@ON_BOTH_DATABASES
async def test_the_certificate_opens_the_mailbox_for_reading_and_sending(
    emulator: Emulator, programs: Programs, tmp_path: Path
) -> None:
    file, _ = await identity(emulator, tmp_path)

    def work() -> None:
        with programs.smtps(file) as sending:
            sending.ehlo()
            assert "EXTERNAL" in sending.esmtp_features["auth"]
            assert sending.docmd("AUTH", "EXTERNAL =") == (235, b"2.7.0 alice@contoso.example")
            sending.sendmail(ALICE, [ALICE, BOB], LETTER)
        reading = programs.pop3s(file)
        assert reading.capa()["SASL"] == ["EXTERNAL", "PLAIN"]
        assert external(reading) == b"+OK alice@contoso.example: 1 message"
        assert b"\r\n".join([*reading.retr(1)[1], b""]) == LETTER
        reading.quit()

    await in_thread(work)


@pytest.mark.parametrize("kind", ["pop3", "smtp"])
async def test_tls_that_begins_on_request_shows_the_certificate_too(
    emulator: Emulator, programs: Programs, tmp_path: Path, kind: str
) -> None:
    file, _ = await identity(emulator, tmp_path)

    def work() -> None:
        if kind == "pop3":
            reading = programs.pop3()
            with pytest.raises(poplib.error_proto, match="EXTERNAL needs TLS and a certificate"):
                external(reading)
            reading.stls(context=programs.context(file))
            assert external(reading, ALICE).startswith(b"+OK alice@")
            reading.quit()
        else:
            with programs.smtp() as sending:
                sending.starttls(context=programs.context(file))
                sending.ehlo()
                assert sending.docmd("AUTH", "EXTERNAL")[0] == 334
                assert sending.docmd("=")[0] == 235

    await in_thread(work)


async def test_the_certificate_of_another_user_and_a_revoked_one_are_refused_with_the_reason(
    emulator: Emulator, tenant: Tenant, programs: Programs, tmp_path: Path
) -> None:
    file, certificate = await identity(emulator, tmp_path)

    def refused(why: str, name: str = "") -> None:
        reading = programs.pop3s(file)
        with pytest.raises(poplib.error_proto, match=rf"\[AUTH\] {why}"):
            external(reading, name)
        reading.quit()
        with programs.smtps(file) as sending:
            sending.ehlo()
            with pytest.raises(smtplib.SMTPAuthenticationError, match=f"5.7.8 {why}"):
                sending.auth("EXTERNAL", lambda _=None: name)

    await in_thread(lambda: refused("the certificate is not one of bob@contoso.example", BOB))
    await in_thread(lambda: refused("there is no mailbox x@y.example here", "x@y.example"))
    await emulator.runner.run(
        tenant, revocation.revoke, serial_hex(certificate), reason="keyCompromise", authority_name="issuing"
    )
    await in_thread(lambda: refused("the certificate was revoked at", ALICE))


async def test_the_certificate_of_a_wiped_phone_opens_no_mailbox_at_any_port(
    emulator: Emulator,
    tenant: Tenant,
    programs: Programs,
    *,
    clock: FixedClock,
    raw_rsa_keys: list[RSAPrivateKey],
    tmp_path: Path,
) -> None:
    contoso = Contoso(emulator=emulator, tenant=tenant, clock=clock, device_keys=raw_rsa_keys)
    await contoso.group("Phones", await contoso.user_id("alice"))
    await contoso.root_profile("Phones", owned=True)
    await contoso.pkcs_profile("Phones", owned=True, certificateTemplateName="User")
    phone = await contoso.enroll("alice", mode="fully-managed")
    await phone.settle_completely()
    contents = phone.opened[str((await phone.item()).thumbprint)]
    key = contents.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain = [certificate.public_bytes(Encoding.PEM) for certificate in (contents.certificate, *contents.chain)]
    file = tmp_path / "phone.pem"
    file.write_bytes(b"".join([key, *chain]))

    def attempts() -> list[bytes]:
        answers = []
        for reading, security in ((programs.pop3s(file), None), (programs.pop3(), programs.context(file))):
            if security is not None:
                reading.stls(security)
            with suppress(poplib.error_proto):
                answers.append(external(reading)[:3])
            reading.close()
        with programs.smtps(file) as sending, programs.smtp() as second:
            second.starttls(context=programs.context(file))
            for smtp in (sending, second):
                smtp.ehlo()
                answers.append(str(smtp.docmd("AUTH", "EXTERNAL =")[0]).encode())
        return answers

    assert await in_thread(attempts) == [b"+OK", b"+OK", b"235", b"235"]
    await contoso.action(phone, device_actions.wipe)
    assert await in_thread(attempts) == [b"535", b"535"]
    await phone.settle_completely()
    assert await in_thread(attempts) == [b"535", b"535"]


@pytest.mark.parametrize("template", ["SmimeSigning", "SmimeEncryption"])
async def test_a_certificate_that_is_not_for_clients_ends_the_handshake_and_the_log_says_why(
    emulator: Emulator, programs: Programs, tmp_path: Path, template: str, caplog: pytest.LogCaptureFixture
) -> None:
    file, _ = await identity(emulator, tmp_path, template=template)

    def greeting() -> bytes:
        with (
            socket.create_connection(("127.0.0.1", programs.ports["pop3s"]), timeout=30) as plain,
            programs.context(file).wrap_socket(plain, server_hostname="localhost") as secure,
        ):
            return secure.recv(100)

    # By TLS 1.3 the client learns it with the first bytes that it would read.
    with suppress(OSError):
        assert await in_thread(greeting) == b""
    reason = "a mail program's certificate is not accepted: unsuitable certificate purpose."
    assert [record.getMessage() for record in caplog.records] == [f"Clients are turned away: {reason}"]
    assert await in_thread(programs.read) == []


async def test_a_certificate_without_an_address_needs_the_name_of_the_user(
    emulator: Emulator, programs: Programs, tmp_path: Path
) -> None:
    file, _ = await identity(emulator, tmp_path, user=None, subject="CN=Somebody")

    def work() -> None:
        reading = programs.pop3s(file)
        with pytest.raises(poplib.error_proto, match="send the user's name with EXTERNAL"):
            external(reading)
        with pytest.raises(poplib.error_proto, match="the certificate is not one of alice"):
            external(reading, ALICE)
        with pytest.raises(poplib.error_proto, match="not base64"):
            command(reading, "AUTH EXTERNAL *x*")
        reading.quit()

    await in_thread(work)


async def test_the_ca_of_a_tenant_that_is_made_later_is_known(
    emulator: Emulator, programs: Programs, tmp_path: Path
) -> None:
    await in_thread(programs.read)  # the listeners have looked for authorities once
    await found_tenant(emulator, parse_seed({**BUILT_IN, "id": None}), name="fabrikam", domain="fabrikam.example")
    user = "alice@fabrikam.example"
    file, _ = await identity(emulator, tmp_path, user=user, tenant_name="fabrikam")

    def work() -> None:
        reading = programs.pop3s(file)
        assert external(reading) == b"+OK alice@fabrikam.example: 0 messages"
        reading.quit()
        other = programs.pop3s(file)
        with pytest.raises(poplib.error_proto, match="not issued by the CA of contoso"):
            external(other, ALICE)
        other.quit()

    await in_thread(work)
