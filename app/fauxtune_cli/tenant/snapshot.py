"""`fauxtune snapshot`: states of a tenant that are kept under names, and the folders of simulated devices with them.

The copies of a folder are beside it: `phones.snapshots/NAME` for `phones`. A copy is made under another name and
renamed when it is whole, and a folder is exchanged by renaming, so that neither is ever half there.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click

from fauxtune.core.administration import state as tasks
from fauxtune.core.administration.state import sentences
from fauxtune_cli import completion
from fauxtune_cli.administration import Administration, confirm, yes_option
from fauxtune_cli.options import PATH, Group, fail
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import Table, moment

app = Group(
    help="""Keep the state of a tenant under a name, and return to it.

A snapshot has users, groups, devices, profiles, certificates, keys, mail, the clock and the journal. Restoring one
takes milliseconds and changes no other tenant.

\b
fauxtune snapshot create "before the wipe"
fauxtune device wipe "Alice's iPhone"
fauxtune snapshot restore "before the wipe"

Simulated devices in folders are not in the server. With --devices their folders are copied and restored too; without it
they learn at their next check-in what changed: a device that the tenant does not have any more is told so, and ends its
enrolment."""
)

name_argument = click.argument("name", shell_complete=completion.snapshot, help="the snapshot's name")
devices_option = click.option(
    "--devices",
    type=PATH,
    multiple=True,
    metavar="FOLDER",
    help="also this folder of simulated devices; may be given repeatedly",
)
#: Seconds that a tenant of thousands of devices may take.
_PATIENCE = 120.0


@app.command()
@click.argument("name", help="its name: letters, digits, spaces, . - _")
@devices_option
@with_service(Administration)
def create(*, name: str, service: Administration, devices: tuple[Path, ...]) -> None:
    """Keep the present state of the tenant.

    \b
    fauxtune snapshot create start
    fauxtune snapshot create "before the wipe" --devices iphone --devices tablet
    """
    pairs = copies_of(devices, name)
    with service.session(with_graph=False) as session, copied(pairs):
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
@name_argument
@devices_option
@yes_option
@with_service(Administration)
def restore(*, name: str, service: Administration, devices: tuple[Path, ...], yes: bool) -> None:
    """Give the tenant the state of a snapshot: what came later is lost.

    A frozen clock shows the time of the snapshot again; a running one is not put back by the time that went by. The
    numbers of the journal go on.

    \b
    fauxtune snapshot restore "before the wipe"
    fauxtune snapshot restore start --devices iphone --devices tablet --yes
    """
    pairs = copies_of(devices, name)
    with service.session(with_graph=False) as session, exchanged(pairs):

        def question() -> str:
            preview = session.client.control("GET", tasks.compare_with_snapshot(name).path, seconds=_PATIENCE)
            return f"Restore the snapshot {name}? {' '.join(words_of(preview))}"

        confirm(question, yes=yes)
        restored = session.send(tasks.restore_snapshot(name), seconds=_PATIENCE, title="Restoring")
        text = " ".join([f"The tenant has the state of the snapshot {name}.", *words_of(restored)])
        session.show(restored, text)


@app.command()
@name_argument
@devices_option
@yes_option
@with_service(Administration)
def delete(*, name: str, service: Administration, devices: tuple[Path, ...], yes: bool) -> None:
    """Delete a snapshot; the tenant stays as it is.

    \b
    fauxtune snapshot delete start
    fauxtune snapshot delete "before the wipe" --devices iphone --yes
    """
    pairs = copies_of(devices, name)
    with service.session(with_graph=False) as session:
        confirm(f"Delete the snapshot {name}? The tenant cannot return to it then.", yes=yes)
        session.send(tasks.delete_snapshot(name))
        remove(pairs)
        session.show({"name": name}, f"The snapshot {name} is deleted.")


def words_of(restoration: dict[str, Any]) -> list[str]:
    """Return what a restoration changes, in sentences."""
    return sentences({name: SimpleNamespace(**change) for name, change in restoration["changes"].items()})


def _contents(snapshot: dict[str, Any]) -> str:
    users, devices = snapshot["users"], snapshot["devices"]
    return f"{users} user{'s' * (users != 1)} and {devices} device{'s' * (devices != 1)}"


def copies_of(folders: Sequence[Path], name: str) -> list[tuple[Path, Path]]:
    """Return each folder with the place of its copy in this snapshot. Ends the command if one is no folder."""
    pairs = []
    if folders and (Path(name).name != name or name.startswith(".")):
        fail(
            f"'{name}' cannot be a name: a snapshot's name has letters, digits, spaces, dots, hyphens and underscores."
        )
    for folder in folders:
        path = folder.resolve()
        if not path.is_dir():
            fail(f"{folder} is no folder: --devices takes the folder of a device, or one with several of them in it.")
        pairs.append((path, path.with_name(f"{path.name}.snapshots") / name))
    return pairs


@contextmanager
def copied(pairs: list[tuple[Path, Path]]) -> Iterator[None]:
    """Copy the folders. The copies stay if the block succeeds, and are removed if it fails."""
    for _, copy in pairs:
        if copy.exists():
            fail(f"{copy} is there already: it is the copy of an earlier snapshot of this name. Delete it first.")
    whole = False
    try:
        for folder, copy in pairs:
            copy.parent.mkdir(mode=0o700, exist_ok=True)
            draft = copy.with_name(f".{copy.name}.new")
            shutil.rmtree(draft, ignore_errors=True)
            shutil.copytree(folder, draft, symlinks=True)
            draft.rename(copy)
        yield
        whole = True
    finally:
        if not whole:
            for _, copy in pairs:
                shutil.rmtree(copy, ignore_errors=True)


@contextmanager
def exchanged(pairs: list[tuple[Path, Path]]) -> Iterator[None]:
    """Put the copies in the place of the folders once the block has succeeded. If it fails, the folders stay."""
    drafts = []
    for folder, copy in pairs:
        if not copy.is_dir():
            fail(f"{copy} is not there: the snapshot was created without --devices {folder}.")
        draft, before = (folder.with_name(f".{folder.name}.{word}") for word in ("restored", "before"))
        drafts.append((folder, draft, before))
    try:
        for (_, copy), (_, draft, before) in zip(pairs, drafts, strict=True):
            for leftover in (draft, before):
                shutil.rmtree(leftover, ignore_errors=True)
            shutil.copytree(copy, draft, symlinks=True)
        yield
        for folder, draft, before in drafts:
            folder.rename(before)
            draft.rename(folder)
            shutil.rmtree(before, ignore_errors=True)
    finally:
        for _, draft, _ in drafts:
            shutil.rmtree(draft, ignore_errors=True)


def remove(pairs: list[tuple[Path, Path]]) -> None:
    """Delete the copies."""
    for _, copy in pairs:
        shutil.rmtree(copy, ignore_errors=True)
