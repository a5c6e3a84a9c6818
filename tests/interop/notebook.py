"""The run of a page's recipes in one way: shell blocks in one shell, Python blocks in one interpreter."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.interop.recipes import HTTP, HTTPS, Block, recorded_writes
from tests.interop.shell import Broken, Interpreter, Shell
from tests.support.running_server import Running, environment, serving

_WIRE = "/_fauxtune/v1/tenants/contoso/wire"


@dataclass(slots=True)
class Notebook:
    """A server with a client, and what runs the blocks. `writes`: recipe -> what its way sent."""

    server: Running
    client: httpx.Client
    shell: Shell
    interpreter: Interpreter
    writes: dict[str, set[str]] = field(default_factory=dict)

    def run(self, block: Block) -> None:
        """Run a block. Raises Broken if it fails, or does not print what stands below it."""
        before = 0 if block.way is None else self._wire(limit=1)["next"]
        origins = {HTTPS: self.server.https, HTTP: str(self.server.endpoints["http"])}
        text, program = block.text, self.interpreter if block.language == "python" else self.shell
        for name, origin in origins.items():
            text = text.replace(name, origin)
        result = program.run(text)
        printed = result.printed
        for name, origin in origins.items():
            printed = printed.replace(origin, name)
        if result.code != block.code:
            raise Broken(f"{block.recipe}:\n{block.text}ended with {result.code} in place of {block.code}:\n{printed}")
        if missing := block.missing(printed):
            raise Broken(f"{block.recipe}:\n{block.text}did not print {missing}, but:\n{printed}")
        if block.way is not None:
            exchanges = self._wire(limit=1000, after=before)["exchanges"]
            self.writes.setdefault(block.recipe, set()).update(recorded_writes(exchanges))

    def _wire(self, **query: int) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.get(_WIRE, params=query).raise_for_status().json()
        return answer


@contextmanager
def notebook(folder: Path, *, commands: Path | None = None) -> Iterator[Notebook]:
    """Start a new server whose data is in this folder, and what runs blocks beside it.

    `commands` is a folder that has `fauxtune` and `fauxtune-sim`, where they are not to be the installed ones.
    """
    around = surroundings() if commands is None else surroundings(commands)
    with (
        serving("--data-dir", folder / ".fauxtune", commands=commands) as server,
        server.client() as client,
        Shell(folder, environment=around) as shell,
        Interpreter(folder, environment=around) as interpreter,
    ):
        yield Notebook(server, client, shell, interpreter)


def surroundings(*folders: Path) -> dict[str, str]:
    """Return the environment of somebody who has just opened a terminal of 80 columns. PATH begins with the folders."""
    path = (*folders, Path(sys.executable).parent, "/usr/bin", "/bin")
    return environment(PATH=":".join(map(str, path)), COLUMNS="80")
