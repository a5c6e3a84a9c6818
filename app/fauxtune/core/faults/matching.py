"""Whether a fault rule looks at an occasion.

An occasion is a request, an item of a batch, a connector's task, a device's conversation. Which of them are then struck
is decided in `timing`, and which of several rules by `operations/runtime/live_faults.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from fauxtune.core.faults.rule import Kind, Match

_VERSION = re.compile(r"/+(beta|v\d+(?:\.\d+)?)(?=/|$)", re.IGNORECASE)


_KEY = re.compile(r"([^('\"]+)\('?([^')]*)'?\)")


_QUALIFIED = re.compile(r"microsoft\.graph\.", re.IGNORECASE)


#: The most characters that are kept of an occasion's method and path.
MOST_WORDS = 300


#: At the end of a path: everything below.
_BELOW = "*"


class Trait(StrEnum):
    """What a request to Graph asks for, as far as an effect looks at such requests only."""

    COLLECTION = "a collection"
    UNORDERED = "the first page of a collection, in any order"
    DELTA = "changes"
    NEXT_LINK = "a page that a link leads to"


#: The effects that look at requests with one of these traits only.
ONLY = {
    Kind.SMALL_PAGES: Trait.COLLECTION,
    Kind.ANOTHER_ORDER: Trait.UNORDERED,
    Kind.EXPIRED_NEXT_LINK: Trait.NEXT_LINK,
    Kind.REPEATED_CHANGES: Trait.DELTA,
}


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something that a fault can strike. `path`: of Graph without its version. `devices`, `users`, `connectors`: the
    ids and names of the one that it is about. `hosts`: those of the real service that it would reach. `operation` finds
    the operation id, and is called only for rules that name one. `token`: the id of the access token.
    """

    surface: str = ""
    method: str = ""
    path: str = ""
    devices: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    application: str = ""
    connectors: frozenset[str] = frozenset()
    hosts: tuple[str, ...] = ()
    operation: Callable[[], str] = str
    traits: frozenset[Trait] = frozenset()
    token: str = ""


def names(*values: str | None) -> frozenset[str]:
    """Return ids and names in the form in which they are compared: in lower case, and without those that are None."""
    return frozenset(value.lower() for value in values if value)


def matches(match: Match, occasion: Occasion) -> bool:
    """Whether the occasion equals every member of the match."""
    return all(fits for _, fits in _compared(match, occasion))


@dataclass(frozen=True, slots=True)
class Near:
    """An occasion that a rule did not look at. `differs`: the members of the match that it does not equal; `likeness`:
    the greater, the nearer.
    """

    words: str
    differs: tuple[str, ...]
    likeness: float


def nearness(match: Match, occasion: Occasion) -> Near | None:
    """How near an occasion came to a rule that did not look at it; None for one that has nothing in common with it."""
    compared = list(_compared(match, occasion))
    likeness = float(sum(fits for _, fits in compared))
    alike = 1.0 if match.path is None else _likeness(match.path, occasion.path)
    if not likeness + alike or not alike:
        return None
    where = f" of {occasion.surface}" if occasion.surface not in ("", "graph") else ""
    words = f"{occasion.method} {occasion.path}".strip()[:MOST_WORDS] + where
    return Near(words, tuple(name for name, fits in compared if not fits), likeness + alike)


def _compared(match: Match, occasion: Occasion) -> Iterator[tuple[str, bool]]:
    """Each member of the match that is given, and whether the occasion equals it; what costs most comes last."""
    if match.surface is not None:
        yield "surface", _is_surface(match.surface, occasion.surface)
    if match.method is not None:
        yield "method", match.method == occasion.method
    if match.application is not None:
        yield "application", match.application.lower() == occasion.application.lower()
    for member, name, actual in (
        ("device", match.device, occasion.devices),
        ("user", match.user, occasion.users),
        ("connector", match.connector, occasion.connectors),
    ):
        if name is not None:
            yield member, name.lower() in actual
    if match.path is not None:
        yield "path", _is_path(match.path, occasion.path)
    if match.operation is not None:
        yield "operation", match.operation == occasion.operation()


def without_version(path: str) -> str:
    """Return a path of Graph without its version."""
    version = _VERSION.match(path)
    return path if version is None else path[version.end() :] or "/"


def parts_of(path: str) -> tuple[str, ...]:
    """Return the parts of a path in lower case; `users('a')` has two, and an action has its bare name."""
    parts: list[str] = []
    for part in path.split("?", maxsplit=1)[0].split("/"):
        keyed = _KEY.fullmatch(part)
        if keyed is not None:
            parts += keyed.groups()
        elif part:
            parts.append(_QUALIFIED.sub("", part))
    return tuple(part.lower() for part in parts)


def _is_surface(name: str, surface: str) -> bool:
    return surface == name or surface.startswith(f"{name}/")


def _is_path(template: str, path: str) -> bool:
    wanted, actual = parts_of(template), parts_of(path)
    if wanted[-1:] == (_BELOW,):
        wanted = wanted[:-1]
        actual = actual[: len(wanted)]
    return len(wanted) == len(actual) and all(
        part.startswith("{") or part == other for part, other in zip(wanted, actual, strict=True)
    )


def _likeness(template: str, path: str) -> float:
    """The share of the parts that are equal, from the beginning on; 0 if the first is another one."""
    wanted, actual = [part for part in parts_of(template) if part != _BELOW], parts_of(path)
    equal = 0
    for part, other in zip(wanted, actual, strict=False):
        if part != other and not part.startswith("{"):
            break
        equal += 1
    return equal / max(len(wanted), len(actual), 1)
