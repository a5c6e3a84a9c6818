"""`fauxtune diagnose`: why a certificate or an app is missing on a device."""

from __future__ import annotations

from urllib.parse import urlencode

import click

from fauxtune.core.administration.requests import AdminRequest, Service
from fauxtune_cli import completion, names
from fauxtune_cli.administration import Administration
from fauxtune_cli.device import diagnosis_text
from fauxtune_cli.options import FAILED, emit, fail
from fauxtune_cli.service import with_service


@click.command()
@click.option("--user", shell_complete=completion.user, help="a user: name or id")
@click.option("--device", shell_complete=completion.device, help="a device: name or id")
@click.option("--profile", shell_complete=completion.profile, help="a profile: name or id")
@click.option("--app", help="an app: name or id")
@click.option("--all", "everything", is_flag=True, help="show the links without problems, too")
@with_service(Administration)
def diagnose(
    *,
    service: Administration,
    user: str | None,
    device: str | None,
    profile: str | None,
    app: str | None,
    everything: bool,
) -> None:
    """Find out why a certificate or an app is missing on a device.

    Shows at which link the way from an import, or an app, to a device breaks, why, and what repairs it. At least one of
    --user, --device, --profile and --app is required; several of them narrow the search. Nothing is changed. The exit
    code is 1 if a link is broken or an error was found, else 0, also with warnings or while something is pending.
    docs/diagnosis.md explains every code.

    \b
    fauxtune diagnose --user alice
    fauxtune diagnose --profile "S/MIME encryption" --all
    fauxtune diagnose --device PC-1 --app "7-Zip"
    fauxtune diagnose --device "Alice's phone" --output json
    """
    if not (user or device or profile or app):
        fail("--user, --device, --profile or --app is required; several of them narrow the search.")
    with service.session() as session:
        params = {
            "user": user and names.user(session.client, user).name,
            "device": device and names.device_or_enrolment(session.client, device)[0],
            "profile": profile and names.profile(session.client, profile).id,
            "app": app,
        }
        query = urlencode({name: value for name, value in params.items() if value}, safe="@")
        answer = session.marked(session.send(AdminRequest("GET", f"/diagnose?{query}", service=Service.CONTROL)))
        paint = diagnosis_text.paint_for_terminal()
        emit(session.output, answer, text=diagnosis_text.diagnosis(answer, paint=paint, everything=everything))
        if not answer["healthy"]:
            raise click.exceptions.Exit(FAILED)
