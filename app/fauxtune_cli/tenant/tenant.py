"""`fauxtune tenant`: the tenants of a server, each with its own people, devices, authority and clock. The whole state
of one is exported, imported and reset.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from fauxtune.core.administration import emulation as tasks
from fauxtune.core.administration import state
from fauxtune.core.administration.requests import AdminRequest, Service, key
from fauxtune.core.chance import LARGEST_NUMBER
from fauxtune.core.errors import Invalid
from fauxtune_cli import completion, names
from fauxtune_cli.administration import Administration, confirm, content_of, without_secrets, yes_option
from fauxtune_cli.options import Group, fail, iso_duration, iso_time, one_line
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import Table, moment
from fauxtune_cli.tenant.snapshot import words_of

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
_PATIENCE = 300.0


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
@click.option(
    "--deterministic",
    type=click.IntRange(0, LARGEST_NUMBER),
    metavar="N",
    help="ids, keys, salts and times come from this number (0 to 2^63-1), and the clock stands: what is done can be "
    "repeated. Whoever knows the number can compute the private keys",
)
@click.option("--at", help="with --deterministic: the time of its clock (default: one that the number fixes)")
@click.option("--tick", help="with --deterministic: its clock moves by this with each request, such as '1 second'")
@with_service(Administration)
def create(
    *,
    name: str | None,
    service: Administration,
    domain: str | None,
    seed: str,
    edition: str | None,
    keys: str | None,
    deterministic: int | None,
    at: str | None,
    tick: str | None,
) -> None:
    """Create a tenant with an authority and a connector.

    \b
    fauxtune tenant create room12
    fauxtune tenant create room12 --seed none --edition 2020-04
    fauxtune tenant create lab7 --deterministic 7 --at 2026-01-31T10:00:00Z
    """
    request = tasks.create_tenant(
        name=name,
        domain=domain,
        seed=seed_of(seed),
        edition=edition,
        keys=keys,
        deterministic=deterministic,
        at=None if at is None else iso_time(at),
        tick=None if tick is None else iso_duration(tick),
    )
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


def seed_of(text: str) -> str | dict[str, Any]:
    """Return the seed that a word or a file names. Exits with a message for a file that holds none."""
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
    if tenant.get("deterministic") is not None:
        source = tenant["deterministic"]
        facts.append(
            (
                "deterministic",
                f"from the number {source['number']}: {source['warning'][0].lower()}{source['warning'][1:]}",
            )
        )
    changed = [
        (name, f"{setting['value']} (default: {setting['default']})")
        for name, setting in tenant["settings"].items()
        if setting["value"] != setting["default"]
    ]
    return "\n".join(f"{label:14} {one_line(text)}" for label, text in [*facts, *changed])


@app.command()
@click.argument("file", required=False, help="where to (default: standard output); not one that is there")
@click.option("--keys/--no-keys", default=None, help="with its private keys (default: those of test tenants)")
@with_service(Administration)
def export(*, file: str | None, service: Administration, keys: bool | None) -> None:
    """Write everything in the tenant into one JSON document.

    Equal states give equal files, one property a line: keep one in Git, and compare two with diff.

    \b
    fauxtune tenant export before.json
    fauxtune tenant export --tenant room12 --keys room12.json
    """
    request = state.export_tenant(keys=keys)
    with service.session(with_graph=False) as session:
        document = session.send(request, seconds=_PATIENCE, title="Exporting the tenant")
        text = json.dumps(document, indent=2, ensure_ascii=False)
        if file is None or file == "-":
            print(text)
            return
        _write(file, f"{text}\n")
        rows = sum(map(len, document["tables"].values()))
        has_keys = "with" if "keys" in document else "without"
        done = {"file": file, "rows": rows, "keys": "keys" in document}
        session.show(done, f"{document['tenant']['name']} is in {file}: {rows:,} rows, {has_keys} private keys.")


@app.command("import")
@click.argument("file", help="a document of `fauxtune tenant export`")
@click.option(
    "--replace", is_flag=True, help="delete another tenant that has the same id, such as a server's first one"
)
@yes_option
@with_service(Administration)
def import_(*, file: str, service: Administration, replace: bool, yes: bool) -> None:
    """Give a tenant the state of a document, or create it.

    The document is imported as the tenant that it is of. All of it or nothing: each mistake is named with its place.
    To create a tenant its private keys are needed: export with --keys.
    To take a tenant along to another server, which has a tenant of that id already: --replace.

    \b
    fauxtune tenant import before.json
    fauxtune tenant import room12.json --yes
    fauxtune tenant import contoso.json --replace
    """
    if file == "-":
        fail("Name a file: the tenant's name is read from it before it is sent.")
    tenant = _tenant_in(file)
    name = str(tenant.get("name", ""))
    request = state.import_tenant(service.tenant or str(tenant.get("id", "")), file=file, in_place=replace)
    with service.session(with_graph=False) as session:
        confirm(f"Replace everything in the tenant {name}, if there is one, by what is in {file}?", yes=yes)
        done = session.send(request, seconds=_PATIENCE, title="Importing the tenant")
        words = "is created" if done["isNew"] else "has the state of the document"
        changes = [] if done["isNew"] else words_of(done)
        session.show(done, " ".join([f"The tenant {done['name']} {words}.", *changes]))


@app.command()
@yes_option
@with_service(Administration)
def reset(*, service: Administration, yes: bool) -> None:
    """Give the tenant the state in which it was created.

    Its seed's users, groups and applications have the ids that they had; client id and secret stay. Snapshots stay.

    \b
    fauxtune tenant reset
    fauxtune tenant reset --tenant room12 --yes
    """
    with service.session(with_graph=False) as session:

        def question() -> str:
            preview = session.client.control("GET", state.compare_with_beginning().path, seconds=_PATIENCE)
            return f"Reset the tenant? {' '.join(words_of(preview))}"

        confirm(question, yes=yes)
        done = session.send(state.reset_tenant(), seconds=_PATIENCE, title="Resetting the tenant")
        text = " ".join(["The tenant is in the state in which it was created.", *words_of(done)])
        session.show(done, text)


def _tenant_in(file: str) -> dict[str, Any]:
    """Return what the document says of its tenant. Ends the command if it is no document."""
    try:
        tenant = json.loads(content_of(file))["tenant"]
        if not isinstance(tenant, dict):
            raise TypeError
    except (ValueError, KeyError, TypeError, RecursionError):
        fail(f"{file} is no document of a tenant, as `fauxtune tenant export` writes it.")
    return tenant


def _write(file: str, text: str) -> None:
    """Write a new file that only its owner can read: it has secrets of the tenant's applications."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        fail(f"{file} is there already: name another file.")
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}.")
