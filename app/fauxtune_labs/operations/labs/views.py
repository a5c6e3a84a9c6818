"""What people see of labs in a tenant: the list, and one lab with its steps, what was done so far, and the three ways
of each deed: the page of the console, the command, and the requests. Nothing is changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.errors import FauxtuneError, Invalid
from fauxtune.core.language.catalogue import Language
from fauxtune.core.language.message import Message
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.tenants.seats import seat_of
from fauxtune_labs.core.lab import Act, Lab
from fauxtune_labs.core.verbs import DEEDS, command_of, verb_named
from fauxtune_labs.operations.labs.deeds import carry_out, places_of
from fauxtune_labs.operations.labs.files import file_names
from fauxtune_labs.operations.labs.runs import Progress, later_lab, progress_of, stage_for
from fauxtune_labs.operations.labs.stage import Stage
from fauxtune_labs.operations.labs.texts import all_labs, lab_named, lab_names


class LabState(StrEnum):
    """How far a lab has come in a tenant. Of a broken one the file has mistakes; one of another edition than the
    tenant's cannot be played.
    """

    NEW = "new"
    STARTED = "started"
    DONE = "done"
    BROKEN = "broken"
    OTHER_EDITION = "other-edition"


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
    """A lab, and what was done in the tenant. `steps` is empty before it was started; `files`: all that the lab has or
    will have, `given`: those that deeds have made so far; `later`: the lab that was started after it, None if it is the
    last one.
    """

    lab: Lab
    state: LabState
    progress: Progress
    steps: tuple[StepView, ...]
    files: tuple[str, ...]
    given: tuple[str, ...] = ()
    later: str | None = None


async def lab_lines(emulator: Emulator, tenant: Tenant, *, language: Language = Language.ENGLISH) -> list[LabLine]:
    """Return the labs in the order in which they are taught; for a seat of a classroom those of the lesson."""
    rows = await progress_of(emulator, tenant)
    labs = dict(zip(await lab_names(emulator), await all_labs(emulator, language=language), strict=True))
    seat = await seat_of(emulator, tenant)
    lines = []
    for name, lab in ((name, labs[name]) for name in (labs if seat is None else seat.labs) if name in labs):
        if isinstance(lab, Invalid):
            lines.append(LabLine(name, LabState.BROKEN, 0, None, lab.message))
            continue
        row = rows.get(name)
        progress = Progress() if row is None else Progress.of(row)
        state = _before(tenant, lab) if row is None else _state(progress, lab)
        lines.append(LabLine(name, state, len(progress.passed), lab))
    return lines


async def lab_view(emulator: Emulator, tenant: Tenant, *, name: str, language: Language = Language.ENGLISH) -> LabView:
    """Return one lab. Raises NotFound, Invalid for one whose file has mistakes."""
    rows, lab = await progress_of(emulator, tenant), await lab_named(emulator, name, language=language)
    row = rows.get(name)
    if row is None:
        return LabView(lab, _before(tenant, lab), Progress(), (), ())
    stage = stage_for(emulator, tenant, lab=lab, row=row, dry=True)
    progress, later, given = Progress.of(row), later_lab(rows, name=name), tuple(sorted(stage.files))
    steps = [
        StepView(tuple(await ways_of(stage, step.do)), tuple(await ways_of(stage, step.look))) for step in lab.steps
    ]
    return LabView(lab, _state(progress, lab), progress, tuple(steps), tuple(file_names(stage)), given, later)


def _before(tenant: Tenant, lab: Lab) -> LabState:
    """Return the state of a lab that was not started."""
    return LabState.NEW if lab.fits(tenant.edition) else LabState.OTHER_EDITION


def _state(progress: Progress, lab: Lab) -> LabState:
    return LabState.DONE if progress.is_done(lab) else LabState.STARTED


async def missing_now(
    emulator: Emulator, tenant: Tenant, *, name: str, language: Language = Language.ENGLISH
) -> tuple[Lab, list[Message]]:
    """Return a lab, and what it needs to be at its end, in words."""
    lab, row = await lab_named(emulator, name, language=language), (await progress_of(emulator, tenant)).get(name)
    return lab, (Progress() if row is None else Progress.of(row)).missing(lab)


@dataclass(frozen=True, slots=True)
class Way:
    """How a deed is done. `page`: the parts of the address of its page, and its query; `problem`: why it cannot be done
    as the tenant is now.
    """

    meaning: str
    command: str
    page: tuple[str, ...]
    query: Mapping[str, str]
    requests: tuple[AdminRequest, ...]
    problem: str | None = None


async def ways_of(stage: Stage, deeds: Sequence[Act]) -> list[Way]:
    """Return how these deeds are done, one after the other, on a dry stage."""
    assert stage.dry, "nothing is changed"
    return [await _way(stage, deed) for deed in deeds]


async def _way(stage: Stage, deed: Act) -> Way:
    verb = verb_named(DEEDS, deed.verb)
    assert verb is not None, "a lab was read"
    problem = None
    try:
        await carry_out(stage, deed)
    except FauxtuneError as error:
        problem = error.message
    known = await stage.thumbprint(deed.words) if verb.names_certificate else None
    command = command_of(deed, places_of(stage, deed, thumbprint=known or "THUMBPRINT"))
    # What is not there has no page.
    page = () if any(part.startswith("<") for part in stage.page) else stage.page
    return Way(verb.meaning, command, page, stage.query, tuple(stage.requests), problem)
