"""The wheels of a bundle: for which systems and versions of Python they are (Python Packaging: "Platform compatibility
tags", "Binary distribution format"; PEP 600), what `requirements.lock` pins with the hashes of its files (pip:
"Requirements file format", "Secure installs"), and how pip downloads them as the user has configured it.

What is there already and has a hash of the lock file stays, so a bundle that was interrupted goes on. pip reads the
user's configuration: index, proxy, certificates (pip: "Configuration").
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

#: Called with a line about each file that comes.
Report = Callable[[str], None]
#: How long a server may be silent, in seconds, and how often pip asks again.
_PATIENCE, _RETRIES = 20, 2
#: Packages that pip fetches at once. It keeps nothing of a call that does not end well.
_AT_ONCE = 10
_COMES = re.compile(r"^\s*(Downloading|Using cached|Processing) (?:\S*/)?([^/\s]+\.whl)")
_NOT_REACHED = re.compile(
    r"new connection|name resolution|Name or service not known|nodename nor servname|Max retries exceeded|ProxyError"
    r"|ConnectTimeout|timed out|Connection (refused|reset|aborted)|SSLError|Network is unreachable|HTTP error \d+"
    r"|\b\d{3} (Client|Server) Error",
    re.IGNORECASE,
)
_NO_ROOM = re.compile(r"No space left on device|Disk quota exceeded")
#: The package of which pip says that it has no file, or another one.
_BLAMED = re.compile(r"(?:No matching distribution found for |^    )(\S+==\S+)(?= from |$)", re.MULTILINE)
_WRONG_HASH = "DO NOT MATCH THE HASHES"
#: Lines of pip that are repeated in an error, and characters of each, at most.
_MOST_LINES, _LONGEST = 6, 300


class BundleFailed(Exception):
    """Why a bundle cannot be made, in words for people."""


def missing(pinned: Iterable[Pinned], target: Target, *, folder: Path) -> list[Pinned]:
    """Return the packages of which the folder has no file that runs on the target."""
    names = [path.name for path in folder.glob("*.whl")]
    return [package for package in pinned if not any(package.is_wheel(name) and target.runs(name) for name in names)]


def drop_damaged(pinned: Iterable[Pinned], *, folder: Path) -> None:
    """Delete files whose hash is not in the lock file: they are incomplete, or belong to another version."""
    known = frozenset[str]().union(*(package.hashes for package in pinned))
    for file in folder.glob("*.whl"):
        if digest(file) not in known:
            file.unlink()


def digest(file: Path) -> str:
    """Return the SHA-256 of a file, in hex digits."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def fetch(wanted: Sequence[Pinned], target: Target, *, folder: Path, report: Report) -> None:
    """Download these packages for a target. Raises BundleFailed; what has come before stays."""
    for first in range(0, len(wanted), _AT_ONCE):
        some = wanted[first : first + _AT_ONCE]
        # Beside the wheels: then a full disk is that of the bundle, and files are moved, not copied.
        with tempfile.TemporaryDirectory(prefix=".coming-", dir=folder) as name:
            lines = _download(some, target, folder=Path(name), report=report)
            for file in Path(name).glob("*.whl"):
                file.rename(folder / file.name)
        absent = missing(some, target, folder=folder)
        if absent:
            raise BundleFailed(_reason(lines, target, absent=absent))


def _download(wanted: Sequence[Pinned], target: Target, *, folder: Path, report: Report) -> list[str]:
    """Have pip download, and return what it lines."""
    requirements = folder / "requirements.txt"
    requirements.write_text("".join(f"{package.text}\n" for package in wanted), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input", "--no-deps"]
    command += ["--require-hashes", "--only-binary", ":all:", "--progress-bar", "off", "--dest", str(folder)]
    command += ["--timeout", str(_PATIENCE), "--retries", str(_RETRIES), "-r", str(requirements)]
    command += ["--implementation", "cp", "--python-version", target.python]
    command += [word for abi in (f"cp3{target.minor}", "abi3", "none") for word in ("--abi", abi)]
    command += [word for tag in target.tags for word in ("--platform", tag)]
    lines = []
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        command,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            lines.append(line.rstrip())
            if (match := _COMES.match(line)) is not None:
                report(f"{target}: {match[2]} ({match[1].lower()})")
    return lines


def _reason(lines: Sequence[str], target: Target, *, absent: Sequence[Pinned]) -> str:
    """Return why these packages have not come, from the lines of pip."""
    text = "\n".join(lines)
    blamed = _BLAMED.findall(text) or [f"{package.name}=={package.version}" for package in absent]
    names = ", ".join(each.replace("==", " ") for each in blamed[:3])
    names += f" and {len(blamed) - 3} more" if len(blamed) > 3 else ""
    last = "\n".join(f"  pip: {line[:_LONGEST]}" for line in lines[-_MOST_LINES:] if line.strip())
    if _NO_ROOM.search(text):
        return "The disk is full. Make room, and run the same command again: it goes on where it ended."
    if "No module named pip" in text:
        return "This Python has no pip, which downloads. Run the command from a checkout after: make install"
    if _WRONG_HASH in text:
        return f"The index has other files of {names} than requirements.lock pins. They were not taken.\n{last}"
    if _NOT_REACHED.search(text):
        return (
            f"The package index cannot be reached, so {names} did not come. pip uses your configuration (pip config "
            f"list, PIP_INDEX_URL, HTTPS_PROXY). The same command goes on where it ended.\n{last}"
        )
    return (
        f"The index has no file of {names} for {target}. Leave it out (--platform, --python), or use --image.\n{last}"
    )


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
    while more := {package.name for package in pinned if package.via and _only_for(package, building)} - building:
        building |= more
    return [package for package in pinned if package.name not in building and package.marker != _NEVER]


def _only_for(pinned: Pinned, building: set[str]) -> bool:
    return all(needed.endswith(_BUILDS) or needed in building for needed in pinned.via)


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
