"""What `requirements.lock` pins: each package with its version and the hashes of its files (pip: "Requirements file
format", "Secure installs"), and the comments of uv that say what a package is for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PINNED = re.compile(r"([A-Za-z0-9._-]+)==([^\s;]+)\s*(?:;\s*([^\\]*))?")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_VIA = re.compile(r"^[ ]*#(?: via)?[ ]+(\S.*)$", re.MULTILINE)
#: The comment at what only builds the project: its dependency group of that name.
_BUILDS = "(pyproject.toml:build)"
#: The one marker of packages that no system of a bundle has: the server needs POSIX, and Windows runs it in WSL.
_NEVER = "sys_platform == 'win32'"


@dataclass(frozen=True, slots=True)
class Pinned:
    """A package of the lock file. `text`: its lines, as pip reads them; `via`: the packages that need it."""

    name: str
    version: str
    hashes: frozenset[str]
    marker: str
    text: str
    via: tuple[str, ...]

    def is_wheel(self, wheel: str) -> bool:
        """Whether a wheel of this name is of this package and version."""
        name, version, *_ = wheel.split("-")
        return canonical(name) == canonical(self.name) and version == self.version


def canonical(name: str) -> str:
    """Return the name of a package in the form in which names are compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def to_run(lock: str) -> list[Pinned]:
    """Return what the program needs to run on a system of a bundle: the whole lock file but for Windows' packages and
    those that only build.
    """
    pinned = [_read(block) for block in re.split(r"\n(?=[A-Za-z0-9])", lock) if "==" in block.partition("\n")[0]]
    building: set[str] = set()
    while more := {each.name for each in pinned if each.via and _only_for(each, building)} - building:
        building |= more
    return [each for each in pinned if each.name not in building and each.marker != _NEVER]


def _only_for(each: Pinned, building: set[str]) -> bool:
    return all(needed.endswith(_BUILDS) or needed in building for needed in each.via)


def _read(block: str) -> Pinned:
    first, _, _ = block.partition("\n")
    match = _PINNED.match(first)
    assert match is not None, first
    lines = [line for line in block.splitlines() if not line.lstrip().startswith("#")]
    return Pinned(
        name=match[1],
        version=match[2],
        hashes=frozenset(_HASH.findall(block)),
        marker=(match[3] or "").strip(),
        text="\n".join(line for line in lines if line.strip()),
        via=tuple(line for line in _VIA.findall(block) if line != "via"),
    )
