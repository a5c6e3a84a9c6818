"""Options are read without pydantic, and as typer reads them: what our reader takes is what typer would, too."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer import core

from fauxtune_cli.main import app
from fauxtune_cli.plain_values import read_plainly
from tests.support.running_server import environment


def parameters(command: Any, context: Any) -> Iterator[Any]:
    yield from command.params
    for name in command.list_commands(context) if hasattr(command, "list_commands") else ():
        yield from parameters(command.get_command(context, name), context)


def kinds() -> list[Any]:
    """One parameter for each type that an option or an argument of ours has."""
    program = typer.main.get_command(app)
    found = parameters(program, typer.Context(program))
    named = {repr((each.type_descriptor.annotation, type(each).__name__)): each for each in found}
    return list(named.values())


KINDS = kinds()
#: Texts that are right for one type or another, nearly right, or wrong.
TEXTS = [
    "",
    "json",
    "JSON",
    "en",
    "1",
    "-1",
    "007",
    " 7 ",
    "1_0",
    "+1",
    "1.0",
    "٣",
    "1" * 30,
    "true",
    "-",
    "a\0b",
    "\ud800",
]


def outcome(reader: Any, value: Any, *, param: Any) -> tuple[str, Any]:
    try:
        result = reader.coerce(value, param=param, ctx=None)
    except typer.BadParameter as refused:
        return "refused", refused.message
    except Exception as error:  # a path with a NUL
        return "failed", type(error)
    return type(result).__name__, result


@pytest.mark.parametrize("param", KINDS, ids=lambda each: str(each.type_descriptor.annotation))
def test_a_value_is_read_as_typer_reads_it(param: Any) -> None:
    read_plainly()
    ours: Any = vars(core)["build_runtime_param"]
    reader, typers = (make(param.type_descriptor) for make in (ours, ours.otherwise))
    for text in [*TEXTS, __file__, "no-such-file"]:
        for value in (None, text, (text, "1"), param.default):
            assert outcome(reader, value, param=param) == outcome(typers, value, param=param), repr(value)


def test_typer_asks_us_for_every_reader() -> None:
    """In a version of typer that makes its readers elsewhere, ours would stand there for nothing."""
    read_plainly()
    program = typer.main.get_command(app)
    readers: dict[Any, set[str]] = {}
    for each in parameters(program, typer.Context(program)):
        kind = each.type_descriptor.annotation
        readers.setdefault(kind, set()).add(type(each.get_runtime_param()).__module__)
    for plain in (str, bool, int, Path):
        assert "fauxtune_cli.plain_values" in readers[plain], plain


def test_a_file_that_nobody_may_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read every file, so the system is asked here in its place."""
    monkeypatch.setattr("os.access", lambda path, mode: False)
    read_plainly()
    path = next(each for each in KINDS if each.type_descriptor.annotation is Path)
    maker: Any = vars(core)["build_runtime_param"]
    kind, why = outcome(maker(path.type_descriptor), str(tmp_path), param=path)
    assert (kind, "is not readable" in why) == ("refused", True)


@pytest.mark.parametrize("more", ["parser=str", "callback=lambda value: value"])
def test_what_typer_documents_does_not_spare_pydantic(more: str, tmp_path: Path) -> None:
    """When it does, options of ours can say how they are read, and nothing has to stand in typer."""
    code = f"""
import sys
import typer
app = typer.Typer()
@app.command()
def command(name: str = typer.Option("", {more})) -> None:
    print("pydantic" in sys.modules)
app()
"""
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment(), cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert run.stdout.strip() == "True"


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
