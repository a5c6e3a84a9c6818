"""How answers are made from values, and the document from which others generate clients."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from fauxtune.core.model.states import Source
from fauxtune.surfaces.control.bodies import Answer
from tests.support.openapi import documents


@dataclass(frozen=True)
class _Inner:
    source: Source


@dataclass(frozen=True)
class _Row:
    name: str
    created_at: datetime
    is_seen: bool
    inner: _Inner


class _InnerAnswer(Answer):
    source: str


class _RowAnswer(Answer):
    name: str
    created_date_time: str
    seen: bool
    inner: _InnerAnswer
    owner: str | None = None


ROW = _Row("a", created_at=datetime(2026, 11, 24, 10, tzinfo=UTC), is_seen=True, inner=_Inner(Source.PKCS))
Call = tuple[str, str, dict[str, Any]]


@pytest.fixture
def calls() -> list[Call]:
    """Path, method and description of every call."""
    paths = documents()["control"]["paths"]
    results = [(path, method, call) for path, methods in paths.items() for method, call in methods.items()]
    assert results
    return results


def test_an_answer_takes_attributes_by_their_names_and_others_that_are_given() -> None:
    assert _RowAnswer.from_value(ROW, owner="alice").model_dump(by_alias=True) == {
        "name": "a",
        "createdDateTime": "2026-11-24T10:00:00.0000000Z",
        "seen": True,
        "inner": {"source": Source.PKCS.value},
        "owner": "alice",
    }


def test_a_member_that_nothing_tells_does_not_keep_its_default() -> None:
    with pytest.raises(TypeError, match="_Row tells nothing for the member owner"):
        _RowAnswer.from_value(ROW)


def test_a_name_that_is_no_member_is_refused() -> None:
    with pytest.raises(TypeError, match="_RowAnswer has no member ownr"):
        _RowAnswer.from_value(ROW, ownr="alice")


def test_every_call_is_named_once(calls: list[Call]) -> None:
    names = [call["operationId"] for _, _, call in calls]
    assert len(set(names)) == len(names)
    assert all(call["summary"] and call["description"] for _, _, call in calls)


def test_every_answer_has_a_shape(calls: list[Call]) -> None:
    for path, method, call in calls:
        good = next(answer for status, answer in call["responses"].items() if status.startswith("2"))
        if "204" in call["responses"]:
            assert "content" not in good, (method, path)
        elif method != "delete" and "{provider}" not in path and not path.endswith("/raw"):
            (content,) = good["content"].values()
            shapes = content["schema"].get("anyOf", [content["schema"]])
            assert all("$ref" in shape for shape in shapes), (method, path)


def test_every_refusal_is_the_envelope(calls: list[Call]) -> None:
    for path, method, call in calls:
        assert "422" not in call["responses"], (method, path)
        schema = call["responses"]["default"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/Refusal"}


def test_the_token_is_documented(calls: list[Call]) -> None:
    assert all(call["security"] for _, _, call in calls)
    (scheme,) = documents()["control"]["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
