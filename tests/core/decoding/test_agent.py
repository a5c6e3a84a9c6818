"""What the window on the wire says of the messages of management agents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fauxtune_wire.decoding import decode
from fauxtune_wire.decoding.parts import Part

PATH = "/mdm/contoso/agent"


def part(document: Any, *, answer: bool = False) -> Part:
    direction: Any = "response" if answer else "request"
    (result,) = decode(json.dumps(document).encode(), content_type="application/json", path=PATH, direction=direction)
    return result


def test_a_report_says_what_ran_and_how_it_ended() -> None:
    results = [{"part": "detection", "exitCode": 1, "output": "full"}, {"part": "remediation", "exitCode": 0}]
    result = part({"userIsHere": False, "scripts": [{"id": "script-1", "run": 1, "results": results}]})
    assert result.title == "Management agent: what it has done"
    assert result.facts == (("Script", "script-1: exit code 1, then 0"), ("User", "nobody is signed in"))
    assert '"output": "4 characters"' in result.text


def test_an_order_says_what_is_to_run_and_hides_its_text() -> None:
    order = {"id": "1", "run": 1, "name": "Clean", "kind": "shell", "runAs": "system", "content": "c2VjcmV0"}
    result = part({"scripts": [order], "askAgainAt": "2026-11-28T04:00:00Z"}, answer=True)
    assert result.facts == (("Script", "Clean (shell), as system"), ("Ask again", "2026-11-28T04:00:00Z"))
    assert "c2VjcmV0" not in result.text


def test_apps_are_named_with_what_became_of_them() -> None:
    reports = [{"id": "app-1", "detected": True, "exitCode": 0}, {"id": "app-2", "detected": False}]
    assert part({"apps": reports}).facts == (
        ("App", "app-1: exit code 0, detected"),
        ("App", "app-2: not detected"),
    )
    order = {"id": "app-1", "name": "7-Zip", "action": "install"}
    assert part({"scripts": [], "apps": [order]}, answer=True).facts == (("App", "7-Zip: install"),)


def test_a_message_without_work_says_so() -> None:
    assert part({"scripts": []}).facts == (("Work", "nothing was ordered before"),)
    assert part({"scripts": []}, answer=True).facts == (("Work", "nothing is to do"),)


def test_a_refusal_is_shown_with_its_reason() -> None:
    result = part({"error": {"code": "enrollmentEnded", "message": "It has ended."}}, answer=True)
    assert result.title == "Refused, from the server"
    assert ("Message", "It has ended.") in result.facts


@pytest.mark.parametrize(
    "document", [{"scripts": 7}, {"scripts": [7]}, {"scripts": [{"results": 7}]}, {"scripts": [{}]}]
)
def test_nothing_is_raised_for_other_members(document: Any) -> None:
    assert part(document).title
    assert part(document, answer=True).title
