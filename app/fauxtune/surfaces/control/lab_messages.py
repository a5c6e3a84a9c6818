"""The bodies of the control surface on labs, in: questions, steps and choices are numbered from 1."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

_MOST = 20


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class LabAnswer(_Body):
    """An answer to the first question of a lab, or to the last."""

    question: Literal["predict", "quiz"]
    choice: int = Field(ge=1, le=_MOST, strict=True)


class LabStepNumber(_Body):
    """A step of a lab; without a number all."""

    step: int | None = Field(default=None, ge=1, le=_MOST, strict=True)


class LabHintWanted(_Body):
    """The step for which a hint is wanted."""

    step: int = Field(ge=1, le=_MOST, strict=True)


class LabSolution(_Body):
    """What is done: a step, or all of them; or a wrong way of a step, by its number."""

    step: int | None = Field(default=None, ge=1, le=_MOST, strict=True)
    wrong: int | None = Field(default=None, ge=1, le=_MOST, strict=True)
