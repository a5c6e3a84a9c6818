"""The places that docs/where.md names are there, and are code, not imports; the files of CONTRIBUTING.md are there."""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/where.md").read_text(encoding="utf-8")
_FOLDER = re.compile(r"`([\w/<>.-]+/)`")
PLACES = re.findall(r"`([^`\s]+\.py)::([^`\s]+)`", PAGE)


@cache
def _module(path: str) -> ast.Module:
    below = "" if path.startswith("simulator/") else "app" if path.startswith("fauxtune_") else "app/fauxtune"
    return ast.parse((ROOT / below / path).read_text(encoding="utf-8"))


def _defined(body: list[ast.stmt]) -> dict[str, ast.stmt]:
    """Name -> the statement of a module or class that defines it."""
    names: dict[str, ast.stmt] = {}
    for statement in body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names[statement.name] = statement
            case ast.Assign():
                targets = [node for target in statement.targets for node in ast.walk(target)]
                names |= {node.id: statement for node in targets if isinstance(node, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                names[name] = statement
    return names


def _is_code(path: str, symbol: str) -> bool:
    body = _module(path).body
    for name in symbol.split("."):
        statement = _defined(body).get(name)
        if statement is None:
            return False
        body = statement.body if isinstance(statement, ast.ClassDef) else []
    return True


def test_each_place_exists() -> None:
    missing = [f"{path}::{symbol}" for path, symbol in PLACES if not _is_code(path, symbol)]
    assert not missing, "docs/where.md names what is not defined there: name where it is decided now"


def test_each_question_has_a_place() -> None:
    heads = ("| question", "| what |")
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(heads)]
    assert len(rows) > 60
    assert [row for row in rows if "::" not in row.rsplit("|", 2)[1]] == []


def test_each_file_that_contributing_names_is_there() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    recipes = re.sub(r"^new file .*$", "", page, flags=re.MULTILINE)  # what somebody is told to make
    named = set(re.findall(r"`([\w/<>.-]*\w\.(?:py|txt|toml|md))`", recipes)) | set(_FOLDER.findall(recipes))
    assert len(named) > 60
    patterns = {name: "*/" + re.sub(r"<\w+>", "*", name).rstrip("/") for name in named}
    places = [
        str(path)
        for folder in ("app", "simulator", "migrations", "tests", "docs")
        for path in (ROOT / folder).rglob("*")
    ]
    places += [str(path) for path in ROOT.iterdir()]
    assert [name for name, pattern in patterns.items() if not any(fnmatch(path, pattern) for path in places)] == []
