"""An earlier commit, whose time is the floor of rows that have no other: its server runs beside the tree's, in turns.

The commit comes from the history of this repository, into a temporary folder, and uses the packages that the tree uses.
What read its command line then is not one of them: two small programs start its server and its fleet instead.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.rows import Row

#: The commit, as it is named in rows.
COMMIT = "1d8937b8"
_ROOT = Path(__file__).resolve().parents[1]
_SOURCES = ("app", "simulator", "migrations", ".")

#: How each program begins: the modules of the commit are found first, in its child processes too.
_BEGIN = """#!{python}
import gc, json, os, sys
gc.disable()
sys.path[:0] = {paths!r}
os.environ["PYTHONPATH"] = os.pathsep.join({paths!r})
options = dict(zip(sys.argv[2::2], sys.argv[3::2], strict=True))
"""
_PROGRAMS = {
    "fauxtune": """
from fauxtune.server import serve
from fauxtune.settings import Settings
del options["--output"]
settings = Settings(**{name[2:].replace("-", "_"): value for name, value in options.items()})
serve.run(settings, lambda ready: print(json.dumps(ready.endpoints.document()), flush=True))
""",
    "fauxtune-sim": """
from pathlib import Path
from fauxtune_sim import fleet_commands
from fauxtune_sim.discovery import ServerOptions
from fauxtune_sim.event_loop import run_loop
gc.enable()
fleet = fleet_commands.FleetOptions(
    devices=int(options["--devices"]), mix=options["--mix"], keys=options.get("--keys", "64"), at_once=32, stay=False,
    users=[options["--user"]] if "--user" in options else [],
)
ca = Path(options["--ca"]) if "--ca" in options else None
where = ServerOptions(server=options["--server"], ca=ca, tenant=options["--tenant"], data_dir=None)
show = lambda result: print(json.dumps(result.document))
sys.exit(not run_loop(fleet_commands.fleet(fleet, where, announce=lambda line: None, show=show)))
""",
}


class HistoryMissingError(Exception):
    """The repository's history, or the commit in it, is not on this machine."""


@dataclass(frozen=True, slots=True)
class Older:
    """The checked-out commit. `commands`: the folder of its programs."""

    folder: Path
    commands: Path

    def program(self, text: str, *arguments: str | Path) -> str:
        """Run a program in Python with the modules of the commit. Returns what it printed."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(_paths(self.folder))}
        command = [sys.executable, "-c", text, *map(str, arguments)]
        return subprocess.run(
            command, env=environment, cwd=self.folder, check=True, stdout=subprocess.PIPE, text=True
        ).stdout


@contextmanager
def checked_out() -> Iterator[Older]:
    """Check the commit out, until the block ends. Raises HistoryMissingError."""
    with tempfile.TemporaryDirectory(prefix="fauxtune-bench-") as name:
        folder = Path(name)
        with tarfile.open(fileobj=io.BytesIO(_archive())) as archive:
            archive.extractall(folder, filter="data")
        commands = folder / "commands"
        commands.mkdir()
        for program, text in _PROGRAMS.items():
            file = commands / program
            file.write_text(_BEGIN.format(python=sys.executable, paths=_paths(folder)) + text)
            file.chmod(0o755)
        yield Older(folder, commands)


def _paths(folder: Path) -> list[str]:
    return [str(folder / name) for name in _SOURCES]


def _archive() -> bytes:
    """The files of the commit as a tar archive."""
    try:
        ended = subprocess.run(["git", "archive", COMMIT], cwd=_ROOT, capture_output=True, check=False)
    except FileNotFoundError:
        raise HistoryMissingError("This part needs git, which reads the commit that it compares with.") from None
    if ended.returncode != 0:
        raise HistoryMissingError(
            f"This part compares with commit {COMMIT}, which is not in the history here: "
            f"{ended.stderr.decode().strip()}. After a shallow clone, `git fetch --unshallow` brings it."
        )
    return ended.stdout


def row(what: str, ours: float, floor: float, *, goal: float | None, unit: str = "ms", at_most: bool = True) -> Row:
    """A row whose floor is the commit."""
    texts = [f"{value:,.1f} {unit}" if value < 100 else f"{value:,.0f} {unit}" for value in (ours, floor)]
    return Row(f"{what} / {COMMIT}", texts[0], texts[1], ours / floor, goal, at_most=at_most)
