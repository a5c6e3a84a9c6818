"""Provider states: sentences that say what the tenant is like, listed and reached."""

from __future__ import annotations

from typing import Any

from fauxtune.core.model.words.provider_state_words import places
from fauxtune.core.model.words.provider_states import PLACES, SENTENCES
from fauxtune.surfaces.control import messages
from fauxtune.surfaces.control.access import Here, calls
from fauxtune.surfaces.control.bodies import Answer, Listed
from fauxtune_labs.operations.provider_states import reach

# The answers of the control surface on provider states.


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


router = calls("/tenants/{tenant}/states", tag="states")


@router.get("", summary="List the sentences of provider states")
async def list_states(here: Here) -> Listed[KnownState]:
    """By areas: users, groups, certificates, profiles, devices, failures, times."""
    return Listed(
        value=[
            KnownState.from_value(
                sentence,
                state=sentence.text,
                params=[PlaceOfState.from_value(PLACES[name], name=name) for name in places(sentence)],
            )
            for sentence in SENTENCES
        ]
    )


@router.put("", summary="Bring the tenant into a provider state")
async def reach_state(here: Here, body: messages.ProviderState) -> ReachedState:
    """Nothing is changed if the tenant is in the state already. 400 for a sentence that is not known: the nearest three
    are named. Simulated devices are enrolled as needed, and have settled when this is answered.
    """
    params: dict[str, Any] = dict(body.params)
    reached = await reach(here.emulator, here.tenant, state=body.state, params=params)
    return ReachedState.from_value(reached, state=reached.text, wording=reached.state)
