"""The rules of a family of resources: its ids, version, built-in resources, and what is checked before a change.

A *resource* is one object of a collection of Graph that `operations.profiles.resources` keeps; a *family* is one such
collection. Routes, permissions and shapes of answers of a family stand beside its rules, in the surface.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import JsonObject

#: In a document: the ids that `@odata.bind` has set, by navigation.
BOUND = "@bound"
#: Raises Invalid for a document that the service refuses. The second one is what it was before; None for a new one.
Check: TypeAlias = Callable[[JsonObject, "JsonObject | None"], None]
#: The id of a new resource: from a new GUID, the name of its type, and its document; of a part the document has the ids
#: above it, with / between, as `@parent`.
NewId: TypeAlias = Callable[[str, str, JsonObject], str]
PARENT = "@parent"


class Versions(StrEnum):
    """How a family counts its versions."""

    #: `version` is a number: 1, and one more with each change.
    COUNTED = "counted"
    #: There is no such property, or the client sets it.
    NONE = "none"


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A resource that every tenant has. `document`: what differs from the defaults of its type; `{tenant}` in the id is
    the id of the tenant.
    """

    id: str
    kind: str
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Member:
    """A navigation to parts that are kept inside the document of their resource, each with an id that the server makes.

    `bound`: navigations of the parts that `@odata.bind` sets, in one text. `numbered`: the ids are the places in the
    list, as texts; else GUIDs. `single`: one part, not a list. `own`: parts of these parts. `on_create` and
    `on_update`: whether a POST and a PATCH take them; what they do not take is ignored, or `refused_on_update`.
    """

    name: str
    numbered: bool = False
    single: bool = False
    own: tuple[Member, ...] = ()
    bound: str = ""
    on_create: bool = True
    on_update: bool = False
    refused_on_update: bool = False


def no_check(_document: JsonObject, _before: JsonObject | None) -> None:
    """Accept every document that fits its type."""


def plain_id(guid: str, _kind: str, _document: JsonObject) -> str:
    """Return the GUID as the id."""
    return guid


def as_it_is(document: JsonObject) -> JsonObject:
    """Return the document without any further property."""
    return document


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one family; `name` is what its rows are stored under, that of the collection in its path.

    `fixed`: properties that stay as they are made, in one text; a PATCH may repeat them. `on_create`: the properties
    that a POST takes; others are ignored. `fixed_built_in`: those of built-in resources that stay, if the others can be
    changed (`locked_built_in`: none can). `derived` adds what the server
    computes from the document, at each change. `prioritized`: a new resource gets the next priority of its kind, 1 is
    the strongest, built-in ones have 0. `bound`: navigations that `@odata.bind` sets; their ids are kept in the
    document under `@bound`. `unassigned_to_delete`: a resource that is assigned cannot be deleted. `most`: by the name
    of a type, how many of it a tenant can have; "" for all types together.
    """

    name: str
    check: Check = no_check
    new_id: NewId = plain_id
    versions: Versions = Versions.NONE
    created: str = "createdDateTime"
    modified: str = "lastModifiedDateTime"
    fixed: str = ""
    derived: Callable[[JsonObject], JsonObject] = as_it_is
    members: tuple[Member, ...] = ()
    built_in: tuple[BuiltIn, ...] = ()
    locked_built_in: bool = True
    fixed_built_in: str = ""
    on_create: str = "*"
    prioritized: bool = False
    bound: tuple[str, ...] = ()
    unassigned_to_delete: bool = False
    most: Mapping[str, int] = field(default_factory=dict)

    def check_fixed(self, changed: JsonObject, before: JsonObject, *, built_in: bool) -> None:
        """Raise Invalid for another value of a property that cannot be changed."""
        for name in (self.fixed + (f" {self.fixed_built_in}" if built_in else "")).split():
            if name in changed and changed[name] != before.get(name):
                raise Invalid(f"The property '{name}' cannot be changed after creation.", target=name)
