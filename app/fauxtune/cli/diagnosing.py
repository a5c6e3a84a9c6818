"""`fauxtune diagnose` and `fauxtune history`: why a certificate is missing on a device, and a user's certificates."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from fauxtune.cli import completion, diagnosis_text
from fauxtune.cli.options import FAILED, Output, OutputOption, emit, fail, plain_failures, reasons
from fauxtune.cli.service import Emulator, with_service


@with_service(Emulator)
def diagnose(
    *,
    service: Emulator,
    user: Annotated[
        str | None, typer.Option(help="a user: id or userPrincipalName", autocompletion=completion.upn)
    ] = None,
    device: Annotated[
        str | None,
        typer.Option(help="a device: id of its enrolment or managedDevice, or name", autocompletion=completion.device),
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="a profile: id or displayName", autocompletion=completion.profile)
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="show the links without problems, too")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Find out why a certificate is missing on a device.

    Shows at which link the way from an import to a device breaks, why, and what repairs it. At least one of --user,
    --device and --profile is required; several of them narrow the search. Nothing is changed. The exit code is 1 if a
    link is broken or an error was found, else 0, also with warnings or while something is pending. docs/diagnosis.md
    explains every code.

    \b
    fauxtune diagnose --user alice@contoso.example
    fauxtune diagnose --profile "S/MIME encryption" --all
    fauxtune diagnose --device "Alice's phone" --output json
    """
    params = {name: value for name, value in (("user", user), ("device", device), ("profile", profile)) if value}
    if not params:
        fail("--user, --device or --profile is required; several of them narrow the search.")
    with plain_failures(), reasons(), service.client() as client:
        answer = client.control("GET", "/diagnose", params=params)
        paint = diagnosis_text.paint_for_terminal()
        emit(output, answer, text=diagnosis_text.diagnosis(answer, paint=paint, everything=everything))
        if not answer["healthy"]:
            raise typer.Exit(FAILED)


@with_service(Emulator)
def history(
    *,
    service: Emulator,
    user: Annotated[str, typer.Option(help="the user: id or userPrincipalName", autocompletion=completion.upn)],
    output: OutputOption = Output.TEXT,
) -> None:
    """List all certificates of a user, and what is wrong with them.

    The oldest first: imported ones, those issued for a device, and those issued directly by the CA.

    \b
    fauxtune history --user alice@contoso.example
    fauxtune history --user alice@contoso.example --output json
    """
    with plain_failures(), reasons(), service.client() as client:
        answer = client.control("GET", f"/users/{quote(user, safe='')}/certificates")
        emit(output, answer, text=diagnosis_text.history(answer, paint=diagnosis_text.paint_for_terminal()))
