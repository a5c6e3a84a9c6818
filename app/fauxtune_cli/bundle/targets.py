"""For which systems and versions of Python a bundle is, and which files of packages fit them.

Python Packaging: "Platform compatibility tags", "Binary distribution format" (names of wheels); PEP 600 (manylinux).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

#: The newest glibc that a Linux of the room must have: that of Debian 10, Ubuntu 18.10, RHEL 8.
_GLIBC = 28
#: The names of the same before PEP 600.
_OLD_NAMES = {5: "manylinux1", 12: "manylinux2010", 17: "manylinux2014"}
#: The oldest macOS of the room.
_MACOS = 13
#: What a Mac can run: files for its own processor, and for both.
_MAC_FORMS = {"arm64": ("arm64", "universal2"), "x86_64": ("x86_64", "universal2", "intel")}
PLATFORMS = ("linux-x86_64", "linux-aarch64", "macos-arm64", "macos-x86_64")
#: Those of a bundle unless some are named: all for which the pinned packages have files. (cryptography 50 has none for
#: Macs with a processor of Intel.)
USUAL = PLATFORMS[:3]
_PYTHON = re.compile(r"3\.(\d{1,2})")


@dataclass(frozen=True, slots=True)
class Target:
    """A system with a version of CPython, `3.12`."""

    platform: str
    python: str

    @property
    def minor(self) -> int:
        """The number behind the dot of the version of Python."""
        return minor(self.python)

    @property
    def tags(self) -> list[str]:
        """The platform tags of wheels that run there, the newest first."""
        system, _, processor = self.platform.partition("-")
        if system == "linux":
            return [tag for minor in range(_GLIBC, 4, -1) for tag in _linux(minor, processor)]
        forms = _MAC_FORMS[processor]
        newer = [f"macosx_{major}_0_{form}" for major in range(_MACOS, 10, -1) for form in forms]
        # macOS 10 never ran on arm64, but files for both processors say 10 as well.
        older = [form for form in forms if form != "arm64"]
        return newer + [f"macosx_10_{minor}_{form}" for minor in range(16, 3, -1) for form in older]

    def runs(self, wheel: str) -> bool:
        """Whether a wheel of this name can be installed there."""
        *_, pythons, abis, platforms = wheel.removesuffix(".whl").split("-")
        if platforms != "any" and set(platforms.split(".")).isdisjoint(self.tags):
            return False
        return any(self._speaks(python, abis.split(".")) for python in pythons.split("."))

    def _speaks(self, python: str, abis: Sequence[str]) -> bool:
        if python in {"py3", f"py3{self.minor}"}:
            return "none" in abis
        if not python.startswith("cp3") or not python[3:].isdigit():
            return False
        minor = int(python[3:])
        if minor == self.minor:
            return not {python, "none", "abi3"}.isdisjoint(abis)
        return "abi3" in abis and minor < self.minor

    def __str__(self) -> str:
        """Return what people read."""
        return f"{self.platform}, Python {self.python}"


def minor(python: str) -> int:
    """Return the number behind the dot of a version of Python."""
    return int(python.partition(".")[2])


def is_python(text: str) -> bool:
    """Whether this is a version of Python as it is written here: 3.12."""
    return _PYTHON.fullmatch(text) is not None


def _linux(minor: int, processor: str) -> list[str]:
    names = [f"manylinux_2_{minor}"] + ([_OLD_NAMES[minor]] if minor in _OLD_NAMES else [])
    return [f"{name}_{processor}" for name in names]
