"""The wheels of a bundle: pip downloads them as the user has configured it, each with a hash of the lock file.

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
from pathlib import Path

from fauxtune_cli.bundle.lock import Pinned
from fauxtune_cli.bundle.targets import Target

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
    names = [each.name for each in folder.glob("*.whl")]
    return [each for each in pinned if not any(each.is_wheel(name) and target.runs(name) for name in names)]


def drop_damaged(pinned: Iterable[Pinned], *, folder: Path) -> None:
    """Delete files whose hash is not in the lock file: they are incomplete, or belong to another version."""
    known = frozenset[str]().union(*(each.hashes for each in pinned))
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
    requirements.write_text("".join(f"{each.text}\n" for each in wanted), encoding="utf-8")
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
    blamed = _BLAMED.findall(text) or [f"{each.name}=={each.version}" for each in absent]
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
