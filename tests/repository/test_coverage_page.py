"""docs/coverage.md says what the code does: it is what the code itself writes, names everything, and says on what
document each thing rests and what of it differs from the real service.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from fauxtune.core.engine.device_actions.support import EMULATED, platform_of
from fauxtune.core.engine.device_actions.table import WIPE_OPTIONS
from fauxtune.core.errors import Invalid
from fauxtune.core.graph.device_actions import EXECUTE_ACTION, FORMS
from fauxtune.core.graph.index import ENTITIES, entity
from fauxtune.core.model.platforms import ENROLLABLE, Variant
from fauxtune.core.odata.describe.csdl import every_type
from fauxtune.core.odata.paths.table import EVERY, Route
from fauxtune.core.odata.schema.types import EXACT, Fidelity, Level, StructuredType
from fauxtune.core.profiles.catalog import KINDS
from fauxtune.core.profiles.family import STORED
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.routes import ROUTES
from fauxtune_docs.pages.coverage import coverage_page
from fauxtune_docs.pages.coverage_words import FILE as RESULTS
from fauxtune_docs.pages.coverage_words import recorded_run, speaks_for
from fauxtune_probe.core.expectations.reading import EXPECTATIONS

TYPES = [kind for kind in every_type(ROUTES, ENTITIES).values() if isinstance(kind, StructuredType)]
LONGEST_REASON = 120


def _name(route: Route[Handler]) -> str:
    return f"{route.method} {route.template}"


def _paths_of(page: str) -> set[tuple[str, str]]:
    """Every verb and path that has a row, and every branch that a row names."""
    rows = re.findall(r"^\| ([A-Z, ]+) \| `/([^`]*)` \|", page, flags=re.MULTILINE)
    branches = re.findall(r"^\| `/([^`]*)` \| ((?:`[^`]+`(?:, )?)+) \|", page, flags=re.MULTILINE)
    named = {
        (EVERY, f"{place}/{name}".lstrip("/")) for place, names in branches for name in re.findall(r"`([^`]+)`", names)
    }
    return {(verb, path) for verbs, path in rows for verb in verbs.split(", ")} | named


def _fidelities() -> list[tuple[str, Fidelity]]:
    return [
        *((_name(route), route.fidelity) for route in ROUTES),
        *((kind.name, kind.fidelity) for kind in TYPES),
        *((f"{kind.name}.{prop.name}", prop.fidelity) for kind in TYPES for prop in kind.properties),
    ]


def test_the_page_has_a_row_for_every_path_and_verb_and_for_no_other() -> None:
    assert _paths_of(coverage_page()) == {(route.method, route.template) for route in ROUTES}


def test_the_page_names_every_type_kind_variant_and_property_that_is_not_exact() -> None:
    page = coverage_page()
    missing = [
        *(kind.name for kind in TYPES if f"| `{kind.name}` |" not in page),
        *(kind.name for kind in KINDS if f"| `#microsoft.graph.{kind.name}` |" not in page),
        *(variant.value for variant in Variant if f"| {variant.value} |" not in page),
        *(
            f"{kind.name}.{prop.name}"
            for kind in TYPES
            for prop in kind.properties
            if prop.fidelity != EXACT and f"`{prop.name}`" not in page
        ),
    ]
    assert not missing


#: What they are about is that there is no such path.
ABOUT_NO_PATH = {
    *("version-unknown", "segment-unknown", "segment-unknown-in-intune", "device-verb-unknown", "profile-verb-unknown"),
    "beta-paths-in-v1",
}


def test_every_expectation_of_the_probe_speaks_for_a_row() -> None:
    assert {expectation.id for expectation in EXPECTATIONS if not speaks_for(expectation)} == ABOUT_NO_PATH
    page = coverage_page()
    assert "| not tried: `check-member-groups` |" in page
    assert page.count("| not tried: `") >= 80


def test_the_page_shows_the_last_recorded_run(tmp_path: Path) -> None:
    result = {"id": "check-member-groups", "version": "v1.0", "result": "confirmed"}
    document = {"target": "real", "when": "Fri, 27 Nov 2026 10:00:00 GMT", "results": [result]}
    (tmp_path / RESULTS).write_text(json.dumps(document), encoding="utf-8")
    assert "| confirmed: `check-member-groups` |" in coverage_page(run=recorded_run(tmp_path))
    document["results"] = [result, {**result, "version": "beta", "result": "differs"}]
    (tmp_path / RESULTS).write_text(json.dumps(document), encoding="utf-8")
    page = coverage_page(run=recorded_run(tmp_path))
    assert "| differs: `check-member-groups` |" in page
    assert "The last recorded run was on Fri, 27 Nov 2026" in page
    others: tuple[object, ...] = ({**document, "target": "fauxtune"}, {"target": "real"}, [])
    for wrong in others:
        (tmp_path / RESULTS).write_text(json.dumps(wrong), encoding="utf-8")
        with pytest.raises(Invalid):
            recorded_run(tmp_path)


def test_every_route_says_what_it_does() -> None:
    assert not [_name(route) for route in ROUTES if not route.summary]


def test_everything_that_is_answered_rests_on_a_document() -> None:
    answered = [route for route in ROUTES if route.status != 501]
    without = [
        *(_name(route) for route in answered if ": " not in route.source and "4.01" not in route.source),
        *(kind.name for kind in TYPES if not kind.source),
    ]
    assert not without, "say source=, the public document that it rests on"


def test_whatever_differs_says_in_what_and_in_few_words() -> None:
    fidelities = [name for name, fidelity in _fidelities() if fidelity.level is not Level.EXACT and not fidelity.why]
    long = [name for name, fidelity in _fidelities() if len(fidelity.why) > LONGEST_REASON]
    assert not fidelities
    assert not long
    assert not [name for name, fidelity in _fidelities() if "|" in fidelity.why], "a bar ends a cell of the table"


def test_what_answers_501_and_nothing_else_of_its_kind_is_called_refused() -> None:
    absent = [route for route in ROUTES if route.status == 501]
    assert [_name(route) for route in absent if route.fidelity.level is not Level.REFUSED] == []


def test_a_kind_that_reaches_no_device_is_stored_only(subtests: pytest.Subtests) -> None:
    for kind in KINDS:
        with subtests.test(kind.name):
            reaches = bool(kind.variants & set(ENROLLABLE)) and kind.family is not STORED
            assert (entity(kind.name).fidelity.level is Level.STORED) is not reaches


def test_parts_of_a_wipe_that_no_device_knows_are_refused() -> None:
    known = {name for name, rule in WIPE_OPTIONS.items() if set(rule.variants) & set(ENROLLABLE)}
    wipe = next(form.body for form in FORMS if form.action == "wipe")
    refused = {
        prop.name
        for body in (wipe, EXECUTE_ACTION)
        for prop in body.properties
        if prop.name in WIPE_OPTIONS and prop.fidelity.level is Level.REFUSED
    }
    assert refused == WIPE_OPTIONS.keys() - known


def test_actions_that_no_device_is_told_of_are_refused() -> None:
    carried = {action for variant in ENROLLABLE for action in EMULATED[platform_of(variant)]}
    root = "deviceManagement/managedDevices/{device}/"
    refused = {
        route.template.removeprefix(root)
        for route in ROUTES
        if route.status == 204 and route.method == "POST" and route.template.startswith(root)
        if route.fidelity.level is Level.REFUSED
    }
    assert refused == {form.action.value for form in FORMS if form.action not in carried}
