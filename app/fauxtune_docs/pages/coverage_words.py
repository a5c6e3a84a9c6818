"""What the page on coverage says between its tables, of the calls of public programs, and of the probe.

The list of calls is `docs/demand.txt`, each with what is answered to it. A call is *served* if the table has a route
for it, in the version that programs ask for, that neither answers 501 nor the 400 of a path without a service behind
it.

A run of the probe against a real tenant that was recorded stands in docs/probe-results.json; without it nothing was
tried.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from fauxtune.core.errors import Invalid
from fauxtune.core.odata.paths.table import EVERY, NoSuchVerb, UnknownSegment
from fauxtune.core.odata.schema.types import Level, Version
from fauxtune.surfaces.graph.routes import TABLES
from fauxtune_probe.core.expectations.reading import EXPECTATIONS
from fauxtune_probe.core.model import Expectation, Verdict
from fauxtune_probe.core.report import NOT_RUN, Recorded, recorded

HEAD = """# What is emulated

This page is generated (`make openapi` writes it): do not edit it. The same stands, with bodies and real answers as
examples, in `openapi/graph.json`: `x-fidelity`, `x-source` and `x-permissions`.

* *exact*: as the document says that it rests on.
* *approximated*: answered, with the difference that is named. Where the document is silent the choice is ours, and is
  named too.
* *stored only*: kept and shown, and nothing follows from it.
* *refused*: says so, with the reason."""
DEMAND = """## What public programs call

Public programs that automate Intune were counted in 2026-11; the calls that at least three of 45 make stand
[at the end](#the-calls-of-public-programs), the most called first. *Served*: answered in every version of Graph that
programs ask for."""

BY_AREA = """## Paths and verbs by area"""

CALLS = """## The calls of public programs

`{id}` is any key, `{cast}` the name of a type; *programs* is how many of 45 make the call."""

ANSWERED = """## Microsoft Graph: what is answered

Below `https://<host>/v1.0` and `https://<host>/beta`; both show the same store. Keys can be written `/key`, `('key')`
and `(key)`. *needs* is the least privileged permission that suffices, of an application among its roles, of a user
among its scopes; `x-permissions` has the others. Where no document has the words of a refusal they are our own."""
BELOW_USERS = """The same devices, and what belongs to them, reached through their user."""
REFUSED = """## Microsoft Graph: what says that it is not emulated

These exist in the real service. Here they answer 501 `NotImplemented`, whatever is sent and whatever the permission.
What stands neither here nor among what is answered is answered with 400, as the real service answers paths and verbs
that it does not know."""
BRANCHES = """### Whole branches

Of these nothing is emulated. Every verb answers 501 with the reason, at the branch itself and at every path below it,
also at paths below it that the real service does not have. The names are those that Microsoft's metadata and SDKs
declare for v1.0 and beta, and a few that public programs call; next to a branch, a misspelt name answers 400. In v1.0
the names that only beta has answer 400 too. A name that begins with `microsoft.graph.` is a cast to a type that is not
here, or an action, wherever it stands in a path."""
REPORTS = """### Reports by their names

An export job of a report that is not made answers 501 with the reason, one of a name that is not here 400. Actions that
answer with a table stand above, under their own names."""
TYPES = """## Types

A property that does not stand here is exact. Properties that the real service has and a type has not are refused on
the way in, and absent on the way out."""
OPTIONS = (
    (
        "`$filter`",
        (
            "every collection, evaluated by the database: `eq ne gt ge lt le in and or not`, `contains startswith "
            "endswith`, `tolower toupper`, `isof`, `any`. Any declared property can be filtered; one that does not "
            "exist is a 400. With the tenant's switch `graph.faithfulQuery` what the real service ignores or refuses "
            "is ignored or refused here too; `tolower` in the directory is followed even so"
        ),
    ),
    (
        "`ConsistencyLevel`",
        (
            "the directory wants `eventual` for `$search` and `$count`; for `ne`, `not`, `endsWith` and the like only "
            "with `graph.faithfulQuery`"
        ),
    ),
    (
        "`$orderby`",
        (
            "every collection; with `graph.faithfulQuery` ignored where the real service ignores it. Without it audit "
            "events come newest first, which is our reading"
        ),
    ),
    ("`$select`", "everywhere"),
    (
        "`$top`, `$skip`, `$skiptoken`, `Prefer: odata.maxpagesize`",
        "every collection; `$top` is the size of a page. The directory has no `$skip`, as in the real service",
    ),
    (
        "`$count`, `/$count`",
        (
            "everywhere. Lists of managed devices say unasked how many elements the page has: whether the service "
            "means the page or the whole is not documented"
        ),
    ),
    (
        "`$expand`",
        "profiles: `assignments` and references; groups and users: members, owners, memberships; 501 elsewhere",
    ),
    ("`$search`", "users, groups, members and managed devices; 501 elsewhere"),
    ("`Prefer: return=minimal`", "POST and PATCH answer 204 with the place of the thing"),
    ("a collection that is `null`", "is read as empty: what the real service does is not documented"),
)
KINDS = """## Profile kinds

The values of `@odata.type` that a deviceConfiguration can have, and what such a profile does on a device. Those that
are *stored only* are assigned and counted like the others."""
ACTIONS = """## Devices, and what can be asked of them

A wipe, a retirement and a deletion take effect when the device checks in. What a kind of device does not support is
refused with 400 and the reason. Kinds that cannot enrol are known as targets of profiles only; whether
macOS can be wiped and a user can leave AOSP is said nowhere for certain."""


#: Method and template of a route -> what its cell says.
Probes: TypeAlias = Mapping[tuple[str, str], str]
FILE = "probe-results.json"
#: Of several results of one expectation the page shows the first that is there.
_ORDER = (Verdict.DIFFERS, Verdict.CONFIRMED, Verdict.NOT_TRIED)
#: Expectations that a cell names.
_MOST = 3
CALLS_FILE = "demand.txt"
_KEY, _CAST = "184efa21-98c3-4e5d-95ab-d07053a96e67", "microsoft.graph.win32LobApp"
_REFUSED = (400, 501)
_WORDS = {Level.EXACT: "exact", Level.APPROXIMATED: "approximated", Level.STORED: "stored only"}


def recorded_run(docs: Path) -> Recorded:
    """Read the last recorded run beside the pages. Raises Invalid if the file is no result of the probe."""
    try:
        text = (docs / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return NOT_RUN
    return recorded(json.loads(text))


def probe_words(run: Recorded) -> str:
    """Say what the column means, and when the last run was."""
    when = f"The last recorded run was on {run.when}" if run.when else "No run against a real tenant is recorded yet"
    return (
        "*probed by* names the expectations of `fauxtune probe` that send this request, with what the last recorded\n"
        f"run against a real tenant found: *confirmed*, *differs*, *not tried*. {when}\n(`docs/{FILE}`). "
        "[Contract tests and the probe](testing/contracts.md) says how to run it."
    )


def probes_of_routes(run: Recorded) -> Probes:
    """Return the cells of the column."""
    by_route: dict[tuple[str, str], dict[Verdict, list[str]]] = {}
    for expectation in EXPECTATIONS:
        verdict = _verdict(expectation, run)
        for route in speaks_for(expectation):
            by_route.setdefault(route, {}).setdefault(verdict, []).append(expectation.id)
    return {route: _cell(names) for route, names in by_route.items()}


def speaks_for(expectation: Expectation) -> list[tuple[str, str]]:
    """Return method and template of each route that an expectation sends a request to."""
    version = Version(expectation.versions[-1])
    result = []
    for method, path in expectation.routes:
        try:
            route = TABLES[version].match(method, path).route
        except (UnknownSegment, NoSuchVerb):
            continue  # it is what the expectation is about
        result.append((route.method, route.template))
    return list(dict.fromkeys(result))


def _verdict(expectation: Expectation, run: Recorded) -> Verdict:
    verdicts = {run.of(expectation.id, version) for version in expectation.versions}
    return next(verdict for verdict in _ORDER if verdict in verdicts)


def _cell(names: Mapping[Verdict, list[str]]) -> str:
    parts = []
    for verdict in _ORDER:
        chosen = names.get(verdict, [])
        if chosen:
            more = f" and {len(chosen) - _MOST} more" if len(chosen) > _MOST else ""
            parts.append(f"{verdict.value}: {', '.join(f'`{name}`' for name in chosen[:_MOST])}{more}")
    return "; ".join(parts)


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
    lines = (folder / CALLS_FILE).read_text(encoding="utf-8").splitlines()
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
