"""The report of a run: the same content as JSON, Markdown and HTML, whatever a service has answered."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from fauxtune.core.errors import Invalid
from fauxtune_probe.core.expectations.reading import EXPECTATIONS
from fauxtune_probe.core.model import Deviation, Outcome, Verdict
from fauxtune_probe.core.report import About, document, markdown, page, recorded

HOSTILE = "<script>alert(1)</script> | `x` [a](b)\n# h"
ABOUT = About(
    target="real",
    service="https://graph.example",
    when="Fri, 27 Nov 2026 10:00:00 GMT",
    write=True,
    version="0.1.0",
    requests=7,
    left=("/v1.0/groups/1",),
)
OUTCOMES = (
    Outcome("error-shape", "v1.0", Verdict.CONFIRMED),
    Outcome("error-shape", "beta", Verdict.DIFFERS, "", (Deviation("GET /users", "status 404", HOSTILE),), (HOSTILE,)),
    Outcome("request-id", "v1.0", Verdict.NOT_TRIED, HOSTILE),
)


class Elements(HTMLParser):
    """The names of the elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)


def test_a_report_has_what_differs_first_and_the_reasons_of_what_was_not_tried() -> None:
    result = document(ABOUT, OUTCOMES, expectations=EXPECTATIONS)
    assert result["counts"] == {"confirmed": 1, "differs": 1, "not tried": 1}
    assert (result["notDeleted"], result["results"][1]["differences"][0]["expected"]) == (
        ["/v1.0/groups/1"],
        "status 404",
    )
    text = markdown(result)
    places = [text.index(f"## {title}") for title in ("Differs", "Members that", "Not tried", "Confirmed")]
    assert places == sorted(places)
    assert "1 confirmed, 1 differs, 1 not tried, with 7 requests to https://graph.example." in text
    assert "could not be deleted: /v1.0/groups/1" in text


def test_nothing_that_a_service_says_is_markup() -> None:
    result = document(ABOUT, OUTCOMES, expectations=EXPECTATIONS)
    assert "script" not in Elements(page(result)).names
    rows = [line for line in markdown(result).splitlines() if "alert" in line]
    assert len(rows) == 3
    for row in rows:
        assert "\\<script\\>" in row
        assert "\\|" in row
        assert "\\[a\\](b) # h" in row


def test_a_recorded_run_is_read_again() -> None:
    result = document(ABOUT, OUTCOMES, expectations=EXPECTATIONS)
    run = recorded(result)
    assert (run.of("error-shape", "v1.0"), run.of("error-shape", "beta")) == (Verdict.CONFIRMED, Verdict.DIFFERS)
    assert run.of("metadata", "v1.0") is Verdict.NOT_TRIED
    for wrong in ({**result, "target": "fauxtune"}, {**result, "results": [{}]}, None, "x"):
        with pytest.raises(Invalid):
            recorded(wrong)
