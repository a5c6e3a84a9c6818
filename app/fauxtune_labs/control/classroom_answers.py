"""The answers of the control surface on classrooms. Steps are numbered from 1."""

from __future__ import annotations

from pydantic import Field

from fauxtune.core.model.classrooms import SeatEvent
from fauxtune.surfaces.control.answers import Answer


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
