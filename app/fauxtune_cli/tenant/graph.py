"""`fauxtune graph`: any request to Graph, for what no other command does."""

from __future__ import annotations

import json
from typing import Any

import click

from fauxtune.core.administration.requests import AdminRequest
from fauxtune_cli.administration import Administration, content_of
from fauxtune_cli.options import fail
from fauxtune_cli.service import with_service

_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


@click.command()
@click.argument("method", type=click.Choice(_METHODS, case_sensitive=False), help="what is done")
@click.argument("path", metavar="PATH", help="the address below /beta, with its query")
@click.option("--body", metavar="JSON", help="the body; @FILE reads it from a file, @- from standard input")
@with_service(Administration)
def app(*, method: str, path: str, body: str | None, service: Administration) -> None:
    """Send any request to Graph (beta), as the tenant's application.

    \b
    fauxtune graph GET "/deviceManagement/managedDevices?$select=deviceName"
    fauxtune graph POST /groups --body @group.json
    fauxtune graph DELETE /groups/ID --show-request-as powershell
    """
    if not path.startswith("/"):
        fail(f"A path begins with a slash, such as /users; '{path[:60]}' does not.")
    with service.session() as session:
        answer = session.send(AdminRequest(method.upper(), path, _read(body)))
        text = "Done." if answer is None else json.dumps(answer, indent=2, ensure_ascii=False)
        session.show(answer, text)


def _read(body: str | None) -> Any:
    """Return the body as JSON; None without one."""
    if body is None:
        return None
    try:
        return json.loads(content_of(body[1:]).decode() if body.startswith("@") else body)
    except ValueError as error:
        fail(f"The body is no JSON: {error}.")
