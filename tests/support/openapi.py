"""The OpenAPI documents of the surfaces, made once in a process: making all takes half a second."""

from __future__ import annotations

from functools import cache
from typing import Any

from fauxtune_docs import openapi


@cache
def documents() -> dict[str, dict[str, Any]]:
    """Return the documents by surface. Call it in a test, not while tests are collected; change nothing in them."""
    return openapi.documents()
