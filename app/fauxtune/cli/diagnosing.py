"""`fauxtune diagnose` and `fauxtune history`: why a certificate is not where it should be, and all that a user has."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from fauxtune.cli import diagnosis_text
from fauxtune.cli.options import FAILED, Output, OutputOption, emit, fail, said_plainly
from fauxtune.cli.service import Emulator, with_service


@with_service(Emulator)
def diagnose(
    *,
    service: Emulator,
    user: Annotated[str | None, typer.Option(help="a user: id or userPrincipalName")] = None,
    device: Annotated[str | None, typer.Option(help="a device: id of its enrolment or managedDevice, or name")] = None,
    profile: Annotated[str | None, typer.Option(help="a profile: id or displayName")] = None,
    everything: Annotated[bool, typer.Option("--all", help="show the links of what is well, too")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Why a certificate is not where it should be.

    At which link the way from an import to a device breaks, why, and what would put it right. Any one of the three is
    enough; together they narrow it down. Exit code 1 where a link is broken or an error was found, else 0: also with
    warnings, and where something is waited for. What each code means stands in docs/diagnosis.md. Nothing is changed.

    \b
    fauxtune diagnose --user alice@contoso.example
    fauxtune diagnose --user alice@contoso.example --profile "S/MIME encryption" --all
    fauxtune diagnose --device "Alice's phone" --output json
    """
    asked = {name: value for name, value in (("user", user), ("device", device), ("profile", profile)) if value}
    if not asked:
        fail("Say what is to be looked at: --user, --device or --profile; or several of them.")
    with said_plainly(), service.client() as client:
        answer = client.control("GET", "/diagnose", params=asked)
        paint = diagnosis_text.paint_for_terminal()
        emit(output, answer, text=diagnosis_text.diagnosis(answer, paint=paint, everything=everything))
        if not answer["healthy"]:
            raise typer.Exit(FAILED)


@with_service(Emulator)
def history(
    *,
    service: Emulator,
    user: Annotated[str, typer.Option(help="the user: id or userPrincipalName")],
    output: OutputOption = Output.TEXT,
) -> None:
    """All certificates of a user, and what is wrong with them.

    Oldest first: imported ones, those of each device, and those of the CA's counter.

    \b
    fauxtune history --user alice@contoso.example
    fauxtune history --user alice@contoso.example --output json
    """
    with said_plainly(), service.client() as client:
        answer = client.control("GET", f"/users/{quote(user, safe='')}/certificates")
        emit(output, answer, text=diagnosis_text.history(answer, paint=diagnosis_text.paint_for_terminal()))
