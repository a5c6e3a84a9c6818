"""What an approval policy may guard (Multi Admin Approval): asked for with a justification, done with its approval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from fauxtune.cli import names
from fauxtune.cli.administration import Administration, Session
from fauxtune.client.endpoints import ClientError
from fauxtune.core.administration.approvals import approved, asking
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.policies.approvals import CODE, JUSTIFICATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded(Administration):
    """A tenant, and what the command line says of an approval."""

    justification: Annotated[
        str | None, typer.Option(metavar="TEXT", help="if an approval policy guards this, ask for an approval with it")
    ] = None
    approval: Annotated[
        str | None, typer.Option(metavar="REQUEST", help="the approval to use: its id, or the beginning of it")
    ] = None


def send(session: Session, request: AdminRequest, *, asks: Guarded | None) -> str | None:
    """Send a request. Return None if it was carried out, and the id of the request for approval if it waits for one
    now. Raises ClientError for what a policy guards and nobody justified. `asks`: None for what no policy can guard.
    """
    from fauxtune.client.http import Refused

    if asks is not None and asks.approval is not None:
        request = approved(request, code=names.approval(session.client, asks.approval).id)
    elif asks is not None and asks.justification is not None:
        request = asking(request, justification=asks.justification)
    try:
        session.send(request)
    except Refused as refused:
        code = refused.headers.get(CODE)
        if code is not None:
            return code
        if JUSTIFICATION in refused.reason and not request.headers:
            raise ClientError(
                "An approval policy guards this: another administrator has to approve it first. Ask for that with "
                "--justification TEXT."
            ) from None
        raise
    return None
