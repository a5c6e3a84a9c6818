"""What docs/coverage.md says of the probe: which expectations speak for a path, and what the last run found.

A run against a real tenant that was recorded stands in docs/probe-results.json; without it nothing was tried.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from fauxtune.core.odata.paths.table import NoSuchVerb, UnknownSegment
from fauxtune.core.odata.schema.types import Version
from fauxtune.surfaces.graph.routes import TABLES
from fauxtune_probe.core.expectations.reading import EXPECTATIONS
from fauxtune_probe.core.model import Expectation, Verdict
from fauxtune_probe.core.report import NOT_RUN, Recorded, recorded

#: Method and template of a route -> what its cell says.
Probes: TypeAlias = Mapping[tuple[str, str], str]
FILE = "probe-results.json"
#: Of several results of one expectation the page shows the first that is there.
_ORDER = (Verdict.DIFFERS, Verdict.CONFIRMED, Verdict.NOT_TRIED)
#: Expectations that a cell names.
_MOST = 3


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
