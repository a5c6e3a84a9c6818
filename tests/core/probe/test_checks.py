"""The checks of the probe notice what is not as expected: a probe that confirms everything would prove nothing.

The report of a run has the same content as JSON, Markdown and HTML, whatever a service has answered.
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from fauxtune.core.errors import Invalid
from fauxtune_probe.core import checks
from fauxtune_probe.core.expectations.reading import EXPECTATIONS
from fauxtune_probe.core.model import Answer, Check, Deviation, NothingThere, Outcome, Verdict
from fauxtune_probe.core.report import About, document, markdown, page, recorded
from fauxtune_probe.core.typed import Typed
from tests.support.expectations import each, equal, header, says, some, status

USERS = "https://graph.example/v1.0/users"


def answer(document: Any = None, *, number: int = 200, text: str = "", url: str = USERS, **headers: str) -> Answer:
    return Answer(number, {name.replace("_", "-"): value for name, value in headers.items()}, text, document, url)


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


@pytest.mark.parametrize(
    ("check", "fits", "differs"),
    [
        (status(200, 204), answer(number=204), answer(number=404)),
        (checks.Code(("A",)), answer({"error": {"code": "A"}}), answer({"error": {"code": "B"}})),
        (says("not.*there"), answer({"error": {"message": "NOT\nthere"}}), answer({"error": {"message": "there"}})),
        (header("X-A", "^a$"), answer(x_a="A"), answer(x_a="ab")),
        (header("X-A", None), answer(), answer(x_a="a")),
        (checks.Text(r"^\d+$"), answer(text="12"), answer(text="twelve")),
        (checks.Has("a/0/b", "integer"), answer({"a": [{"b": 1}]}), answer({"a": [{"b": True}]})),
        (checks.Has("a", "time"), answer({"a": "2026-01-01T00:00:00.1234567Z"}), answer({"a": "2026-01-01"})),
        (checks.Has("a", "text/null"), answer({"a": None}), answer({})),
        (checks.Lacks("a"), answer({"b": 1}), answer({"a": None})),
        (equal("a", "x", "{name}"), answer({"a": "value"}), answer({"a": "X"})),
        (equal("a", 0), answer({"a": 0}), answer({"a": False})),
        (checks.Other("a", "{name}"), answer({"a": "x"}), answer({"a": "value"})),
        (checks.Matches("a", "^{name}_"), answer({"a": "value_1"}), answer({"a": "values_1"})),
        (checks.Members("", ("id",)), answer({"id": 1, "@odata.type": "x"}), answer({"id": 1, "mail": None})),
        (checks.AtMost("value", 1), answer({"value": [1]}), answer({"value": [1, 2]})),
        (checks.SameHost("next"), answer({"next": f"{USERS}?a"}), answer({"next": "https://evil.example/v1.0/users"})),
        (checks.SameHost("next"), answer({"next": f"{USERS}?a"}), answer({"next": "/v1.0/users"})),
        (each(equal("a", 1)), answer({"value": [{"a": 1}, {"a": 1}]}), answer({"value": [{"a": 1}, {"a": 2}]})),
        (some(equal("a", 1)), answer({"value": [{"a": 2}, {"a": 1}]}), answer({"value": [{"a": 2}]})),
        (
            checks.Ordered("value", "a"),
            answer({"value": [{"a": "b"}, {"a": "C"}]}),
            answer({"value": [{"a": "C"}, {"a": "b"}]}),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_check_tells_what_fits_from_what_differs(check: Check, fits: Answer, *, differs: Answer) -> None:
    assert check.deviation(fits, {"name": "value"}) is None
    assert check.deviation(differs, {"name": "value"})
    assert check.expects({"name": "value"})


@pytest.mark.parametrize(
    "document", [None, [], "text", {"value": None}, {"value": 7}, {"error": "text"}, {"error": []}]
)
def test_no_answer_of_a_service_breaks_a_check(document: Any) -> None:
    every: list[Check] = [
        *(status(201), checks.Code(("A",)), says("x"), header("a", "b"), checks.Text("x+y"), checks.Has("value/0")),
        *(equal("value", 1), checks.Matches("value", "x"), checks.Members("", ("id",))),
        *(checks.AtMost("value", 1), checks.SameHost("value"), each(status(1)), Typed("value", "user")),
    ]
    for check in every:
        try:
            assert check.deviation(answer(document), {}) is not None
        except NothingThere:
            assert document in ([], {"value": []})


def test_an_empty_list_proves_nothing() -> None:
    for check in (each(equal("a", 1)), some(equal("a", 1)), Typed("value", "user")):
        with pytest.raises(NothingThere):
            check.deviation(answer({"value": []}), {})


def test_the_properties_of_a_type_are_compared_one_by_one() -> None:
    category: dict[str, Any] = {"id": "1", "displayName": "d", "description": None, "roleScopeTagIds": [], "new": 1}
    check = Typed("", "deviceCategory")
    assert check.deviation(answer(category, url="https://graph.example/beta/x"), {}) is None
    assert check.notes(answer(category, url="https://graph.example/beta/x")) == ("deviceCategory.new",)
    wrong = check.deviation(answer({**category, "displayName": 7}), {})
    assert wrong == "displayName is a number, not a text"
    del category["description"]
    assert check.deviation(answer(category), {}) == "description is missing"
    device = {"complianceState": "frob", "ownerType": "Company"}
    observed = str(Typed("", "managedDevice").deviation(answer(device, url="https://graph.example/beta/x"), {}))
    assert "more" in observed


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "Bearer eyJ0eXAiOiJKV1QiLCJhbGciOi.eyJhdWQiOiIwMDAwMDAwMy.c2lnbmF0dXJl and more",
            "[not shown: token] and more",
        ),
        ("no alice@contoso.com here", "no someone@the.tenant here"),
        ("guest_x.com#EXT#@contoso.onmicrosoft.com", "someone@the.tenant"),
        ("Resource '3f2504e0-4f89-41d3-9a0c-0305e82c3301' is missing", "Resource '{id}' is missing"),
        ("00000000-0000-4000-8000-000000000000", "00000000-0000-4000-8000-000000000000"),
        ("a\x1b[31m\nb", "a [31m b"),
        ("x y " * 300, "x y " * 49 + "x y…"),
    ],
)
def test_reports_show_nothing_of_the_tenant(text: str, shown: str) -> None:
    from fauxtune_probe.core.texts import masked

    assert masked(text) == shown


def test_texts_of_people_are_shown_by_their_length() -> None:
    assert equal("displayName", "x").deviation(answer({"displayName": "Alice"}), {}) == "another text, of 5 characters"
    assert equal("state", "x").deviation(answer({"state": "active"}), {}) == "active"


def test_the_value_of_a_secret_is_never_shown() -> None:
    observed = equal("encryptedPfxPassword", "").deviation(answer({"encryptedPfxPassword": "hunter2"}), {})
    assert observed is not None
    assert "hunter2" not in observed


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
