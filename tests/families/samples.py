"""The samples of every family: whole bodies, as documents show them, with values of our own.

`samples/<family>.json` has `bodies`, at least one and one of each kind; beside them, where it makes sense:
`change`: what a PATCH changes, else the description; `fixed`: properties with values that a PATCH may not set;
`refused`: bodies with what the refusal says; `assignment`: what an assignment says beside its target; `targets`: the
types of two targets that name a group; `settles`: properties that the server changes by itself after a while; `needs`:
other families of which one resource is made first, whose id stands in the bodies as `{{family}}`. The file of a family
below another one is named after both, with a dot between.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fauxtune.surfaces.graph.families.family import Family
from fauxtune.surfaces.graph.families.index import FAMILIES
from fauxtune.surfaces.graph.resources.served_family import Served

FOLDER = Path(__file__).parent / "samples"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sample:
    """What a file says."""

    bodies: list[Json]
    change: Json = field(default_factory=lambda: {"description": "Changed"})
    fixed: Json = field(default_factory=dict)
    refused: list[Json] = field(default_factory=list)
    assignment: Json = field(default_factory=dict)
    settles: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=lambda: ["groupAssignmentTarget", "exclusionGroupAssignmentTarget"])
    needs: list[str] = field(default_factory=list)


def every_family() -> Iterator[Served]:
    """All families and those below them."""
    for families in FAMILIES.values():
        for family in families:
            yield from _with_below(Served(family))


def name_of(served: Served) -> str:
    """The name of the file of a family."""
    return ".".join(family.path.rpartition("/")[2] for family in (*served.above, served.family))


def sample(served: Served) -> Sample:
    """Return the sample of a family."""
    return Sample(**json.loads((FOLDER / f"{name_of(served)}.json").read_text(encoding="utf-8")))


def family_named(name: str) -> Family:
    """Return the family with this name."""
    return next(served.family for served in every_family() if name_of(served) == name)


def _with_below(served: Served) -> Iterator[Served]:
    yield served
    for part in served.family.below:
        yield from _with_below(Served(part, (*served.above, served.family)))
