"""`fauxtune state`: bring a tenant into a state that a sentence describes."""

from __future__ import annotations

import click

from fauxtune.core.administration import emulation as tasks
from fauxtune.core.administration.requests import AdminRequest, Service
from fauxtune_cli.administration import Administration
from fauxtune_cli.options import Group
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import Table

app = Group(
    help="""Bring a tenant into a state that a sentence describes.

For tests, contracts and lessons. A state that is reached already changes nothing.

\b
fauxtune state list
fauxtune state set "alice has three encryption certificates, two expired\""""
)

#: Seconds that devices may take to enrol and to settle.
_PATIENCE = 90.0


@app.command("list")
@click.option("--area", metavar="AREA", help="only those on: users, groups, certificates, devices ...")
@with_service(Administration)
def list_(*, area: str | None, service: Administration) -> None:
    """List the sentences, with an example of each.

    \b
    fauxtune state list
    fauxtune state list --area devices
    """
    with service.session() as session:
        answer = session.send(AdminRequest("GET", "/states", service=Service.CONTROL))
        rows = [item for item in answer["value"] if area in (None, item["area"])]
        cells: list[tuple[str, ...]] = [(str(row["area"]), f"{row['example']}: {row['meaning']}") for row in rows]
        session.show(rows, Table(("area", "example: meaning"), cells, wraps=True))


@app.command("set")
@click.argument("sentence", help="what the tenant is to be like")
@with_service(Administration)
def set_(*, sentence: str, service: Administration) -> None:
    """Bring the tenant into the state of this sentence.

    Simulated devices are enrolled as needed. For a sentence that is not known the nearest three are named.

    \b
    fauxtune state set "alice has an enrolled iPhone"
    fauxtune state set "the connector is off line"
    """
    with service.session() as session:
        answer = session.send(
            tasks.reach_state(sentence), seconds=_PATIENCE, title="Bringing the tenant into the state"
        )
        done = "The tenant is in this state now" if answer["changed"] else "The tenant was in this state already"
        lines = [f"{done}: {answer['wording']}", *(f"  {name} {value}" for name, value in answer["values"].items())]
        session.show(answer, "\n".join(lines))
