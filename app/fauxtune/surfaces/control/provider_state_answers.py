"""The answers of the control surface on provider states."""

from __future__ import annotations

from fauxtune.surfaces.control.answers import Answer


class PlaceOfState(Answer):
    """A place in a sentence."""

    name: str
    example: str
    meaning: str


class KnownState(Answer):
    """A sentence. `also`: other wordings; `enrolls`: simulated devices may be enrolled to reach it."""

    state: str
    example: str
    area: str
    meaning: str
    also: list[str]
    params: list[PlaceOfState]
    enrolls: bool


class ReachedState(Answer):
    """The tenant is in the state. `state`: the sentence as it is listed; `changed`: whether it was not before;
    `values`: ids and names of what the sentence speaks of, such as `userId`.
    """

    state: str
    wording: str
    changed: bool
    values: dict[str, str]
