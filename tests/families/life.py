"""The resources of a family that a test makes, with all that they need."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from fauxtune.surfaces.graph.resources.served_family import Served
from tests.families.samples import Sample, every_family, name_of, sample
from tests.support.graph import create

Json = dict[str, Any]


@dataclass(slots=True)
class Maker:
    """Makes resources by their samples."""

    graph: httpx.AsyncClient
    ids: dict[str, str] = field(default_factory=dict)

    async def path(self, served: Served) -> str:
        """Return the path of the collection; what is above it is made first, once."""
        path = f"/{served.template}"
        for depth, family in enumerate(served.above):
            above = Served(family, served.above[:depth])
            path = path.replace(f"{{{above.key}}}", await self.one(above))
        return path

    async def one(self, served: Served) -> str:
        """Return the id of a resource of the family, which is made once."""
        name = name_of(served)
        if name not in self.ids:
            bodies = await self.bodies(served)
            self.ids[name] = str((await create(self.graph, await self.path(served), **bodies[0]))["id"])
        return self.ids[name]

    async def bodies(self, served: Served) -> list[Json]:
        """Return the bodies of the sample; what they need is made first."""
        return (await self.whole(served)).bodies

    async def whole(self, served: Served) -> Sample:
        """Return the sample with the ids of what it needs."""
        found = sample(served)
        text = json.dumps([found.bodies, found.change, found.fixed, found.refused])
        for need in found.needs:
            known = {name_of(family): family for family in every_family()}
            text = text.replace(f"{{{{{need}}}}}", await self.one(known[need]))
        bodies, change, fixed, refused = json.loads(text)
        return replace(found, bodies=bodies, change=change, fixed=fixed, refused=refused)
