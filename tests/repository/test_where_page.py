"""docs/where.md: each place that it names exists, and is code, not an import."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/where.md").read_text(encoding="utf-8")
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
