"""What is known of a type beyond its schema: who sets a property, its default, how faithful it is, what is left out.

Where an overlay names properties, it does so in one text, separated by spaces; `*` are all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from fauxtune.core.odata.schema.fidelity import EXACT, Fidelity
from fauxtune.core.odata.schema.types import Json, Owner, Shown

_NOTHING: Mapping[Any, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Overlay:
    """What is not given is as in the schema."""

    fidelity: Fidelity = EXACT
    #: The document for the type; without it, the page of the type's name.
    source: str = ""
    #: The properties and navigations that exist here: the others are left out.
    only: str = "*"
    #: Its lists, and those of the types that derive from it, carry `@odata.type` on every element; a complex type does
    #: whenever it is written.
    polymorphic: bool = False
    #: It stores and shows what it is sent: no property is declared.
    open: bool = False
    #: It can be created, though the schema says that it is abstract.
    concrete: bool = False
    #: The properties that the server sets, and those that clients set where the server sets the others.
    server: str = ""
    client: str = ""
    required: str = ""
    nullable: str = ""
    never_null: str = ""
    defaults: Mapping[str, Json] = field(default_factory=lambda: _NOTHING)
    #: Properties that are kept and not shown, with what a read shows in their place.
    secret: Mapping[str, str | None] = field(default_factory=lambda: _NOTHING)
    unfilterable: str = ""
    when_selected: str = ""
    blank_unless_selected: str = ""
    #: Other names by which query options know properties -> the property, also an inherited one.
    aliases: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    #: Texts whose comparisons ignore case.
    ignores_case: str = ""
    #: The derived types that a polymorphic property takes.
    variants: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    #: `parts`: navigations to parts, which cannot be bound to other things. `linked`: navigations that can be bound.
    #: Unnamed ones are as in the schema.
    parts: str = ""
    linked: str = ""
    #: The properties that are not exact, by what is different of them.
    different: Mapping[Fidelity, str] = field(default_factory=lambda: _NOTHING)


NO_OVERLAY = Overlay()


class Known:
    """What an overlay says of each property and navigation."""

    __slots__ = ("_different", "_only", "_texts", "overlay")

    def __init__(self, overlay: Overlay) -> None:
        self.overlay = overlay
        self._texts: dict[str, frozenset[str]] = {}
        self._only = None if overlay.only == "*" else frozenset(overlay.only.split())
        self._different = {name: fidelity for fidelity, names in overlay.different.items() for name in names.split()}

    def exists(self, name: str) -> bool:
        """Whether the property or navigation exists here."""
        return self._only is None or name in self._only

    def says(self, text: str, name: str) -> bool:
        """Whether one of the overlay's texts names the property."""
        names = self._texts.get(text)
        if names is None:
            names = self._texts[text] = frozenset(getattr(self.overlay, text).split())
        return name in names or "*" in names

    def owner(self, name: str, *, read_only: bool) -> Owner:
        """Who sets the property; `read_only`: the schema says that clients do not."""
        is_servers = read_only or self.says("server", name)
        return Owner.SERVER if is_servers and not self.says("client", name) else Owner.CLIENT

    def visibility(self, name: str) -> Shown:
        """When the property is shown."""
        if self.says("when_selected", name):
            return Shown.WHEN_SELECTED
        return Shown.BLANK_UNLESS_SELECTED if self.says("blank_unless_selected", name) else Shown.ALWAYS

    def fidelity(self, name: str) -> Fidelity:
        """How near the property comes to the real service."""
        return self._different.get(name) or self._different.get("*", EXACT)

    def variants(self, name: str) -> tuple[str, ...] | None:
        """The names of the types that the property takes, if the overlay lists them."""
        names = self.overlay.variants.get(name)
        return None if names is None else tuple(names.split())
