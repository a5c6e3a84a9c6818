"""`fauxtune classroom`: a tenant for each student, watched and steered by the instructor.

Its files are cards when it is opened, and transcripts before it is closed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from fauxtune.core.administration import labs as tasks
from fauxtune.core.administration.requests import AdminRequest, Service, key
from fauxtune.core.language.catalogue import Language
from fauxtune_cli import completion
from fauxtune_cli.administration import Administration, Session, confirm, yes_option
from fauxtune_cli.options import FAILED, PATH, Group, fail
from fauxtune_cli.progress import progress
from fauxtune_cli.service import with_service
from fauxtune_cli.tables import Table, moment

app = Group(
    help="""Teach a class: a tenant for each student, watched and steered.

A seat is a tenant and a password, which opens only this tenant. Print the cards; students sign in to the console and
find the labs of the lesson. Your page of the console shows how far each seat is. docs/classroom.md has the 90 minutes.

\b
fauxtune classroom start 12 --lab one-key-per-device --lab import-once
fauxtune classroom show
fauxtune classroom step import-once 2
fauxtune classroom reset class-03
fauxtune classroom stop --report transcripts"""
)

room_option = click.option("--class", "room", metavar="NAME", help="the classroom (default: the one that is open)")
seat_argument = click.argument("seat", help="the seat's name or number")
#: What the server calls a classroom that nobody names.
_DEFAULT_NAME = "class"
#: Seconds that all seats together may take.
_PATIENCE = 600.0


@app.command()
@click.argument("seats", type=click.IntRange(1), help="how many seats")
@click.option(
    "--lab",
    "labs",
    multiple=True,
    metavar="LAB",
    shell_complete=completion.lab,
    help="a lab of the lesson, in its order (default: all)",
)
@click.option("--class", "name", metavar="NAME", help="its name (default: class)")
@click.option("--out", type=PATH, metavar="DIR", help="the folder for the cards (default: classroom-NAME)")
@click.option("--address", metavar="HOST", help="what students call this server (default: its --name, or localhost)")
@with_service(Administration)
def start(
    *,
    seats: int,
    service: Administration,
    labs: tuple[str, ...],
    name: str | None,
    out: Path | None,
    address: str | None,
) -> None:
    """Open a classroom, and write the cards to hand out.

    cards.html is to be printed and cut up; seats.csv has the same. The passwords are told only here: the server keeps
    hashes.

    \b
    fauxtune classroom start 12
    fauxtune classroom start 20 --class morning --lab import-once --lab scep-key
    fauxtune classroom start 12 --address 192.168.1.20
    """
    with service.session(with_graph=False) as session:
        request = tasks.open_classroom(seats, name=name, labs=labs)

        def opened_seats() -> float:
            rooms = session.client.emulator("GET", tasks.CLASSROOMS)["value"]
            return sum(float(each["seats"]) for each in rooms if each["name"] == (name or _DEFAULT_NAME))

        with progress("Opening the seats", output=session.output, total=seats, unit="seats", ask=opened_seats):
            room = session.send(request, seconds=_PATIENCE)
        if address is not None:
            room = {
                **room,
                **{member: at_host(room[member], address) for member in ("address", "trust")},
            }
        written = write_handout(room, out or Path(f"classroom-{room['name']}"), lang=service.lang)
        page = f"{session.client.server.https}/console/-/classrooms/{room['name']}"
        session.show(
            {**room, "written": [str(path) for path in written], "page": page},
            opened(room, written, page=page),
        )


@app.command("list")
@with_service(Administration)
def list_(*, service: Administration) -> None:
    """List the classrooms that are open.

    \b
    fauxtune classroom list
    """
    with service.session(with_graph=False) as session:
        rows = session.send(tasks.list_classrooms())["value"]
        cells: list[tuple[str, ...]] = [
            (row["name"], str(row["seats"]), moment(row["createdDateTime"]), ", ".join(row["labs"])) for row in rows
        ]
        table = Table(
            ("class", "seats", "opened", "labs"),
            cells,
            wraps=True,
            empty="No classroom is open. Open one: fauxtune classroom start 12",
        )
        session.show(rows, table)


@app.command()
@click.argument("name", required=False, help="the classroom (default: the one that is open)")
@with_service(Administration)
def show(*, name: str | None, service: Administration) -> None:
    """Show how far each seat is.

    The lab that it is at, the labs that are done, hints, its clock, and what was done there last. The page of the
    console has more, live.

    \b
    fauxtune classroom show
    fauxtune classroom show morning --output json
    """
    with service.session(with_graph=False) as session:
        room = session.send(tasks.read_classroom(_room(session, name)))
        titles = {lab["name"]: lab for lab in room["labs"]}
        cells: list[tuple[str, ...]] = [line(seat, titles) for seat in room["seats"]]
        session.show(room, Table(("seat", "at", "done", "hints", "clock", "last"), cells))


@app.command()
@click.argument("lab", shell_complete=completion.lab, help="the name of the lab")
@click.argument("number", type=click.IntRange(1), default=1, metavar="[STEP]", help="the number of the step")
@room_option
@yes_option
@with_service(Administration)
def step(*, lab: str, number: int, service: Administration, room: str | None, yes: bool) -> None:
    """Set all seats to a step of a lab.

    The lab is started where it was not, and the steps before are done. A seat that is there, has done the lab, or is at
    a later lab stays as it is. At a terminal the seats for which something ends are listed first, and you are asked.

    \b
    fauxtune classroom step import-once
    fauxtune classroom step import-once 3
    """
    with service.session(with_graph=False) as session:
        name = _room(session, room)
        preview = tasks.set_classroom_step(name, lab=lab, step=number, preview=True)
        planned = session.client.emulator("POST", preview.path, json=preview.body)["value"]
        losing = [row for row in planned if row["lost"]]
        if losing:
            lines = [f"{row['seat']}: {row['lost'] or row['kept']}" for row in planned if row["lost"] or row["kept"]]
            confirm("\n".join([*lines, f"Set the class to step {number} of {lab}?"]), yes=yes)
        request = tasks.set_classroom_step(name, lab=lab, step=number)
        rows = session.send(request, seconds=_PATIENCE, title="Setting all seats")["value"]
        _print_outcomes(session, rows, words=f"at step {number} of {lab}, or further")


@app.command()
@room_option
@with_service(Administration)
def freeze(*, service: Administration, room: str | None) -> None:
    """Stop the clocks of all seats.

    \b
    fauxtune classroom freeze
    """
    _set_clocks(service, room, frozen=True)


@app.command()
@room_option
@with_service(Administration)
def unfreeze(*, service: Administration, room: str | None) -> None:
    """Let the clocks of all seats run on.

    \b
    fauxtune classroom unfreeze
    """
    _set_clocks(service, room, frozen=False)


@app.command()
@seat_argument
@room_option
@with_service(Administration)
def reset(*, seat: str, service: Administration, room: str | None) -> None:
    """Give a seat the state in which its present lab began.

    What was deleted or changed there is as it was then. The answers and the password of the seat stay.

    \b
    fauxtune classroom reset class-03
    fauxtune classroom reset 3
    """
    with service.session(with_graph=False) as session:
        done = session.send(tasks.reset_seat(_room(session, room), seat), seconds=_PATIENCE, title="Beginning again")
        words = "it was opened" if done["lab"] is None else f"the lab {done['lab']} began"
        session.show(done, f"The seat {done['seat']} is as when {words}.")


@app.command()
@seat_argument
@click.argument("name", metavar="FAULT", help="throttled, offline, cipher ... (for another word the nearest are named)")
@room_option
@with_service(Administration)
def fault(*, seat: str, name: str, service: Administration, room: str | None) -> None:
    """Let something go wrong at one seat.

    It lasts until the seat is reset, or the fault is cleared: fauxtune fault clear --tenant SEAT. docs/faults.md says
    what each fault does; fauxtune fault add has finer ones.

    \b
    fauxtune classroom fault class-03 offline
    fauxtune classroom fault 3 throttled
    """
    with service.session(with_graph=False) as session:
        done = session.send(tasks.send_fault(_room(session, room), seat, fault=name))
        session.show(done, f"At the seat {done['seat']} from now on: {done['fault']}.")


@app.command()
@click.argument("name", required=False, help="the classroom (default: the one that is open)")
@click.option("--report", type=PATH, metavar="DIR", help="write a transcript of each seat and a summary before")
@yes_option
@with_service(Administration)
def stop(*, name: str | None, service: Administration, report: Path | None, yes: bool) -> None:
    """Close a classroom: its seats are deleted.

    With --report a transcript of each seat is left, as a page, and a summary of all as CSV.

    \b
    fauxtune classroom stop --report transcripts
    fauxtune classroom stop morning --yes
    """
    with service.session(with_graph=False) as session:
        room = _room(session, name)
        lost = "" if report is not None else " Nothing is left of what was done there: --report DIR writes it down."
        confirm(f"Close the classroom {room} and delete its seats?{lost}", yes=yes)
        written = [] if report is None else write_transcripts(session, room, folder=report)
        session.send(tasks.close_classroom(room), seconds=_PATIENCE, title="Closing the classroom")
        left = f" Transcripts: {report}" if written else ""
        session.show(
            {"name": room, "written": [str(path) for path in written]}, f"The classroom {room} is closed.{left}"
        )


def _room(session: Session, name: str | None) -> str:
    """The name of a classroom, or of the only one that is open."""
    if name is not None:
        return name
    known = [item["name"] for item in session.client.emulator("GET", tasks.CLASSROOMS)["value"]]
    if not known:
        fail("No classroom is open. Open one: fauxtune classroom start 12")
    if len(known) > 1:
        fail(f"Several classrooms are open: name one of {', '.join(known)}.")
    return str(known[0])


def _set_clocks(service: Administration, room: str | None, *, frozen: bool) -> None:
    with service.session(with_graph=False) as session:
        request = tasks.set_classroom_clocks(_room(session, room), frozen=frozen)
        rows = session.send(request, seconds=_PATIENCE, title="Setting all clocks")["value"]
        words = "frozen: its clock stands still" if frozen else "running: its clock goes on"
        _print_outcomes(session, rows, words=words)


def _print_outcomes(session: Session, rows: list[dict[str, Any]], *, words: str) -> None:
    failed = [row for row in rows if row["problem"]]
    lines = [f"{len(rows) - len(failed)} of {len(rows)} seats: {words}."]
    lines += [f"{row['seat']}: left as it is, {row['kept']}" for row in rows if row.get("kept")]
    session.show(rows, "\n".join([*lines, *(f"{row['seat']}: {row['problem']}" for row in failed)]))
    if failed:
        raise click.exceptions.Exit(FAILED)


#: Certificates of a seat in its transcript.
_MOST_CERTIFICATES = 200


def line(seat: dict[str, Any], labs: dict[str, Any]) -> tuple[str, ...]:
    """Return the cells of a seat in the table of a classroom."""
    present = next((lab for lab in seat["labs"] if lab["present"]), None)
    at = "-" if present is None else f"{present['name']} {len(present['passed'])}/{labs[present['name']]['steps']}"
    done = sum(lab["done"] for lab in seat["labs"])
    hints = sum(lab["hints"] for lab in seat["labs"])
    clock = moment(seat["now"]) + (" frozen" if seat["frozen"] else "")
    last = "nobody has signed in" if seat["last"] is None else f"{seat['last']['time'][11:16]} {seat['last']['text']}"
    return seat["name"], at, f"{done}/{len(seat['labs'])}", str(hints), clock, last


def at_host(url: str, host: str) -> str:
    """Return the address with another host; its port stays, unless `host` has one."""
    parts = urlsplit(url)
    named = host if ":" in host or parts.port is None else f"{host}:{parts.port}"
    return parts._replace(netloc=named).geturl()


def write_handout(room: dict[str, Any], folder: Path, *, lang: Language) -> list[Path]:
    """Write the cards and return the paths of the files. If that fails, the passwords are told nevertheless."""
    from fauxtune_labs.handout import writing

    try:
        return writing.write_handout(room, folder, language=lang)
    except writing.NotWritten as refused:
        cards = ", ".join(f"{seat['name']} {seat['password']}" for seat in room["seats"])
        fail(f"{refused} The classroom is open; its passwords, which are told once: {cards}")


def opened(room: dict[str, Any], written: list[Path], *, page: str) -> str:
    """Return what an instructor reads who has opened a classroom. `page`: the address of the page to watch it."""
    cards = next(path for path in written if path.suffix == ".html")
    lines = [
        f"The classroom {room['name']} is open. Seats: {len(room['seats'])}; labs: {len(room['labs'])}.",
        "",
        f"Cards to print:  {cards}",
        f"For the students: {room['address']}",
        f"Your page:       {page}",
    ]
    if urlsplit(room["address"]).hostname == "localhost":
        lines += [
            "",
            "This address is only for this machine. For a room of machines: docs/room.md, and --address HOST.",
        ]
    return "\n".join(lines)


def write_transcripts(session: Session, room: str, *, folder: Path) -> list[Path]:
    """Read what was done at each seat, write it down, and return the paths of the files."""
    from fauxtune_labs.handout import writing

    document = session.send(tasks.read_classroom(room))
    transcripts = session.send(tasks.read_transcripts(room), seconds=_PATIENCE, title="Reading transcripts")["value"]
    with progress("Reading certificates", output=session.output, total=len(transcripts), unit="seats") as meter:
        for transcript in transcripts:
            path = f"/tenants/{key(transcript['seat']['tenant'])}/certificates"
            issued = session.send(AdminRequest("GET", path, service=Service.EMULATOR))["value"]
            transcript["certificates"] = issued[:_MOST_CERTIFICATES]
            meter.one_done()
    try:
        return writing.write_transcripts(document, transcripts, folder=folder)
    except writing.NotWritten as refused:
        fail(f"{refused} The classroom is still open.")
