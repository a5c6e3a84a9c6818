"""The sample of each profile kind: a body that sets everything that a client can set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.schema.types import Entity, Owner, Property, Version
from fauxtune.core.profiles.catalog import Kind

FOLDER = Path(__file__).parents[1] / "profiles" / "samples"
BASE = entity("deviceConfiguration")


def sample(kind: Kind) -> dict[str, Any]:
    """Return the body in `tests/profiles/samples/<kind>.json`."""
    document: dict[str, Any] = json.loads((FOLDER / f"{kind.name}.json").read_text(encoding="utf-8"))
    return document


def own_properties(shape: Entity) -> dict[str, Property]:
    """Return the properties that clients can set on a kind beyond those of all profiles."""
    common = BASE.properties_in(Version.BETA)
    properties_in = shape.properties_in(Version.BETA)
    return {name: prop for name, prop in properties_in.items() if prop.owner is Owner.CLIENT and name not in common}
