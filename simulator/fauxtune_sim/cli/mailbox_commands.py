"""The commands about the mailbox of a device's account: fetch its messages, list them, open one, send one.

The account is one that an e-mail profile set up, or that the user added (`mail account add`). Its host is the name of
an Exchange server, which nobody resolves here: whatever it is, the device connects to the mail ports of the server
that manages it, which that server's list of addresses (`/`) names. With a certificate as authentication method it
shows that certificate in TLS.

Differs from Intune: such an account synchronises by Exchange ActiveSync, which is not emulated. Here it reads by POP3
and sends by SMTP. As with ActiveSync, messages stay on the server, and what is deleted there leaves the device.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.cli.commands import CommandOutput
from fauxtune_sim.cli.mail_commands import MailOptions, is_smime
from fauxtune_sim.cli.mail_commands import read as read_mail
from fauxtune_sim.cli.mail_commands import send as write_mail
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import MailRefused, NotAllowedHere, NotFoundHere, StateBroken
from fauxtune_sim.mail.accounts import MailAccount, MailFolder
from fauxtune_sim.mail.mailbox_wires import Mailbox, MailLogin
from fauxtune_sim.mail.mailbox_wires import send as send_message
from fauxtune_sim.mail.mime import Entity, addresses_in, date_in, decoded_header
from fauxtune_sim.server.transport import Transport


@dataclass(frozen=True, slots=True)
class AccountOptions:
    """The device, the address of the account (None: the only one), and the file with the user's password."""

    state: Path
    address: str | None = None
    password_file: Path | None = None


@dataclass(frozen=True, slots=True)
class _Account:
    device: Device
    account: MailAccount
    folder: MailFolder


async def fetch(options: AccountOptions) -> CommandOutput:
    """Fetch the messages of the mailbox that are not on the device yet, and forget those that were deleted there."""
    mine = _account(options)
    login = _login(mine, options)
    url = await mail_port(mine.device, "pop3s")
    fetched, removed = await asyncio.to_thread(_synchronise, url, login, folder=mine.folder)
    rows = _rows(mine.folder)
    new = [row for row in rows if Path(row["file"]) in fetched]
    document = {"account": mine.account.address, "login": login.method, "fetched": new, "removed": removed}
    host = mine.account.host or "the server of its management"
    lines = [f"{mine.account.address} at {host}, logged in with {login.method}: {len(new)} new"]
    return CommandOutput(document, [*lines, *map(_line, new)])


async def list_messages(options: AccountOptions) -> CommandOutput:
    """List the messages that the device has fetched."""
    mine = _account(options)
    rows = _rows(mine.folder)
    lines = list(map(_line, rows)) or [
        f"no mail of {mine.account.address} is on {mine.device.name}: `mail fetch` gets it"
    ]
    return CommandOutput({"account": mine.account.address, "messages": rows}, lines)


async def open_message(
    options: AccountOptions, number: int, *, save: Path | None, ask_authority: bool
) -> CommandOutput:
    """Read a message of the list with the keys of the device."""
    mine = _account(options)
    files = mine.folder.files()
    if not 1 <= number <= len(files):
        raise NotFoundHere(f"there is no message {number}: `mail list` has {len(files)}")
    return await read_mail(options.state, files[number - 1], save=save, ask_authority=ask_authority)


async def deliver(mail: MailOptions, options: AccountOptions) -> CommandOutput:
    """Write a mail into `mail.out`, and send it from the account of the device."""
    mine = _account(options)
    login = _login(mine, options)
    url = await mail_port(mine.device, "smtps")
    written = await write_mail(replace(mail, sender=mail.sender or mine.account.address))
    recipients = [*written.document["to"], *written.document["cc"]]
    message = mail.out.read_bytes()
    answer = await asyncio.to_thread(send_message, url, login, message=message, recipients=recipients)
    document = {**written.document, "login": login.method, "answer": answer}
    return CommandOutput(document, [*written.lines, f"sent from {login.name} with {login.method}: {answer}"])


def _account(options: AccountOptions) -> _Account:
    """The device and the account. Raises NotFoundHere if the device has no account, or several."""
    device = load_device(options.state)
    wanted = None if options.address is None else options.address.lower()
    every = (*device.accounts.values(), *device.own_accounts.values())
    accounts = [each for each in every if wanted in {None, each.address.lower()}]
    if not accounts:
        which = "mail account" if options.address is None else f"mail account {options.address}"
        why = f"its management ended: {device.ended}"
        if device.ended is None:
            why = "no e-mail profile has set one up, and its user has added none (fauxtune-sim mail account add)"
        raise NotFoundHere(f"{device.name} has no {which}: {why}")
    if len({each.address.lower() for each in accounts}) > 1:
        addresses = ", ".join(sorted(each.address for each in accounts))
        raise NotFoundHere(f"{device.name} has several mail accounts; choose one with --account: {addresses}")
    if device.folder is None:
        raise StateBroken(f"{device.name} is stored nowhere")
    return _Account(device, accounts[0], MailFolder(device.folder, accounts[0]))


def _login(mine: _Account, options: AccountOptions) -> MailLogin:
    """The login by the account's authentication method. Raises NotAllowedHere if the password is missing."""
    account, device = mine.account, mine.device
    if account.login_alias is None:
        if options.password_file is None:
            raise NotAllowedHere(
                f"the account {account.address} logs in with its user's password: give it with --password-file"
            )
        return MailLogin(account.address, password=_password(options.password_file), ca=device.ca)
    if account.login_alias not in device.keystore.entries:
        raise NotFoundHere(
            f"the account {account.address} logs in with the certificate {account.login_alias}, which is not on "
            f"{device.name} any more"
        )
    return MailLogin(account.address, identity=device.keystore.identity(account.login_alias), ca=device.ca)


def _password(file: Path) -> str:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as failed:
        raise NotFoundHere(f"the password cannot be read from {file}: {failed}") from failed
    return text.rstrip("\r\n")


async def mail_port(device: Device, kind: str) -> str:
    """The address of the mail port of this kind of the server that manages the device."""
    if device.enrollment is None:
        raise NotAllowedHere(f"{device.name} is not enrolled, so it knows no mail server")
    parts = urlsplit(device.enrollment.server)
    server = f"{parts.scheme}://{parts.netloc}"
    async with Transport(ca=device.ca) as transport:
        mail = (await transport.get(f"{server}/")).json().get("mail")
    if not isinstance(mail, dict) or not isinstance(mail.get(kind), str):
        raise NotFoundHere(f"{server} serves no mail programs: start it with `fauxtune serve --mail`")
    return str(mail[kind])


def _synchronise(url: str, login: MailLogin, *, folder: MailFolder) -> tuple[set[Path], int]:
    """Make the folder hold the messages of the mailbox. The new files, and how many were removed."""
    with Mailbox(url, login) as mailbox:
        by_number = mailbox.unique_ids()
        missing = set(folder.missing(by_number.values()))
        new = {
            folder.add(unique_id, mailbox.message(number))
            for number, unique_id in by_number.items()
            if unique_id in missing
        }
    return new, folder.keep_only(by_number.values())


def _rows(folder: MailFolder) -> list[dict[str, Any]]:
    return [{"number": number, **_summary(path)} for number, path in enumerate(folder.files(), 1)]


def _summary(path: Path) -> dict[str, Any]:
    """What a list shows of a message, without any key."""
    data = path.read_bytes()
    entity = Entity(data)
    date = date_in(_field(entity, "date"))
    return {
        "file": str(path),
        "from": next(iter(addresses_in(_field(entity, "from"))), ""),
        "subject": _field(entity, "subject"),
        "date": None if date is None else date.isoformat(),
        "size": len(data),
        "smime": is_smime(data),
    }


def _field(entity: Entity, name: str) -> str:
    try:
        return " ".join(decoded_header(entity.field(name)).split())
    except MailRefused:  # a header without an end
        return ""


def _line(row: dict[str, Any]) -> str:
    when = "" if row["date"] is None else f"{datetime.fromisoformat(row['date']):%Y-%m-%d %H:%M}"
    return f"{row['number']:>4}  {when:16}  {row['from']:30}  {row['subject']}{'  [S/MIME]' if row['smime'] else ''}"
