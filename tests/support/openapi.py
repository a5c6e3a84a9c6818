"""The OpenAPI documents of the surfaces, made once in a process: making all takes half a second.

What makes them imports every surface, which takes some seconds: no process does that while it collects tests.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

_COMMITTED = Path(__file__).parents[2] / "openapi"


@cache
def committed(surface: str) -> dict[str, Any]:
    """Return the document of a surface as it is in the repository. Nothing is imported for it.

    tests/repository/test_openapi.py holds that it is what the code would write.
    """
    document: dict[str, Any] = json.loads((_COMMITTED / f"{surface}.json").read_text(encoding="utf-8"))
    return document


@cache
def documents() -> dict[str, dict[str, Any]]:
    """Return the documents by surface. Call it in a test, not while tests are collected; change nothing in them."""
    from fauxtune_docs import writing

    return writing.documents()


def seed_schema() -> dict[str, Any]:
    """Return the JSON schema of seeds."""
    from fauxtune_docs import writing

    return writing.seed_schema()


def pages() -> dict[str, Callable[[Path], str]]:
    """Return what writes each generated page of docs, by the page's name. It takes the folder of the pages."""
    from fauxtune_docs import writing

    return writing.PAGES
