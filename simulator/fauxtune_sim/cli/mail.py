"""The commands of `fauxtune-sim mail`: parsing of arguments and printing, nothing else."""

from __future__ import annotations

from dataclasses import fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from fauxtune_sim.cli.base import Output, OutputOption, StateOption, finish, guarded, run_to_end
from fauxtune_sim.cms.ciphers import ContentCipher

mail_app = typer.Typer(help="Write and read S/MIME mail with the keys of a device.", no_args_is_help=True)
account_app = typer.Typer(help="Set up S/MIME and accounts in a mail app, as its user.", no_args_is_help=True)
mail_app.add_typer(account_app, name="account")

AppOption = Annotated[
    str | None,
    typer.Option("--app", help="The mail app: mail, outlook, gmail, nine, samsung, web (default: the one in use)."),
]
ToUsersOption = Annotated[
    list[str] | None,
    typer.Option(
        "--to-user", help="Write to this user, with the user's certificate (several times: several).", metavar="UPN"
    ),
]
ToCertificatesOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--to-certificate", help="Write to the address in this certificate (PEM or DER; several times).", metavar="FILE"
    ),
]
CopyUsersOption = Annotated[
    list[str] | None, typer.Option("--cc-user", help="Send a copy to this user (several times).", metavar="UPN")
]
SignOption = Annotated[
    bool | None,
    typer.Option("--sign/--no-sign", help="Sign with a key of this device (default: the account's setting)."),
]
EncryptOption = Annotated[
    bool | None,
    typer.Option("--encrypt/--no-encrypt", help="Encrypt to the recipients (default: the account's setting)."),
]
SignWithOption = Annotated[
    str | None,
    typer.Option("--sign-with", help="The signing certificate (default: the newest).", metavar="THUMBPRINT"),
]
TextFileOption = Annotated[
    Path | None,
    typer.Option("--text-file", help="Take the text from this file; - is standard input.", metavar="FILE"),
]
HtmlFileOption = Annotated[
    Path | None, typer.Option("--html-file", help="Add the text as HTML from this file.", metavar="FILE")
]
AttachOption = Annotated[
    list[Path] | None, typer.Option("--attach", help="Attach this file (several times: several).", metavar="FILE")
]
CopyToSenderOption = Annotated[
    bool,
    typer.Option(
        "--copy-to-sender/--no-copy-to-sender", help="Let the sender read the encrypted mail, too (if possible)."
    ),
]
CipherOption = Annotated[
    ContentCipher,
    typer.Option("--cipher", help=f"The cipher of the content: {', '.join(ContentCipher)}.", metavar="CIPHER"),
]
PasswordFileOption = Annotated[
    Path | None,
    typer.Option(
        "--password-file", help="The user's password, if the account has no certificate; - is standard input."
    ),
]
OpaqueOption = Annotated[
    bool, typer.Option("--opaque", help="Put the text inside the signature: others cannot show it.")
]
__all__ = ["mail_app"]
AccountOption = Annotated[
    str | None,
    typer.Option("--account", help="The account, by its address (default: the only one).", metavar="ADDRESS"),
]


class Switching(StrEnum):
    """The positions of a switch."""

    ON = "on"
    OFF = "off"


@mail_app.command("send", epilog="Example: fauxtune-sim mail send --state phone --to-user bob --out letter.eml")
def mail_send(
    *,
    state: StateOption,
    to_users: ToUsersOption = None,
    to_certificates: ToCertificatesOption = None,
    copy_users: CopyUsersOption = None,
    sign: SignOption = None,
    encrypt: EncryptOption = None,
    sign_with: SignWithOption = None,
    sender: Annotated[str | None, typer.Option("--from", help="The sender (default: the device's user).")] = None,
    subject: Annotated[str, typer.Option(help="The subject line.")] = "A message",
    text: Annotated[str, typer.Option(help="The text.")] = "Hello from a simulated device.",
    text_file: TextFileOption = None,
    html_file: HtmlFileOption = None,
    attachments: AttachOption = None,
    encrypt_to_sender: CopyToSenderOption = True,
    cipher: CipherOption = ContentCipher.AES256_CBC,
    oaep: Annotated[bool, typer.Option("--oaep", help="Encrypt to RSA keys with RSAES-OAEP.")] = False,
    pss: Annotated[bool, typer.Option("--pss", help="Sign with RSA keys by RSASSA-PSS.")] = False,
    opaque: OpaqueOption = False,
    key_identifiers: Annotated[bool, typer.Option("--key-ids", help="Name certificates by key identifiers.")] = False,
    app: AppOption = None,
    as_tool: Annotated[bool, typer.Option("--as-tool", help="Use the device's keys without a mail app.")] = False,
    deliver: Annotated[bool, typer.Option("--deliver", help="Send the mail from the device's mail account.")] = False,
    password_file: PasswordFileOption = None,
    out: Annotated[Path, typer.Option(help="The file for the mail.", metavar="FILE.eml")],
    output: OutputOption = Output.TEXT,
) -> None:
    """Write a signed or encrypted mail into an .eml file, and send it.

    The sender is the device's user. A mail app signs and encrypts only after S/MIME has been switched on in it: by the
    profile of its account, or by its user (fauxtune-sim mail account set).
    """
    given = locals()  # before any other variable: the options
    from fauxtune_sim.cli import mail_commands

    options = mail_commands.MailOptions(
        **{each.name: given[each.name] for each in fields(mail_commands.MailOptions) if given[each.name] is not None}
    )
    if deliver:
        from fauxtune_sim.cli import mailbox_commands

        account = mailbox_commands.AccountOptions(state, sender, password_file)
        finish(run_to_end(mailbox_commands.deliver(options, account), state=state), output=output, state=state)
    else:
        finish(run_to_end(mail_commands.send(options), state=state), output=output, state=state)


@account_app.command("show", epilog="Example: fauxtune-sim mail account show --state ./alice-phone")
def account_show(*, state: StateOption, app: AppOption = None, output: OutputOption = Output.TEXT) -> None:
    """Show in which mail apps of a device S/MIME is on."""
    from fauxtune_sim.cli import mailbox_commands as mail_account_commands

    finish(guarded(lambda: mail_account_commands.show_account(state, app)), output=output, state=state)


@account_app.command("add", epilog="Example: fauxtune-sim mail account add alice@contoso.example --state ./mac")
def account_add(
    *,
    address: Annotated[str, typer.Argument(help="The mail address.", metavar="ADDRESS")],
    state: StateOption,
    app: AppOption = None,
    certificate: Annotated[
        str | None,
        typer.Option(help="Log in with this certificate of the device (default: the password).", metavar="CERT"),
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Add a mail account by hand, as the user does.

    That is for devices on which no e-mail profile sets one up, such as a Mac. Its mail comes from the server that
    manages the device, which must run with --mail. CERT is the thumbprint of a certificate of the device, or its
    beginning.
    """
    from fauxtune_sim.cli import mailbox_commands as mail_account_commands

    added = guarded(lambda: mail_account_commands.add_account(state, address, app=app, certificate=certificate))
    finish(added, output=output, state=state)


@account_app.command("set", epilog="Example: fauxtune-sim mail account set --state ./phone --app outlook --smime on")
def account_set(
    *,
    state: StateOption,
    app: AppOption = None,
    smime: Annotated[
        Switching | None, typer.Option("--smime", help="Switch S/MIME on or off.", metavar="on|off")
    ] = None,
    sign: Annotated[
        str | None, typer.Option("--sign", help="Sign every mail, with this certificate.", metavar="on|off|CERT")
    ] = None,
    encrypt: Annotated[
        Switching | None, typer.Option("--encrypt", help="Encrypt every mail.", metavar="on|off")
    ] = None,
    encryption_certificate: Annotated[
        str | None, typer.Option(help="Read mail that is encrypted to this certificate.", metavar="CERT")
    ] = None,
    account: Annotated[
        str | None, typer.Option(help="The account, by its address (default: the app's first).", metavar="ADDRESS")
    ] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Set up S/MIME in a mail app, as its user.

    What a profile decides can be changed only if the profile says so. CERT is the thumbprint of a certificate of the
    device, or its beginning.
    """
    from fauxtune_sim.cli import mailbox_commands as mail_account_commands

    if smime is None and sign is None and encrypt is None and encryption_certificate is None:
        raise typer.BadParameter("say what to change: --smime, --sign, --encrypt or --encryption-certificate")
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
def mail_read(
    *,
    file: Annotated[Path, typer.Argument(help="The mail to read; - is standard input.", metavar="FILE.eml")],
    state: StateOption,
    save: Annotated[Path | None, typer.Option(help="Save the attachments in this folder.", metavar="FOLDER")] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask the signer's authority about revocation.")
    ] = False,
    app: AppOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Read a mail with the keys of a device.

    Prints who wrote it, which key decrypted it, whether the signature is valid, with the reason if not, and the text.
    Whether the signer's certificate was revoked is asked at its authority, if that runs on this machine. The exit code
    is 1 if no key of the device decrypts the mail, or if a signature is not valid or does not cover all of it.
    """
    from fauxtune_sim.cli import mail_commands

    work = mail_commands.read(state, file, save=save, ask_authority=not offline, app=app)
    finish(run_to_end(work, state=state), output=output, state=state)


@mail_app.command("contacts", epilog="Example: fauxtune-sim mail contacts --state ./alice-phone")
def mail_contacts(*, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """List the certificates that the device learned from signed mail.

    They leave the device together with its mail accounts.
    """
    from fauxtune_sim.cli import mail_commands

    finish(run_to_end(mail_commands.contacts(state)), output=output, state=state)


@mail_app.command("fetch", epilog="Example: fauxtune-sim mail fetch --state ./alice-phone")
def mail_fetch(
    *,
    state: StateOption,
    account: AccountOption = None,
    password_file: PasswordFileOption = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Fetch the new mail of the device's mail account.

    The account logs in as its e-mail profile says: with a certificate, or with the user's password. The server must run
    with --mail. Mail that was deleted on the server leaves the device, too.
    """
    from fauxtune_sim.cli import mailbox_commands

    options = mailbox_commands.AccountOptions(state, account, password_file)
    finish(run_to_end(mailbox_commands.fetch(options)), output=output)


@mail_app.command("list", epilog="Example: fauxtune-sim mail list --state ./alice-phone")
def mail_list(*, state: StateOption, account: AccountOption = None, output: OutputOption = Output.TEXT) -> None:
    """List the mail that the device has fetched."""
    from fauxtune_sim.cli import mailbox_commands

    finish(run_to_end(mailbox_commands.list_messages(mailbox_commands.AccountOptions(state, account))), output=output)


@mail_app.command("open", epilog="Example: fauxtune-sim mail open 1 --state ./alice-phone")
def mail_open(
    *,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The number of the mail in `mail list`.")],
    state: StateOption,
    account: AccountOption = None,
    save: Annotated[Path | None, typer.Option(help="Save the attachments in this folder.", metavar="FOLDER")] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask the signer's authority about revocation.")
    ] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Read a fetched mail with the keys of the device."""
    from fauxtune_sim.cli import mailbox_commands

    options = mailbox_commands.AccountOptions(state, account)
    work = mailbox_commands.open_message(options, number, save=save, ask_authority=not offline)
    finish(run_to_end(work, state=state), output=output, state=state)
