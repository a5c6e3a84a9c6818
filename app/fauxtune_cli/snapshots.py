"""`fauxtune snapshot`: states of a tenant that are kept under names."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import typer

from fauxtune.core.administration import state as tasks
from fauxtune.core.administration.state import sentences
from fauxtune_cli import completion, device_folders
from fauxtune_cli.administration import Administration, YesOption, confirm
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import Table, moment

app = typer.Typer(
    help="""Keep the state of a tenant under a name, and return to it.

A snapshot has users, groups, devices, profiles, certificates, keys, mail, the clock and the journal. Restoring one
takes milliseconds and changes no other tenant.

\b
fauxtune snapshot create "before the wipe"
fauxtune device wipe "Alice's iPhone"
fauxtune snapshot restore "before the wipe"

Simulated devices in folders are not in the server. With --devices their folders are copied and restored too; without it
they learn at their next check-in what changed: a device that the tenant does not have any more is told so, and ends its
enrolment.""",
    no_args_is_help=True,
)

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="the snapshot's name", autocompletion=completion.snapshot)
]
DevicesOption = Annotated[
    list[Path] | None,
    typer.Option("--devices", metavar="FOLDER", help="also this folder of simulated devices; may be given repeatedly"),
]
#: Seconds that a tenant of thousands of devices may take.
_PATIENCE = 120.0


@app.command()
@with_service(Administration)
def create(
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="its name: letters, digits, spaces, . - _")],
    service: Administration,
    devices: DevicesOption = None,
) -> None:
    """Keep the present state of the tenant.

    \b
    fauxtune snapshot create start
    fauxtune snapshot create "before the wipe" --devices iphone --devices tablet
    """
    pairs = device_folders.copies_of(devices or [], name)
    with service.session(with_graph=False) as session, device_folders.copied(pairs):
        snapshot = session.send(tasks.create_snapshot(name), seconds=_PATIENCE, title="Keeping the state")
        text = f"The snapshot {name} has {_contents(snapshot)}."
        session.show(snapshot, " ".join([text, *(f"{folder.name} is copied to {copy}." for folder, copy in pairs)]))


@app.command("list")
@with_service(Administration)
def list_(*, service: Administration) -> None:
    """List the snapshots of the tenant, the oldest first.

    \b
    fauxtune snapshot list
    fauxtune snapshot list --output json
    """
    with service.session(with_graph=False) as session:
        rows = session.send(tasks.list_snapshots())["value"]
        table = Table(
            ("name", "created", "tenant's time", "users", "devices", "size", ""),
            [
                (
                    row["name"],
                    moment(row["createdDateTime"]),
                    moment(row["tenantDateTime"]),
                    str(row["users"]),
                    str(row["devices"]),
                    f"{row['size'] / 1024:,.0f} KiB",
                    "" if row["isRestorable"] else "of another version",
                )
                for row in rows
            ],
            shrinks="name",
            empty="The tenant has no snapshots: `fauxtune snapshot create NAME` makes one.",
        )
        session.show(rows, table)


@app.command()
@with_service(Administration)
def restore(
    *, name: NameArgument, service: Administration, devices: DevicesOption = None, yes: YesOption = False
) -> None:
    """Give the tenant the state of a snapshot: what came later is lost.

    A frozen clock shows the time of the snapshot again; a running one is not put back by the time that went by. The
    numbers of the journal go on.

    \b
    fauxtune snapshot restore "before the wipe"
    fauxtune snapshot restore start --devices iphone --devices tablet --yes
    """
    pairs = device_folders.copies_of(devices or [], name)
    with service.session(with_graph=False) as session, device_folders.exchanged(pairs):

        def question() -> str:
            preview = session.client.control("GET", tasks.compare_with_snapshot(name).path, seconds=_PATIENCE)
            return f"Restore the snapshot {name}? {' '.join(words_of(preview))}"

        confirm(question, yes=yes)
        restored = session.send(tasks.restore_snapshot(name), seconds=_PATIENCE, title="Restoring")
        text = " ".join([f"The tenant has the state of the snapshot {name}.", *words_of(restored)])
        session.show(restored, text)


@app.command()
@with_service(Administration)
def delete(
    *, name: NameArgument, service: Administration, devices: DevicesOption = None, yes: YesOption = False
) -> None:
    """Delete a snapshot; the tenant stays as it is.

    \b
    fauxtune snapshot delete start
    fauxtune snapshot delete "before the wipe" --devices iphone --yes
    """
    pairs = device_folders.copies_of(devices or [], name)
    with service.session(with_graph=False) as session:
        confirm(f"Delete the snapshot {name}? The tenant cannot return to it then.", yes=yes)
        session.send(tasks.delete_snapshot(name))
        device_folders.remove(pairs)
        session.show({"name": name}, f"The snapshot {name} is deleted.")


def words_of(restoration: dict[str, Any]) -> list[str]:
    """Return what a restoration changes, in sentences."""
    return sentences({name: SimpleNamespace(**each) for name, each in restoration["changes"].items()})


def _contents(snapshot: dict[str, Any]) -> str:
    users, devices = snapshot["users"], snapshot["devices"]
    return f"{users} user{'s' * (users != 1)} and {devices} device{'s' * (devices != 1)}"
