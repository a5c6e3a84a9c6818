"""A lab: one idea in some minutes. Predict, act, observe, prove it outside, and answer a last question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from fauxtune.core.model.tenants import Edition

#: The members of a deed, a check or a file, by name.
Words: TypeAlias = "Mapping[str, Any]"


@dataclass(frozen=True, slots=True)
class Act:
    """A verb of one of the tables in `verbs`, with its members."""

    verb: str
    words: Words


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer to a question, and why it is right or wrong."""

    text: str
    why: str
    right: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A question with answers, of which one is right."""

    text: str
    choices: tuple[Choice, ...]

    def is_right(self, chosen: Sequence[int]) -> bool:
        """Whether the right answer is among those that were chosen, by their numbers, counted from 0."""
        return any(self.choices[number].right for number in chosen if number < len(self.choices))


@dataclass(frozen=True, slots=True)
class WrongWay:
    """A way that does not lead to the aim of a step. `says`: what a check of the step sees then, or a part of it."""

    text: str
    do: tuple[Act, ...]
    says: str


@dataclass(frozen=True, slots=True)
class Step:
    """What to do, what to look at, and how to tell that it was done. Hints are given one after the other."""

    title: str
    text: str
    hints: tuple[str, ...]
    do: tuple[Act, ...]
    look: tuple[Act, ...]
    check: tuple[Act, ...]
    wrong: tuple[WrongWay, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """Commands of another program over files of the lab. `prints`: texts that the last command prints; `hides`: texts
    that it does not print; `fails`: whether it is to fail.
    """

    text: str
    files: tuple[Act, ...]
    run: tuple[str, ...]
    prints: tuple[str, ...]
    hides: tuple[str, ...]
    fails: bool


@dataclass(frozen=True, slots=True)
class Lab:
    """A lab. `start`: the provider states that it begins with; `prepare`: what is done before it begins.

    `shown_by`: the step that shows whether the prediction was right, counted from 1; `edition`: the only one in which
    it can be played, None for one that is the same in all; `objective`: what of an exam or a syllabus it practises.
    """

    name: str
    title: str
    minutes: int
    idea: str
    story: str
    start: tuple[str, ...]
    prepare: tuple[Act, ...]
    predict: Question
    shown_by: int
    steps: tuple[Step, ...]
    proofs: tuple[Proof, ...]
    quiz: Question
    edition: Edition | None = None
    objective: str | None = None

    def fits(self, edition: Edition) -> bool:
        """Whether it can be played in a tenant of this edition."""
        return self.edition in (None, edition)

    def files(self) -> tuple[Act, ...]:
        """Return the files of all proofs, each once."""
        return tuple({file.words["name"]: file for proof in self.proofs for file in proof.files}.values())
