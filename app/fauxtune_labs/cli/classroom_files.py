"""A classroom as text for a terminal, and its files: cards when it is opened, transcripts before it is closed."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fauxtune.core.administration import labs as tasks
from fauxtune.core.administration.requests import AdminRequest, Service, key
from fauxtune.core.language.catalogue import Language
from fauxtune_cli.administration import Session
from fauxtune_cli.options import fail
from fauxtune_cli.tables import moment

#: Certificates of a seat in its transcript.
_MOST_CERTIFICATES = 200
#: Seconds that all seats together may take.
_PATIENCE = 600.0


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
    cards = next(each for each in written if each.suffix == ".html")
    lines = [
        f"The classroom {room['name']} is open: {len(room['seats'])} seats, {len(room['labs'])} labs.",
        "",
        f"Cards to print:  {cards}",
        f"Students:        {room['address']}",
        f"Your page:       {page}",
    ]
    if urlsplit(room["address"]).hostname == "localhost":
        lines += [
            "",
            "This address is for this machine alone. For a room of machines: docs/room.md, and --address HOST.",
        ]
    return "\n".join(lines)


def write_transcripts(session: Session, room: str, *, folder: Path) -> list[Path]:
    """Read what was done at each seat, write it down, and return the paths of the files."""
    from fauxtune_labs.handout import writing

    document = session.send(tasks.read_classroom(room))
    transcripts = session.send(tasks.read_transcripts(room), seconds=_PATIENCE)["value"]
    for each in transcripts:
        path = f"/tenants/{key(each['seat']['tenant'])}/certificates"
        issued = session.send(AdminRequest("GET", path, service=Service.EMULATOR))["value"]
        each["certificates"] = issued[:_MOST_CERTIFICATES]
    try:
        return writing.write_transcripts(document, transcripts, folder=folder)
    except writing.NotWritten as refused:
        fail(f"{refused} The classroom is still open.")
