"""`fauxtune tenant export`, `import` and `reset`: the whole state of a tenant."""

from __future__ import annotations

import json
import os
from typing import Any

import click

from fauxtune.core.administration import state as tasks
from fauxtune_cli.administration import Administration, confirm, content_of, yes_option
from fauxtune_cli.options import fail
from fauxtune_cli.service import with_service
from fauxtune_cli.tenant.snapshot import words_of

_PATIENCE = 300.0


@click.command()
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
    request = tasks.export_tenant(keys=keys)
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


@click.command("import")
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
    request = tasks.import_tenant(service.tenant or str(tenant.get("id", "")), file=file, in_place=replace)
    with service.session(with_graph=False) as session:
        confirm(f"Replace everything in the tenant {name}, if there is one, by what is in {file}?", yes=yes)
        done = session.send(request, seconds=_PATIENCE, title="Importing the tenant")
        words = "is created" if done["isNew"] else "has the state of the document"
        changes = [] if done["isNew"] else words_of(done)
        session.show(done, " ".join([f"The tenant {done['name']} {words}.", *changes]))


@click.command()
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
            preview = session.client.control("GET", tasks.compare_with_beginning().path, seconds=_PATIENCE)
            return f"Reset the tenant? {' '.join(words_of(preview))}"

        confirm(question, yes=yes)
        done = session.send(tasks.reset_tenant(), seconds=_PATIENCE, title="Resetting the tenant")
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
