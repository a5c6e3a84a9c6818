"""The answers of the control surface on labs. Questions, steps and choices are numbered from 1."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from fauxtune.core.model.editions import Edition
from fauxtune.surfaces.control.answers import Answer
from fauxtune_labs.operations.labs.views import LabState


class ListedLab(Answer):
    """A lab. `state`: in this tenant; `edition`: the only one in which it can be played; `problem`: what is wrong with
    its file, then nothing else is known.
    """

    name: str
    title: str
    minutes: int
    idea: str
    state: LabState
    passed: int = Field(description="steps that were passed")
    steps: int
    edition: Edition | None = None
    problem: str | None = None


class LabChoice(Answer):
    """An answer to a question. `why` and `right` are told when it was chosen; of the first question not before step 1
    has passed, so that somebody looks who has predicted.
    """

    number: int
    text: str
    chosen: bool
    right: bool | None = None
    why: str | None = None


class LabQuestion(Answer):
    """A question of a lab."""

    text: str
    choices: list[LabChoice]


class LabRequest(Answer):
    """A request that a deed stands for. `service`: `graph` below /beta, `control` below the tenant."""

    service: str
    method: str
    path: str
    body: dict[str, Any] | None = None
    notes: list[str]


class LabWay(Answer):
    """How something is done: by a command, on a page of the console, by requests."""

    meaning: str
    command: str
    page: str | None
    requests: list[LabRequest]
    problem: str | None = None


class LabWrongWay(Answer):
    """A way that does not lead to the aim of a step. `says`: what a check of the step sees then, or a part of it."""

    text: str
    says: str


class LabStep(Answer):
    """A step. `hints`: those that were given."""

    number: int
    title: str
    text: str
    passed: bool
    hints: list[str]
    do: list[LabWay]
    look: list[LabWay]
    wrong: list[LabWrongWay]


class LabProof(Answer):
    """Commands over files of the lab. `prints`: what the last one prints; `hides`: what it does not print; `fails`: it
    is to fail.
    """

    text: str
    files: list[str]
    run: list[str]
    prints: list[str]
    hides: list[str]
    fails: bool


class Lab(Answer):
    """A lab, whole, with what was done in this tenant. `edition`: the only one in which it can be played;
    `files`: those that can be fetched.
    """

    name: str
    title: str
    minutes: int
    idea: str
    story: str
    state: LabState
    edition: Edition | None = None
    predict: LabQuestion
    steps: list[LabStep]
    proofs: list[LabProof]
    quiz: LabQuestion
    files: list[str]


class LabOutcome(Answer):
    """The outcome of a check."""

    passed: bool
    looked: str = Field(description="what was looked at")
    saw: str
    expected: str


class CheckedLabStep(Answer):
    """A step with the outcomes of its checks."""

    number: int
    title: str
    passed: bool
    checks: list[LabOutcome]


class CheckedLab(Answer):
    """What was checked. `done`: the lab is at its end; `missing`: what else it needs, in words."""

    done: bool
    missing: list[str]
    steps: list[CheckedLabStep]


class LabHint(Answer):
    """A hint: the `number`-th of so many of the step."""

    number: int
    of: int
    text: str
