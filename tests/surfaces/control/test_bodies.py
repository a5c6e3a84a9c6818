"""How an answer is made from a value: what it takes, and the mistakes of a programmer that it does not let pass."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from fauxtune.core.model.states import Source
from fauxtune.surfaces.control.bodies import Answer


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
