"""`fauxtune tenant`: the tenants of a server, each with its own people, devices, authority and clock."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from fauxtune.core.administration import emulation as tasks
from fauxtune.core.administration.requests import AdminRequest, Service, key
from fauxtune.core.errors import Invalid
from fauxtune_cli import completion, names
from fauxtune_cli.administration import Administration, confirm, without_secrets, yes_option
from fauxtune_cli.options import Group, fail, one_line
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import Table, moment
from fauxtune_cli.tenant import tenant_state

app = Group(
    help="""List, create, export, import, reset and delete tenants.

A tenant is an organisation of its own. Other commands work in the server's first tenant, unless --tenant or the
variable FAUXTUNE_TENANT names another.

\b
fauxtune tenant create room12
fauxtune device list --tenant room12
fauxtune tenant delete room12"""
)

_SEEDS = ("contoso", "none")


@app.command("list")
@with_service(Administration)
def list_(*, service: Administration) -> None:
    """List the tenants of the server, the oldest first.

    \b
    fauxtune tenant list
    fauxtune tenant list --output json
    """
    with service.session(with_graph=False) as session:
        rows = session.elements(AdminRequest("GET", "/tenants", service=Service.EMULATOR))
        table = Table(
            ("name", "domain", "edition", "clock", "time", "id"),
            [
                (
                    row["name"],
                    row["domain"],
                    str(row["settings"]["edition"]["value"]),
                    row["clock"]["mode"],
                    moment(row["clock"]["now"]),
                    session.short(row["id"]),
                )
                for row in rows
            ],
            shrinks="domain",
            empty="The server has no tenants: `fauxtune tenant create` makes one.",
        )
        session.show(rows, table)


@app.command()
@click.argument("name", required=False, shell_complete=completion.tenant, help="name, domain or id (default: --tenant)")
@with_service(Administration)
def show(*, name: str | None, service: Administration) -> None:
    """Show a tenant: sign-in, authority, clock and settings.

    \b
    fauxtune tenant show
    fauxtune tenant show room12 --output json
    """
    with service.session(with_graph=False) as session:
        id_ = session.client.server.tenant if name is None else names.tenant(session.client, name).id
        tenant = session.send(AdminRequest("GET", f"/tenants/{key(id_)}", service=Service.EMULATOR))
        session.show(tenant, _described(tenant))


@app.command()
@click.argument("name", required=False, help="the name (default: one is made)")
@click.option("--domain", help="the domain of its users (default: one is made)")
@click.option("--seed", default="contoso", help="its people: contoso (Alice, Bob, Carol), none, or a JSON file")
@click.option("--edition", help="it behaves like Intune of 2020-04 or current")
@click.option("--keys", help="own, or shared: a test tenant, made quickly, shares its private keys with others")
@with_service(Administration)
def create(
    *, name: str | None, service: Administration, domain: str | None, seed: str, edition: str | None, keys: str | None
) -> None:
    """Create a tenant with an authority and a connector.

    \b
    fauxtune tenant create room12
    fauxtune tenant create room12 --seed none --edition 2020-04
    """
    request = tasks.create_tenant(name=name, domain=domain, seed=_seed(seed), edition=edition, keys=keys)
    with service.session(with_graph=False) as session:
        tenant = session.send(request, readable=without_secrets(request))
        text = f"Created.\n\n{_described(tenant)}\n\nUse it: add --tenant {tenant['name']} to a command."
        session.show(tenant, text)


@app.command()
@click.argument("name", shell_complete=completion.tenant, help="name, domain or id")
@yes_option
@with_service(Administration)
def delete(*, name: str, service: Administration, yes: bool) -> None:
    """Delete a tenant with everything in it.

    \b
    fauxtune tenant delete room12
    fauxtune tenant delete room12 --yes
    """
    with service.session(with_graph=False) as session:
        tenant = names.tenant(session.client, name)
        confirm(f"Delete the tenant {tenant.name} with all of its users, devices and certificates?", yes=yes)
        session.send(tasks.delete_tenant(tenant.id))
        session.show({"id": tenant.id, "name": tenant.name}, f"The tenant {tenant.name} is deleted.")


app.add_command(tenant_state.export)
app.add_command(tenant_state.import_)
app.add_command(tenant_state.reset)


def _seed(text: str) -> str | dict[str, Any]:
    if text in _SEEDS:
        return text
    try:
        document = json.loads(Path(text).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        fail(f"--seed must be contoso, none or a JSON file; {text} cannot be read: {error}")
    if not isinstance(document, dict):
        fail(f"--seed must be contoso, none or a JSON file with an object in it; {text} has another value.")
    if "imports" not in document:
        return document
    from fauxtune.operations.tenants.seed_reading import load_seed

    # The server reads no files of its callers: the PFX files are sent along.
    try:
        return load_seed(Path(text))
    except Invalid as error:
        fail(error.message)


def _described(tenant: dict[str, Any]) -> str:
    clock = tenant["clock"]
    facts = [
        ("name", tenant["name"]),
        ("domain", tenant["domain"]),
        ("id", tenant["id"]),
        ("sign-in", f"{tenant['authority']}/{tenant['id']}"),
        ("client id", tenant["clientId"] or "no application"),
        ("client secret", tenant["clientSecret"] or "no secret"),
        ("password", tenant["userPassword"] or "that of the seat's card"),
        ("CA", f"{tenant['certificationAuthorityName']} on {tenant['certificationAuthority']}"),
        ("clock", f"{moment(clock['now'])} UTC, {clock['mode']}"),
        ("created", f"{moment(tenant['createdDateTime'])} UTC"),
    ]
    if tenant.get("keys") == "shared":
        facts.append(("keys", "shared with other test tenants"))
    changed = [
        (name, f"{setting['value']} (default: {setting['default']})")
        for name, setting in tenant["settings"].items()
        if setting["value"] != setting["default"]
    ]
    return "\n".join(f"{label:14} {one_line(text)}" for label, text in [*facts, *changed])
