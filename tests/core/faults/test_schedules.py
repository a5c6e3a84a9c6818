"""Schedules: lines are read as they are written, what is drawn keeps to its bounds, and what fails is shrunk."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.faults import reading, schedules
from fauxtune.core.faults.schedules import SORTS, Asked, Decision, Schedule

REQUESTS = [
    Asked("GET", "/users", 3),
    Asked("POST", "/groups"),
    Asked("GET", "/deviceManagement/managedDevices/{id}", 2),
    Asked("POST", "/$batch"),
    Asked("GET", "/groups/{id}", 2, "graph/batch"),
]


def _drawn(count: int) -> list[Schedule]:
    return [schedules.drawn(7, place, requests=REQUESTS) for place in range(count)]


def test_every_line_is_read_as_it_is_written() -> None:
    drawn = _drawn(400)
    assert drawn == _drawn(400)
    assert [schedules.read(schedule.line()) for schedule in drawn] == drawn
    kinds = Counter(decision.kind for schedule in drawn for decision in schedule.decisions)
    assert set(kinds) == set(SORTS)
    assert max(len(schedule.decisions) for schedule in drawn) > 3


def test_what_is_drawn_keeps_to_the_bounds() -> None:
    for schedule in _drawn(400):
        assert len(schedule.decisions) <= schedules.MOST_DECISIONS
        failures = Counter((each.method, each.path) for each in schedule.decisions if each.sort.single)
        assert max(failures.values(), default=0) <= schedules.MOST_FAILURES
        assert sum(each.sort.once for each in schedule.decisions) <= 1


def test_every_decision_is_a_rule_that_faults_accept() -> None:
    for schedule in _drawn(200):
        for rule in schedule.rules("c0ffee00-0000-4000-8000-00000000a991"):
            reading.rule_of({name: member for name, member in rule.items() if name != "name"})


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "begins with a number"),
        ("throttled GET /users #1", "begins with a number"),
        (f"number={2**63}", "begins with a number"),
        ("number=7; nonsense GET /users #1", "There is no decision 'nonsense'"),
        ("number=7; throttled", "is not a decision"),
        ("number=7; throttled GET /users", "needs which request"),
        ("number=7; throttled GET /users #0", "needs which request"),
        ("number=7; small-pages GET /users #1 size=1", "strikes all"),
        ("number=7; small-pages GET /users size=99", "size= one of"),
        ("number=7; throttled GET /users #1 size=1", "takes nothing more"),
        ("number=7; small-pages POST /users size=1", "is about GET"),
        ("number=7" + "; throttled GET /users #1" * 9, "at most 8 decisions"),
        ("number=7; " + "x" * 5000, "begins with a number"),
    ],
)
def test_a_line_that_is_no_schedule_is_refused(line: str, sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        schedules.read(line)
    assert sentence in refused.value.message


def test_the_shortest_schedule_is_found() -> None:
    culprit = Decision("small-pages", "GET", "/users", value="3")
    schedule = schedules.read(
        "number=7; throttled GET /users #3; small-pages GET /users size=1; gateway POST /groups #2; reset GET /users #1"
    )

    def fails(candidate: Schedule) -> bool:
        return any(each.kind == "small-pages" for each in candidate.decisions)

    assert schedules.shortest(schedule, fails).decisions == (culprit,)
    assert culprit.words() == "every GET of /users was answered in pages of 3"
    words = Decision("gateway-carried-out", "GET", "/deviceManagement/managedDevices", 2).words()
    assert words == "the second GET of /deviceManagement/managedDevices was answered 504 after it was carried out"


def test_requests_are_told_with_those_inside_of_batches() -> None:
    def row(number: int, url: str, application: str = "a") -> dict[str, Any]:
        caller = {"application": application}
        return {"number": number, "surface": "graph", "method": "POST", "url": url, "caller": caller}

    rows = [row(1, "/v1.0/$batch"), row(2, "/beta/groups?$top=1"), row(3, "/v1.0/users", "library")]
    batch = {"requests": [{"id": "1", "method": "GET", "url": "/groups/6f0d2a3c-7c1e-4a52-9d63-0123456789ab/members"}]}
    parts = [{"text": "not json"}, {"text": str(batch).replace("'", '"')}]
    told = schedules.program_requests(rows, application="a", whole=lambda _number: {"request": {"parts": parts}})
    assert schedules.asked(told) == [
        Asked("POST", "/$batch"),
        Asked("GET", "/groups/{id}/members", surface="graph/batch"),
        Asked("POST", "/groups"),
    ]
