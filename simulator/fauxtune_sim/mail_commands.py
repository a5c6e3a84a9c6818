"""The commands about mail: write a mail as the user of a device, and read a mail with its keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fauxtune_sim.agent import Agent
from fauxtune_sim.agents import load_device
from fauxtune_sim.certificates import thumbprint
from fauxtune_sim.commands import CommandOutput, agent_of
from fauxtune_sim.control import control_of
from fauxtune_sim.discovery import ServerOptions, find_server
from fauxtune_sim.errors import MailRefused, NotAllowedHere, NotFoundHere, StateBroken
from fauxtune_sim.smime_settings import choose_protection
from fauxtune_sim.transport import Transport


@dataclass(frozen=True, slots=True)
class MailOptions:
    """The options of `mail send`. None leaves the decision to the device's mail account."""

    state: Path
    to_certificate: Path | None
    to_user: str | None
    sign: bool | None
    encrypt: bool | None
    sign_with: str | None
    sender: str | None
    subject: str
    text: str
    out: Path


async def send(options: MailOptions) -> CommandOutput:
    """Write a mail as the device's user and save it in a file."""
    from fauxtune_sim.mail import MailMessage, signing_identity, write_mail

    if (options.to_certificate is None) == (options.to_user is None):
        raise NotFoundHere("name either --to-certificate or --to-user")
    async with agent_of(options.state) as agent:
        device = agent.device
        choice = choose_protection(device, sign=options.sign, encrypt=options.encrypt, address=options.sender)
        if not choice.sign and not choice.encrypt:
            raise NotFoundHere(
                f"use --sign, --encrypt, or both: no mail account of {device.name} signs or encrypts by itself"
            )
        recipient, certificate = await _recipient(options, agent, encrypts=choice.encrypt)
        date = await agent.tenant_now()
    sender = options.sender or choice.sender or (device.enrollment.user_principal_name if device.enrollment else None)
    if not sender:
        raise NotAllowedHere(f"{device.name} is not enrolled, so it has no user: name the sender with --from")
    chosen_signer = options.sign_with or choice.signer
    signer = signing_identity(device.keystore, at=date, thumbprint=chosen_signer) if choice.sign else None
    message = MailMessage(sender=sender, recipient=recipient, subject=options.subject, text=options.text, date=date)
    encrypt_to = [certificate] if choice.encrypt and certificate is not None else []
    data = write_mail(message, signer=signer, encrypt_to=encrypt_to)
    try:
        options.out.write_bytes(data)
    except OSError as failed:
        raise StateBroken(f"{options.out} cannot be written: {failed.strerror}") from failed
    document = {
        "file": str(options.out),
        "from": sender,
        "to": recipient,
        "signedWith": None if signer is None else signer.thumbprint,
        "encryptedTo": thumbprint(encrypt_to[0]) if encrypt_to else None,
    }
    return CommandOutput(document, [f"{options.out}: from {sender} to {recipient}"])


async def _recipient(options: MailOptions, agent: Agent, *, encrypts: bool) -> tuple[str, Any]:
    """The recipient's address, and the certificate to encrypt to (None if the mail is not encrypted)."""
    from cryptography import x509

    from fauxtune_sim.mail.writing import recipient_address

    if options.to_user is not None:
        if not encrypts and "@" in options.to_user:
            return options.to_user, None
        enrollment = agent.device.enrollment
        server_options = (
            ServerOptions() if enrollment is None else ServerOptions(server=enrollment.server, tenant=enrollment.tenant)
        )
        async with Transport(ca=agent.device.ca) as transport:
            control = control_of(find_server(server_options), transport)
            user = await control.principal_name(options.to_user)
            return user, await control.certificate_for(user) if encrypts else None
    assert options.to_certificate is not None
    try:
        data = options.to_certificate.read_bytes()
        load = x509.load_pem_x509_certificate if b"-----BEGIN" in data else x509.load_der_x509_certificate
        certificate = load(data)
    except OSError as failed:
        raise NotFoundHere(f"{options.to_certificate} cannot be read: {failed.strerror}") from failed
    except ValueError as broken:
        raise MailRefused(f"{options.to_certificate} is not a certificate (PEM or DER): {broken}") from broken
    return recipient_address(certificate), certificate


def read(state: Path, file: Path) -> CommandOutput:
    """Read a mail with the keys of the device of a folder."""
    from fauxtune_sim.mail import read_mail

    device = load_device(state)
    try:
        data = file.read_bytes()
    except OSError as failed:
        raise NotFoundHere(f"{file} cannot be read: {failed.strerror}") from failed
    try:
        reading = read_mail(data, device.keystore)
    except MailRefused as refused:
        raise MailRefused(f"{file} cannot be read: {refused}") from refused
    encryption = {None: "no", True: "yes", False: "yes, but it cannot be decrypted"}[reading.decrypted]
    signature = {None: "no", True: f"yes, by {reading.signer}", False: "yes, but not valid"}[reading.verified]
    lines = [f"encrypted: {encryption}" + (f" (to {reading.recipient})" if reading.recipient else "")]
    lines.append(f"signed: {signature}")
    if reading.why is not None:
        lines.append(f"why: {reading.why}")
    if reading.text is not None:
        lines += ["", reading.text.rstrip("\n")]
    return CommandOutput(reading.document(), lines, succeeded=reading.is_good)
