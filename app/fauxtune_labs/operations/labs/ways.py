"""The three ways of a deed: the page of the console, the command, and the requests. Nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.errors import FauxtuneError
from fauxtune_labs.core.lab import Act
from fauxtune_labs.core.verbs import DEEDS, command_of, verb_named
from fauxtune_labs.operations.labs.deeds import carry_out, places_of
from fauxtune_labs.operations.labs.stage import Stage


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
