"""The list of mutants fits the code: each changes what is there, into Python."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutants.table import MUTANTS

ROOT = Path(__file__).resolve().parents[2]


def test_every_mutant_changes_what_is_there_into_python(subtests: pytest.Subtests) -> None:
    assert len(MUTANTS) >= 42
    assert len({mutant.rule for mutant in MUTANTS}) == len(MUTANTS)
    for mutant in MUTANTS:
        with subtests.test(mutant.rule):
            source = (ROOT / mutant.file).read_text(encoding="utf-8")
            mutated = mutant.mutated(source)
            assert ast.dump(ast.parse(mutated)) != ast.dump(ast.parse(source))
            assert all(_exists(test) for test in mutant.tests)


def _exists(test: str) -> bool:
    file, _, function = test.partition("::")
    text = (ROOT / file).read_text(encoding="utf-8")
    return f"def {function.partition('[')[0]}" in text
