"""Certificate connectors: the programs, their roles, the support of their versions, and the events of their logs.

Sources: the pages of March 2020 ("Certificate connectors for Microsoft Intune": two programs) and "Certificate
Connector for Microsoft Intune" with releases up to 2026-02-18 (one, which replaced them on 2021-07-29).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cache, lru_cache

from fauxtune.core.model.tenants import Changed, Edition, Stated
from fauxtune.core.model.text import JsonObject
from fauxtune.core.tables import Line, table

#: The role of a connector whose machine is the SCEP server.
SCEP_ROLE = "scep"
#: The roles of connectors.
ROLES = ("pkcs", "imported-pfx", SCEP_ROLE, "revocation")
#: data. A role -> its words.
ROLE_WORDS = {"pkcs": "PKCS", "imported-pfx": "imported PFX", "scep": "SCEP", "revocation": "revocation"}
#: The largest number of connectors of one program in a tenant, except for the PFX Certificate Connector of 2020.
MOST = 100


class Program(StrEnum):
    """A program that is installed as a connector."""

    CERTIFICATE = "certificate-connector"  # Certificate Connector for Microsoft Intune
    INTUNE = "intune-connector"  # Intune Certificate Connector, of 2020
    PFX = "pfx-connector"  # PFX Certificate Connector for Microsoft Intune, of 2020


@dataclass(frozen=True, slots=True)
class ProgramFacts:
    """A program: its edition, its roles, the largest number in a tenant, its newest version, and the name of the file
    that is downloaded.
    """

    title: str
    edition: Edition
    roles: tuple[str, ...]
    most: int
    newest: str
    installer: str


PROGRAMS: dict[Program, ProgramFacts] = {
    Program.CERTIFICATE: ProgramFacts(
        "Certificate Connector for Microsoft Intune",
        Edition.CURRENT,
        ROLES,
        MOST,
        "6.2510.3.2002",
        "IntuneCertificateConnector.exe",
    ),
    Program.INTUNE: ProgramFacts(
        "Intune Certificate Connector",
        Edition.APRIL_2020,
        ("pkcs", "scep", "revocation"),
        MOST,
        "6.1904.1.0",
        "NDESConnectorSetup.exe",
    ),
    Program.PFX: ProgramFacts(
        "PFX Certificate Connector for Microsoft Intune",
        Edition.APRIL_2020,
        ("imported-pfx",),
        1,
        "6.1911.11.602",
        "PfxCertificateConnectorBootstrapper.exe",
    ),
}


def package(program: Program) -> JsonObject:
    """Return what is downloaded of a program: no code, but what `fauxtune connector install` has to know."""
    facts = PROGRAMS[program]
    return {
        "program": program.value,
        "title": facts.title,
        "version": facts.newest,
        "installer": facts.installer,
        "edition": facts.edition.value,
        "roles": list(facts.roles),
    }


class Support(StrEnum):
    """The support of a version: full; for six months more, with a warning; expired, with an error; or refused, which
    gets no work.
    """

    FULL = "full"
    DEPRECATED = "deprecated"
    EXPIRED = "expired"
    REFUSED = "refused"


#: The months after the release of the next version for which a version is supported; None: no page states it.
LIFECYCLE: Changed[int | None] = Changed(
    "How long a version of a certificate connector is supported",
    {
        Edition.APRIL_2020: Stated(None, "No page states it.", "Certificate connectors for Microsoft Intune, 2020-03"),
        Edition.CURRENT: Stated(
            6,
            "Up to six months after the release of the next version; it works for up to 18 (here it keeps working). "
            "Versions before 6.2101.13.0 revoke nothing since August 2022, and issue nothing since September 2022.",
            "Certificate Connector for Microsoft Intune, 2026-02-18",
        ),
    },
)
#: The releases of the Certificate Connector, oldest first. The same page, "What's new".
_RELEASES: tuple[tuple[str, date], ...] = (
    ("6.2107.45.0", date(2021, 7, 29)),
    ("6.2108.18.0", date(2021, 8, 16)),
    ("6.2109.51.0", date(2021, 9, 23)),
    ("6.2110.201.0", date(2021, 10, 11)),
    ("6.2112.1.0", date(2022, 1, 6)),
    ("6.2201.7.0", date(2022, 2, 18)),
    ("6.2202.38.0", date(2022, 3, 10)),
    ("6.2203.12.0", date(2022, 5, 4)),
    ("6.2205.201.0", date(2022, 6, 30)),
    ("6.2206.122.0", date(2022, 9, 21)),
    ("6.2301.1.0", date(2023, 2, 15)),
    ("6.2406.0.1001", date(2024, 9, 19)),
    ("6.2406.0.1002", date(2025, 6, 12)),
    ("6.2406.0.2002", date(2025, 7, 22)),
    ("6.2510.3.2002", date(2026, 2, 18)),
)
#: Differs from Intune: older versions neither issue nor revoke, at any time of the tenant's clock.
_OLDEST_SERVED = (6, 2101, 13, 0)


@lru_cache(maxsize=64)
def version_numbers(text: str) -> tuple[int, ...] | None:
    """The four numbers of a version, `6.YYMM.x.y`; None for any other text."""
    parts = text.split(".")
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() and len(part) <= 5 for part in parts):
        return None
    numbers = tuple(int(part) for part in parts)
    return numbers if 1 <= numbers[1] % 100 <= 12 else None


def is_served(program: Program, version: str | None) -> bool:
    """Whether this version still gets work. In the edition of 2020 no page states that old versions stop."""
    facts = PROGRAMS[program]
    return LIFECYCLE.of(facts.edition) is None or _numbers(version or facts.newest) >= _OLDEST_SERVED


def support(program: Program, version: str | None, *, now: datetime) -> Support:
    """The support of this version of the program at this moment of the tenant's clock."""
    facts = PROGRAMS[program]
    months = LIFECYCLE.of(facts.edition)
    if months is None:
        return Support.FULL
    if not is_served(program, version):
        return Support.REFUSED
    numbers = _numbers(version or facts.newest)
    following = next((day for release, day in _RELEASES if _numbers(release) > numbers), None)
    if following is None or now.date() < following:
        return Support.FULL
    passed = (now.year - following.year) * 12 + now.month - following.month - (now.day < following.day)
    return Support.DEPRECATED if passed < months else Support.EXPIRED


def _numbers(version: str) -> tuple[int, ...]:
    numbers = version_numbers(version)
    assert numbers is not None
    return numbers


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
