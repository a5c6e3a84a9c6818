"""docs/removal.md says what the tables say: it is what the code itself writes, and leaves nothing out."""

from __future__ import annotations

import re

import pytest

from fauxtune.core.engine.removal.lookup import AUTHORITIES, GAPS, table
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Source
from fauxtune.core.model.tenants import Edition
from fauxtune_docs.pages.removal import markdown_table, removal_page


def sections() -> dict[str, str]:
    """Heading -> what stands below it."""
    parts = re.split(r"^#{2,3} (.+)$", removal_page(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("edition", Edition)
def test_every_edition_has_a_matrix_for_every_source_and_whoever_issues_it(edition: str) -> None:
    result = [heading for heading in sections() if heading.endswith(f"({edition})")]
    assert len(result) == sum(len(AUTHORITIES.get(source, (None,))) for source in Source)


@pytest.mark.parametrize("edition", Edition)
def test_every_document_of_every_cell_is_cited_in_its_edition(edition: str) -> None:
    page = "".join(text for heading, text in sections().items() if heading.endswith(f"({edition})"))
    for variant in Variant:
        for key, cell in table(variant, edition).items():
            assert f"{cell.source}." in page, key
            assert cell.disagreement in page, key


def test_every_number_in_a_matrix_has_its_note() -> None:
    for heading, text in sections().items():
        if heading.endswith(tuple(f"({edition})" for edition in Edition)):
            used = set(re.findall(r"\((\d+)\) \|", text))
            assert used == set(re.findall(r"^(\d+)\. ", text, flags=re.MULTILINE)) != set(), heading


def test_a_mark_says_of_which_cells_no_test_shows_them_and_the_page_says_why() -> None:
    by_heading = sections()
    reasons = by_heading["Cells that no device here can bring about"]
    for gap in GAPS:
        assert f"| {gap.why} |" in reasons
    marked = {line.split("|")[1].strip() for line in by_heading["SCEP (current)"].splitlines() if "° (" in line}
    assert marked == {"user deleted", "licence lost", "another primary user"}, "some devices have no user"
    assert "°" not in by_heading["PKCS (current)"].partition("| retire |")[2].partition("\n")[0]


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    for text in sections().values():
        rows = [line.count(" | ") for line in text.splitlines() if line.startswith("|")]
        assert len(set(rows)) <= 1
    assert markdown_table(("a", "b"), [("c", "d")]) == "| a | b |\n| --- | --- |\n| c | d |"
