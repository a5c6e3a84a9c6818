"""The events in the logs of connectors, with the numbers of the documents: `connector_events.txt`."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache

from fauxtune.core.model.connectors import ROLES, Program
from fauxtune.core.tables import Line, table


class Happening(StrEnum):
    """An event of a connector, independent of its program's name for it."""

    STARTED = "started"
    STOPPED = "stopped"
    DOWNLOADED = "downloaded"
    NOT_DOWNLOADED = "notDownloaded"
    VALIDATED = "validated"
    NOT_VALIDATED = "notValidated"
    DONE = "done"
    FAILED = "failed"
    UPLOADED = "uploaded"
    NOT_UPLOADED = "notUploaded"
    BATCH_UPLOADED = "batchUploaded"
    SUCCEEDED = "succeeded"
    NOT_SUCCEEDED = "notSucceeded"


Event = tuple[int, str]

#: What a request is about: a role of connectors, "recrypt", or "" for the connector itself.
_ABOUT = ("", "recrypt", *ROLES)

#: Diagnostic codes of the edition of 2020.
SUCCESS, UNKNOWN_ERROR = 0x00000000, 0x0FFFFFFF
CA_UNAVAILABLE, RA_CERTIFICATE_MISSING, REVOCATION_DENIED = 0x00000400, 0x00000401, 0x00000402
CHALLENGE_UNREADABLE, CHALLENGE_EXPIRED = 0x00000410, 0x00000411


@dataclass(frozen=True, slots=True)
class Events:
    """The events of both programs: names by numbers; numbers by program, role and happening; the numbers that announce
    a request for DigiCert's CA in place of others. `diagnostics`: names of diagnostic codes.
    """

    names: dict[int, str] = field(default_factory=dict)
    numbers: dict[tuple[Program, str, Happening], int] = field(default_factory=dict)
    digicert: dict[int, int] = field(default_factory=dict)
    diagnostics: dict[int, str] = field(default_factory=dict)


@cache
def events() -> Events:
    """Return the events of the table. Read when it is first needed: a start needs none."""
    result = Events()
    for line in table(__package__ or "", "connector_events.txt"):
        line.only(below=True)
        if line.known(line.first, ("program", "diagnostics"), what="kind of line") == "diagnostics":
            result.diagnostics.update({each.whole(each.first): each.after_first("NAME")[0] for each in line.below})
            continue
        program = Program(line.known(line.after_first("PROGRAM")[0], list(Program), what="program"))
        for each in line.below:
            _read(each, program=program, result=result)
    return result


def _read(line: Line, *, program: Program, result: Events) -> None:
    """Read the line of one event."""
    line.only("digicert")
    number = line.whole(line.first)
    name, *times = line.after_first("NAME [ROLE:HAPPENING...]")
    result.names[number] = name
    for time in times:
        about, _, happening = time.rpartition(":")
        line.known(about, _ABOUT, what="role")
        result.numbers[program, about, Happening(line.known(happening, list(Happening), what="happening"))] = number
    if "digicert" in line.options:
        result.digicert[number] = line.whole(line.options["digicert"])


def event(program: Program, role: str, *, happening: Happening, digicert: bool = False) -> Event | None:
    """The number and name of the program's log event; None if the program has no event for it."""
    number = events().numbers.get((program, role, happening))
    if number is None:
        return None
    number = events().digicert.get(number, number) if digicert else number
    return number, events().names[number]


def diagnostic(program: Program, code: int) -> str | None:
    """The diagnostic code as events contain it; None for the present program, which has none."""
    return f"0x{code:08X}" if program is Program.INTUNE else None
