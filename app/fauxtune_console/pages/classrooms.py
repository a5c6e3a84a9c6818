"""Classrooms: those that are open, and the page of an instructor with the progress of every seat."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field

from fastapi import Response
from starlette.datastructures import FormData

from fauxtune.core.errors import Conflict, FauxtuneError, Invalid
from fauxtune.core.faults.presets import PRESETS
from fauxtune.core.model.classrooms import seat_name
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune_console.addresses import CLASSROOMS
from fauxtune_console.call import Call, whole_number
from fauxtune_console.live import Source, Streams
from fauxtune_labs.operations.classrooms import progress, steering
from fauxtune_labs.operations.classrooms.opening import Classroom, classrooms
from fauxtune_labs.operations.classrooms.progress import LabProgress, SeatProgress, deed
from fauxtune_labs.operations.classrooms.steering import Outcome

#: Seats that a sentence names.
_MOST_NAMED = 3
#: Seconds between two updates: forty students do something all the time.
_PACE = 1.0
#: Seconds after which a stream looks again by itself.
_GLANCE = 2.0


@dataclass(slots=True)
class Work:
    """The work of setting all seats to a step, which goes on while the page is read. `title`: what is done."""

    title: str
    seats: int
    outcomes: list[Outcome] = field(default_factory=list)
    problem: str = ""
    task: asyncio.Task[None] | None = None

    @property
    def is_over(self) -> bool:
        """Whether every seat is there, or could not be set."""
        return self.task is None or self.task.done()

    @property
    def failed(self) -> list[Outcome]:
        """The seats that could not be set."""
        return [outcome for outcome in self.outcomes if outcome.problem]


#: The last work of each classroom, by its name.
Works = dict[str, Work]


@dataclass(frozen=True, slots=True)
class ClassroomCall(Call):
    """A request of an instructor about a classroom. `seen`: what had happened in it before the page was read."""

    classroom: Classroom
    seen: str
    works: Works

    def query(self, name: str) -> str:
        """Return a value of the address's query."""
        return self.request.query_params.get(name, "")

    @property
    def address(self) -> str:
        """The address of the classroom's page."""
        return f"{CLASSROOMS}/{self.classroom.name}"


@dataclass(frozen=True, slots=True)
class Dot:
    """A part of a lab: a question or a step. `css`: how it stands."""

    text: str
    css: str


@dataclass(frozen=True, slots=True)
class LabCell:
    """A lab at a seat, on the page. `words` says what the dots show."""

    progress: LabProgress
    dots: list[Dot]
    words: str


@dataclass(frozen=True, slots=True)
class SeatRow:
    """A seat on the page. `last`: what was done there last."""

    name: str
    progress: SeatProgress
    cells: list[LabCell]
    last: str


async def classroom(call: ClassroomCall) -> Response:
    """Show how far each seat has come."""
    emulator = call.emulator
    labs = await progress.labs_of(emulator, call.classroom, language=call.language)
    seats = await progress.progress_in(emulator, call.classroom)
    return call.page(
        "classroom.html",
        labs=labs,
        rows=[_row(seat) for seat in seats],
        work=call.works.get(call.classroom.name),
        all_frozen=all(seat.is_frozen for seat in seats),
        some_frozen=any(seat.is_frozen for seat in seats),
        system_now=emulator.runner.clock.now(),
        faults={title: [(name, preset.title) for name, preset in group.items()] for title, group in PRESETS.items()},
    )


async def press(call: ClassroomCall) -> Response:
    """Do with all seats, or with one, what the form's button says."""
    form = await call.form()
    emulator, room, seat = call.emulator, call.classroom, str(form.get("seat", ""))
    match str(form.get("do", "")):
        case "plan":
            lab, step = _place(form)
            plan = await steering.plan_step(emulator, room, lab=lab, step=step)
            return call.page("classroom_step.html", lab=lab, step=step + 1, plan=plan)
        case "step":
            lab, step = _place(form)
            await _begin(call, lab=lab, step=step)
            return call.lead_to(call.address, done="It has begun. This page shows when each seat is there.")
        case "freeze" | "run" as do:
            outcomes = await steering.set_clocks(emulator, room, frozen=do == "freeze")
            words = "frozen: its clock stands still" if do == "freeze" else "running: its clock goes on"
            return call.lead_to(call.address, done=_sentence(outcomes, words))
        case "reset":
            lab_name = await steering.reset_seat(emulator, room, seat=seat)
            words = "as it was opened" if lab_name is None else f"as the lab {lab_name} began"
            return call.lead_to(call.address, done=f"The seat {seat} is {words}.")
        case "fault":
            title = await steering.send_fault(emulator, room, seat=seat, fault=str(form.get("fault", "")))
            return call.lead_to(call.address, done=f"At the seat {seat} goes wrong from now on: {title}.")
        case _:
            raise Invalid("A classroom has no such button.")


def seen(classroom: Classroom, streams: Streams, *, emulator: Emulator, works: Works) -> str:
    """Return what the page of a classroom shows that is read now."""
    work = works.get(classroom.name)
    state = "" if work is None else f"{len(work.outcomes)}{work.is_over}"
    return f"{streams.seen_in(emulator, [seat.tenant_id for seat in classroom.seats])}.{state}"


def source(call: ClassroomCall, streams: Streams) -> Source:
    """Return what the page of a classroom watches: all of its seats, and the work on them."""
    ids, emulator = [seat.tenant_id for seat in call.classroom.seats], call.emulator

    async def is_there() -> bool:
        return any(each.name == call.classroom.name for each in await classrooms(emulator))

    async def look() -> str:
        return seen(call.classroom, streams, emulator=emulator, works=call.works)

    async def wait() -> None:
        await emulator.signals.wait_for_news(ids, seconds=_GLANCE)

    return Source(is_there, look, wait, pace=_PACE)


async def _begin(call: ClassroomCall, *, lab: str, step: int) -> None:
    """Begin to set all seats to a step. Raises Conflict while such work goes on, NotFound."""
    emulator, room = call.emulator, call.classroom
    before = call.works.get(room.name)
    if before is not None and not before.is_over:
        raise Conflict(f"{before.title}: that goes on. Wait until all seats are there.")
    await steering.check_step(emulator, lab=lab, step=step)
    work = call.works[room.name] = Work(f"Setting all seats to step {step + 1} of {lab}", len(room.seats))
    done = steering.set_step(emulator, room, lab=lab, step=step, tell=work.outcomes.append)
    work.task = asyncio.create_task(_carry_out(done, work))


async def _carry_out(done: Awaitable[object], work: Work) -> None:
    try:
        await done
    except FauxtuneError as error:
        work.problem = error.message


def _place(form: FormData) -> tuple[str, int]:
    lab, _, step = str(form.get("place", "")).rpartition("/")
    number = whole_number(step)
    if not lab or not number:
        raise Invalid("Choose a step of a lab.")
    return lab, number - 1


def _sentence(outcomes: Sequence[Outcome], words: str) -> str:
    failed = [outcome for outcome in outcomes if outcome.problem]
    good = len(outcomes) - len(failed)
    text = f"{good} of {len(outcomes)} seats: {words}."
    return " ".join([text, *(f"{each.seat}: {each.problem}" for each in failed[:_MOST_NAMED])])


def _row(seat: SeatProgress) -> SeatRow:
    last = "" if seat.last is None else deed(seat.last)
    return SeatRow(seat_name(seat.seat.classroom, seat.seat.number), seat, [_cell(lab) for lab in seat.labs], last)


def _cell(lab: LabProgress) -> LabCell:
    steps = [Dot(str(number + 1), "good" if number in lab.passed else "off") for number in range(len(lab.lab.steps))]
    dots = [Dot("?", _css(lab.predicted)), *steps, Dot("!", _css(lab.answered))]
    return LabCell(lab, dots, _words(lab))


def _css(right: bool | None) -> str:
    return "off" if right is None else "good" if right else "bad"


def _words(lab: LabProgress) -> str:
    answers = {None: "open", True: "right", False: "wrong"}
    parts = [
        f"first question {answers[lab.predicted]}",
        f"{len(lab.passed)} of {len(lab.lab.steps)} steps",
        f"last question {answers[lab.answered]}",
    ]
    return "; ".join(parts)
