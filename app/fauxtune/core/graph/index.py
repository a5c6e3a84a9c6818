"""The types of Graph, from `types.txt`: its schema, and what is known beyond it; and values that many of them share.

An entity is served when its first line says so; the other types can be built as well, and appear nowhere.
Source: Graph's metadata; names of types in requests are found in any casing, with or without `#` and namespace.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from types import MappingProxyType

from fauxtune.core.errors import Invalid
from fauxtune.core.odata.schema.model import Model
from fauxtune.core.odata.schema.table import SchemaTable
from fauxtune.core.odata.schema.types import NEVER, ComplexType, Entity, EnumType, bare_name

#: What Graph shows for "no end".
NO_END = "9999-12-31T23:59:59.0000000Z"

_TARGETS = (
    "groupAssignmentTarget exclusionGroupAssignmentTarget allDevicesAssignmentTarget allLicensedUsersAssignmentTarget"
)
#: What `$WORD` stands for in types.txt: a sentence on scope tags, the targets that apps and profiles can have and the
#: further one of profiles, moments.
WORDS = {
    "TAGS": "a tag hides nothing, and need not exist",
    "TARGETS": _TARGETS,
    "ALL_TARGETS": f"{_TARGETS} configurationManagerCollectionAssignmentTarget",
    "NEVER": NEVER,
    "NO_END": NO_END,
}

#: v1.0 has an older name for the work profile; what it shows for agents that it does not know is "unknown".
_FALLBACKS = {"policyPlatformType": "androidForWork", "managementAgentType": "unknown"}


def _model() -> Model:
    text = pkgutil.get_data(__package__ or "", "types.txt")
    assert text is not None
    return Model(SchemaTable(text.decode(), words=WORDS), fallbacks=_FALLBACKS)


MODEL = _model()
ENTITIES: tuple[Entity, ...] = tuple(map(MODEL.entity, MODEL.table.served()))

_BY_NAME = MappingProxyType({kind.name.lower(): kind for kind in ENTITIES})


def entity(type_name: str) -> Entity:
    """The entity of `#microsoft.graph.user`, `microsoft.graph.user` or `user`. Raises Invalid for an unknown type."""
    known = _BY_NAME.get(bare_name(type_name).lower())
    if known is None:
        raise Invalid(
            f"The type 'microsoft.graph.{bare_name(type_name)}' could not be resolved by the model.",
            target="@odata.type",
        )
    return known


def closed(type_name: str) -> Entity:
    """The properties of its own of an entity, even if it is open. Raises KeyError for an unknown name."""
    return MODEL.closed(type_name)


def complex_type(name: str) -> ComplexType:
    """The complex type of this name, served or not. Raises KeyError for an unknown one."""
    return MODEL.complex_type(name)


def enumeration(name: str) -> EnumType:
    """The enumeration of this name, served or not. Raises KeyError for an unknown one."""
    return MODEL.enumeration(name)


@cache
def derived_from(base: Entity) -> tuple[Entity, ...]:
    """The concrete entities of this type, itself included unless it is abstract."""
    return tuple(kind for kind in ENTITIES if kind.is_a(base) and not kind.abstract)
