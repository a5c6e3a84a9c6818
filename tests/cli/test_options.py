"""What click reads is what the functions of commands expect, though no type checker sees it; and it is read quickly."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import fauxtune_cli.main
import fauxtune_sim.cli.main
from fauxtune_cli.options import PATH
from fauxtune_cli.service import Emulator
from tests.support.running_server import environment

PROGRAMS: tuple[click.Group, ...] = (fauxtune_cli.main.app, fauxtune_sim.cli.main.app)


def commands(command: click.Command, context: click.Context) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, context)


def wanted(command: click.Command) -> dict[str, str]:
    """Each parameter of the function of a command, with its annotation; of a dataclass of options its fields."""
    function = inspect.unwrap(command.callback or (lambda: None))
    parameters = {name: str(parameter.annotation) for name, parameter in inspect.signature(function).parameters.items()}
    parameters.pop("context", None)
    kind = parameters.pop("service", None)
    if kind is None:
        return parameters
    found: type[Emulator] = vars(sys.modules[function.__module__])[kind]
    fields = {
        name: text for each in found.__mro__[::-1] for name, text in vars(each).get("__annotations__", {}).items()
    }
    return {**fields, **parameters}


def given(param: click.Parameter) -> str:
    """The type of what click passes on, as an annotation says it."""
    kinds = {"integer": "int", "integer range": "int", "float range": "float", "text": "str", "boolean": "bool"}
    kind = kinds.get(param.type.name, param.type.name)
    if isinstance(param.type, click.Choice):
        kind = type(param.type.choices[0]).__name__
    elif isinstance(param.type, click.Path):
        kind = "Path"
    if param.nargs == -1 or getattr(param, "multiple", False):
        return f"tuple[{kind}, ...]"
    default = param.to_info_dict()["default"]
    return kind if param.required or default is not None else f"{kind} | None"


@pytest.mark.parametrize("program", PROGRAMS, ids=["fauxtune", "fauxtune-sim"])
def test_every_command_takes_what_its_options_give(program: click.Group, subtests: pytest.Subtests) -> None:
    context = program.context_class(program)
    for command in commands(program, context):
        with subtests.test(str(command.name)):
            passed = {param.name: given(param) for param in command.params if param.expose_value}
            assert passed == wanted(command)


@pytest.mark.parametrize("program", PROGRAMS, ids=["fauxtune", "fauxtune-sim"])
def test_every_default_is_a_value_that_the_option_takes(program: click.Group) -> None:
    context = program.context_class(program)
    for command in commands(program, context):
        for param in command.params:
            default = param.to_info_dict()["default"]
            if default is not None:
                param.type_cast_value(context, default)


def test_a_file_that_nobody_may_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read every file, so the system is asked here in its place."""
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(click.BadParameter, match="is not readable"):
        PATH.convert(str(tmp_path), None, None)


@pytest.mark.parametrize(
    "arguments", [["clock", "show"], ["device", "list", "--output", "json"], ["env", "--for", "node"]]
)
def test_a_command_reads_its_options_without_pydantic(arguments: list[str], tmp_path: Path) -> None:
    code = f"""
import sys
from fauxtune_cli.main import app
sys.argv = ["fauxtune", *{arguments!r}, "--data-dir", "none"]
try:
    app()
except SystemExit:
    print("pydantic" in sys.modules)
"""
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment(), cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert run.stdout.split()[-1] == "False", run.stderr  # `env` prints a line for the shell before it
