"""The calls of public programs, with what is answered to each: a part of the page on what is emulated.

The list is `docs/demand.txt`. A call is *served* if the table has a route for it, in the version that programs ask for,
that neither answers 501 nor the 400 of a path without a service behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fauxtune.core.errors import Invalid
from fauxtune.core.odata.paths.table import EVERY
from fauxtune.core.odata.schema.types import Level, Version
from fauxtune.surfaces.graph.routes import TABLES

FILE = "demand.txt"
_KEY, _CAST = "184efa21-98c3-4e5d-95ab-d07053a96e67", "microsoft.graph.win32LobApp"
_REFUSED = (400, 501)
_WORDS = {Level.EXACT: "exact", Level.APPROXIMATED: "approximated", Level.STORED: "stored only"}


@dataclass(frozen=True, slots=True)
class DemandedCall:
    """A call, and how many programs make it: in all, and by the version that they ask for."""

    programs: int
    versions: dict[Version, int]
    verb: str
    path: str

    def level(self, version: Version) -> Level | None:
        """How near the answer of a version comes to the real service; None where it is not served."""
        path = self.path.replace("{id}", _KEY).replace("{cast}", _CAST)
        try:
            route = TABLES[version].match(self.verb, path).route
        except Invalid:
            return None
        refused = route.method == EVERY or route.status in _REFUSED or route.fidelity.level is Level.REFUSED
        return None if refused else route.fidelity.level

    @property
    def is_served(self) -> bool:
        """Whether every version that programs ask for answers it."""
        return all(self.level(version) is not None for version in self.versions)

    @property
    def served_programs(self) -> int:
        """How many programs are answered, by the version that they ask for."""
        return sum(count for version, count in self.versions.items() if self.level(version) is not None)


def demanded_calls(folder: Path) -> tuple[DemandedCall, ...]:
    """Read the list in the folder of the documents, the most called first."""
    lines = (folder / FILE).read_text(encoding="utf-8").splitlines()
    return tuple(_call(line) for line in lines if line and not line.startswith("#"))


def figures(calls: Sequence[DemandedCall]) -> list[tuple[str, str, str]]:
    """Return, for the first 50, 100 and 200 calls and for all: how many there are and are served, and the share of the
    programs' uses that is served.
    """
    rows = []
    for title, some in (
        *((f"the first {count}", calls[:count]) for count in (50, 100, 200)),
        ("all", calls),
    ):
        served = sum(call.is_served for call in some)
        uses = sum(sum(call.versions.values()) for call in some)
        share = sum(call.served_programs for call in some) / uses
        rows.append((title, f"{served} of {len(some)}", f"{share:.1%}"))
    return rows


def call_rows(calls: Sequence[DemandedCall]) -> list[tuple[str, ...]]:
    """Return a row for each call: programs, call, and what each version answers that is asked for."""
    return [(str(call.programs), f"`{call.verb} {call.path}`", _state(call)) for call in calls]


def _state(call: DemandedCall) -> str:
    states = {version: call.level(version) for version in call.versions}
    words = {version: "refused" if level is None else _WORDS[level] for version, level in states.items()}
    if len(set(words.values())) == 1:
        return next(iter(words.values()))
    return ", ".join(f"{version.value}: {word}" for version, word in words.items())


def _call(line: str) -> DemandedCall:
    programs, v1, beta, either, verb, path = line.split()
    # A version that is chosen when a program runs is beta for most.
    counts = {Version.V1: int(v1), Version.BETA: int(beta) + int(either)}
    return DemandedCall(int(programs), {version: n for version, n in counts.items() if n}, verb, path)
