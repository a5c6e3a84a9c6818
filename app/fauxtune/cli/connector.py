"""`fauxtune connector`: certificate connectors that are processes of their own, and what all connectors have to say."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn
from urllib.parse import quote

import typer

from fauxtune.cli import connector_process
from fauxtune.cli.connector_process import StateOption
from fauxtune.cli.options import Output, OutputOption, emit, plain, said_plainly
from fauxtune.cli.service import Emulator, with_service

if TYPE_CHECKING:
    from fauxtune.client.http import Client

app = typer.Typer(
    help="""The certificate connector as a process of its own.

By default one runs inside the server.

Its keys are in a folder that the server never sees, and it calls the server over HTTPS, never the other way round. The
server cannot open a PFX file that it serves.

\b
1. known to the server    fauxtune connector add NAME --state DIR --alone
2. serving                fauxtune connector run --state DIR
3. all of the tenant's    fauxtune connector status
4. their event logs       fauxtune connector log --follow
5. the end                fauxtune connector stop --state DIR""",
    no_args_is_help=True,
)
app.command()(connector_process.run)
app.command()(connector_process.stop)

PROVIDER = "Microsoft Software Key Storage Provider"
ROLES = ("pkcs", "imported-pfx", "scep", "revocation")

KeyNameOption = Annotated[str | None, typer.Option(help="the name of its key for imports; default: the connector's")]


@app.command()
@with_service(Emulator)
def add(
    *,
    name: Annotated[str, typer.Argument(help="what it is called")],
    service: Emulator,
    state: StateOption,
    role: Annotated[list[str] | None, typer.Option(help="pkcs, imported-pfx, scep or revocation; default: all")] = None,
    mode: Annotated[
        str, typer.Option(help="immediate, or polling every 30 seconds of the tenant's time")
    ] = "immediate",
    provider_name: Annotated[str, typer.Option(help="the key storage provider of its key")] = PROVIDER,
    key_name: KeyNameOption = None,
    private_key: Annotated[
        Path | None,
        typer.Option(help="a key that was made elsewhere (PEM or RSAFULLPRIVATEBLOB), as several can share"),
    ] = None,
    alone: Annotated[bool, typer.Option("--alone", help="take all other connectors off line")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """Make a connector known to the server, and its folder.

    In the folder are the credential and a key for imports.

    The key's public half is known to the server as soon as the connector runs. Nothing else in the folder ever leaves.

    \b
    fauxtune connector add "Connector 2" --state connector2
    fauxtune connector add Imports --state imports --role imported-pfx --key-name Key2026 --alone
    """
    with said_plainly(), service.client() as client:
        folder = connector_process.folder(state)
        connector_process.check_new(folder)
        roles = role or list(ROLES)
        key = connector_process.first_key(private_key) if "imported-pfx" in roles else None
        body = {"name": name, "roles": roles, "mode": mode, "location": "process"}
        made = client.control("POST", "/connectors", json=body)
        folder.create(
            {
                "id": made["id"],
                "name": made["name"],
                "tenant": client.server.tenant,
                "url": client.server.https,
                "caFile": None if client.server.ca_file is None else str(client.server.ca_file.absolute()),
                "version": made["version"],
                "credential": made["credential"],
            }
        )
        if key is not None:
            folder.add_key(provider_name, key_name or name, key=key)
        if alone:
            _take_off_line(client, but=made["id"])
        shown = {each: value for each, value in made.items() if each != "credential"}
        emit(output, {**shown, "state": str(state)}, text=f"Added '{name}': fauxtune connector run --state {state}")


@app.command("add-key")
def add_key(
    *,
    state: StateOption,
    key_name: Annotated[str, typer.Option(help="the key's name")],
    provider_name: Annotated[str, typer.Option(help="the key storage provider")] = PROVIDER,
    private_key: Annotated[Path | None, typer.Option(help="bring it along; else it is made")] = None,
    output: OutputOption = Output.TEXT,
) -> None:
    """Give a connector's folder a further key.

    Add-IntuneKspKey, Import-IntunePrivateKey. It is known to the server when the connector is started the next time.

    \b
    fauxtune connector add-key --state connector2 --key-name Key2027
    """
    with said_plainly():
        folder = connector_process.folder(state)
        folder.description()
        folder.add_key(provider_name, key_name, key=connector_process.first_key(private_key))
        document = {"providerName": provider_name, "keyName": key_name}
        emit(output, document, text=f"The connector in {state} has the key '{key_name}' of '{provider_name}'.")


@app.command("ra-certificate")
@with_service(Emulator)
def ra_certificate(*, service: Emulator, state: StateOption, output: OutputOption = Output.TEXT) -> None:
    """Get a registration authority certificate.

    It is the tenant's DigiCert CA's, for the key in a connector's folder.

    \b
    fauxtune connector ra-certificate --state connector2
    """
    with said_plainly(), service.client() as client:
        folder = connector_process.folder(state)
        description = folder.description()
        csr = connector_process.ra_request(folder)
        path = f"/connectors/{quote(description['id'], safe='')}/raCertificate"
        made = client.control("PUT", path, json={"csr": csr})
        emit(output, made, text=f"The connector '{description['name']}' has the RA certificate {made['thumbprint']}.")


@app.command()
@with_service(Emulator)
def status(*, service: Emulator, output: OutputOption = Output.TEXT) -> None:
    """The tenant's connectors and how they are.

    Where they run, what they do, whether they are there, and in which version.
    """
    with said_plainly(), service.client() as client:
        found = client.control_list("/connectors")
        emit(output, found, text="\n".join(_line(each) for each in found) or "None.")


@app.command()
@with_service(Emulator)
def log(
    *,
    service: Emulator,
    connector: Annotated[str | None, typer.Option(help="only this one's")] = None,
    id: Annotated[int | None, typer.Option("--id", help="only events of this number")] = None,  # noqa: A002
    device: Annotated[str | None, typer.Option(help="only about this enrolment")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="go on until Ctrl-C, an event a line")] = False,
    output: OutputOption = Output.TEXT,
) -> None:
    """What connectors wrote into their event logs.

    Events have the numbers of the real connectors' documents.

    \b
    fauxtune connector log
    fauxtune connector log --id 1052 --output json
    fauxtune connector log --follow
    """
    with said_plainly(), service.client() as client:
        path = f"/connectors/{quote(connector or '-', safe='')}/events"
        where = {name: str(value) for name, value in (("id", id), ("device", device)) if value is not None}
        if follow:
            _follow(client, path, where=where, output=output)
        found: list[dict[str, Any]] = []
        while page := _page(client, path, params={**where, "after": str(found[-1]["number"] if found else 0)}):
            found += page
        emit(output, [_event(each) for each in found], text="\n".join(_words(each) for each in found) or "Nothing.")


def _page(client: Client, path: str, *, params: dict[str, str]) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = client.control("GET", path, params=params)["events"]
    return events


def _follow(client: Client, path: str, *, where: dict[str, str], output: Output) -> NoReturn:
    """Until Ctrl-C: an event a line, in JSON too, so that what reads it need not wait for an end."""
    after = 0
    while True:
        for each in _page(client, path, params={**where, "after": str(after), "wait": "20"}):
            print(json.dumps(_event(each)) if output is Output.JSON else _words(each))
            after = each["number"]
        sys.stdout.flush()


def _take_off_line(client: Client, *, but: str) -> None:
    for each in client.control_list("/connectors"):
        if each["id"] != but:
            client.control("PATCH", f"/connectors/{quote(each['id'], safe='')}", json={"state": "offline"})


def _line(connector: dict[str, Any]) -> str:
    where = (
        "in the server" if connector["location"] == "server" else f"on {connector['machineName'] or 'no machine yet'}"
    )
    there = connector["state"]
    if connector["running"] is False and there == "online":
        there = "not running"
    seen = f", heard of at {connector['lastContactDateTime']}" if connector["lastContactDateTime"] else ""
    support = "" if connector["support"] == "full" else f" ({connector['support']})"
    roles = ", ".join(connector["roles"]) or "none"
    return plain(
        f"{connector['name']}: {there}, {connector['mode']}, {where}, version {connector['version']}{support}{seen}; "
        f"roles: {roles}"
    )


def _event(event: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "name", "time", "connector", "device", "managedDeviceId", "user", "diagnosticCode", "detail")
    return {name: event[name] for name in names}


def _words(event: dict[str, Any]) -> str:
    detail = " ".join(f"{name}={value}" for name, value in event["detail"].items())
    whom = " ".join(str(each) for each in (event["user"], event["device"]) if each)
    code = f" {event['diagnosticCode']}" if event["diagnosticCode"] else ""
    return plain(f"{event['time']} {event['connector']}: {event['id']} {event['name']}{code} {whom} {detail}").rstrip()
