"""`fauxtune scep`: challenges for SCEP requests, what a partner's certification authority is told and asked, the
tenant's own SCEP server (`ndes`), and the requests that wait there (`request`).
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Any

import click

from fauxtune.core.administration import scep as tasks
from fauxtune.core.administration.requests import AdminRequest, Service
from fauxtune_cli import names
from fauxtune_cli.administration import Administration, Session
from fauxtune_cli.options import PATH, Group, OneOf, fail
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import Table, moment

ndes = Group(
    help="""Show and change the tenant's own SCEP server.

It is NDES with Intune's policy module: it issues what a SCEP profile asks a device to request.

\b
fauxtune scep ndes show
fauxtune scep ndes change --approval
fauxtune scep ndes renew"""
)
request = Group(
    help="""Approve or deny requests that wait for approval.

They wait at the tenant's own SCEP server, if approval is on.

\b
fauxtune scep ndes change --approval
fauxtune scep request list
fauxtune scep request approve 3f2a
fauxtune scep request deny 3f2a --reason "Not this phone.\""""
)
_REQUESTS = AdminRequest("GET", "/scep/requests", service=Service.CONTROL)
request_argument = click.argument("wanted", metavar="REQUEST", help="its id, or the beginning of it")


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
@click.option("--approval/--no-approval", default=None, help="requests wait until somebody approves them")
@click.option("--strict/--no-strict", default=None, help="messages with SHA-1 or single DES are refused")
@with_service(Administration)
def change_ndes(*, approval: bool | None, strict: bool | None, service: Administration) -> None:
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
@request_argument
@with_service(Administration)
def approve(*, wanted: str, service: Administration) -> None:
    """Approve a request: the certificate is issued.

    The device gets it when it asks again.

    \b
    fauxtune scep request approve 3f2a
    """
    with service.session() as session:
        answer = session.send(tasks.approve_request(_id(session, wanted)))
        session.show(answer, f"Approved: certificate {answer['serialNumber']} was issued.")


@request.command()
@request_argument
@click.option("--reason", required=True, help="why; the device's request is answered with it")
@with_service(Administration)
def deny(*, wanted: str, reason: str, service: Administration) -> None:
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


app = Group(
    help="""See what devices request by SCEP, and try a certification authority.

A device gets a challenge and puts it into its request. The authority asks Intune
whether the request is the one that the challenge is for.

\b
fauxtune scep ndes show
fauxtune scep challenge list
fauxtune scep client-config --lang java > intune.properties
fauxtune scep revoke 0F --issuer "CN=Partner CA"
fauxtune scep verify --ca-url http://localhost:9000/scep

docs/scep.md leads from nothing to an authority that is verified."""
)
challenge = Group(
    help="""Give devices challenges, and open them.

\b
fauxtune scep challenge list
fauxtune scep challenge give --device phone --profile "Signing by SCEP"
fauxtune scep challenge try --device phone --profile Signing --subject CN=bob
fauxtune scep challenge show \"$CHALLENGE\""""
)


class Language(StrEnum):
    """The form of a configuration: Microsoft's client in Java or C#, or JSON."""

    JAVA = "java"
    CSHARP = "csharp"
    JSON = "json"


@challenge.command()
@click.option("--device", required=True, metavar="NAME", help="the device that requests")
@click.option("--profile", required=True, metavar="NAME", help="a SCEP profile that reaches it")
@with_service(Administration)
def give(*, device: str, profile: str, service: Administration) -> None:
    """Give a device a challenge for its certificate request.

    It is the challengePassword of the request, and valid for an hour of the tenant's clock. Devices that check in are
    given theirs by themselves; this one is for whatever you test with.

    \b
    fauxtune scep challenge give --device "Alice's phone" \\
      --profile "Signing by SCEP"
    """
    with service.session() as session:
        request = tasks.give_challenge(
            names.device(session.client, device).id, profile=names.profile(session.client, profile).id
        )
        answer = session.send(request)
        session.show(answer, str(answer.get("challenge", "")))


@challenge.command("try")
@click.option("--device", required=True, metavar="NAME", help="the device in whose name")
@click.option("--profile", required=True, metavar="NAME", help="a SCEP profile that reaches it")
@click.option("--subject", help="another subject, such as CN=bob")
@click.option("--key-usage", multiple=True, metavar="USAGE", help="digitalSignature or keyEncipherment (repeatable)")
@click.option("--out", type=PATH, help="write the request (PKCS#10, PEM) to this file")
@with_service(Administration)
def try_(
    *,
    device: str,
    profile: str,
    subject: str | None,
    key_usage: tuple[str, ...],
    out: Path | None,
    service: Administration,
) -> None:
    """Ask what becomes of a request that is not what the challenge is for.

    A challenge of the device stands in it. The service is asked as an authority asks it; nothing is issued.

    \b
    fauxtune scep challenge try --device phone --profile Signing \\
      --subject CN=bob --out bob.csr
    """
    with service.session() as session:
        request = tasks.try_request(
            names.device(session.client, device).id,
            profile=names.profile(session.client, profile).id,
            subject=subject,
            key_usages=key_usage or None,
        )
        answer = session.send(request)
        if out is not None and "request" in answer:
            try:
                out.write_text(answer["request"], encoding="ascii")
            except OSError as error:
                fail(f"{out} cannot be written: {error.strerror}.")
        session.show(answer, ": ".join(filter(None, (answer.get("code"), answer.get("errorDescription")))))


@challenge.command()
@click.argument("challenge", help="as the device got it, base64; or - to read it from a pipe")
@with_service(Administration)
def show(*, challenge: str, service: Administration) -> None:
    """Show what a challenge contains.

    Intune shows that to nobody: a challenge is encrypted, and signed, only for Intune.

    \b
    fauxtune scep challenge show "$CHALLENGE"
    fauxtune scep challenge give --device phone --profile Signing \\
      | fauxtune scep challenge show -
    """
    with service.session() as session:
        answer = session.send(tasks.open_challenge(sys.stdin.read() if challenge == "-" else challenge))
        content = answer.get("content")
        session.show(
            answer, f"{answer['code']}: {answer['errorDescription']}" if content is None else _content(content)
        )


@challenge.command("list")
@with_service(Administration)
def list_(*, service: Administration) -> None:
    """List the newest challenges and what became of them.

    \b
    fauxtune scep challenge list
    """
    with service.session() as session:
        rows = session.elements(AdminRequest("GET", "/scep/challenges", service=Service.CONTROL))
        table = Table(
            ("challenge", "device", "state", "given", "outcome"),
            [
                (
                    session.short(row["id"]),
                    session.short(row["device"]),
                    row["state"],
                    moment(row["createdDateTime"]),
                    _outcome(row["outcome"]),
                )
                for row in rows
            ],
            empty="No device was given a challenge yet: one that a SCEP profile reaches gets it when it checks in.",
        )
        session.show(rows, table)


@app.command()
@click.argument("serial", help="the serial number, or the thumbprint")
@click.option("--issuer", help="the issuing authority; unless given, the one that reported the certificate")
@with_service(Administration)
def revoke(*, serial: str, issuer: str | None, service: Administration) -> None:
    """Ask the partner's authority to revoke a certificate.

    The request waits until the authority fetches it.

    \b
    fauxtune scep revoke 0F --issuer "CN=Partner CA"
    fauxtune scep revoke 3b2a1c0d4e5f60718293a4b5c6d7e8f901234567
    """
    with service.session() as session:
        answer = session.send(tasks.ask_for_revocation(serial, issuer=issuer))
        who, what = answer["issuerName"], answer["serialNumber"]
        text = f"The authority {who} is asked to revoke certificate {what}."
        if answer["availableDateTime"] is not None:
            begins = moment(answer["availableDateTime"])
            text += (
                f"\nIt can fetch the request from {begins} on, by the tenant's clock: after a download Intune hands "
                "out nothing for 60 minutes. Put the clock forward: fauxtune clock advance PT1H."
            )
        session.show(answer, text)


@app.command("client-config")
@click.option("--lang", type=OneOf(Language), default="java", help="whose configuration")
@with_service(Administration)
def client_config(*, service: Administration, lang: Language) -> None:
    """Print the configuration of an authority's client.

    An application with the roles of an authority is created for it.

    \b
    fauxtune scep client-config --lang java > intune.properties
    """
    with service.session() as session:
        application = session.send(tasks.create_authority_application())
        server = session.client.server
        values = tasks.client_values(application, tenant=server.tenant, origin=server.https)
        lines = "\n".join(f"{name}={value}" for name, value in tasks.named_for(values, csharp=lang is Language.CSHARP))
        session.show(values, lines)


def _content(content: dict[str, Any]) -> str:
    request = content["request"]
    alternatives = ", ".join(f"{kind} {value}" for kind, value in request["names"])
    return "\n".join(
        (
            f"for the device {content['deviceId']}, until {content['expires']}",
            f"subject: {request['subject']}",
            f"alternative names: {alternatives or '-'}",
            f"key: RSA, {request['key_size']} bits, for {', '.join(request['key_usages']) or '-'}",
            f"extended key usage: {', '.join(request['extended_key_usages']) or '-'}",
        )
    )


def _outcome(outcome: dict[str, Any] | None) -> str:
    if outcome is None:
        return "-"
    return str(outcome.get("code") or outcome.get("serialNumber") or outcome.get("reason") or "-")


app.add_command(challenge, "challenge")
app.add_command(ndes, "ndes")
app.add_command(request, "request")
