"""What people see of labs in a tenant: the list, and one lab with its steps, their ways, and what was done so far."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fauxtune.core.errors import Invalid
from fauxtune.core.labs.lab import Lab, Question
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.arrangement.labs.files import file_names
from fauxtune.operations.arrangement.labs.runs import Progress, later_lab, progress_of, stage_of
from fauxtune.operations.arrangement.labs.texts import all_labs, lab_named, lab_names
from fauxtune.operations.arrangement.labs.ways import Way, ways_of
from fauxtune.operations.runtime.emulator import Emulator


class LabState(StrEnum):
    """How far a lab has come in a tenant. Of a broken one the file has mistakes."""

    NEW = "new"
    STARTED = "started"
    DONE = "done"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class LabLine:
    """A lab in the list. `lab` is None for one whose file has mistakes: `problem` names them."""

    name: str
    state: LabState
    passed: int
    lab: Lab | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class StepView:
    """How a step is done, and what to look at then."""

    do: tuple[Way, ...]
    look: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class LabView:
    """A lab, and what was done in the tenant. `steps` is empty before it was started; `later`: the lab that was started
    after it, None if it is the last one.
    """

    lab: Lab
    state: LabState
    progress: Progress
    steps: tuple[StepView, ...]
    files: tuple[str, ...]
    later: str | None = None


async def lab_lines(emulator: Emulator, tenant: Tenant) -> list[LabLine]:
    """Return all labs in the order in which they are taught."""
    rows = await progress_of(emulator, tenant)
    lines = []
    for name, lab in zip(await lab_names(emulator), await all_labs(emulator), strict=True):
        if isinstance(lab, Invalid):
            lines.append(LabLine(name, LabState.BROKEN, 0, None, lab.message))
            continue
        row = rows.get(name)
        progress = Progress() if row is None else Progress.of(row)
        state = LabState.NEW if row is None else _state(progress, lab)
        lines.append(LabLine(name, state, len(progress.passed), lab))
    return lines


async def lab_view(emulator: Emulator, tenant: Tenant, *, name: str) -> LabView:
    """Return one lab. Raises NotFound, Invalid for one whose file has mistakes."""
    row = (await progress_of(emulator, tenant)).get(name)
    if row is None:
        return LabView(await lab_named(emulator, name), LabState.NEW, Progress(), (), ())
    stage = await stage_of(emulator, tenant, name=name, dry=True)
    progress, later = Progress.of(row), await later_lab(emulator, tenant, name=name)
    steps = [
        StepView(tuple(await ways_of(stage, step.do)), tuple(await ways_of(stage, step.look)))
        for step in stage.lab.steps
    ]
    return LabView(stage.lab, _state(progress, stage.lab), progress, tuple(steps), tuple(file_names(stage)), later)


def _state(progress: Progress, lab: Lab) -> LabState:
    return LabState.DONE if progress.is_done(lab) else LabState.STARTED


def missing(view: LabView) -> list[str]:
    """Return what the lab needs to be at its end, in words."""
    lab, progress = view.lab, view.progress
    words = [] if progress.predicted else ["the first question is not answered"]
    words += [f"step {n + 1} has not passed" for n in range(len(lab.steps)) if n not in progress.passed]
    return words if is_right(lab.quiz, progress.answered) else [*words, "the last question is not answered rightly"]


def is_right(question: Question, chosen: tuple[int, ...]) -> bool:
    """Whether the right answer is among those that were chosen."""
    return any(question.choices[each].right for each in chosen if each < len(question.choices))
