"""docs/editions.md is what the code itself writes, and every rule that changed stands in it."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import fauxtune
from fauxtune.core.engine.device_actions.table import TABLE, WIPE_OPTIONS
from fauxtune.core.engine.removal.lookup import table
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.tenants import Changed, Edition
from fauxtune.core.profiles.catalog import KINDS
from fauxtune_docs.pages.editions import EDITION_RULES, editions_page
from fauxtune_docs.pages.removal import verdict


def sections() -> dict[str, str]:
    """Heading -> what stands below it."""
    parts = re.split(r"^#{2,3} (.+)$", editions_page(EDITION_RULES), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def named(text: str) -> set[str]:
    return set(re.findall(r"^\| `(\w+)`", text, flags=re.MULTILINE))


def changed_rules() -> Iterator[tuple[str, Changed[Any]]]:
    """Every `Changed` that a module of the application has under a name, or in a tuple or dictionary under a name."""
    for module in pkgutil.walk_packages(fauxtune.__path__, "fauxtune."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if name == "CHANGES":
                continue
            held = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else (value,)
            yield from ((f"{module.name}.{name}", each) for each in held if isinstance(each, Changed))


def test_every_rule_that_changed_is_in_the_list_and_on_the_page() -> None:
    result = dict(changed_rules())
    assert result
    for name, rule in result.items():
        assert any(rule is edition_rule for edition_rule in EDITION_RULES), (
            f"{name} is missing in fauxtune_docs.pages.editions"
        )
    assert all(any(edition_rule is rule for rule in result.values()) for edition_rule in EDITION_RULES)
    page = sections()["Rules"]
    for rule in EDITION_RULES:
        assert f"| {rule.subject} |" in page
        for edition in Edition:
            stated = rule.stated[edition]
            assert stated.says in page
            assert f". {stated.source}." in page
            assert re.search(r"\b20\d\d\b", stated.source), f"{rule.subject}: a document has its date"


def test_every_action_and_part_of_a_wipe_has_its_lines() -> None:
    by_heading = sections()
    differing, same = named(by_heading["Device actions that differ"]), named(by_heading["Device actions"])
    assert differing | same == {*TABLE}
    assert not differing & same
    assert named(by_heading["Parts of a wipe"]) == {*WIPE_OPTIONS}


def test_every_document_of_an_action_has_its_date() -> None:
    page = editions_page(EDITION_RULES)
    for action, rules in TABLE.items():
        for edition in Edition:
            assert re.search(r"\d{4}-\d{2}-\d{2}", rules[edition].source), (action, edition)
            assert rules[edition].source in page or rules[Edition.CURRENT].source in page


def test_every_kind_that_is_not_applicable_somewhere_has_its_line() -> None:
    by_heading = sections()
    listed = set(
        re.findall(
            r"`(\w+Profile|\w+Certificate)`",
            by_heading["Kinds of profile that differ"]
            + by_heading["Kinds of profile that are not applicable in either edition"],
        )
    )
    assert listed == {kind.name for kind in KINDS if kind.unsupported}


def test_every_removal_cell_that_differs_stands_there_with_both_verdicts() -> None:
    page = sections()["Removal and revocation that differ"]
    rows = [line for line in page.splitlines() if line.startswith("| ")][1:]
    old, new = ({variant: table(variant, edition) for variant in Variant} for edition in Edition)
    for variant in Variant:
        for cell, found in new[variant].items():
            before = old[variant].get(cell)
            if before is not None and verdict(before) != verdict(found):
                assert any(
                    variant in line and f"| {verdict(before)} (" in line and f"| {verdict(found)} (" in line
                    for line in rows
                ), (variant, cell)


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    for heading, text in sections().items():
        rows = [line.count(" | ") for line in text.splitlines() if line.startswith("|")]
        assert len(set(rows)) <= 1, heading
