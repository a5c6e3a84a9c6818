"""docs/diagnosis.md says what the rules say: it is what the code itself writes, and leaves nothing out."""

from __future__ import annotations

from fauxtune.core.engine.diagnosis.chain import LINKS
from fauxtune.core.engine.diagnosis.rules import rules
from fauxtune.operations.insight.diagnosis import CONNECTOR_WORDS
from fauxtune_docs.pages.faults import diagnosis_page


def test_every_rule_and_every_link_has_a_line() -> None:
    lines = diagnosis_page().splitlines()
    for name in (*(rule.code for rule in rules()), *(link.name for link in LINKS)):
        assert [line for line in lines if line.startswith(f"| `{name}` |")], name


def test_every_number_of_the_connector_has_a_line() -> None:
    for words in CONNECTOR_WORDS.values():
        assert f"| {words} |" in diagnosis_page()


def test_no_cell_breaks_its_table() -> None:
    lines = [line for line in diagnosis_page().splitlines() if line.startswith("|")]
    assert {line.count("|") for line in lines} == {3, 4, 7}
