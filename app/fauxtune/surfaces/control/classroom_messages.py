"""The bodies of the control surface on classrooms, in. Steps are numbered from 1."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, StrictBool
from pydantic.alias_generators import to_camel

from fauxtune.core.model.classrooms import MOST_SEATS
from fauxtune.core.model.text import Text
from fauxtune.operations.arrangement.classrooms.opening import DEFAULT_NAME

_MOST_LABS = 200


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class NewClassroom(_Body):
    """A classroom to open."""

    seats: int = Field(ge=1, le=MOST_SEATS, strict=True)
    name: Text = Field(default=DEFAULT_NAME, description="its seats are the tenants name-01, name-02 ...")
    labs: list[Text] = Field(default=[], max_length=_MOST_LABS, description="in the order of the lesson; empty: all")


class ClassroomStep(_Body):
    """A step of a lab; 1 is its beginning."""

    lab: Text
    step: int = Field(default=1, ge=1, le=20, strict=True)
    preview: StrictBool = Field(default=False, description="only say what would become of each seat")


class ClassroomClocks(_Body):
    """Whether the clocks of all seats stand still."""

    frozen: StrictBool


class SeatFault(_Body):
    """A fault for one seat, by the name that `fauxtune classroom fault --list` tells."""

    fault: Text
