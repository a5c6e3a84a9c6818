"""`fauxtune scep ndes` and `fauxtune scep request`: the tenant's own SCEP server, and requests that wait there."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fauxtune.core.administration import scep as tasks
from fauxtune.core.administration.requests import AdminRequest, Service
from fauxtune_cli.administration import Administration, Session
from fauxtune_cli.options import fail
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import Table, moment

ndes = typer.Typer(
    help="""Show and change the tenant's own SCEP server.

It is NDES with Intune's policy module: it issues what a SCEP profile asks a device to request.

\b
fauxtune scep ndes show
fauxtune scep ndes change --approval
fauxtune scep ndes renew""",
    no_args_is_help=True,
)
request = typer.Typer(
    help="""Approve or deny requests that wait for approval.

They wait at the tenant's own SCEP server, if approval is on.

\b
fauxtune scep ndes change --approval
fauxtune scep request list
fauxtune scep request approve 3f2a
fauxtune scep request deny 3f2a --reason "Not this phone.\"""",
    no_args_is_help=True,
)
_REQUESTS = AdminRequest("GET", "/scep/requests", service=Service.CONTROL)
RequestArgument = Annotated[str, typer.Argument(metavar="REQUEST", help="its id, or the beginning of it")]


@ndes.command("show")
@with_service(Administration)
def show_ndes(*, service: Administration) -> None:
    """Show the SCEP server's address, connector and certificates.

    \b
    fauxtune scep ndes show
    """
    with service.session() as session:
        answer = session.send(AdminRequest("GET", "/scep/ndes", service=Service.CONTROL))
        session.show(answer, _standing(answer))


@ndes.command("change")
@with_service(Administration)
def change_ndes(
    *,
    approval: Annotated[bool | None, typer.Option(help="requests wait until somebody approves them")] = None,
    strict: Annotated[bool | None, typer.Option(help="messages with SHA-1 or single DES are refused")] = None,
    service: Administration,
) -> None:
    """Change how the SCEP server answers requests.

    \b
    fauxtune scep ndes change --approval
    fauxtune scep ndes change --no-approval --strict
    """
    changes = {"approval": approval, "strict": strict}
    settings = {f"ndes.{name}": value for name, value in changes.items() if value is not None}
    if not settings:
        fail("Say what changes: --approval or --no-approval, --strict or --no-strict.")
    with service.session() as session:
        answer = session.send(AdminRequest("PATCH", "", {"settings": settings}, service=Service.CONTROL))
        done = ", ".join(f"{name} is {'on' if value else 'off'}" for name, value in settings.items())
        session.show(answer["settings"], f"Changed: {done}.")


@ndes.command("renew")
@with_service(Administration)
def renew_ndes(*, service: Administration) -> None:
    """Give the SCEP server new RA certificates, with new keys.

    Clients ask for them again; messages for the old ones are refused.

    \b
    fauxtune scep ndes renew
    """
    with service.session() as session:
        rows = session.send(tasks.renew_ra_certificates(), seconds=120)["value"]
        session.show(rows, "\n".join(_certificate(row) for row in rows))


@request.command("list")
@with_service(Administration)
def list_requests(*, service: Administration) -> None:
    """List the newest requests that the SCEP server has accepted.

    \b
    fauxtune scep request list
    """
    with service.session() as session:
        rows = session.elements(_REQUESTS)
        table = Table(
            ("request", "device", "state", "arrived", "about"),
            [
                (
                    session.short(row["id"]),
                    session.short(row["device"]),
                    row["state"],
                    moment(row["createdDateTime"]),
                    row["subject"] or row["serialNumber"] or row["message"] or "-",
                )
                for row in rows
            ],
            empty="NDES has accepted no request yet.",
        )
        session.show(rows, table)


@request.command()
@with_service(Administration)
def approve(*, wanted: RequestArgument, service: Administration) -> None:
    """Approve a request: the certificate is issued.

    The device gets it when it asks again.

    \b
    fauxtune scep request approve 3f2a
    """
    with service.session() as session:
        answer = session.send(tasks.approve_request(_id(session, wanted)))
        session.show(answer, f"Approved: certificate {answer['serialNumber']} was issued.")


@request.command()
@with_service(Administration)
def deny(
    *,
    wanted: RequestArgument,
    reason: Annotated[str, typer.Option(help="why; the device's request is answered with it")],
    service: Administration,
) -> None:
    """Deny a request: no certificate is issued.

    \b
    fauxtune scep request deny 3f2a --reason "Not this phone."
    """
    with service.session() as session:
        answer = session.send(tasks.deny_request(_id(session, wanted), reason=reason))
        session.show(answer, f"Denied: {reason}")


def _id(session: Session, wanted: str) -> str:
    """Return the id of the one request whose id begins so."""
    known = [row["id"] for row in session.elements(_REQUESTS) if row["id"].startswith(wanted)]
    if len(known) == 1:
        return str(known[0])
    if known:
        fail(f"'{wanted}' begins the ids of {len(known)} requests: type more of it.")
    return wanted


def _standing(answer: dict[str, Any]) -> str:
    lines = [f"address: {answer['url']}", f"connector: {answer['connector'] or '-'}"]
    if answer["problem"]:
        lines.append(f"it does not answer: {answer['problem']}")
    certificates = [_certificate(row) for row in answer["raCertificates"]]
    return "\n".join(lines + (certificates or ["its RA certificates are made at the first request of a client"]))


def _certificate(row: dict[str, Any]) -> str:
    end = moment(row["expirationDateTime"])
    return f"RA certificate for {row['purpose']}: {row['thumbprint'].upper()}, until {end}"
