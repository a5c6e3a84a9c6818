"""The commands of `fauxtune-sim mail`: parsing of arguments and printing, nothing else."""

from __future__ import annotations

from dataclasses import fields
from enum import StrEnum
from pathlib import Path

import click

from fauxtune_sim.cli.base import PATH, Group, OneOf, Output, finish, guarded, output_option, run_to_end, state_option
from fauxtune_sim.cms.ciphers import ContentCipher

mail_app = Group(help="Write and read S/MIME mail with the keys of a device.")
account_app = Group(help="Set up S/MIME and accounts in a mail app, as its user.")

app_option = click.option(
    "--app", help="The mail app: mail, outlook, gmail, nine, samsung, web (default: the one in use)."
)
password_file_option = click.option(
    "--password-file", type=PATH, help="The user's password, if the account has no certificate; - is standard input."
)
__all__ = ["mail_app"]
account_option = click.option(
    "--account", metavar="ADDRESS", help="The account, by its address (default: the only one)."
)


class Switching(StrEnum):
    """The positions of a switch."""

    ON = "on"
    OFF = "off"


@mail_app.command("send", epilog="Example: fauxtune-sim mail send --state phone --to-user bob --out letter.eml")
@state_option
@click.option(
    "--to-user",
    "to_users",
    multiple=True,
    metavar="UPN",
    help="Write to this user, with the user's certificate (several times: several).",
)
@click.option(
    "--to-certificate",
    "to_certificates",
    type=PATH,
    multiple=True,
    metavar="FILE",
    help="Write to the address in this certificate (PEM or DER; several times).",
)
@click.option("--cc-user", "copy_users", multiple=True, metavar="UPN", help="Send a copy to this user (several times).")
@click.option("--sign/--no-sign", default=None, help="Sign with a key of this device (default: the account's setting).")
@click.option(
    "--encrypt/--no-encrypt", default=None, help="Encrypt to the recipients (default: the account's setting)."
)
@click.option("--sign-with", metavar="THUMBPRINT", help="The signing certificate (default: the newest).")
@click.option("--from", "sender", help="The sender (default: the device's user).")
@click.option("--subject", default="A message", help="The subject line.")
@click.option("--text", default="Hello from a simulated device.", help="The text.")
@click.option("--text-file", type=PATH, metavar="FILE", help="Take the text from this file; - is standard input.")
@click.option("--html-file", type=PATH, metavar="FILE", help="Add the text as HTML from this file.")
@click.option(
    "--attach",
    "attachments",
    type=PATH,
    multiple=True,
    metavar="FILE",
    help="Attach this file (several times: several).",
)
@click.option(
    "--copy-to-sender/--no-copy-to-sender",
    "encrypt_to_sender",
    default=True,
    help="Let the sender read the encrypted mail, too (if possible).",
)
@click.option(
    "--cipher",
    type=OneOf(ContentCipher),
    default="aes256-cbc",
    metavar="CIPHER",
    help=f"The cipher of the content: {', '.join(ContentCipher)}.",
)
@click.option("--oaep", is_flag=True, help="Encrypt to RSA keys with RSAES-OAEP.")
@click.option("--pss", is_flag=True, help="Sign with RSA keys by RSASSA-PSS.")
@click.option("--opaque", is_flag=True, help="Put the text inside the signature: others cannot show it.")
@click.option("--key-ids", "key_identifiers", is_flag=True, help="Name certificates by key identifiers.")
@app_option
@click.option("--as-tool", is_flag=True, help="Use the device's keys without a mail app.")
@click.option("--deliver", is_flag=True, help="Send the mail from the device's mail account.")
@password_file_option
@click.option("--out", type=PATH, required=True, metavar="FILE.eml", help="The file for the mail.")
@output_option
def mail_send(
    *,
    state: Path,
    to_users: tuple[str, ...],
    to_certificates: tuple[Path, ...],
    copy_users: tuple[str, ...],
    sign: bool | None,
    encrypt: bool | None,
    sign_with: str | None,
    sender: str | None,
    subject: str,
    text: str,
    text_file: Path | None,
    html_file: Path | None,
    attachments: tuple[Path, ...],
    encrypt_to_sender: bool,
    cipher: ContentCipher,
    oaep: bool,
    pss: bool,
    opaque: bool,
    key_identifiers: bool,
    app: str | None,
    as_tool: bool,
    deliver: bool,
    password_file: Path | None,
    out: Path,
    output: Output,
) -> None:
    """Write a signed or encrypted mail into an .eml file, and send it.

    The sender is the device's user. A mail app signs and encrypts only after S/MIME has been switched on in it: by the
    profile of its account, or by its user (fauxtune-sim mail account set).
    """
    given = locals()  # before any other variable: the options
    from fauxtune_sim.cli import mail_commands

    options = mail_commands.MailOptions(
        **{
            field.name: given[field.name]
            for field in fields(mail_commands.MailOptions)
            if given[field.name] is not None
        }
    )
    if deliver:
        from fauxtune_sim.cli import mailbox_commands

        account = mailbox_commands.AccountOptions(state, sender, password_file)
        finish(run_to_end(mailbox_commands.deliver(options, account), state=state), output=output, state=state)
    else:
        finish(run_to_end(mail_commands.send(options), state=state), output=output, state=state)


@account_app.command("show", epilog="Example: fauxtune-sim mail account show --state ./alice-phone")
@state_option
@app_option
@output_option
def account_show(*, state: Path, app: str | None, output: Output) -> None:
    """Show in which mail apps of a device S/MIME is on."""
    from fauxtune_sim.cli import mailbox_commands as mail_account_commands

    finish(guarded(lambda: mail_account_commands.show_account(state, app)), output=output, state=state)


@account_app.command("add", epilog="Example: fauxtune-sim mail account add alice@contoso.example --state ./mac")
@click.argument("address", help="The mail address.")
@state_option
@app_option
@click.option(
    "--certificate", metavar="CERT", help="Log in with this certificate of the device (default: the password)."
)
@output_option
def account_add(*, address: str, state: Path, app: str | None, certificate: str | None, output: Output) -> None:
    """Add a mail account by hand, as the user does.

    That is for devices on which no e-mail profile sets one up, such as a Mac. Its mail comes from the server that
    manages the device, which must run with --mail. CERT is the thumbprint of a certificate of the device, or its
    beginning.
    """
    from fauxtune_sim.cli import mailbox_commands as mail_account_commands

    added = guarded(lambda: mail_account_commands.add_account(state, address, app=app, certificate=certificate))
    finish(added, output=output, state=state)


@account_app.command("set", epilog="Example: fauxtune-sim mail account set --state ./phone --app outlook --smime on")
@state_option
@app_option
@click.option("--smime", type=OneOf(Switching), metavar="on|off", help="Switch S/MIME on or off.")
@click.option("--sign", metavar="on|off|CERT", help="Sign every mail, with this certificate.")
@click.option("--encrypt", type=OneOf(Switching), metavar="on|off", help="Encrypt every mail.")
@click.option("--encryption-certificate", metavar="CERT", help="Read mail that is encrypted to this certificate.")
@click.option("--account", metavar="ADDRESS", help="The account, by its address (default: the app's first).")
@output_option
def account_set(
    *,
    state: Path,
    app: str | None,
    smime: Switching | None,
    sign: str | None,
    encrypt: Switching | None,
    encryption_certificate: str | None,
    account: str | None,
    output: Output,
) -> None:
    """Set up S/MIME in a mail app, as its user.

    What a profile decides can be changed only if the profile says so. CERT is the thumbprint of a certificate of the
    device, or its beginning.
    """
    from fauxtune_sim.cli import mailbox_commands as mail_account_commands

    if smime is None and sign is None and encrypt is None and encryption_certificate is None:
        raise click.BadParameter("say what to change: --smime, --sign, --encrypt or --encryption-certificate")
    change = mail_account_commands.AccountChange(
        smime=None if smime is None else smime is Switching.ON,
        sign=sign,
        encrypt=None if encrypt is None else encrypt is Switching.ON,
        encryption_certificate=encryption_certificate,
        app=app,
        address=account,
    )
    finish(guarded(lambda: mail_account_commands.change_account(state, change)), output=output)


@mail_app.command("read", epilog="Example: fauxtune-sim mail read letter.eml --state ./alice-phone --save ./files")
@click.argument("file", type=PATH, metavar="FILE.eml", help="The mail to read; - is standard input.")
@state_option
@click.option("--save", type=PATH, metavar="FOLDER", help="Save the attachments in this folder.")
@click.option("--offline", is_flag=True, help="Do not ask the signer's authority about revocation.")
@app_option
@output_option
def mail_read(*, file: Path, state: Path, save: Path | None, offline: bool, app: str | None, output: Output) -> None:
    """Read a mail with the keys of a device.

    Prints who wrote it, which key decrypted it, whether the signature is valid, with the reason if not, and the text.
    Whether the signer's certificate was revoked is asked at its authority, if that runs on this machine. The exit code
    is 1 if no key of the device decrypts the mail, or if a signature is not valid or does not cover all of it.
    """
    from fauxtune_sim.cli import mail_commands

    work = mail_commands.read(state, file, save=save, ask_authority=not offline, app=app)
    finish(run_to_end(work, state=state), output=output, state=state)


@mail_app.command("contacts", epilog="Example: fauxtune-sim mail contacts --state ./alice-phone")
@state_option
@output_option
def mail_contacts(*, state: Path, output: Output) -> None:
    """List the certificates that the device learned from signed mail.

    They leave the device together with its mail accounts.
    """
    from fauxtune_sim.cli import mail_commands

    finish(run_to_end(mail_commands.contacts(state)), output=output, state=state)


@mail_app.command("fetch", epilog="Example: fauxtune-sim mail fetch --state ./alice-phone")
@state_option
@account_option
@password_file_option
@output_option
def mail_fetch(*, state: Path, account: str | None, password_file: Path | None, output: Output) -> None:
    """Fetch the new mail of the device's mail account.

    The account logs in as its e-mail profile says: with a certificate, or with the user's password. The server must run
    with --mail. Mail that was deleted on the server leaves the device, too.
    """
    from fauxtune_sim.cli import mailbox_commands

    options = mailbox_commands.AccountOptions(state, account, password_file)
    finish(run_to_end(mailbox_commands.fetch(options)), output=output)


@mail_app.command("list", epilog="Example: fauxtune-sim mail list --state ./alice-phone")
@state_option
@account_option
@output_option
def mail_list(*, state: Path, account: str | None, output: Output) -> None:
    """List the mail that the device has fetched."""
    from fauxtune_sim.cli import mailbox_commands

    finish(run_to_end(mailbox_commands.list_messages(mailbox_commands.AccountOptions(state, account))), output=output)


@mail_app.command("open", epilog="Example: fauxtune-sim mail open 1 --state ./alice-phone")
@click.argument("number", type=int, help="The number of the mail in `mail list`.")
@state_option
@account_option
@click.option("--save", type=PATH, metavar="FOLDER", help="Save the attachments in this folder.")
@click.option("--offline", is_flag=True, help="Do not ask the signer's authority about revocation.")
@output_option
def mail_open(
    *, number: int, state: Path, account: str | None, save: Path | None, offline: bool, output: Output
) -> None:
    """Read a fetched mail with the keys of the device."""
    from fauxtune_sim.cli import mailbox_commands

    options = mailbox_commands.AccountOptions(state, account)
    work = mailbox_commands.open_message(options, number, save=save, ask_authority=not offline)
    finish(run_to_end(work, state=state), output=output, state=state)


mail_app.add_command(account_app, "account")
