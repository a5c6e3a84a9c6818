"""Resource paths: cut into segments, and found in the table of routes in one walk.

A route is data: verb, template, and a handler of any type. Segments match in any casing; a name
wins over a key (`users/$count` is not a user); casts (a type's qualified name) are skipped and reported; a bound
action answers to its bare and to its qualified name. Rules: OData URL Conventions 4.01, 4; the service's words for
misses.

References are reduced to the collection and the key at their end. Keys have every syntax that clients use:
`coll/{key}`, `coll('key')`, `coll(key)`, percent-encoded or not. Rules: OData URL Conventions 4.01, 4.3 (keys; a quote
inside a quoted key is doubled). The host of a reference is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Generic, TypeVar
from urllib.parse import unquote

from fauxtune.core.errors import Invalid
from fauxtune.core.odata.schema.types import (
    EXACT,
    ComplexType,
    Entity,
    Fidelity,
    StructuredType,
    Version,
    cast_name,
    qualified,
)

__all__ = ["EVERY", "Match", "NoSuchVerb", "Route", "RouteTable", "UnknownSegment", "split_path"]

H = TypeVar("H")
_KEY = "{}"
#: The method of a route for a whole branch: every verb, at its template and at all paths below it.
EVERY = "*"


class UnknownSegment(Invalid):
    """The path does not exist; `segment` is its first unknown segment: 400 `BadRequest`."""

    def __init__(self, segment: str) -> None:
        super().__init__(f"Resource not found for the segment '{segment}'.", target=segment)
        self.segment = segment


class NoSuchVerb(Invalid):
    """The path exists, but not with this verb: 400 with `code` in place of `BadRequest`."""

    code = "No method match route template"

    def __init__(self, method: str, *, template: str, path: str) -> None:
        super().__init__(
            f"No OData route exists that match template {template} with http verb {method} for request {path}."
        )


@dataclass(frozen=True, slots=True)
class Route(Generic[H]):
    """One line of the table. `template`: `deviceManagement/managedDevices/{id}/wipe`.

    `accepts` (an action: its parameters) and `returns` are the types of the bodies; `many`: the answer is a collection;
    `beta_only`: v1.0 does not have the route. The OpenAPI document is made from them. One of the `permissions` is
    enough; without any, every token is accepted; `former_permissions` are enough in the edition of 2020. `source` is
    the document for the operation. The answer of a `dated` GET depends on the moment; the answers of others change only
    when something is written. An `optional` GET answers 204 where there is nothing to show;
    what `may_be_absent` answers 404 though its path has no key.
    """

    method: str
    template: str
    handler: H
    summary: str = ""
    accepts: StructuredType | None = None
    returns: Entity | ComplexType | None = None
    many: bool = False
    status: int = 200
    beta_only: bool = False
    permissions: tuple[str, ...] = ()
    former_permissions: tuple[str, ...] = ()
    source: str = ""
    fidelity: Fidelity = EXACT
    dated: bool = False
    optional: bool = False
    may_be_absent: bool = False

    @property
    def segments(self) -> tuple[str, ...]:
        """The template's segments."""
        return tuple(segment for segment in self.template.split("/") if segment)

    @property
    def key_names(self) -> tuple[str, ...]:
        """The names of the template's keys, in order."""
        return tuple(segment[1:-1] for segment in self.segments if segment.startswith("{"))


@dataclass(frozen=True, slots=True)
class Match(Generic[H]):
    """The result for a path: its route, the keys by the route's names, and the last cast, as the client wrote it."""

    route: Route[H]
    keys: Mapping[str, str]
    cast: str | None = None


@dataclass(frozen=True, slots=True)
class _Node(Generic[H]):
    routes: Mapping[str, Route[H]]
    children: Mapping[str, _Node[H]]
    is_root: bool = False

    @property
    def branch(self) -> Route[H] | None:
        """The route for the whole branch from here, if there is one."""
        return self.routes.get(EVERY)


@dataclass(slots=True)
class _Walk(Generic[H]):
    """The state of a walk down the tree."""

    node: _Node[H]
    shape: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    cast: str | None = None

    def name(self, word: str) -> bool:
        """Go one step by a name; False if there is no such child."""
        child = self.node.children.get(word.lower())
        if child is None:
            return False
        self.shape.append(_shape_of(word, child=child, first=self.node.is_root))
        self.node = child
        return True

    def key(self, value: str) -> bool:
        """Go one step by a key; False if no key is expected here."""
        child = self.node.children.get(_KEY)
        if child is None:
            return False
        self.shape.append("key")
        self.keys.append(value)
        self.node = child
        return True


class RouteTable(Generic[H]):
    """An immutable table. `types`: the names that are valid casts. Raises ValueError for a duplicate route."""

    __slots__ = ("_root", "_types", "routes")

    def __init__(self, routes: Iterable[Route[H]], *, types: Iterable[str] = ()) -> None:
        self.routes = tuple(routes)
        for route in self.routes:
            names = route.key_names
            if len(set(names)) < len(names):
                raise ValueError(f"a key's name is there twice in {route.template}")
        self._types = frozenset(name.lower() for name in types)
        self._root = _grow([(route.segments, route) for route in self.routes], is_root=True)

    def match(self, method: str, path: str) -> Match[H]:
        """Find the route of a raw path, without its version: `/users('a%40b')/memberOf`.

        Raises UnknownSegment or NoSuchVerb, both of which are Invalid.
        """
        walk = _Walk(self._root)
        for segment in split_path(path):
            if walk.node.branch is None and not self._step(walk, segment):
                raise UnknownSegment(segment)
        route = walk.node.branch or walk.node.routes.get(method.upper())
        if route is None:
            raise NoSuchVerb(method.upper(), template="/".join(("~", *walk.shape)), path=path)
        return Match(route, MappingProxyType(dict(zip(route.key_names, walk.keys, strict=True))), walk.cast)

    def _step(self, walk: _Walk[H], segment: str) -> bool:
        if walk.name(segment):
            return True
        call = split_key(segment)
        if call is not None and self._call(walk, call[0], key=call[1]):
            return True
        qualified = cast_name(segment)
        if qualified is not None and self._qualified(walk, qualified):
            return True
        return walk.key(segment)

    @staticmethod
    def _call(walk: _Walk[H], word: str, *, key: str | None) -> bool:
        """Go both steps of `coll('key')` or `function()`, or neither. The key of a whole branch is ignored."""
        child = walk.node.children.get((cast_name(word) or word).lower())
        if child is None:
            return False
        if child.branch is not None:
            return walk.name(cast_name(word) or word)
        if key is not None and _KEY not in child.children:
            return False
        return walk.name(cast_name(word) or word) and (key is None or walk.key(key))

    def _qualified(self, walk: _Walk[H], word: str) -> bool:
        """Go one step by a qualified name: that of an action, or a cast.

        A cast to a type that is a branch at the root leads into that branch.
        """
        if walk.name(word):
            return True
        foreign = self._root.children.get(qualified(word.lower()))
        if foreign is not None:
            walk.node = foreign
            walk.keys.clear()
            return True
        if walk.node.is_root or word.lower() not in self._types:
            return False
        walk.cast = word
        walk.shape.append("cast")
        return True


def _grow(entries: list[tuple[tuple[str, ...], Route[H]]], *, is_root: bool = False) -> _Node[H]:
    routes: dict[str, Route[H]] = {}
    below: dict[str, list[tuple[tuple[str, ...], Route[H]]]] = {}
    for rest, route in entries:
        if rest:
            below.setdefault(_KEY if rest[0].startswith("{") else rest[0].lower(), []).append((rest[1:], route))
        elif routes.setdefault(route.method, route) is not route:
            raise ValueError(f"two routes for {route.method} {route.template}")
    if EVERY in routes and (len(routes) > 1 or below):
        raise ValueError(f"{routes[EVERY].template} is refused as a whole branch and has routes of its own")
    children = {edge: _grow(tail) for edge, tail in below.items()}
    return _Node(MappingProxyType(routes), MappingProxyType(children), is_root)


def _shape_of(word: str, *, child: _Node[H], first: bool) -> str:
    """The name for a segment in OData's route templates."""
    if word.startswith("$"):
        return word
    if first:
        return "entityset" if _KEY in child.children else "singleton"
    is_action = set(child.routes) == {"POST"} and not child.children
    return "action" if is_action else "navigation"


_CALL = re.compile(r"(?P<name>[A-Za-z_$][\w.]*)\((?P<key>.*)\)", re.DOTALL)
_NAMED_KEY = re.compile(r"[A-Za-z_]\w*=(?=')")
_VERSIONS = frozenset(Version)
#: The tenant of the access token, whichever it is.
MY_ORGANIZATION = "myorganization"
_ORGANIZATION = re.compile(
    rf"{MY_ORGANIZATION}|[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}|(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*[a-z]",
    re.IGNORECASE,
)
_ORIGIN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")


def split_path(path: str) -> tuple[str, ...]:
    """The decoded segments of a raw (still percent-encoded) path; empty ones, from doubled slashes, are dropped.

    Raises Invalid for NUL, which no name and no key contains, and not every database accepts.
    """
    segments = tuple(unquote(segment) for segment in path.split("/") if segment)
    if any("\x00" in segment for segment in segments):
        raise Invalid("The path contains a NUL character, which no name and no key has.")
    return segments


def organization_in(path: str) -> tuple[str, str]:
    """Split a raw path, without its version, after the organisation that it begins with: `myorganization`, a GUID or a
    domain, in lower case; "" if it begins with something else.

    Azure AD Graph documented this segment ("Operations overview": myorganization, the tenant's id, a verified domain).
    Released clients of Microsoft Graph send it as well, CLI for Microsoft 365 among them.
    """
    first, _, rest = path.lstrip("/").partition("/")
    if not _ORGANIZATION.fullmatch(first) or cast_name(first) is not None:
        return "", path
    return first.lower(), f"/{rest}"


def split_key(segment: str) -> tuple[str, str | None] | None:
    """Split a call: `users('a''b')` -> `("users", "a'b")`; `delta()` -> `("delta", None)`; None for a segment without
    parentheses.
    """
    match = _CALL.fullmatch(segment)
    if match is None:
        return None
    key = match["key"].strip()
    named = _NAMED_KEY.match(key)
    key = key[named.end() :] if named else key
    if key.startswith("'") and key.endswith("'") and len(key) > 1:
        key = key[1:-1].replace("''", "'")
    return match["name"], key or None


def reference(url: str) -> tuple[str, str] | None:
    """The collection and the key at the end of an `@odata.id` or `@odata.bind`, of any host, version and key syntax;
    None if there is no collection before the key.
    """
    path = _ORIGIN.sub("", url.strip(), count=1).split("?", 1)[0].split("#", 1)[0]
    segments = split_path(path)
    if segments and segments[0].lower() in _VERSIONS:
        segments = segments[1:]
    call = split_key(segments[-1]) if segments else None
    if call is not None and call[1]:
        return call[0], call[1]
    if len(segments) < 2 or call is not None or segments[-1].startswith("$"):
        return None
    return segments[-2], segments[-1]
