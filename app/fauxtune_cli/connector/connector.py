"""`fauxtune connector`: certificate connectors that run as processes of their own, and the log of all connectors."""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

import click

from fauxtune.core.administration.emulation import change_connector, subscribe_digicert
from fauxtune_cli import completion, names
from fauxtune_cli.administration import Administration
from fauxtune_cli.connector import connector_installation, connector_process
from fauxtune_cli.connector.connector_installation import PROVIDER
from fauxtune_cli.connector.connector_process import state_option
from fauxtune_cli.options import PATH, Group, Output, emit, fail, one_line, output_option, plain_failures, reasons
from fauxtune_cli.service import Emulator, with_service
from fauxtune_cli.tables import certificate_name, moment, person
from fauxtune_client.http import Client

app = Group(
    help="""List connectors, set them off line, run one as a process.

By default one connector runs inside the server. A connector of its own keeps its keys in a folder that the server never
sees, and calls the server over HTTPS, never the other way round. The server cannot open the PFX files that such a
connector handles.

\b
1. register one       fauxtune connector add NAME --state DIR --alone
2. run it             fauxtune connector run --state DIR
3. list all           fauxtune connector status
4. read their log     fauxtune connector log --follow
5. stop it            fauxtune connector stop --state DIR

`download` and `install` do it as the documents say: the software is downloaded, and its server is checked before it is
installed; `endpoints` lists the hosts that it must reach.

`fauxtune connector offline NAME` and `online NAME` set any connector off line and on line, the one inside the server,
too."""
)
app.add_command(connector_process.run)
app.add_command(connector_process.stop)
app.add_command(connector_installation.download)
app.add_command(connector_installation.install)
app.add_command(connector_installation.endpoints)

#: The least room for an event on a terminal.
_LEAST = 20
#: Members of an event that only programs read.
_IDS = ("item", "serial", "ca", "template")
ROLES = ("pkcs", "imported-pfx", "scep", "revocation")

one_name_argument = click.argument(
    "name",
    required=False,
    shell_complete=completion.connector,
    help="the connector: name or id (default: the tenant's only one)",
)


@app.command()
@click.argument("name", help="the name of the connector")
@state_option
@click.option("--role", multiple=True, help="pkcs, imported-pfx, scep or revocation; repeatable (default: all)")
@click.option("--mode", default="immediate", help="immediate, or polling: every 30 seconds on the tenant's clock")
@click.option("--provider-name", default=PROVIDER, help="the key storage provider of its key")
@click.option("--key-name", help="the name of its key for imports (default: the name of the connector)")
@click.option(
    "--private-key",
    type=PATH,
    help="use this private key (PEM or RSAFULLPRIVATEBLOB); several connectors can share one",
)
@click.option("--alone", is_flag=True, help="set all other connectors off line")
@output_option
@with_service(Emulator)
def add(
    *,
    name: str,
    service: Emulator,
    state: Path,
    role: tuple[str, ...],
    mode: str,
    provider_name: str,
    key_name: str | None,
    private_key: Path | None,
    alone: bool,
    output: Output,
) -> None:
    """Register a connector and create its folder.

    The folder holds the connector's credential and its key for imports. The server learns the public key when the
    connector runs; private keys never leave the folder.

    \b
    fauxtune connector add "Connector 2" --state connector2
    fauxtune connector add Imports --state imports --role imported-pfx \\
        --key-name Key2026 --alone
    """
    with plain_failures(), reasons(), service.client() as client:
        folder = connector_process.folder(state)
        connector_process.check_new(folder)
        roles = role or list(ROLES)
        key = connector_process.first_key(private_key) if "imported-pfx" in roles else None
        body = {"name": name, "roles": roles, "mode": mode, "location": "process"}
        document = connector_process.register(client, folder, body=body)
        if key is not None:
            folder.add_key(provider_name, key_name or name, key=key)
        if alone:
            _set_others_offline(client, but=document["id"])
        emit(
            output,
            {**document, "state": str(state)},
            text=f"Added '{name}'. Run it: fauxtune connector run --state {state}",
        )


@app.command("add-key")
@state_option
@click.option("--key-name", required=True, help="the key's name")
@click.option("--provider-name", default=PROVIDER, help="the key storage provider")
@click.option("--private-key", type=PATH, help="use this private key (default: make one)")
@output_option
def add_key(*, state: Path, key_name: str, provider_name: str, private_key: Path | None, output: Output) -> None:
    """Add another key to a connector's folder.

    As Add-IntuneKspKey and Import-IntunePrivateKey do. The server learns the public key at the connector's next start.

    \b
    fauxtune connector add-key --state connector2 --key-name Key2027
    """
    with plain_failures():
        folder = connector_process.folder(state)
        folder.description()
        folder.add_key(provider_name, key_name, key=connector_process.first_key(private_key))
        document = {"providerName": provider_name, "keyName": key_name}
        emit(output, document, text=f"The connector in {state} has the key '{key_name}' of '{provider_name}'.")


@app.command("digicert")
@with_service(Administration)
def subscribe_to_digicert(*, service: Administration) -> None:
    """Give the tenant an emulated CA of DigiCert.

    It stands beside the tenant's own, with a root of its own. Connectors need an RA certificate for it.

    \b
    fauxtune connector digicert
    fauxtune connector ra-certificate --connector "Certificate Connector 1"

    `fauxtune profile create pkcs --digicert` names it; docs/connector.md has all
    steps.
    """
    with service.session() as session:
        answer = session.send(subscribe_digicert())
        oids = ", ".join(answer["certificateTemplateNames"])
        session.show(
            answer,
            f"The tenant has a CA of DigiCert: {answer['certificationAuthority']}, "
            f"'{answer['certificationAuthorityName']}', certificate profile {oids}.",
        )


@app.command("ra-certificate")
@click.option(
    "--state",
    type=PATH,
    envvar="FAUXTUNE_CONNECTOR_STATE",
    show_envvar=True,
    help="the folder of a connector that is a process",
)
@click.option("--connector", shell_complete=completion.connector, help="a connector inside the server: name or id")
@output_option
@with_service(Emulator)
def ra_certificate(*, service: Emulator, state: Path | None, connector: str | None, output: Output) -> None:
    """Get a registration authority certificate for a connector.

    The tenant's DigiCert CA issues it, for the key in the folder of a connector that is a process.

    \b
    fauxtune connector ra-certificate --connector "Certificate Connector 1"
    fauxtune connector ra-certificate --state connector2
    """
    if connector is None and state is None:
        fail("Name a connector inside the server by --connector, or the folder of one that is a process by --state.")
    with plain_failures(), reasons(), service.client() as client:
        body, name, known = {}, connector, connector
        if connector is None and state is not None:
            folder = connector_process.folder(state)
            known, name = folder.description()["id"], folder.description()["name"]
            body = {"csr": connector_process.ra_request(folder)}
        answer = client.control("PUT", f"/connectors/{quote(str(known), safe='')}/raCertificate", json=body)
        emit(output, answer, text=f"The connector '{name}' has the RA certificate {answer['thumbprint']}.")


@app.command()
@output_option
@with_service(Emulator)
def status(*, service: Emulator, output: Output) -> None:
    """List the tenant's connectors.

    Shows of each whether it is on line, where it runs, and its version and roles.

    \b
    fauxtune connector status
    fauxtune connector status --output json
    """
    with plain_failures(), reasons(), service.client() as client:
        connectors = client.control_list("/connectors")
        text = "\n\n".join(_described(connector) for connector in connectors)
        emit(output, connectors, text=text or "The tenant has no connectors.")


@app.command()
@one_name_argument
@with_service(Administration)
def offline(*, name: str | None, service: Administration) -> None:
    """Set a connector off line.

    It does no work until it is on line: requests wait, and devices get what they need later.

    \b
    fauxtune connector offline
    fauxtune connector offline "Certificate Connector 1"
    """
    _set_state(service, name, state="offline", says="'{}' is off line: requests wait until a connector is on line.")


@app.command()
@one_name_argument
@with_service(Administration)
def online(*, name: str | None, service: Administration) -> None:
    """Set a connector on line. It does what waits.

    \b
    fauxtune connector online
    fauxtune connector online "Certificate Connector 1"
    """
    _set_state(service, name, state="online", says="'{}' is on line. Devices get what waited at their next check-in.")


@app.command()
@click.option("--connector", shell_complete=completion.connector, help="only events of this connector")
@click.option("--id", type=int, help="only events with this number")
@click.option("--device", shell_complete=completion.device, help="only events about this device: name or id")
@click.option("--follow", "-f", is_flag=True, help="wait for further events until Ctrl-C")
@with_service(Administration)
def log(
    *,
    service: Administration,
    connector: str | None,
    id: int | None,  # noqa: A002
    device: str | None,
    follow: bool,
) -> None:
    """Show the event logs of the connectors. Times are UTC.

    The event numbers are those of the real connectors.

    \b
    fauxtune connector log
    fauxtune connector log --id 1052 --output json
    fauxtune connector log --device "Alice's phone" --follow
    """
    with service.session() as session:
        client = session.client
        path = f"/connectors/{quote(connector or '-', safe='')}/events"
        about = None if device is None else names.device_or_enrolment(client, device)[0]
        filters = {name: str(value) for name, value in (("id", id), ("device", about)) if value is not None}
        if follow:
            _follow(client, path, filters=filters, output=session.output)
        events: list[dict[str, Any]] = []
        while page := _page(client, path, params={**filters, "after": str(events[-1]["number"] if events else 0)}):
            events += page
        text = "\n".join(_text(event) for event in events)
        session.show([_document(event) for event in events], text or "There are no such events.")


def _set_state(service: Administration, name: str | None, *, state: str, says: str) -> None:
    with service.session() as session:
        connector = _only(session.client) if name is None else names.connector(session.client, name)
        answer = session.send(change_connector(connector.id, state=state))
        session.show(answer, says.format(one_line(connector.name)))


def _only(client: Client) -> names.Named:
    """The tenant's only connector. Ends the command if there are several, or none."""
    known = names.connectors(client)
    if len(known) != 1:
        listed = ", ".join(f"'{one_line(candidate.name)}'" for candidate in known) or "none"
        fail(f"Name the connector: the tenant has {listed}.")
    return known[0]


def _page(client: Client, path: str, *, params: dict[str, str]) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = client.control("GET", path, params=params)["events"]
    return events


def _follow(client: Client, path: str, *, filters: dict[str, str], output: Output) -> NoReturn:
    """Print events until Ctrl-C, one on each line (JSON too), so that a reader need not wait for the end."""
    after = 0
    while True:
        for event in _page(client, path, params={**filters, "after": str(after), "wait": "20"}):
            print(json.dumps(_document(event)) if output is Output.JSON else _text(event))
            after = event["number"]
        sys.stdout.flush()


def _set_others_offline(client: Client, *, but: str) -> None:
    for connector in client.control_list("/connectors"):
        if connector["id"] != but:
            client.control("PATCH", f"/connectors/{quote(connector['id'], safe='')}", json={"state": "offline"})


def _described(connector: dict[str, Any]) -> str:
    """A connector as lines: its name, then what is known of it."""
    state = {"online": "on line", "offline": "off line"}[connector["state"]]
    if connector["running"] is False and connector["state"] == "online":
        state = "its process does not run (fauxtune connector run)"
    if connector["unreachedHost"] is not None:
        state = f"cannot reach {connector['unreachedHost']}:443; devices need the same"
    facts = [
        ("state", state),
        ("mode", "polling, every 30 seconds" if connector["mode"] == "polling" else connector["mode"]),
        ("place", _place(connector["machineName"]) if connector["location"] == "process" else "in the server"),
        ("version", connector["version"] + ("" if connector["support"] == "full" else f" ({connector['support']})")),
        ("roles", ", ".join(connector["roles"]) or "none"),
    ]
    if connector["lastContactDateTime"]:
        facts.append(("last contact", f"{moment(connector['lastContactDateTime'])} UTC"))
    return "\n".join([one_line(connector["name"]), *(f"  {label:12}  {one_line(text)}" for label, text in facts)])


def _place(machine: str | None) -> str:
    return "a process of its own, never started" if machine is None else f"a process on {machine}"


def _document(event: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "name", "time", "connector", "device", "managedDeviceId", "user", "diagnosticCode", "detail")
    return {name: event[name] for name in names}


def _text(event: dict[str, Any]) -> str:
    """The event in one line, on a terminal wrapped: the certificate by its name."""
    mark = certificate_name(event["detail"])
    detail = {name: value for name, value in event["detail"].items() if name not in {*_IDS, "thumbprint", "mark"}}
    user = person(event["user"]) if event["user"] else None
    words = [event["diagnosticCode"], user, mark, *(f"{name}={value}" for name, value in detail.items())]
    about = " ".join(str(word) for word in words if word)
    time = str(event["time"])[:19].replace("T", " ")
    text = one_line(f"{event['connector']}: {event['id']} {event['name']} {about}")
    if not sys.stdout.isatty():
        return f"{time}  {text}"
    room = max(shutil.get_terminal_size((80, 24)).columns - len(time) - 2, _LEAST)
    return f"{time}  " + f"\n{' ' * (len(time) + 2)}".join(textwrap.wrap(text, room))
