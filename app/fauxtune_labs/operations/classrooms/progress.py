"""How far each seat of a classroom has come, as the instructor sees it: its labs, what was done last, in words, and its
clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fauxtune.core.clock import ClockMode
from fauxtune.core.language.catalogue import Language
from fauxtune.core.model.classrooms import By, SeatEvent
from fauxtune.core.model.ids import TenantId
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import classrooms as queries
from fauxtune.storage.rows.classrooms import LabRunRow, SeatEventRow, SeatRow
from fauxtune_labs.core.lab import Lab
from fauxtune_labs.operations.classrooms.opening import Classroom
from fauxtune_labs.operations.labs.runs import Progress, newest_run
from fauxtune_labs.operations.labs.texts import all_labs


@dataclass(frozen=True, slots=True)
class LabProgress:
    """A lab at a seat. `predicted`: whether the first answer to the first question was right; `answered`: whether the
    right answer to the last one is among those given; None without any. `is_present`: the seat is at this lab.
    """

    lab: Lab
    is_started: bool = False
    is_present: bool = False
    is_done: bool = False
    predicted: bool | None = None
    passed: tuple[int, ...] = ()
    answered: bool | None = None
    hints: int = 0


@dataclass(frozen=True, slots=True)
class SeatProgress:
    """A seat. `last`: what was done there last, None if nothing was."""

    seat: SeatRow
    tenant: Tenant
    now: datetime
    labs: tuple[LabProgress, ...]
    last: SeatEventRow | None

    @property
    def hints(self) -> int:
        """How many hints were given."""
        return sum(lab.hints for lab in self.labs)

    @property
    def done(self) -> int:
        """How many labs are done."""
        return sum(lab.is_done for lab in self.labs)

    @property
    def is_frozen(self) -> bool:
        """Whether its clock stands still."""
        return self.tenant.clock.mode is ClockMode.FROZEN


async def labs_of(emulator: Emulator, classroom: Classroom, *, language: Language = Language.ENGLISH) -> list[Lab]:
    """Return the labs of the lesson in a language, those that can still be read."""
    known = {lab.name: lab for lab in await all_labs(emulator, language=language) if isinstance(lab, Lab)}
    return [known[name] for name in classroom.labs if name in known]


async def progress_in(emulator: Emulator, classroom: Classroom) -> list[SeatProgress]:
    """Return how far each seat has come, by their numbers."""
    labs = await labs_of(emulator, classroom)
    runs, newest = await emulator.runner.read(_rows, [seat.tenant_id for seat in classroom.seats])
    result = []
    for seat in classroom.seats:
        tenant = await emulator.runner.tenant(seat.tenant_id)
        own = runs.get(seat.tenant_id, {})
        present = newest_run(own)
        lines = tuple(_line(lab, own.get(lab.name), is_present=present is own.get(lab.name)) for lab in labs)
        now = emulator.runner.now(tenant)
        result.append(SeatProgress(seat, tenant, now, lines, newest.get(seat.tenant_id)))
    return result


def _rows(
    connection: Connection, tenant_ids: list[TenantId]
) -> tuple[dict[TenantId, dict[str, LabRunRow]], dict[TenantId, SeatEventRow]]:
    runs: dict[TenantId, dict[str, LabRunRow]] = {}
    for row in queries.runs_of_all(connection, tenant_ids):
        runs.setdefault(row.tenant_id, {})[row.lab] = row
    return runs, queries.newest_events(connection, tenant_ids)


def _line(lab: Lab, row: LabRunRow | None, *, is_present: bool) -> LabProgress:
    if row is None:
        return LabProgress(lab)
    progress = Progress.of(row)
    return LabProgress(
        lab,
        is_started=True,
        is_present=is_present,
        is_done=progress.is_done(lab),
        predicted=lab.predict.is_right(progress.predicted[:1]) if progress.predicted else None,
        passed=progress.passed,
        answered=lab.quiz.is_right(progress.answered) if progress.answered else None,
        hints=sum(count for _, count in progress.hints),
    )


def deed(row: SeatEventRow) -> str:
    """Return what was done, such as “answered the first question wrongly: On both”; the lab is told apart from it."""
    detail = row.detail
    match row.event:
        case SeatEvent.SIGNED_IN:
            return "signed in"
        case SeatEvent.STARTED:
            return "started"
        case SeatEvent.PREDICTED | SeatEvent.ANSWERED:
            which = "first" if row.event is SeatEvent.PREDICTED else "last"
            return f"answered the {which} question {'rightly' if detail['right'] else 'wrongly'}: {detail['text']}"
        case SeatEvent.CHECKED:
            return _checked(detail["passed"], detail["missed"], saw=detail["saw"])
        case SeatEvent.HINT:
            return f"took hint {detail['number']} of step {detail['step']}"
        case SeatEvent.SOLVED:
            return _by(row) + _solved(detail["step"], is_wrong=detail["is_wrong"])
        case SeatEvent.RESET:
            return _by(row) + "began again"
        case SeatEvent.FAULT:
            return f"by the instructor: a fault. {detail['text']}"


def _by(row: SeatEventRow) -> str:
    return "by the instructor: " if row.detail["by"] == By.INSTRUCTOR else ""


def _solved(step: int | None, *, is_wrong: bool) -> str:
    which = "all steps" if step is None else f"step {step}"
    return f"tried a wrong way of {which}" if is_wrong else f"had {which} done"


def _checked(passed: list[int], missed: list[int], *, saw: str) -> str:
    parts = [f"step {number} passed" for number in passed]
    if missed:
        numbers = ", ".join(map(str, missed))
        parts.append(f"step {numbers} not yet: {saw}" if len(missed) == 1 else f"steps {numbers} not yet: {saw}")
    return "checked: " + "; ".join(parts)
