"""Programs that stay: bash and Python run blocks of a page one after the other, in one folder, and keep variables."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import IO, Self

from tests.support.running_server import SECONDS

_END = "@@ end of block @@"
#: A block is some seconds of work, on a machine that has nothing else to do.
_LONGEST = 5 * SECONDS


class Broken(Exception):
    """A block failed; the text says which, and what it printed."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a block printed on both outputs, and the exit code of its last command that failed, else 0."""

    printed: str
    code: int


class _Staying:
    """A program in a folder that is given blocks."""

    def __init__(self, *command: str, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def run(self, block: str) -> Result:
        """Run a block to its end. Raises Broken if the program ends."""
        watch = Timer(_LONGEST, self._process.kill)
        watch.start()
        try:
            self._start(block)
            return self._read(block)
        finally:
            watch.cancel()

    def _start(self, block: str) -> None:
        raise NotImplementedError

    def _file(self, name: str, block: str) -> str:
        (self._folder / name).write_text(block, encoding="utf-8")
        return name

    def _read(self, block: str) -> Result:
        lines: list[str] = []
        for line in _open(self._process.stdout):
            if line.startswith(_END):
                return Result("".join(lines)[:-1], int(line.removeprefix(_END)))
            lines.append(line)
        raise Broken(f"{block}ended the program: {''.join(lines)}")

    def _send(self, line: str) -> None:
        pipe = _open(self._process.stdin)
        pipe.write(f"{line}\n")
        pipe.flush()


class Shell(_Staying):
    """bash. What fails is noted, and does not end it; standard input of the commands is empty."""

    def __init__(self, folder: Path, *, environment: dict[str, str]) -> None:
        super().__init__("bash", "--noprofile", "--norc", folder=folder, environment=environment)
        self._send("set -uEo pipefail; trap 'failed=$?' ERR")

    def _start(self, block: str) -> None:
        file = self._file(".block.sh", block)
        self._send(f"failed=0; . ./{file} < /dev/null; printf '\\n%s %s\\n' '{_END}' $failed")


class Interpreter(_Staying):
    """Python, as `python -m asyncio` is."""

    def __init__(self, folder: Path, *, environment: dict[str, str]) -> None:
        program = str(Path(__file__).with_name("interpreter.py"))
        super().__init__(sys.executable, program, _END, folder=folder, environment=environment)

    def _start(self, block: str) -> None:
        self._send(self._file(".block.py", block))


def _open(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
