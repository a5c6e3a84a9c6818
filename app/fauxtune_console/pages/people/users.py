"""Users: the list, and what an administrator does with them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import Response

from fauxtune.core.administration import directory as requests
from fauxtune.core.administration.emulation import create_enrollment_token
from fauxtune.core.administration.requests import AdminRequest, delete_object
from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.ids import UserId
from fauxtune.operations.devices import enrollment
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import directory as directory_queries
from fauxtune.storage.queries.insight import overview as queries
from fauxtune.storage.rows.directory import UserRow
from fauxtune_console import tasks
from fauxtune_console.call import TenantCall
from fauxtune_console.paging import offset, paging
from fauxtune_console.session import Typed
from fauxtune_console.tasks import Question

_SIZE = 50
_LONGEST_TEXT = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One person of the list."""

    id: UserId
    name: str
    address: str
    licensed: bool
    devices: int
    certificates: int


async def users(call: TenantCall) -> Response:
    """Show one page of the people."""
    start = offset(call, size=_SIZE)
    text = call.query("text").strip()[:_LONGEST_TEXT]
    lines, total = await call.read(_read_page, call, text=text, start=start)
    pages = paging(call, start=start, length=len(lines), total=total, size=_SIZE)
    return call.page("users.html", lines=lines, paging=pages, text=text)


def _read_page(connection: Connection, call: TenantCall, *, text: str, start: int) -> tuple[list[Line], int]:
    tenant_id = call.tenant.id
    rows, total = queries.people(connection, tenant_id, text=text, offset=start, limit=_SIZE)
    ids = {row.id for row in rows}
    devices = queries.live_device_counts(connection, tenant_id, users=ids)
    certificates = queries.certificate_counts_of(connection, tenant_id, users=ids)
    return [
        Line(
            row.id,
            str(row.document.get("displayName") or row.document["userPrincipalName"]),
            str(row.document["userPrincipalName"]),
            row.licensed,
            devices.get(row.id, 0),
            certificates.get(row.id, 0),
        )
        for row in rows
    ], total


#: data. The kinds of simulated device that the page has commands for: the simulator's word -> the words of the page.
_PLATFORMS = {"android": "Android phone", "ios": "iPhone", "macos": "Mac", "windows": "Windows PC"}
_MOST_DEVICES, _MOST_HOURS = 1000, 24 * 365


@dataclass(frozen=True, slots=True)
class Command:
    """A command that enrols a simulated device."""

    key: str
    platform: str
    line: str


async def ask_licence(call: TenantCall) -> Response:
    """Show what giving the licence, or taking it, does to the person's devices."""
    row = await _user(call)
    return await tasks.confirm(
        call,
        [_licence(row)],
        title=f"Take the licence from {_name(row)}" if row.licensed else f"Give a licence to {_name(row)}",
        sentence="Without a licence no device of this person can enrol, and no profile reaches those that are "
        "enrolled. What they have mostly stays, by Intune's documents; below is what goes."
        if row.licensed
        else "With a licence the devices of this person can enrol, and are given what is assigned.",
        button="Take the licence" if row.licensed else "Give the licence",
        back=call.url("users", row.id),
        danger=row.licensed,
        fields={"licensed": "yes" if row.licensed else "no"},
    )


async def licence(call: TenantCall) -> Response:
    """Give or take the licence. The form says what the page showed: a second window changes nothing back."""
    form = await call.form()
    row = await _user(call)
    done = "has a licence now." if form.get("licensed") == "no" else "has no licence any more."
    if (form.get("licensed") == "yes") == row.licensed:
        await tasks.send(call, _licence(row))
    return call.back("users", row.id, done=f"{_name(row)} {done}")


async def delete(call: TenantCall) -> Question:
    """Delete the person."""
    row = await _user(call)
    return Question(
        request=delete_object(requests.USERS, _address(row)),
        title=f"Delete {_name(row)}",
        sentence="The person leaves the directory and all groups, with the mailbox and what the address book has of "
        "the person's addresses, and no profile reaches the person's devices any "
        "more. Wipe or retire the devices first: Intune cannot do so when their user is deleted.",
        button="Delete",
        back=call.url("users", row.id),
        done=f"{_name(row)} was deleted.",
        leads_to=("users",),
    )


async def ask_enroll(call: TenantCall) -> Response:
    """Show how a device is enrolled for the person, with the form of a token."""
    return await _enroll(call, await _user(call), typed=Typed({"devices": ["1"], "hours": ["24"]}))


async def enroll(call: TenantCall) -> Response:
    """Make an enrolment token, and show it once, with the commands that enrol a device with it."""
    typed = Typed.of(await call.form())
    row = await _user(call)
    uses = _number(typed, "devices", most=_MOST_DEVICES)
    hours = _number(typed, "hours", most=_MOST_HOURS)
    if typed.errors:
        return await _enroll(call, row, typed=typed)
    token = await call.run(enrollment.create_token, _address(row), seconds=hours * 3600, uses=uses)
    return call.page(
        "user_token.html",
        user=row,
        name=_name(row),
        token=token,
        uses=uses,
        hours=hours,
        commands=[_command(call, row, platform=platform, token=token) for platform in _PLATFORMS],
        apple=f"{call.emulator.addresses.https}/mdm/{quote(call.tenant.name)}/apple/enroll?token={token}",
    )


async def new(call: TenantCall) -> Response:
    """Show the form of a new person."""
    return _form(call, Typed({"licensed": ["on"]}))


async def create(call: TenantCall) -> Response:
    """Create a person, with a licence if that was chosen; refused, show the form again with what was typed."""
    typed = Typed.of(await call.form())
    address = typed.text("address")
    if address and "@" not in address:
        address = f"{address}@{call.tenant.domain}"
    try:
        created = await tasks.send(call, requests.create_user(address, display_name=typed.text("name") or None))
    except Invalid as error:
        typed.wrong("address", error.message)
        return _form(call, typed)
    if typed.has("licensed"):
        await tasks.send(call, requests.license_user(str(created["id"])))
    return call.back("users", str(created["id"]), done=f"{created['displayName']} was created.")


def _form(call: TenantCall, typed: Typed) -> Response:
    address = typed.text("address") or f"alice@{call.tenant.domain}"
    address = address if "@" in address else f"{address}@{call.tenant.domain}"
    stands_for = [requests.create_user(address, display_name=typed.text("name") or None)]
    if typed.has("licensed"):
        stands_for.append(requests.license_user(address))
    return call.page(
        "user_form.html",
        status=400 if typed.errors else 200,
        typed=typed,
        requests=tasks.snippets(call, stands_for),
    )


async def _enroll(call: TenantCall, row: UserRow, *, typed: Typed) -> Response:
    return call.page(
        "user_enroll.html",
        status=400 if typed.errors else 200,
        user=row,
        name=_name(row),
        typed=typed,
        requests=tasks.snippets(call, [create_enrollment_token(_address(row))]),
    )


def _number(typed: Typed, name: str, *, most: int) -> int:
    """Return the number in a field, or note what is wrong with it."""
    text = typed.text(name)
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    if not 1 <= number <= most:
        typed.wrong(name, f"A number from 1 to {most:,}.")
    return number


def _command(call: TenantCall, row: UserRow, *, platform: str, token: str) -> Command:
    folder = f"{_address(row).partition('@')[0]}-{platform}"
    emulator = call.emulator
    # Joined to its option, for a token may begin with a hyphen.
    words = ["fauxtune-sim", "enroll", "--platform", platform, f"--token={token}", "--state", folder]
    words += ["--tenant", call.tenant.name, "--server", emulator.addresses.https]
    words += ["--ca", emulator.ca_file] if emulator.ca_file else []
    return Command(platform, _PLATFORMS[platform], shlex.join(words))


def _licence(row: UserRow) -> AdminRequest:
    address = _address(row)
    return requests.unlicense_user(address) if row.licensed else requests.license_user(address)


async def _user(call: TenantCall) -> UserRow:
    row = await call.read(_read, call, key=call.request.path_params["user"])
    if row is None:
        raise NotFound("There is no such person. The person may have been deleted meanwhile.")
    return row


def _read(connection: Connection, call: TenantCall, *, key: str) -> UserRow | None:
    return directory_queries.user_by_key(connection, call.tenant.id, key=UserId(key))


def _name(row: UserRow) -> str:
    return str(row.document.get("displayName") or _address(row))


def _address(row: UserRow) -> str:
    return str(row.document["userPrincipalName"])
