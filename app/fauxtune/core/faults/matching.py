"""Whether a rule looks at an occasion: a request, an item of a batch, a connector's task, a device's conversation.

Which occasions are then struck is decided in `timing`, and which of several rules by
`operations/runtime/live_faults.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from fauxtune.core.faults.rule import Match

_VERSION = re.compile(r"/+(beta|v\d+(?:\.\d+)?)(?=/|$)", re.IGNORECASE)
_KEY = re.compile(r"([^('\"]+)\('?([^')]*)'?\)")
_QUALIFIED = re.compile(r"microsoft\.graph\.", re.IGNORECASE)
#: At the end of a path: everything below.
_BELOW = "*"


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something that a fault can strike. `path`: of Graph without its version. `devices`, `users`, `connectors`: the
    ids and names of the one that it is about. `operation` finds the operation id, and is called only for rules that
    name one.
    """

    surface: str = ""
    method: str = ""
    path: str = ""
    devices: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    application: str = ""
    connectors: frozenset[str] = frozenset()
    operation: Callable[[], str] = str


def names(*values: str | None) -> frozenset[str]:
    """Return ids and names in the form in which they are compared: in lower case, and without those that are None."""
    return frozenset(value.lower() for value in values if value)


def matches(match: Match, occasion: Occasion) -> bool:
    """Whether the occasion equals every member of the match."""
    if match.surface is not None and not _is_surface(match.surface, occasion.surface):
        return False
    if match.method is not None and match.method != occasion.method:
        return False
    if match.application is not None and match.application.lower() != occasion.application.lower():
        return False
    for name, actual in (
        (match.device, occasion.devices),
        (match.user, occasion.users),
        (match.connector, occasion.connectors),
    ):
        if name is not None and name.lower() not in actual:
            return False
    if match.path is not None and not _is_path(match.path, occasion.path):
        return False
    return match.operation is None or match.operation == occasion.operation()


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
