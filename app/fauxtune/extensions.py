"""What packages beside this one add to the server and to the command line, found by their entry points.

An entry point of the group `fauxtune.extensions` names an `Extension`. It holds texts only, so that reading it imports
nothing else. Commands are found by their names; every other text names something below the package, `module` or
`module:attribute`, which is imported when somebody first asks for it. Packages of others are found as ours are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

#: The group of the entry points is called as this module is.
GROUP = __name__


@dataclass(frozen=True, slots=True)
class Command:
    """A command, or a group of commands, which is found by its name: `approval` of the room `tenant` is in the module
    `tenant/approval.py` of its package. `help`: the first line of its help.

    The name `scep verify` is that of a command in the group `scep`; its module is `verify`.
    """

    name: str
    room: str
    help: str

    def load(self, package: str) -> Any:
        """Import and return the command of a package: the module's `app` if it is a group, else what has its name."""
        word = self.name.rpartition(" ")[2]
        module = import_module(".".join(filter(None, (package, self.room, word))))
        return getattr(module, "app", None) or getattr(module, word)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the control surface: `paths`, an expression below `/_fauxtune/v1/`, and the modules of its package that
    answer, each with a router.
    """

    paths: str
    modules: tuple[str, ...]

    def load(self, package: str) -> list[ModuleType]:
        """Import and return the modules of a package."""
        return [import_module(f"{package}.{module}") for module in self.modules]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """What a package adds. `package`: its name, below which everything else is.

    `route`: a function that returns a route of the server's own paths, which are tried before those of the surfaces;
    `addresses`: what `/` says of it, by name; `before_a_change`: a coroutine function that is awaited before a request
    changes a tenant in which labs are played, with the emulator and the tenant.
    """

    package: str
    commands: tuple[Command, ...] = ()
    parts: tuple[Part, ...] = ()
    route: str | None = None
    addresses: Mapping[str, Any] = field(default_factory=dict)
    before_a_change: str | None = None


@cache
def extensions() -> Mapping[str, Extension]:
    """Return the extensions of all installed packages by the names of their entry points, in the order of names."""
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return {point.name: point.load() for point in points}


def attribute(place: str) -> Any:
    """Import and return what `package.module:attribute` names."""
    module, _, member = place.partition(":")
    return getattr(import_module(module), member)


def routes() -> dict[str, Any]:
    """Return new routes of the extensions that have one, by the names of their entry points."""
    makers = {name: (one.package, one.route) for name, one in extensions().items() if one.route is not None}
    return {name: attribute(f"{package}.{place}")() for name, (package, place) in makers.items()}


async def before_a_change(emulator: object, tenant: object) -> None:
    """Tell the extensions that a request is about to change a tenant in which labs are played."""
    for extension in extensions().values():
        if extension.before_a_change is not None:
            await attribute(f"{extension.package}.{extension.before_a_change}")(emulator, tenant)
