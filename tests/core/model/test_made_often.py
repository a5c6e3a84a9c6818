"""Values that are made often are frozen dataclasses as any other."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from fauxtune.core.model.made_often import made_often, with_changes


@made_often
@dataclass(frozen=True, slots=True)
class Thing:
    name: str
    parts: list[int] = field(default_factory=list)
    size: int = field(default=3, kw_only=True)


@made_often
@dataclass(frozen=True, slots=True)
class Larger(Thing):
    weight: int = 4


def test_made_as_its_dataclass_makes_it() -> None:
    made = Larger("a", [1], 5, size=6)
    assert (made.name, made.parts, made.weight, made.size) == ("a", [1], 5, 6)
    assert type(made) is Larger
    assert repr(made).endswith("Larger(name='a', parts=[1], size=6, weight=5)")
    assert Thing("a") == Thing("a", [])
    assert Thing("a").parts is not Thing("a").parts


def test_it_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Thing("a").name = "b"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        with_changes(Thing("a"), name="c").name = "b"  # type: ignore[misc]


def test_arguments_are_checked() -> None:
    for wrong in ({}, {"name": "a", "other": 1}):
        with pytest.raises(TypeError):
            Thing(**wrong)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        with_changes(Thing("a"), other=1)


def test_copies() -> None:
    made = Larger("a", weight=5)
    assert with_changes(made, name="b") == replace(made, name="b") == Larger("b", weight=5)
    assert made.name == "a"
    assert copy.deepcopy(made) == pickle.loads(pickle.dumps(made)) == made
