"""`fauxtune history`: the certificates of a user, and what is wrong with them."""

from __future__ import annotations

import click

from fauxtune.core.administration.requests import AdminRequest, Service, key
from fauxtune_cli import completion, names
from fauxtune_cli.administration import Administration
from fauxtune_cli.device import diagnose
from fauxtune_cli.options import emit
from fauxtune_cli.service import with_service


@click.command()
@click.option("--user", required=True, shell_complete=completion.user, help="the user: name or id")
@with_service(Administration)
def history(*, service: Administration, user: str) -> None:
    """List all certificates of a user, and what is wrong with them.

    The oldest first: imported ones, those issued for a device, and those issued directly by the CA.

    \b
    fauxtune history --user alice
    fauxtune history --user alice@contoso.example --output json
    """
    with service.session() as session:
        name = names.user(session.client, user).name
        request = AdminRequest("GET", f"/users/{key(name)}/certificates", service=Service.CONTROL)
        answer = session.marked(session.send(request))
        text = diagnose.history(answer, paint=diagnose.paint_for_terminal(), ids=session.ids)
        emit(session.output, answer, text=session.in_colour(text))
