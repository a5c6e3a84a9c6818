"""The committed OpenAPI documents are those that the code would write now: `make openapi` writes them anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fauxtune.server.openapi import seed_schema
from tests.support.openapi import documents

FOLDER = Path(__file__).parents[2] / "openapi"
SEED = "seed.schema.json"


@pytest.mark.parametrize("name", sorted(file.stem for file in FOLDER.glob("*.json") if file.name != SEED))
def test_the_committed_document_is_current(name: str) -> None:
    written = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    now = json.loads(json.dumps(documents()[name]))
    # Not `written == now`: what differs would fill thousands of lines.
    same = written == now
    assert same, f"openapi/{name}.json is out of date: run make openapi"


def test_every_file_in_the_folder_belongs_to_a_surface() -> None:
    assert {file.stem for file in FOLDER.glob("*.json") if file.name != SEED} == set(documents())


def test_the_committed_schema_of_seeds_is_current() -> None:
    assert json.loads((FOLDER / SEED).read_text(encoding="utf-8")) == seed_schema(), "write it with: make openapi"
