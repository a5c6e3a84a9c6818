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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509

from fauxtune_sim.agent.by_platform import load_device
from fauxtune_sim.cli.commands import CommandOutput
from fauxtune_sim.cli.mail_commands import MailOptions, is_smime
from fauxtune_sim.cli.mail_commands import read as read_mail
from fauxtune_sim.cli.mail_commands import send as write_mail
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import MailRefused, NotAllowedHere, NotFoundHere, StateBroken
from fauxtune_sim.keys.certificates import can_encrypt, can_sign
from fauxtune_sim.keys.keystore import Identity
from fauxtune_sim.mail.accounts import AppSettings, MailAccount, MailFolder, Setting
from fauxtune_sim.mail.app_choice import AppOnDevice, app_on, apps_on, switch_on_first
from fauxtune_sim.mail.apps import Choice, Switch
from fauxtune_sim.mail.mailbox_wires import Mailbox, MailLogin
from fauxtune_sim.mail.mailbox_wires import send as send_message
from fauxtune_sim.mail.mime import Entity, addresses_in, date_in, decoded_header
from fauxtune_sim.mail.smime_settings import OutlookSwitch, SmimeSettings, change_setting
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
    accounts = [mail_account for mail_account in every if wanted in {None, mail_account.address.lower()}]
    if not accounts:
        which = "mail account" if options.address is None else f"mail account {options.address}"
        why = f"its management ended: {device.ended}"
        if device.ended is None:
            why = "no e-mail profile has set one up, and its user has added none (fauxtune-sim mail account add)"
        raise NotFoundHere(f"{device.name} has no {which}: {why}")
    if len({account.address.lower() for account in accounts}) > 1:
        addresses = ", ".join(sorted(account.address for account in accounts))
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
    async with Transport(ca=device.ca, demands=device.demands) as transport:
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


#: data. What a certificate must be for.
_FITS: dict[str, Callable[[x509.Certificate], bool]] = {"signing": can_sign, "encryption": can_encrypt}
_A = {"signing": "a", "encryption": "an"}
_ON = {"on": True, "off": False}
_BY = {
    Switch.BY_PROFILE: "by its profile",
    Switch.BY_ITSELF: "by itself",
    Switch.BY_USER: "by its user",
}


@dataclass(frozen=True, slots=True)
class AccountChange:
    """What the user changes in an app; None leaves a setting.

    `sign`: on, off, or the beginning of a thumbprint; `encryption_certificate`: the beginning of one. Without an `app`
    and an `address` of an account: the app in use.
    """

    smime: bool | None = None
    sign: str | None = None
    encrypt: bool | None = None
    encryption_certificate: str | None = None
    app: str | None = None
    address: str | None = None


def show_account(state: Path, app: str | None = None) -> CommandOutput:
    """Show how S/MIME is set in the mail apps of the device of a folder."""
    device = load_device(state)
    apps = apps_on(device) if app is None else [app_on(device, app)]
    lines = [line for there in apps for line in _lines(there)]
    return CommandOutput(
        {"device": device.name, "apps": [_document(there) for there in apps]},
        lines or [f"{device.name} ({device.kind}) has no mail app"],
    )


def change_account(state: Path, change: AccountChange) -> CommandOutput:
    """Change settings of a mail app as its user. Raises NotAllowedHere if its profile or the app does not let them."""
    device = load_device(state)
    there = apply_change(device, change)
    device.save(keys=False, state=False)
    return CommandOutput({"device": device.name, "apps": [_document(there)]}, list(_lines(there)))


def add_account(state: Path, address: str, *, app: str | None = None, certificate: str | None = None) -> CommandOutput:
    """Add a mail account to an app as the end user does, who types the address. `certificate`: the beginning of the
    thumbprint of the one that it logs in with; None: the user's password. Raises NotFoundHere for what is no address.
    """
    device = load_device(state)
    there = app_on(device, app)
    name, at, domain = address.partition("@")
    if not (name and at and domain) or any(each.isspace() or not each.isprintable() for each in address):
        raise NotFoundHere(f"'{address}' is no address: write it whole, such as alice@contoso.example")
    every = {
        mail_account.address.lower() for mail_account in (*device.accounts.values(), *device.own_accounts.values())
    }
    if address.lower() in every:
        raise NotAllowedHere(f"{device.name} has a mail account for {address} already")
    identity = None if certificate is None else _identity(device, certificate)
    alias = None if identity is None else identity.alias
    account = MailAccount(f"own/{address.lower()}", there.app.package, digest="", address=address, login_alias=alias)
    device.own_accounts[account.id] = account
    device.save(keys=False, state=False)
    by = "the user's password (--password-file)" if identity is None else f"the certificate {identity.thumbprint[:8]}"
    lines = [f"{there.app.title} on {device.name} has the account {address}, which logs in with {by}"]
    return CommandOutput({"device": device.name, "app": there.app.name, "account": account.row()}, lines)


def _identity(device: Device, beginning: str) -> Identity:
    """The identity whose thumbprint begins so. Raises NotFoundHere."""
    named = [identity for identity in device.keystore.identities() if identity.thumbprint.startswith(beginning.lower())]
    if len(named) != 1:
        has = ", ".join(identity.thumbprint[:8] for identity in device.keystore.identities()) or "none"
        raise NotFoundHere(
            f"{device.name} holds {'more than one' if named else 'no'} key for {beginning}: it has {has}"
        )
    return named[0]


def apply_change(device: Device, change: AccountChange) -> AppOnDevice:
    """Change settings of a mail app on a device, which is not saved. Returns the app as it is then."""
    there = app_on(device, change.app, address=change.address)
    if change.address is not None and there.account is None:
        raise NotFoundHere(f"{device.name} has no mail account for {change.address}")
    if there.smime is None:
        device.mail_apps[there.app.name] = _changed(device, there, change=change)
    else:
        _change_managed(device, there, change=change)
    return app_on(device, there.app.name, address=change.address)


def _changed(device: Device, there: AppOnDevice, *, change: AccountChange) -> AppSettings:
    """The settings of an app in which the user decides everything."""
    settings, app = there.settings, there.app
    if app.switch is Switch.NOT_AT_ALL:
        raise NotAllowedHere(switch_on_first(device, app))
    _check_configuration(there, change)
    if change.encryption_certificate is not None:
        raise NotAllowedHere(f"{app.title} reads with every key of the device: there is nothing to choose")
    if change.smime is False:
        if app.switch is Switch.BY_ITSELF:
            raise NotAllowedHere(f"{app.title} uses S/MIME by itself: no switch turns it off")
        return AppSettings()
    settings = replace(settings, smime=settings.smime or bool(change.smime))
    if not settings.smime and app.switch is not Switch.BY_ITSELF:
        raise NotAllowedHere(f"S/MIME is off in {app.title}: add --smime on")
    if change.encrypt is not None:
        settings = replace(settings, encrypts=change.encrypt)
    if change.sign is None:
        return settings
    signs = _ON.get(change.sign.lower())
    if signs is not None:
        return replace(settings, signs=signs)
    if app.choice in {Choice.PRIMARY_ADDRESS, Choice.NEWEST}:
        raise NotAllowedHere(
            f"{app.title} lets nobody choose the certificate: --sign on signs with the newest one of the account's "
            "address"
        )
    return replace(settings, signs=True, signing_identity=_thumbprint(device, change.sign, purpose="signing"))


def _check_configuration(there: AppOnDevice, change: AccountChange) -> None:
    """Raise NotAllowedHere for a change that the app configuration does not leave to the user."""
    signs = None if change.sign is None else _ON.get(change.sign.lower(), True)
    for wish, switch in (
        (change.smime, OutlookSwitch.SMIME),
        (signs, OutlookSwitch.SIGN),
        (change.encrypt, OutlookSwitch.ENCRYPT),
    ):
        if wish is not None:
            there.configured.check_change(switch, value=wish)


def _change_managed(device: Device, there: AppOnDevice, *, change: AccountChange) -> None:
    """Change what the profile of the app's account lets its user change."""
    assert there.account is not None
    assert there.smime is not None
    for setting, value in _wishes(device, there, change=change):
        if there.smime.value(setting) != value:
            change_setting(device, there.account.id, setting=setting, value=value)


def _wishes(device: Device, there: AppOnDevice, *, change: AccountChange) -> Iterator[tuple[Setting, str | bool]]:
    if change.smime is False:
        yield from ((Setting.SIGN, False), (Setting.ENCRYPT, False))
    if change.smime and not there.is_on and change.sign is None and change.encrypt is None:
        yield (Setting.SIGN, True)
    if change.encrypt is not None:
        yield (Setting.ENCRYPT, change.encrypt)
    if change.encryption_certificate is not None:
        yield (Setting.ENCRYPTION_IDENTITY, _thumbprint(device, change.encryption_certificate, purpose="encryption"))
    if change.sign is None:
        return
    signs = _ON.get(change.sign.lower())
    if signs is None:
        yield (Setting.SIGNING_IDENTITY, _thumbprint(device, change.sign, purpose="signing"))
    yield (Setting.SIGN, signs is not False)


def _thumbprint(device: Device, beginning: str, *, purpose: str) -> str:
    """The thumbprint of the one certificate for this purpose that begins so. Raises NotFoundHere."""
    own = [identity.thumbprint for identity in device.keystore.identities() if _FITS[purpose](identity.certificate)]
    named = {thumbprint for thumbprint in own if thumbprint.startswith(beginning.lower())}
    if len(named) != 1:
        has = ", ".join(thumbprint[:8] for thumbprint in own) or "none"
        count = "more than one" if named else "no"
        raise NotFoundHere(
            f"{device.name} holds {count} key for {_A[purpose]} {purpose} certificate {beginning}: "
            f"its {purpose} certificates are {has}"
        )
    return named.pop()


def _document(there: AppOnDevice) -> dict[str, Any]:
    smime, app = there.smime or _as_smime(there), there.app
    document = smime.document()
    return {
        "app": app.name,
        "title": app.title,
        "address": None if there.account is None else there.account.address,
        "smime": there.is_on,
        "switchedOn": app.switch.value,
        "certificateChosen": app.choice.value,
        "byProfile": there.smime is not None,
        "byConfiguration": there.configured.says(OutlookSwitch.SMIME) is not None,
        "directory": there.configured.directory,
        "signs": document["signs"],
        "encrypts": document["encrypts"],
        "signsWith": document["signsWith"],
        "changeable": document["changeable"],
        "steps": app.steps,
    }


def _as_smime(there: AppOnDevice) -> SmimeSettings:
    """The user's settings in the form of a profile's."""
    settings = there.settings
    return SmimeSettings(
        signs=settings.signs,
        encrypts=settings.encrypts,
        signing_identity=settings.signing_identity,
        changeable=frozenset({Setting.SIGN, Setting.ENCRYPT, Setting.SIGNING_IDENTITY}),
    )


def _lines(there: AppOnDevice) -> Iterator[str]:
    app, document = there.app, _document(there)
    if not there.is_on:
        how = "" if app.switch is Switch.NOT_AT_ALL else "S/MIME is off. Its user switches it on: "
        yield f"{app.title} ({app.name}): {how}{app.steps}"
        return
    by = _BY[app.switch] if there.smime is not None or app.switch is Switch.BY_ITSELF else "by its user"
    if there.configured.says(OutlookSwitch.SMIME):
        by = "by its app configuration"
    signs, encrypts = (document[name] for name in ("signs", "encrypts"))
    certificate = f" with {document['signsWith'][:8]}" if document["signsWith"] else ""
    yield (
        f"{app.title} ({app.name}): S/MIME is on, {by}; it {'signs' if signs else 'does not sign'} every mail"
        f"{certificate if signs else ''} and {'encrypts' if encrypts else 'does not encrypt'} it"
    )
