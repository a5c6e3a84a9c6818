"""The commands of `fauxtune-sim mail` about the mailbox: parsing of arguments and printing, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fauxtune_sim.cli.base import Output, OutputOption, StateOption, finish, run_to_end
from fauxtune_sim.cli.mail import PasswordFileOption, mail_app

__all__ = ["mail_app"]

AccountOption = Annotated[
    str | None,
    typer.Option("--account", help="The account, by its address (default: the only one).", metavar="ADDRESS"),
]


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
