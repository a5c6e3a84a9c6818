"""The commands about mail: write a mail as the user of a device, and read a mail with its keys."""

from __future__ import annotations

import mimetypes
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.agent.by_platform import agent_for, load_device
from fauxtune_sim.cli.commands import CommandOutput, agent_of
from fauxtune_sim.cms.ciphers import ContentCipher
from fauxtune_sim.cms.envelope import RecipientOptions
from fauxtune_sim.cms.signed import SigningOptions
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import MailRefused, NotAllowedHere, NotFoundHere, StateBroken
from fauxtune_sim.keys.certificates import can_encrypt, issuer_of, thumbprint
from fauxtune_sim.keys.keystore import Identity
from fauxtune_sim.keys.marks import with_room
from fauxtune_sim.mail.accounts import Contact, Contacts, contact_line
from fauxtune_sim.mail.app_choice import (
    app_on,
    app_protection,
    check_capabilities,
    check_reading,
    signer_of,
    switch_on_first,
)
from fauxtune_sim.mail.mime import Entity
from fauxtune_sim.mail.reading import Part, Reading, read_mail
from fauxtune_sim.mail.smime_settings import MailProtection, mail_defaults
from fauxtune_sim.mail.verdict import Revocation, RevocationState, Verdict, check_revocation, with_revocation
from fauxtune_sim.mail.writing import (
    Attachment,
    MailMessage,
    Protection,
    RecipientNames,
    file_bytes,
    find_recipients,
    signing_identity,
    write_mail,
)
from fauxtune_sim.server.transport import Transport

#: Exchange Online takes messages of at most 150 MB.
_LARGEST_MAIL = 150 * 1024 * 1024
#: Bytes of the name of a saved file: with a number between the two, file systems take 255.
_LONGEST_STEM, _LONGEST_SUFFIX = 200, 40


@dataclass(frozen=True, slots=True)
class MailOptions:
    """The options of `mail send`. None leaves the decision to the mail app's settings, or its account's.

    `app` names the mail app; `as_tool` uses the device's keys without any app. `encrypt_to_sender` encrypts to
    the sender's own certificate too, if the device has one.
    """

    state: Path
    out: Path
    to_certificates: Sequence[Path] = ()
    to_users: Sequence[str] = ()
    copy_users: Sequence[str] = ()
    sign: bool | None = None
    encrypt: bool | None = None
    sign_with: str | None = None
    sender: str | None = None
    subject: str = "A message"
    text: str = "Hello from a simulated device."
    text_file: Path | None = None
    html_file: Path | None = None
    attachments: Sequence[Path] = ()
    encrypt_to_sender: bool = True
    cipher: ContentCipher = ContentCipher.AES256_CBC
    oaep: bool = False
    pss: bool = False
    opaque: bool = False
    key_identifiers: bool = False
    app: str | None = None
    as_tool: bool = False


async def send(options: MailOptions) -> CommandOutput:
    """Write a mail as the device's user and save it in a file."""
    if not (options.to_certificates or options.to_users):
        raise NotFoundHere("name the recipients with --to-user or --to-certificate")
    async with agent_of(options.state) as agent:
        device = agent.device
        choice = _choice(options, device)
        date = await agent.tenant_now()
        names = RecipientNames(options.to_users, copies=options.copy_users, certificates=options.to_certificates)
        recipients = await find_recipients(names, agent, encrypts=choice.encrypt, at=date)
        sender = _sender(options, device, choice=choice)
        signer = await _signer(options, agent, choice=choice, sender=sender, at=date)
    if choice.encrypt and options.encrypt_to_sender:
        recipients.certificates += _own_certificate(device, at=date)
    if not choice.sign and not choice.encrypt:
        recipients.notes.append(_why_plain(options, device))
    if options.as_tool:
        recipients.notes.append("no mail app did this: the command used the keys of the device as a tool")
    message = MailMessage(
        sender=sender,
        recipients=tuple(recipients.to),
        copies=tuple(recipients.copies),
        subject=options.subject,
        text=options.text if options.text_file is None else _text_of(options.text_file),
        html=None if options.html_file is None else _text_of(options.html_file),
        attachments=tuple(_attachment(path) for path in options.attachments),
        date=date,
    )
    protection = Protection(
        signer=signer,
        encrypt_to=list(dict.fromkeys(recipients.certificates)) if choice.encrypt else [],
        cipher=options.cipher,
        signing=SigningOptions(detached=not options.opaque, pss=options.pss, by_key_identifier=options.key_identifiers),
        recipients=RecipientOptions(oaep=options.oaep, by_key_identifier=options.key_identifiers),
    )
    data = write_mail(message, protection)
    try:
        options.out.write_bytes(data)
    except OSError as failed:
        raise StateBroken(f"{options.out} cannot be written: {failed.strerror}") from failed
    document = {
        "file": str(options.out),
        "app": None if options.as_tool else app_on(device, options.app, address=options.sender).app.name,
        "from": sender,
        "to": recipients.to,
        "cc": recipients.copies,
        "signedWith": None if signer is None else signer.thumbprint,
        "encryptedTo": [thumbprint(certificate) for certificate in protection.encrypt_to],
        "notes": recipients.notes,
    }
    everybody = ", ".join((*recipients.to, *recipients.copies))
    lines = [f"{options.out}: from {sender} to {everybody}", *(f"note: {note}" for note in recipients.notes)]
    return CommandOutput(document, lines)


def _why_plain(options: MailOptions, device: Device) -> str:
    """Say why a mail is neither signed nor encrypted, and what changes that."""
    if options.sign is False and options.encrypt is False:
        return "neither signed nor encrypted, as ordered"
    if options.as_tool:
        return "neither signed nor encrypted: use --sign, --encrypt, or both"
    there = app_on(device, options.app, address=options.sender)
    if there.is_on:
        return f"neither signed nor encrypted, as {there.app.title} is set: --sign and --encrypt do it for one mail"
    return f"neither signed nor encrypted. {switch_on_first(device, there.app)}"


def is_smime(data: bytes) -> bool:
    """Whether a mail is signed or encrypted, by its header."""
    try:
        media_type = Entity(data).field("content-type").partition(";")[0].strip().lower()
    except MailRefused:  # a header without an end
        return False
    return media_type in {"multipart/signed", "application/pkcs7-mime", "application/x-pkcs7-mime"}


def _choice(options: MailOptions, device: Device) -> MailProtection:
    """Whether the mail is signed and encrypted: by the app's rules, or as ordered if no app is involved."""
    if options.as_tool:
        return MailProtection(sign=bool(options.sign), encrypt=bool(options.encrypt))
    there = app_on(device, options.app, address=options.sender)
    return app_protection(device, there, sign=options.sign, encrypt=options.encrypt)


def _sender(options: MailOptions, device: Device, *, choice: MailProtection) -> str:
    sender = options.sender or choice.sender or (device.enrollment.user_principal_name if device.enrollment else None)
    if not sender:
        raise NotAllowedHere(f"{device.name} is not enrolled, so it has no user: name the sender with --from")
    return sender


async def _signer(
    options: MailOptions, agent: Agent, *, choice: MailProtection, sender: str, at: datetime
) -> Identity | None:
    """The identity that signs. Raises MailRefused if the app does not sign with what the device holds."""
    device, wanted = agent.device, options.sign_with or choice.signer
    if options.as_tool:
        return signing_identity(device.keystore, at=at, thumbprint=wanted) if choice.sign else None
    there = app_on(device, options.app, address=options.sender)
    check_capabilities(device, there.app, address=sender, at=at)
    if not choice.sign:
        return None
    signer = signer_of(device, there, address=sender, at=at, wanted=wanted)
    if there.app.asks_authority:
        await _check_own_certificate(signer, agent, app=there.app.title, at=at)
    return signer


async def _check_own_certificate(signer: Identity, agent: Agent, *, app: str, at: datetime) -> None:
    """Ask the authority of the signer's certificate. Raises MailRefused for a revoked one."""
    device = agent.device
    issuer = issuer_of(signer.certificate, (*signer.chain, *device.keystore.trusted_certificates()))
    if issuer is None:
        return
    server = None if device.enrollment is None else device.enrollment.server
    async with Transport(ca=device.ca, demands=device.demands) as transport:
        answer = await check_revocation(signer.certificate, issuer, transport=transport, server=server, now=at)
    if answer.state is RevocationState.REVOKED:
        raise MailRefused(f"{app} does not sign with {signer.thumbprint[:8]}: its authority revoked it")


def _own_certificate(device: Device, *, at: datetime) -> list[x509.Certificate]:
    """The sender's certificate by which the device reads its own mail: the account's, else the newest; or []."""
    defaults = mail_defaults(device)
    if defaults is not None and (chosen := defaults.encryption_identity) is not None:
        identity = device.keystore.choose(chosen)
        return [] if identity is None else [identity.certificate]
    own = [
        identity.certificate
        for identity in device.keystore.identities()
        if can_encrypt(identity.certificate)
        and identity.certificate.not_valid_before_utc <= at <= identity.certificate.not_valid_after_utc
    ]
    return [max(own, key=lambda certificate: certificate.not_valid_before_utc)] if own else []


def _text_of(path: Path) -> str:
    try:
        return file_bytes(path).decode()
    except UnicodeDecodeError as broken:
        raise MailRefused(f"{path} is not text in UTF-8 ({broken.reason})") from broken


def _attachment(path: Path) -> Attachment:
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Attachment(path.name, file_bytes(path), media_type)


async def read(
    state: Path, file: Path, *, save: Path | None = None, ask_authority: bool = True, app: str | None = None
) -> CommandOutput:
    """Read a mail with the keys of the device of a folder, and ask the signers' authorities for revocations.

    `save` is a folder for the attachments; `app` names the mail app that shows the mail.
    """
    device = load_device(state)
    data = file_bytes(file, most=_LARGEST_MAIL)
    if is_smime(data):
        check_reading(device, app)
    async with Transport(ca=device.ca, demands=device.demands) as transport:
        enrolled = device.enrollment is not None and ask_authority
        now = await agent_for(device, transport).tenant_now() if enrolled else datetime.now(UTC)
        try:
            reading = read_mail(data, device.keystore, now=now)
        except MailRefused as refused:
            raise MailRefused(f"{file} cannot be read: {refused}") from refused
        if ask_authority:
            await _ask_authorities(reading, device, transport=transport, now=now)
    learned = _learn(reading, device, now=now)
    saved = [] if save is None else _save(reading, save)
    document = reading.document() | {
        "saved": [str(path) for path in saved],
        "learned": [contact.document() for contact in learned],
    }
    lines = reading_lines(reading, saved=saved)
    lines += [f"added to the contacts of {device.name}: {contact_line(contact)}" for contact in learned]
    return CommandOutput(document, lines, succeeded=reading.is_good)


def _learn(reading: Reading, device: Device, *, now: datetime) -> list[Contact]:
    """Keep the certificates that the sender of a verified mail can be answered with."""
    if device.folder is None or not reading.verified:
        return []
    signature = reading.verdicts[-1]
    offered = [one for one in (signature.certificate, *signature.issuers) if one is not None]
    return Contacts(device.folder).learn(reading.sender, offered, at=now)


async def contacts(state: Path) -> CommandOutput:
    """List the contacts of the device of a folder."""
    device = load_device(state)
    entries = [] if device.folder is None else Contacts(device.folder).entries
    lines = [contact_line(contact) for contact in entries]
    return CommandOutput(
        {"contacts": [contact.document() for contact in entries]},
        lines or [f"{device.name} has no contacts yet: `mail read` learns them from signed mail"],
    )


async def _ask_authorities(reading: Reading, device: Device, *, transport: Transport, now: datetime) -> None:
    """Replace each verdict on a signature by the one that knows about revocation."""
    server = None if device.enrollment is None else device.enrollment.server
    for position, verdict in enumerate(reading.verdicts):
        if verdict.certificate is None or not verdict.is_verified:
            continue
        issuer = verdict.issuer
        if issuer is None:
            revocation = Revocation(RevocationState.UNKNOWN, why="the certificate of the issuer is missing")
        else:
            revocation = await check_revocation(
                verdict.certificate, issuer, transport=transport, server=server, now=now
            )
        reading.verdicts[position] = with_revocation(verdict, revocation)


def _save(reading: Reading, folder: Path) -> list[Path]:
    """Write the attachments into a folder, under their own names; a name that is taken gets a number."""
    saved: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, part in enumerate(reading.files, start=1):
            if part.content is None:
                continue
            path = _free_path(folder, _safe_name(part.name) or f"part-{number}")
            path.write_bytes(part.content)
            saved.append(path)
    except OSError as failed:
        raise StateBroken(f"{folder} cannot be written: {failed.strerror}") from failed
    return saved


def _safe_name(name: str | None) -> str:
    """A file name without folders, control characters and a leading dot: the sender of the mail chose it. The end of
    a long name stays, because it says what kind of file it is.
    """
    kept = "".join(character for character in name or "" if character.isprintable() and character not in '/\\:*?"<>|')
    kept = kept.strip().lstrip(".")
    stem, suffix = _shortened(Path(kept).stem, _LONGEST_STEM), _shortened(Path(kept).suffix, _LONGEST_SUFFIX)
    return stem + suffix


def _shortened(text: str, most: int) -> str:
    """The beginning of a text, with at most so many bytes in UTF-8: file systems count bytes."""
    return text.encode("utf-8", "replace")[:most].decode("utf-8", "ignore")


def _free_path(folder: Path, name: str) -> Path:
    path, number = folder / name, 1
    while path.exists():
        number += 1
        path = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
    return path


_WIDTH = 80
_INDENT = " " * 11


def reading_lines(reading: Reading, *, saved: Sequence[Path]) -> list[str]:
    """The lines that `mail read` prints. Control characters, which the sender may have put there, are left out."""
    lines = [*_header(reading), *_field("encrypted", _encryption(reading)), *_signatures(reading)]
    for part, what in (
        *((part, "outside the signature") for part in reading.parts_outside_signatures),
        *((part, "outside the encryption") for part in reading.parts_outside_envelopes),
    ):
        lines += _field("beware", f"{part.name or part.media_type} stands {what}: anybody could have added it")
        if part.text is not None and part.text != reading.text:
            lines += [f"{_INDENT}| {_printable(line)}" for line in part.text.rstrip("\n").split("\n")]
    lines += [line for part in reading.files for line in _field("file", _file(part))]
    lines += [line for path in saved for line in _field("saved", str(path))]
    if reading.text is not None:
        lines += ["", *(_printable(line) for line in reading.text.rstrip("\n").split("\n"))]
    return lines


def _header(reading: Reading) -> Iterator[str]:
    yield from _field("from", reading.sender or "nobody")
    yield from _field("to", ", ".join(reading.recipients) or "nobody")
    if reading.copies:
        yield from _field("cc", ", ".join(reading.copies))
    if reading.date is not None:
        yield from _field("date", f"{reading.date:%Y-%m-%d %H:%M %Z}")
    yield from _field("subject", reading.subject)


def _encryption(reading: Reading) -> str:
    if reading.decrypted is None:
        return "no"
    if not reading.decrypted:
        return f"yes, but it cannot be decrypted: {reading.failure}"
    cipher = (reading.cipher or "").replace("_", "-").replace("tripledes-3key", "3des")
    return f"yes ({cipher}), opened with the key of the certificate {(reading.recipient or '')[:8]}"


def _signatures(reading: Reading) -> Iterator[str]:
    if not reading.verdicts:
        yield from _field(
            "signed", "a signature inside the encryption cannot be seen" if reading.decrypted is False else "no"
        )
    for verdict in reading.verdicts:
        yield from _field("signed", _signature(verdict))


def _signature(verdict: Verdict) -> str:
    by = f" by {verdict.signer}" if verdict.signer else ""
    if not verdict.is_verified:
        return f"yes{by}, but not valid: {verdict.sentence}"
    revocation = verdict.revocation
    if revocation is None:
        revocation_text = "revocation was not checked"
    elif revocation.why is not None:
        revocation_text = f"whether it was revoked is not known: {revocation.why}"
    else:
        revocation_text = f"not revoked ({(revocation.source or '').upper()})"
    return f"yes{by}; {verdict.sentence}; {revocation_text}"


def _file(part: Part) -> str:
    name = part.name or part.media_type
    return f"{name}: {part.defect}" if part.content is None else f"{name} ({len(part.content):,} bytes)"


def _field(name: str, text: str) -> list[str]:
    return textwrap.wrap(
        with_room(_printable(text)),
        _WIDTH,
        initial_indent=f"{name + ':':<11}",
        subsequent_indent=_INDENT,
        break_on_hyphens=False,
    ) or [f"{name}:"]


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable() or character == "\t")
