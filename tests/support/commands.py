"""The commands of `fauxtune`, in this process: a process for each would take most of the time of their tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from fauxtune_cli.main import app

_ENVIRONMENT = {"COLUMNS": "80", "FAUXTUNE_TENANT": None, "FAUXTUNE_URL": None, "FAUXTUNE_CONTROL_TOKEN": None}


@dataclass(frozen=True, slots=True)
class Done:
    """A command that ended. `output` has line ends as Python has them, `raw` as they were printed."""

    code: int
    output: str
    errors: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Commands:
    """Commands for the server with this data folder."""

    data_dir: Path

    def run(self, *arguments: str | Path) -> Done:
        """Run a command to its end. Raises what the command raises unexpectedly."""
        environment = {**_ENVIRONMENT, "FAUXTUNE_DATA_DIR": str(self.data_dir)}
        result = CliRunner(env=environment).invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Done(result.exit_code, result.stdout, result.stderr, result.stdout_bytes)

    def text(self, *arguments: str | Path) -> str:
        """Return what a command printed after it succeeded."""
        done = self.run(*arguments)
        assert done.code == 0, done.errors
        return done.output

    def json(self, *arguments: str | Path) -> Any:
        """Return the JSON that a command printed after it succeeded."""
        return json.loads(self.text(*arguments, "--output", "json"))

    def refused(self, *arguments: str | Path) -> str:
        """Return the message of a command that failed and printed no result."""
        done = self.run(*arguments)
        assert (done.code, done.output) == (1, "")
        return done.errors
