"""`fauxtune connector download`, `install` and `endpoints`: how a connector comes to its server."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from fauxtune.core.errors import Invalid
from fauxtune.core.model.connector_server import Checked, check, read_facts
from fauxtune.core.model.connectors import PROGRAMS, Program, package
from fauxtune.core.model.connectors import package as package_of
from fauxtune.core.model.network import ENDPOINTS, Endpoint
from fauxtune.core.model.tenants import Edition, Stated
from fauxtune_cli import names
from fauxtune_cli.connector import connector_process
from fauxtune_cli.connector.connector_process import state_option
from fauxtune_cli.options import PATH, Output, emit, fail, output_option, plain_failures, reasons
from fauxtune_cli.service import Emulator, from_option, with_service
from fauxtune_client.http import Client

#: The most bytes of a downloaded package, and of the facts of a server.
_MOST = 65_536
PROVIDER = "Microsoft Software Key Storage Provider"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Here(Emulator):
    """A Fauxtune server. `--server` is the connector's own server in this command."""

    url: str | None = from_option(
        click.option("--url", envvar="FAUXTUNE_URL", show_envvar=True, help="Fauxtune's HTTPS address")
    )


@click.command()
@click.option("--out", type=PATH, required=True, help="the folder for the software; it is made if it is not there")
@output_option
@with_service(Emulator)
def download(*, service: Emulator, out: Path, output: Output) -> None:
    """Download the tenant's connector software.

    In the edition of 2020 these are two programs: one for PKCS and SCEP, one for imported certificates. Now it is one.

    \b
    fauxtune connector download --out software
    """
    with plain_failures(), reasons(), service.client() as client:
        edition = _edition(client)
        packages = [package(program) for program, facts in PROGRAMS.items() if facts.edition is edition]
        try:
            out.mkdir(parents=True, exist_ok=True)
            for each in packages:
                (out / f"{Path(each['installer']).stem}.json").write_text(json.dumps(each, indent=2), encoding="utf-8")
        except OSError as error:
            fail(f"{out} cannot be written: {error.strerror}.")
        lines = [f"{each['installer']}: {each['title']} {each['version']}" for each in packages]
        then = f"Install it on its server: fauxtune connector install --from {out} --state connector"
        emit(output, packages, text="\n".join([*lines, then]))


@click.command()
@click.option(
    "--from", "source", type=PATH, required=True, help="the downloaded software: its folder, or one file of it"
)
@state_option
@click.option("--server", type=PATH, help="what the connector's server is: JSON; without it, all is right")
@click.option("--name", help="the connector's name (default: that of its server)")
@click.option("--role", multiple=True, help="a feature to install; repeatable (default: all of the program)")
@click.option("--proxy", help="the proxy to the internet, with http:// or https://")
@output_option
@with_service(_Here)
def install(
    *,
    service: _Here,
    source: Path,
    state: Path,
    server: Path | None,
    name: str | None,
    role: tuple[str, ...],
    proxy: str | None,
    output: Output,
) -> None:
    """Check a connector's server, and install it.

    Each requirement that the server does not meet is named with its document, and nothing is installed. The facts of
    the server are JSON: name, windowsServer, domainJoined, desktopExperience, edge, dotNet, tls, enhancedSecurity,
    roles, installedByAdministrator, serviceAccount, serviceAccountRights, administrator, administratorRole, proxy,
    blockedHosts (docs/connector.md).

    \b
    fauxtune connector install --from software --state connector
    fauxtune connector install --from software --state connector \\
        --server server.json
    """
    with plain_failures(), reasons(), service.client() as client:
        folder = connector_process.folder(state)
        connector_process.check_new(folder)
        program, package = _package(source)
        _check_edition(client, package)
        facts = read_facts({**({} if server is None else _json(server)), **({} if proxy is None else {"proxy": proxy})})
        roles = role or list(package["roles"])
        checked = list(check(facts, program, roles=roles, is_licensed=_is_licensed(client, facts.administrator)))
        lacking = [each for each in checked if not each.met]
        if lacking:
            _refuse(facts.name, lacking, output=output)
        key = connector_process.first_key(None) if "imported-pfx" in roles else None
        named = name or f"{package['title']} on {facts.name}"
        body = {"name": named, "roles": roles, "mode": "immediate", "location": "process", "program": program.value}
        connector = connector_process.register(client, folder, body=body, proxy=facts.proxy)
        if key is not None:
            folder.add_key(PROVIDER, named, key=key)
        met = [f"  ok  {each.requirement}" for each in checked]
        text = f"{facts.name} meets all {len(met)} requirements:\n" + "\n".join(met)
        document = {**connector, "state": str(state), "requirements": [_document(each) for each in checked]}
        emit(output, document, text=f"{text}\nInstalled '{named}'. Run it: fauxtune connector run --state {state}")


@click.command()
@click.option("--edition", show_default=False, help="2020-04 or current (default: that of the tenant)")
@output_option
@with_service(Emulator)
def endpoints(*, service: Emulator, edition: str | None, output: Output) -> None:
    """List the hosts and ports that it needs.

    They are those of managed devices, and one for its updates.

    With --edition no server is asked.

    \b
    fauxtune connector endpoints
    fauxtune connector endpoints --edition 2020-04 --output json
    """
    with plain_failures():
        if edition is None:
            with reasons(), service.client() as client:
                chosen = _edition(client)
        elif edition in set(Edition):
            chosen = Edition(edition)
        else:
            raise Invalid(f"There is no edition '{edition}': write {' or '.join(Edition)}.")
        stated = ENDPOINTS.stated[chosen]
        if output is Output.JSON:
            listed = [
                {"purpose": endpoint.purpose, "by": endpoint.by, "hosts": endpoint.hosts, "ports": endpoint.ports}
                for endpoint in stated.value
            ]
            emit(output, {"edition": chosen, "source": stated.source, "endpoints": listed}, text="")
            return
        print("\n".join(_listed(stated)))


def _listed(stated: Stated[tuple[Endpoint, ...]]) -> list[str]:
    """Return the hosts as lines: a heading for each purpose, and what the documents say."""
    lines = []
    for endpoint in stated.value:
        lines += [f"{endpoint.purpose} (TCP {', '.join(map(str, endpoint.ports))}; {endpoint.by})"]
        lines += [f"  {host}" for host in endpoint.hosts]
    return [*lines, "", *textwrap.wrap(stated.says, 78), *textwrap.wrap(stated.source, 78)]


def _edition(client: Client) -> Edition:
    return Edition(client.control("GET", "")["settings"]["edition"]["value"])


def _package(source: Path) -> tuple[Program, dict[str, Any]]:
    """Return the program in a folder of downloaded software, or in a file of it."""
    files = sorted(source.glob("*.json")) if source.is_dir() else [source]
    if len(files) != 1:
        names = ", ".join(str(file) for file in files)
        why = f"has several programs: name one of {names}" if files else "has no software: download it there first"
        fail(f"{source} {why} (fauxtune connector download --out {source}).")
    package = _json(files[0])
    if package.get("program") not in set(Program) or package != package_of(Program(package["program"])):
        fail(f"{files[0]} is no software of a certificate connector as `fauxtune connector download` writes it.")
    return Program(package["program"]), package


def _check_edition(client: Client, package: dict[str, Any]) -> None:
    edition = _edition(client)
    if package["edition"] != edition:
        fail(
            f"{package['title']} is of the edition {package['edition']}, and the tenant follows {edition}: download "
            "the connector of this edition."
        )


def _json(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            data = opened.read(_MOST + 1)
        document = json.loads(data) if len(data) <= _MOST else None
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.")
    except (ValueError, RecursionError) as error:
        fail(f"{file} is no JSON: {error}.")
    if not isinstance(document, dict):
        fail(f"{file} must be a JSON object of at most {_MOST:,} bytes.")
    return document


def _is_licensed(client: Client, administrator: str | None) -> bool | None:
    """Whether the tenant's user has a licence; None if nobody is named. An unknown user ends the command."""
    if administrator is None:
        return None
    user = names.user(client, administrator)
    answer = client.graph("GET", f"/users/{user.id}", params={"$select": "assignedLicenses"})
    return bool(answer["assignedLicenses"])


def _refuse(name: str, lacking: list[Checked], *, output: Output) -> None:
    if output is Output.JSON:
        emit(output, {"installed": False, "requirements": [_document(each) for each in lacking]}, text="")
        raise click.exceptions.Exit(1)
    count = "one requirement" if len(lacking) == 1 else f"{len(lacking)} requirements"
    lines = [f"  {each.requirement}: {each.why}\n    ({each.source})" for each in lacking]
    fail("\n".join([f"{name} does not meet {count} of the connector; nothing is installed.", *lines]))


def _document(checked: Checked) -> dict[str, Any]:
    return {
        "requirement": checked.requirement,
        "met": checked.met,
        "why": checked.why or None,
        "source": checked.source,
    }
