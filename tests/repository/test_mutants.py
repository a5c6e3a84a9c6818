"""The list of mutants fits the code: each changes what is there, into Python."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.mutants.table import MUTANTS

ROOT = Path(__file__).resolve().parents[2]


def test_every_mutant_changes_what_is_there_into_python(subtests: pytest.Subtests) -> None:
    assert len(MUTANTS) >= 42
    assert len({mutant.rule for mutant in MUTANTS}) == len(MUTANTS)
    for mutant in MUTANTS:
        with subtests.test(mutant.rule):
            source = _text(mutant.file)
            assert _differ(ast.parse(mutant.mutated(source)), ast.parse(source))
            assert all(_exists(test) for test in mutant.tests)


@cache
def _text(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def _differ(first: object, second: object) -> bool:
    """Whether two trees differ in more than in where their nodes stand. `ast.dump` would not end where they do."""
    if type(first) is not type(second):
        return True
    if isinstance(first, ast.AST):
        return any(_differ(getattr(first, name, None), getattr(second, name, None)) for name in first._fields)
    if isinstance(first, list) and isinstance(second, list):
        return len(first) != len(second) or any(map(_differ, first, second))
    return first != second


def _exists(test: str) -> bool:
    file, _, function = test.partition("::")
    text = _text(file)
    return f"def {function.partition('[')[0]}" in text
