"""Every import rule of pyproject.toml holds, and every one bites when it is broken on purpose."""

from __future__ import annotations

import importlib.util
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _load_rules() -> ModuleType:
    """The script `.ci/break-import-rules`, as a module (its name has no .py)."""
    loader = SourceFileLoader("break_import_rules", str(ROOT / ".ci" / "break-import-rules"))
    spec = importlib.util.spec_from_loader("break_import_rules", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["break_import_rules"] = module  # dataclasses look their module up there
    loader.exec_module(module)
    return module


rules = _load_rules()


@pytest.fixture(scope="module")
def imports() -> Any:
    """The imports of the tree, which are read once."""
    return rules.Imports()


@pytest.fixture(scope="module")
def already_broken(imports: Any) -> set[str]:
    broken: set[str] = imports.broken()
    return broken


def test_every_import_rule_holds(already_broken: set[str]) -> None:
    assert already_broken == set()


def test_every_contract_has_an_offence_and_every_offence_a_contract() -> None:
    assert set(rules.OFFENCES) == set(rules.contract_names())
    assert all(rules.OFFENCES.values())


@pytest.mark.parametrize("contract", rules.contract_names())
def test_a_broken_contract_is_noticed_and_no_other_is_blamed(
    contract: str, imports: Any, already_broken: set[str]
) -> None:
    for offence in rules.OFFENCES[contract]:
        assert imports.broken(offence) - already_broken == {contract} - already_broken, offence


def test_lines_in_files_break_every_contract() -> None:
    offences = [offence for offences in rules.OFFENCES.values() for offence in offences]
    assert rules.read_from_files(offences) == set(rules.contract_names())


def test_no_folder_of_code_hides_from_the_linter() -> None:
    """The linter walks packages: a folder without __init__.py, and all that it holds, would not exist for it."""
    bare = {
        file.parent.relative_to(ROOT)
        for folder, package in (
            ("app", "fauxtune"),
            ("simulator", "fauxtune_sim"),
            ("migrations", "fauxtune_migrations"),
        )
        for file in (ROOT / folder / package).rglob("*.py")
        if not (file.parent / "__init__.py").exists()
    }
    assert not bare, f"add an __init__.py to {sorted(map(str, bare))}"
