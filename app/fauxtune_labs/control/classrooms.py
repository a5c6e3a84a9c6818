"""Classrooms: opened, watched, steered and closed by an instructor, never with the password of a seat; what is answered
on them. Steps are numbered from 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from fastapi import Response
from pydantic import Field, StrictBool

from fauxtune.core.model.classrooms import MOST_SEATS, SeatEvent, seat_name
from fauxtune.core.model.text import Text
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries import classrooms as queries
from fauxtune.storage.rows.classrooms import SeatEventRow
from fauxtune.surfaces.control.access import Anyone, calls
from fauxtune.surfaces.control.bodies import Answer, Body, Listed
from fauxtune_labs.core.lab import Lab
from fauxtune_labs.operations.classrooms import opening, progress, steering
from fauxtune_labs.operations.classrooms.opening import DEFAULT_NAME
from fauxtune_labs.operations.classrooms.progress import LabProgress, SeatProgress, deed

# The bodies of the control surface on classrooms, in. Steps are numbered from 1.


class ClassroomLab(Answer):
    """A lab of the lesson."""

    name: str
    title: str
    minutes: int
    steps: int


class SeatCard(Answer):
    """What a student needs. The password is told once: it is kept as a hash."""

    name: str
    password: str


class OpenedClassroom(Answer):
    """A classroom with the passwords of its seats. `address`: where students sign in; `trust`: the page that says what
    to trust for that. Both are under the name that the server gives itself.
    """

    name: str
    address: str
    trust: str
    labs: list[ClassroomLab]
    seats: list[SeatCard]


class ListedClassroom(Answer):
    """A classroom in the list."""

    name: str
    seats: int
    labs: list[str]
    created_date_time: str


class SeatLab(Answer):
    """A lab at a seat. `predicted`: whether the first answer to the first question was right; `answered`: whether the
    last question was answered rightly. Null before any answer was given.
    """

    name: str
    started: bool
    present: bool = Field(description="the seat is at this lab now")
    done: bool
    predicted: bool | None
    passed: list[int] = Field(description="steps that have passed")
    answered: bool | None
    hints: int


class SeatNote(Answer):
    """What was done at a seat, and when by the system's clock."""

    time: str
    event: SeatEvent
    lab: str | None
    text: str


class Seat(Answer):
    """A seat, and how far it has come."""

    name: str
    tenant: str = Field(description="the id of its tenant")
    now: str = Field(description="what its clock shows")
    frozen: bool
    labs: list[SeatLab]
    last: SeatNote | None


class Classroom(Answer):
    """A classroom with its seats."""

    name: str
    labs: list[ClassroomLab]
    seats: list[Seat]


class SeatOutcome(Answer):
    """What became of a seat. `problem`: why it is not as it was to be."""

    seat: str
    problem: str | None


class SeatStep(SeatOutcome):
    """What became of a seat that was to be set to a step. `kept`: why it stays as it is; `lost`: what ends for it."""

    kept: str | None
    lost: str | None


class ResetSeat(Answer):
    """A seat that was reset. `lab`: the lab that begins again; null if it had started none."""

    seat: str
    lab: str | None


class SentFault(Answer):
    """A fault that strikes at a seat from now on, in words."""

    seat: str
    fault: str


class Transcript(Answer):
    """What was done at a seat, in its order."""

    seat: Seat
    events: list[SeatNote]


_MOST_LABS = 200


class NewClassroom(Body):
    """A classroom to open."""

    seats: int = Field(ge=1, le=MOST_SEATS, strict=True)
    name: Text = Field(default=DEFAULT_NAME, description="its seats are the tenants name-01, name-02 ...")
    labs: list[Text] = Field(default=[], max_length=_MOST_LABS, description="in the order of the lesson; empty: all")


class ClassroomStep(Body):
    """A step of a lab; 1 is its beginning."""

    lab: Text
    step: int = Field(default=1, ge=1, le=20, strict=True)
    preview: StrictBool = Field(default=False, description="only say what would become of each seat")


class ClassroomClocks(Body):
    """Whether the clocks of all seats stand still."""

    frozen: StrictBool


class SeatFault(Body):
    """A fault for one seat, by the name that `fauxtune classroom fault --list` tells."""

    fault: Text


#: Where students sign in: on a server with a control token every page asks for it, else only this one.
_CONSOLE, _SIGN_IN = "/console", "/console/-/seat"
#: The page that says what to trust.
_TRUST = "/trust"

router = calls("/classrooms", tag="classrooms")


@router.get("", summary="List the classrooms that are open")
async def list_classrooms(emulator: Anyone) -> Listed[ListedClassroom]:
    """By name."""
    return Listed(
        value=[
            ListedClassroom.from_value(
                classroom, seats=len(classroom.seats), created_date_time=classroom.seats[0].created_at
            )
            for classroom in await opening.classrooms(emulator)
        ]
    )


@router.post("", status_code=201, summary="Open a classroom")
async def open_classroom(emulator: Anyone, body: NewClassroom) -> OpenedClassroom:
    """A tenant and a password for each seat. The password is a bearer token of this surface as well, and is told here
    alone.
    """
    opened = await opening.open_classroom(emulator, seats=body.seats, name=body.name, labs=body.labs)
    classroom = await opening.classroom_named(emulator, body.name)
    return OpenedClassroom(
        name=classroom.name,
        address=_origin(emulator) + (_SIGN_IN if emulator.control_token is None else _CONSOLE),
        trust=f"{emulator.addresses.public_http_url}{_TRUST}",
        labs=_labs(await progress.labs_of(emulator, classroom)),
        seats=[SeatCard(name=new_seat.tenant.name, password=new_seat.password) for new_seat in opened],
    )


@router.get("/{classroom}", summary="Get a classroom with the progress of its seats")
async def get_classroom(emulator: Anyone, classroom: str) -> Classroom:
    """Each seat with its labs, its clock and what was done there last."""
    room = await opening.classroom_named(emulator, classroom)
    labs = await progress.labs_of(emulator, room)
    seats = await progress.progress_in(emulator, room)
    return Classroom(name=room.name, labs=_labs(labs), seats=[_seat(seat) for seat in seats])


@router.post("/{classroom}/step", summary="Set all seats to a step of a lab")
async def set_classroom_step(emulator: Anyone, classroom: str, body: ClassroomStep) -> Listed[SeatStep]:
    """The lab is started, and the steps before are done. A seat that is there already, has done the lab, or is at a
    later lab stays as it is.
    """
    room = await opening.classroom_named(emulator, classroom)
    work = steering.plan_step if body.preview else steering.set_step
    outcomes = await work(emulator, room, lab=body.lab, step=body.step - 1)
    return Listed(
        value=[
            SeatStep(
                seat=outcome.seat, problem=outcome.problem or None, kept=outcome.kept or None, lost=outcome.lost or None
            )
            for outcome in outcomes
        ]
    )


@router.put("/{classroom}/clocks", summary="Stop the clocks of all seats, or let them run")
async def set_classroom_clocks(emulator: Anyone, classroom: str, body: ClassroomClocks) -> Listed[SeatOutcome]:
    """Each at its own time, from which it runs on."""
    room = await opening.classroom_named(emulator, classroom)
    return _outcomes(await steering.set_clocks(emulator, room, frozen=body.frozen))


@router.post("/{classroom}/seats/{seat}/reset", summary="Reset a seat")
async def reset_seat(emulator: Anyone, classroom: str, seat: str) -> ResetSeat:
    """It is as its present lab began; as it was opened, if it has started none. By its name or number."""
    room = await opening.classroom_named(emulator, classroom)
    tenant = await steering.tenant_at(emulator, room, seat=seat)
    return ResetSeat(seat=tenant.name, lab=await steering.reset_seat(emulator, room, seat=seat))


@router.post("/{classroom}/seats/{seat}/faults", status_code=201, summary="Let something go wrong at a seat")
async def send_fault(emulator: Anyone, classroom: str, seat: str, body: SeatFault) -> SentFault:
    """Until the fault is deleted, or the seat reset."""
    room = await opening.classroom_named(emulator, classroom)
    tenant = await steering.tenant_at(emulator, room, seat=seat)
    title = await steering.send_fault(emulator, room, seat=seat, fault=body.fault)
    return SentFault(seat=tenant.name, fault=title)


@router.get("/{classroom}/transcripts", summary="Get what was done at each seat")
async def read_transcripts(emulator: Anyone, classroom: str) -> Listed[Transcript]:
    """Answers, checks with what they saw, hints, in their order."""
    room = await opening.classroom_named(emulator, classroom)
    transcripts = []
    for seat_progress in await progress.progress_in(emulator, room):
        events = await emulator.runner.read(queries.events_of, seat_progress.seat.tenant_id)
        transcripts.append(Transcript(seat=_seat(seat_progress), events=[_note(event) for event in events]))
    return Listed(value=transcripts)


@router.delete("/{classroom}", status_code=204, summary="Close a classroom")
async def close_classroom(emulator: Anyone, classroom: str) -> Response:
    """Its seats are deleted with everything in them: read the transcripts before."""
    await opening.close_classroom(emulator, name=classroom)
    return Response(status_code=204)


def _origin(emulator: Emulator) -> str:
    """Return the origin under the name that the server gives itself in certificates: not the one that a command on the
    same machine has used.
    """
    addresses = emulator.addresses
    host, port = urlsplit(addresses.public_http_url).hostname, urlsplit(addresses.https).port
    return addresses.public_url or f"https://{host}:{port}"


def _labs(labs: Sequence[Lab]) -> list[ClassroomLab]:
    return [ClassroomLab.from_value(lab, steps=len(lab.steps)) for lab in labs]


def _outcomes(outcomes: Sequence[steering.Outcome]) -> Listed[SeatOutcome]:
    return Listed(value=[SeatOutcome(seat=outcome.seat, problem=outcome.problem or None) for outcome in outcomes])


def _seat(seat: SeatProgress) -> Seat:
    return Seat.from_value(
        seat,
        name=seat_name(seat.seat.classroom, seat.seat.number),
        tenant=seat.tenant.id,
        labs=[_lab(lab) for lab in seat.labs],
        last=None if seat.last is None else _note(seat.last),
    )


def _lab(progress: LabProgress) -> SeatLab:
    return SeatLab.from_value(progress, name=progress.lab.name, passed=[number + 1 for number in progress.passed])


def _note(row: SeatEventRow) -> SeatNote:
    return SeatNote.from_value(row, time=row.at, text=deed(row))
