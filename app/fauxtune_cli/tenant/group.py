"""`fauxtune group`: the groups of a tenant and their members: users, devices and other groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from fauxtune.core.administration.directory import GROUPS, add_member, create_group, remove_member
from fauxtune.core.administration.requests import AdminRequest, delete_object
from fauxtune.core.administration.snippets import quoted
from fauxtune_cli import completion, names
from fauxtune_cli.administration import Administration, Session, confirm, what_if_option, yes_option
from fauxtune_cli.names import Named, listed
from fauxtune_cli.options import Group, fail, one_line
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import Table

app = Group(
    help="""Create groups, and add or remove members.

Profiles are assigned to groups. Members are users, devices and other groups.

\b
fauxtune group create Sales --member alice --member bob
fauxtune group add Sales dora
fauxtune group list"""
)

_GROUPS = "/groups?$top=999&$select=id,displayName,description&$expand=members($select=id,displayName)"
group_argument = click.argument("group", shell_complete=completion.group, help="the group: its name or id")
members_argument = click.argument(
    "users", nargs=-1, metavar="[USER]...", shell_complete=completion.user, help="users: names or ids"
)
device_option = click.option(
    "--device",
    multiple=True,
    metavar="NAME",
    shell_complete=completion.device,
    help="a device, by name or id; repeatable",
)
nested_option = click.option(
    "--group", "nested", multiple=True, metavar="NAME", help="another group, whose members count as members; repeatable"
)


@app.command("list")
@with_service(Administration)
def list_(*, service: Administration) -> None:
    """List the groups and their members (of each group the first 20).

    \b
    fauxtune group list
    fauxtune group list --output json
    """
    with service.session() as session:
        rows = session.elements(AdminRequest("GET", _GROUPS))
        table = Table(
            ("group", "members", "id"),
            [
                (
                    row["displayName"],
                    ", ".join(sorted(member["displayName"] or member["id"] for member in row["members"])),
                    session.short(row["id"]),
                )
                for row in sorted(rows, key=lambda row: row["displayName"].casefold())
            ],
            shrinks="members",
            empty="The tenant has no groups. Create one: fauxtune group create --help",
        )
        session.show(rows, table)


@app.command()
@click.argument("name", help="the name of the group")
@click.option(
    "--member", multiple=True, metavar="USER", shell_complete=completion.user, help="a user, by name or id; repeatable"
)
@click.option("--description", help="a description")
@with_service(Administration)
def create(*, name: str, service: Administration, member: tuple[str, ...], description: str | None) -> None:
    """Create a security group.

    \b
    fauxtune group create Sales --member alice --member bob
    """
    with service.session() as session:
        members = _users(session, member)
        group = session.send(
            create_group(name, description=description, members=[candidate.id for candidate in members])
        )
        whom = f" with {listed(members)}" if members else ""
        session.show(
            {**group, "members": [candidate.id for candidate in members]},
            f"Created {one_line(name)}{whom}.\n"
            f"Assign a profile to it: fauxtune profile assign PROFILE --group {quoted(name)}",
        )


@app.command()
@group_argument
@members_argument
@device_option
@nested_option
@what_if_option
@with_service(Administration)
def add(
    *,
    group: str,
    users: tuple[str, ...],
    service: Administration,
    device: tuple[str, ...],
    nested: tuple[str, ...],
    what_if: bool,
) -> None:
    """Add members to a group. Their devices get what is assigned to it.

    \b
    fauxtune group add Sales dora erik
    fauxtune group add "Test phones" --device alice_iPhone
    fauxtune group add Sales dora --what-if
    """
    with service.session() as session:
        chosen, members = _group_and_members(session, group, users=users, device=device, nested=nested)
        requests = [add_member(chosen.id, member=member.id) for member in members]
        if what_if:
            session.what_if(requests)
            return
        session.send_each(zip((member.name for member in members), requests, strict=True))
        session.show(_document(chosen, members, word="added"), f"Added {listed(members)} to {one_line(chosen.name)}.")


@app.command()
@group_argument
@members_argument
@device_option
@nested_option
@what_if_option
@yes_option
@with_service(Administration)
def remove(
    *,
    group: str,
    users: tuple[str, ...],
    service: Administration,
    device: tuple[str, ...],
    nested: tuple[str, ...],
    what_if: bool,
    yes: bool,
) -> None:
    """Remove members from a group. Their devices remove what only this group gave them.

    \b
    fauxtune group remove Sales dora --what-if
    fauxtune group remove Sales dora
    """
    with service.session() as session:
        chosen, members = _group_and_members(session, group, users=users, device=device, nested=nested)
        requests = [remove_member(chosen.id, member=member.id) for member in members]
        if what_if:
            session.what_if(requests)
            return
        confirm(f"Remove {listed(members)} from {one_line(chosen.name)}?", yes=yes)
        session.send_each(zip((member.name for member in members), requests, strict=True))
        session.show(
            _document(chosen, members, word="removed"), f"Removed {listed(members)} from {one_line(chosen.name)}."
        )


@app.command()
@group_argument
@what_if_option
@yes_option
@with_service(Administration)
def delete(*, group: str, service: Administration, what_if: bool, yes: bool) -> None:
    """Delete a group. Its members stay; their devices remove what only this group gave them.

    \b
    fauxtune group delete Sales --what-if
    fauxtune group delete Sales --yes
    """
    with service.session() as session:
        chosen = names.group(session.client, group)
        request = delete_object(GROUPS, chosen.id)
        if what_if:
            session.what_if([request])
            return
        confirm(f"Delete the group {one_line(chosen.name)}?", yes=yes)
        session.send(request)
        session.show(
            {"deleted": [{"id": chosen.id, "displayName": chosen.name}]}, f"Deleted the group {one_line(chosen.name)}."
        )


def _group_and_members(
    session: Session, group: str, *, users: Sequence[str], device: Sequence[str], nested: Sequence[str]
) -> tuple[Named, list[Named]]:
    groups = names.groups(session.client)
    chosen = names.choose(group, groups, kind="group")
    members = [
        *_users(session, users),
        *_directory_devices(session, device),
        *(names.choose(each, groups, kind="group") for each in nested),
    ]
    if not members:
        fail("Say whom: users by name, or --device NAME, or --group NAME.")
    return chosen, list({member.id: member for member in members}.values())


def _users(session: Session, wanted: Sequence[str]) -> list[Named]:
    known = names.users(session.client) if wanted else []
    return [names.choose(each, known, kind="user") for each in wanted]


def _directory_devices(session: Session, wanted: Sequence[str]) -> list[Named]:
    """The objects of devices in the directory: groups have these as members, not the managed devices."""
    if not wanted:
        return []
    rows = session.client.graph_list("/deviceManagement/managedDevices?$select=id,azureADDeviceId")
    directory_ids = {row["id"]: row["azureADDeviceId"] for row in rows}
    objects = {row["deviceId"]: row["id"] for row in session.client.graph_list("/devices?$select=id,deviceId")}
    members = []
    for name in wanted:
        device = names.device(session.client, name)
        member = objects.get(directory_ids.get(device.id) or "")
        if member is None:
            fail(f"{one_line(device.name)} has no object in the directory, so it can be in no group.")
        members.append(Named(member, device.name))
    return members


def _document(group: Named, members: list[Named], *, word: str) -> dict[str, Any]:
    return {
        "id": group.id,
        "displayName": group.name,
        word: [{"id": member.id, "name": member.name} for member in members],
    }
