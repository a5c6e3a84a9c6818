"""docs/labs.md is what the tables of words write."""

from __future__ import annotations

from pathlib import Path

from fauxtune_docs.openapi import PAGES

FILE = Path(__file__).resolve().parents[2] / "docs" / "labs.md"


def test_the_page_is_what_the_data_write() -> None:
    assert FILE.read_text(encoding="utf-8") == PAGES["labs"](FILE.parent), "write it with: make openapi"
