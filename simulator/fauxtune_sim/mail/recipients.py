"""The recipients of a mail: their addresses, and where a sender finds the certificates to encrypt to; files that
commands read, within a bound.

As mail apps do, a sender looks in the organisation's address book first and then among the contacts, which the device
learned from signed mail. A certificate that somebody only has is never used: neither an imported one that nobody
published, nor the one of a single device.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import MailRefused, NotFoundHere
from fauxtune_sim.keys.certificates import can_encrypt, mark, thumbprint
from fauxtune_sim.mail.accounts import Contacts
from fauxtune_sim.mail.writing import recipient_address
from fauxtune_sim.server.control import AddressBookAnswer, Control, control_of
from fauxtune_sim.server.discovery import ServerOptions, find_server
from fauxtune_sim.server.transport import Transport

#: Exchange Online takes messages of at most 150 MB; base64 adds a third to an attachment.
LARGEST_FILE = 100 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RecipientNames:
    """The recipients as a sender names them: users, users for a copy, and certificate files with an address inside."""

    users: Sequence[str] = ()
    copies: Sequence[str] = ()
    certificates: Sequence[Path] = ()


@dataclass(slots=True)
class Recipients:
    """The addresses of a mail, the certificates to encrypt to, and what the sender should know about them."""

    to: list[str] = field(default_factory=list)
    copies: list[str] = field(default_factory=list)
    certificates: list[x509.Certificate] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RecipientCertificate:
    """A certificate to encrypt to, and what the sender should know about it."""

    certificate: x509.Certificate
    notes: tuple[str, ...] = ()


async def find_recipients(names: RecipientNames, agent: Agent, *, encrypts: bool, at: datetime) -> Recipients:
    """Find the addresses of the recipients, and their certificates if the mail is encrypted.

    Raises NotFoundHere for a recipient whose certificate is found nowhere, with the reason and what helps.
    """
    recipients = Recipients()
    for path in names.certificates:
        certificate = _certificate_of(path)
        recipients.to.append(recipient_address(certificate))
        recipients.certificates.append(certificate)
    users = [(user, recipients.to) for user in names.users]
    users += [(user, recipients.copies) for user in names.copies]
    if not encrypts and all("@" in user for user, _ in users):
        for user, addresses in users:
            addresses.append(user)
        return recipients
    enrollment = agent.device.enrollment
    server = ServerOptions() if enrollment is None else ServerOptions(enrollment.server, tenant=enrollment.tenant)
    async with Transport(ca=agent.device.ca) as transport:
        control = control_of(find_server(server), transport)
        for user, addresses in users:
            address = await control.principal_name(user)
            addresses.append(address)
            if encrypts:
                chosen = await find_certificate(address, control=control, device=agent.device, at=at)
                recipients.certificates.append(chosen.certificate)
                recipients.notes += chosen.notes
    return recipients


async def find_certificate(address: str, *, control: Control, device: Device, at: datetime) -> RecipientCertificate:
    """Find the certificate of an address: the newest usable one of the address book, else of the device's contacts.

    Raises NotFoundHere if nothing usable is found, with the reason and what helps.
    """
    answer = await control.look_up(address)
    usable = [one.certificate for one in answer.published if one.hindrance is None and can_encrypt(one.certificate)]
    if usable:
        return await _published(address, usable, control=control)
    contacts = [] if device.folder is None else Contacts(device.folder).of(address)
    learned = next((contact for contact in contacts if contact.is_usable(at)), None)
    if learned is None:
        raise NotFoundHere(_refusal(address, answer, has_contacts=bool(contacts)))
    note = (
        f"{address} is not in the address book: the certificate {mark(learned.certificate)} was used, which a signed "
        f"mail brought on {learned.learned_at:%Y-%m-%d}"
    )
    return RecipientCertificate(learned.certificate, (note,))


async def _published(address: str, usable: list[x509.Certificate], *, control: Control) -> RecipientCertificate:
    """The newest of the published certificates."""
    chosen = max(usable, key=lambda certificate: certificate.not_valid_before_utc)
    notes = []
    if len(usable) > 1:
        notes.append(
            f"{len(usable)} usable certificates are published for {address}: the newest was used, {mark(chosen)}"
        )
    if await control.is_of_one_device(thumbprint(chosen)):
        notes.append(f"the certificate of {address} was issued for one device: no other device can read the mail")
    return RecipientCertificate(chosen, tuple(notes))


def _refusal(address: str, answer: AddressBookAnswer, *, has_contacts: bool) -> str:
    """Why a mail cannot be encrypted to an address, and what helps."""
    book = answer.sentence or " ".join(
        f"Certificate {mark(one.certificate)} is published for {address}: {one.hindrance or 'it cannot encrypt.'}"
        for one in answer.published
    )
    contacts = "The contact's certificate is not valid now." if has_contacts else "No signed mail brought one either."
    return (
        f"the mail cannot be encrypted to {address}. {book} {contacts} Either an administrator publishes one with "
        f"`fauxtune mail publish`, or {address} sends this device a signed mail, or --to-certificate names a file"
    )


def _certificate_of(path: Path) -> x509.Certificate:
    data = file_bytes(path)
    load = x509.load_pem_x509_certificate if b"-----BEGIN" in data else x509.load_der_x509_certificate
    try:
        return load(data)
    except ValueError as broken:
        raise MailRefused(f"{path} is not a certificate (PEM or DER): {broken}") from broken


def file_bytes(path: Path, *, most: int = LARGEST_FILE) -> bytes:
    """The bytes of a file, or of standard input for `-`. Raises MailRefused if there are more than `most`."""
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(most + 1)
        else:
            with path.open("rb") as file:
                data = file.read(most + 1)
    except OSError as failed:
        raise NotFoundHere(f"{path} cannot be read: {failed.strerror}") from failed
    if len(data) > most:
        raise MailRefused(f"{path} has more than {most // 1024**2} MiB, the most that a mail program takes")
    return data
