"""The sample of a kind: a body that sets all that a client can set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fauxtune.core.odata.entities.index import entity
from fauxtune.core.odata.schema import Entity, Owner, Property, Version
from fauxtune.core.profiles.catalog import Kind

FOLDER = Path(__file__).parent / "samples"
BASE = entity("deviceConfiguration")


def sample(kind: Kind) -> dict[str, Any]:
    """The body in `samples/<kind>.json`."""
    found: dict[str, Any] = json.loads((FOLDER / f"{kind.name}.json").read_text(encoding="utf-8"))
    return found


def own_properties(shape: Entity) -> dict[str, Property]:
    """What a client can set of a kind beyond what all profiles have."""
    common = BASE.properties_in(Version.BETA)
    found = shape.properties_in(Version.BETA)
    return {name: prop for name, prop in found.items() if prop.owner is Owner.CLIENT and name not in common}
