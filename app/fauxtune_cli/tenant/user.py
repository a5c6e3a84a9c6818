"""`fauxtune user`: the users of a tenant and their licences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import click

from fauxtune.core.administration import directory
from fauxtune.core.administration.directory import USERS, license_user, unlicense_user
from fauxtune.core.administration.emulation import read_enrollability
from fauxtune.core.administration.requests import AdminRequest, delete_object
from fauxtune.core.administration.snippets import quoted
from fauxtune_cli import completion, names
from fauxtune_cli.administration import Administration, Session, confirm, what_if_option, without, yes_option
from fauxtune_cli.names import Named, listed
from fauxtune_cli.options import Group, Output, one_line
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import Table

app = Group(
    help="""Create users, license them, and see who there is.

A user is meant by the user principal name, by its part before the @, by the display name or by the id.

\b
fauxtune user create dora --display-name "Dora Diaz" --group Sales
fauxtune user list"""
)

_USERS = (
    "/users?$top=999&$select=id,userPrincipalName,displayName,mail,assignedLicenses"
    "&$expand=memberOf($select=id,displayName)"
)
_DEVICES = "/deviceManagement/managedDevices?$select=id,userId"
users_argument = click.argument(
    "users", nargs=-1, required=True, metavar="USER...", shell_complete=completion.user, help="the users: names or ids"
)


@app.command("list")
@with_service(Administration)
def list_(*, service: Administration) -> None:
    """List the users with their licence, devices and groups.

    \b
    fauxtune user list
    fauxtune user list --output json
    """
    with service.session() as session:
        rows = session.elements(AdminRequest("GET", _USERS))
        devices = Counter(row["userId"] for row in session.elements(AdminRequest("GET", _DEVICES)))
        table = Table(
            ("user", "name", "licence", "devices", "groups", "id"),
            [
                (
                    row["userPrincipalName"],
                    row["displayName"],
                    "yes" if row["assignedLicenses"] else "no",
                    str(devices[row["id"]]),
                    ", ".join(sorted(each["displayName"] for each in row["memberOf"])),
                    session.short(row["id"]),
                )
                for row in sorted(rows, key=lambda row: row["userPrincipalName"].casefold())
            ],
            shrinks="groups",
            empty="The tenant has no users. Create one: fauxtune user create --help",
        )
        session.show([{**row, "devices": devices[row["id"]]} for row in rows], table)


@app.command()
@click.argument("name", help="NAME@DOMAIN; without the @ in the tenant's own domain")
@click.option("--display-name", help="the name that people read")
@click.option("--given-name", help="the given name")
@click.option("--surname", help="the surname")
@click.option("--mail", metavar="ADDRESS", help="the e-mail address (default: the user principal name)")
@click.option("--password", help="the password to sign in with (default: Fauxtune1!)")
@click.option(
    "--group", multiple=True, metavar="NAME", shell_complete=completion.group, help="make the user a member; repeatable"
)
@click.option(
    "--license/--no-license",
    "license_",
    default=True,
    help="give the user a licence, without which no device can enrol",
)
@with_service(Administration)
def create(
    *,
    name: str,
    service: Administration,
    display_name: str | None,
    given_name: str | None,
    surname: str | None,
    mail: str | None,
    password: str | None,
    group: tuple[str, ...],
    license_: bool,
) -> None:
    """Create a user, with a licence.

    \b
    fauxtune user create dora --display-name "Dora Diaz" --group Sales
    fauxtune user create guest@contoso.example --no-license
    """
    with service.session() as session:
        groups = [names.group(session.client, each) for each in group]
        request = directory.create_user(
            name if "@" in name else f"{name}@{session.client.control('GET', '')['domain']}",
            display_name=display_name,
            given_name=given_name,
            surname=surname,
            mail=mail,
            **({} if password is None else {"password": password}),
        )
        user = session.send(request, readable=request if password is None else without(request, "passwordProfile"))
        if license_:
            session.send(directory.license_user(user["id"]))
        for candidate in groups:
            session.send(directory.add_member(candidate.id, member=user["id"]))
        with_licence = "with a licence" if license_ else "without a licence"
        joined = f", a member of {listed(groups)}" if groups else ""
        session.show(
            {**user, "licensed": license_, "groups": [candidate.name for candidate in groups]},
            f"Created {one_line(user['userPrincipalName'])} {with_licence}{joined}.\n"
            f"{_enrol(user) if license_ else _license(user)}",
        )


@app.command()
@users_argument
@click.option("--remove", is_flag=True, help="take the licence away")
@what_if_option
@with_service(Administration)
def license(  # noqa: A001 - the command's name
    *, users: tuple[str, ...], service: Administration, remove: bool, what_if: bool
) -> None:
    """Give users a licence, or take it away.

    Without a licence no device can enrol for a user.

    \b
    fauxtune user license dora
    fauxtune user license dora erik --remove
    """
    with service.session() as session:
        chosen = _chosen(session, users)
        task = unlicense_user if remove else license_user
        requests = [task(candidate.id) for candidate in chosen]
        if what_if:
            session.what_if(requests)
            return
        results = session.send_each(zip((candidate.name for candidate in chosen), requests, strict=True))
        done = f"Took the licence from {listed(chosen)}." if remove else f"Gave a licence to {listed(chosen)}."
        session.show({"users": results}, done)


@app.command()
@click.argument("user", shell_complete=completion.user, help="name or id")
@click.option("--os-version", help="of the device: the version of its system, such as 17.5")
@click.option("--manufacturer", help="of the device: its manufacturer")
@click.option("--model", help="of the device: its model")
@click.option("--serial-number", help="of the device: its serial number")
@click.option("--imei", help="of the device: its IMEI")
@with_service(Administration)
def enrollable(
    *,
    user: str,
    service: Administration,
    os_version: str | None,
    manufacturer: str | None,
    model: str | None,
    serial_number: str | None,
    imei: str | None,
) -> None:
    """Show what a user may enrol, and why not the rest.

    Each kind of device with the answer that its enrolment would get now, and what was refused lately.

    \b
    fauxtune user enrollable alice
    fauxtune user enrollable alice --os-version 16.7 --serial-number C39X
    """
    with service.session() as session:
        values = {"osVersion": os_version, "manufacturer": manufacturer, "model": model}
        values |= {"serialNumber": serial_number, "imei": imei}
        person = names.choose(user, names.users(session.client), kind="user")
        facts = {name: value for name, value in values.items() if value}
        answer = session.send(read_enrollability(person.id, facts))
        kinds = [
            (str(kind["kind"]), "yes" if kind["allowed"] else "no", str(kind["sentence"] or ""))
            for kind in answer["kinds"]
        ]
        session.show(answer, Table(("device", "may enrol", "why not"), [*kinds], wraps=True))
        if answer["refused"] and session.output is Output.TEXT:
            rows = [
                (str(each["time"][:16]), str(each["operatingSystem"]), str(each["sentence"]))
                for each in answer["refused"]
            ]
            session.show(answer, Table(("refused at", "device", "why"), [*rows], wraps=True))


@app.command()
@users_argument
@what_if_option
@yes_option
@with_service(Administration)
def delete(*, users: tuple[str, ...], service: Administration, what_if: bool, yes: bool) -> None:
    """Delete users. Their devices keep what they have: retire or wipe them first.

    \b
    fauxtune user delete dora --what-if
    fauxtune user delete dora --yes
    """
    with service.session() as session:
        chosen = _chosen(session, users)
        requests = [delete_object(USERS, candidate.id) for candidate in chosen]
        if what_if:
            session.what_if(requests)
            return
        confirm(f"Delete {listed(chosen)}?", yes=yes)
        session.send_each(zip((candidate.name for candidate in chosen), requests, strict=True))
        document: dict[str, Any] = {
            "deleted": [{"id": candidate.id, "userPrincipalName": candidate.name} for candidate in chosen]
        }
        session.show(document, f"Deleted {listed(chosen)}.")


def _enrol(user: dict[str, Any]) -> str:
    name = user["userPrincipalName"]
    state = quoted(f"{name.partition('@')[0]}-phone")
    return f"Enrol a device: fauxtune-sim enroll --platform ios --user {quoted(name)} --state {state}"


def _license(user: dict[str, Any]) -> str:
    return f"No device can enrol without one: fauxtune user license {quoted(user['userPrincipalName'])}"


def _chosen(session: Session, wanted: Sequence[str]) -> list[Named]:
    known = names.users(session.client)
    chosen = [names.choose(each, known, kind="user") for each in wanted]
    return list({candidate.id: candidate for candidate in chosen}.values())
