"""The root of Graph's entities, and values that the types of several areas share."""

from __future__ import annotations

from fauxtune.core.odata.schema.fidelity import stored
from fauxtune.core.odata.schema.types import Entity, Owner, Property

ID = Property("id", nullable=False, owner=Owner.SERVER)
#: The root of all entities.
ENTITY = Entity("entity", properties=(ID,), abstract=True, source="Graph: entity")
#: What Graph shows for "no end".
NO_END = "9999-12-31T23:59:59.0000000Z"
#: Scope tags, wherever something carries them.
TAGS_HIDE_NOTHING = stored("a tag hides nothing, and need not exist")
