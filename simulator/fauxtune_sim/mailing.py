"""What the commands about mail do: write one as the user of a device, and read one with its keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fauxtune_sim.agent import Agent
from fauxtune_sim.agents import load_device
from fauxtune_sim.certificates import thumbprint
from fauxtune_sim.commands import Result, agent_of, control_of
from fauxtune_sim.discovery import Named, find_server
from fauxtune_sim.errors import MailRefused, NotAllowedHere, NotFoundHere, StateBroken
from fauxtune_sim.maildefaults import decide
from fauxtune_sim.transport import Transport


@dataclass(frozen=True, slots=True)
class MailOrder:
    """A mail to be written, as the command line names it. What is None is left to the device's mail account."""

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


async def send(order: MailOrder) -> Result:
    """Write a mail as the device's user and put it into a file."""
    from fauxtune_sim.mail import Letter, signing_identity, write_mail

    if (order.to_certificate is None) == (order.to_user is None):
        raise NotFoundHere("name either --to-certificate or --to-user")
    async with agent_of(order.state) as agent:
        device = agent.device
        choice = decide(device, sign=order.sign, encrypt=order.encrypt, address=order.sender)
        if not choice.sign and not choice.encrypt:
            raise NotFoundHere(
                f"say --sign, --encrypt, or both: no mail account of {device.name} does either by itself"
            )
        recipient, certificate = await _recipient(order, agent, encrypts=choice.encrypt)
        date = await agent.tenant_now()
    sender = order.sender or choice.sender or (device.enrollment.user_principal_name if device.enrollment else None)
    if not sender:
        raise NotAllowedHere(f"{device.name} is not enrolled, so it has no user: name the sender with --from")
    wanted = order.sign_with or choice.signer
    signer = signing_identity(device.keystore, at=date, thumbprint=wanted) if choice.sign else None
    letter = Letter(sender=sender, recipient=recipient, subject=order.subject, text=order.text, date=date)
    encrypt_to = [certificate] if choice.encrypt and certificate is not None else []
    data = write_mail(letter, signer=signer, encrypt_to=encrypt_to)
    try:
        order.out.write_bytes(data)
    except OSError as failed:
        raise StateBroken(f"{order.out} cannot be written: {failed.strerror}") from failed
    document = {
        "file": str(order.out),
        "from": sender,
        "to": recipient,
        "signedWith": None if signer is None else signer.thumbprint,
        "encryptedTo": thumbprint(encrypt_to[0]) if encrypt_to else None,
    }
    return Result(document, [f"{order.out}: from {sender} to {recipient}"])


async def _recipient(order: MailOrder, agent: Agent, *, encrypts: bool) -> tuple[str, Any]:
    """The address to write to and the certificate to encrypt to (None where it is not needed)."""
    from cryptography import x509

    from fauxtune_sim.mail.writing import recipient_address

    if order.to_user is not None:
        if not encrypts:
            return order.to_user, None
        enrollment = agent.device.enrollment
        named = Named() if enrollment is None else Named(server=enrollment.server, tenant=enrollment.tenant)
        async with Transport(ca=agent.device.ca) as transport:
            return order.to_user, await control_of(find_server(named), transport).certificate_for(order.to_user)
    assert order.to_certificate is not None
    try:
        data = order.to_certificate.read_bytes()
        load = x509.load_pem_x509_certificate if b"-----BEGIN" in data else x509.load_der_x509_certificate
        certificate = load(data)
    except OSError as failed:
        raise NotFoundHere(f"{order.to_certificate} cannot be read: {failed.strerror}") from failed
    except ValueError as broken:
        raise MailRefused(f"{order.to_certificate} is not a certificate (PEM or DER): {broken}") from broken
    return recipient_address(certificate), certificate


def read(state: Path, file: Path) -> Result:
    """Read a mail with the device's keys."""
    from fauxtune_sim.mail import read_mail

    device = load_device(state)
    try:
        data = file.read_bytes()
    except OSError as failed:
        raise NotFoundHere(f"{file} cannot be read: {failed.strerror}") from failed
    reading = read_mail(data, device.keystore)
    words = {None: "no", True: "yes", False: "yes, but not opened"}
    lines = [f"encrypted: {words[reading.decrypted]}" + (f" (to {reading.recipient})" if reading.recipient else "")]
    words = {None: "no", True: f"yes, by {reading.signer}", False: "yes, but not to be believed"}
    lines.append(f"signed: {words[reading.verified]}")
    if reading.why is not None:
        lines.append(f"why: {reading.why}")
    if reading.text is not None:
        lines += ["", reading.text.rstrip("\n")]
    return Result(reading.document(), lines, done=reading.is_good)
