"""The documents of `/docs`, each made at its first request and then kept: their number is fixed, and so is their size.

Swagger UI needs many seconds for the whole of Graph. It is therefore shown by areas, those of docs/coverage.md; the
whole document can be downloaded. What makes documents imports every surface: it is imported with the first of them, so
that the pages around them come at once.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

#: The name of the whole document of Graph, whose page lists its areas.
WHOLE_GRAPH = "graph"


@dataclass(frozen=True, slots=True)
class Paged:
    """A document that has a page: its words in the chooser, what it is about (one of Graph: nothing), and whether
    requests need a token of Graph.
    """

    name: str
    title: str
    about: str = ""
    is_graph: bool = False


#: data. The surfaces in the order of the chooser.
SURFACES = (
    Paged("control", "Control", "Tenants, their clocks, faults, labs, classrooms: what only an emulator has"),
    Paged("identity", "Identity", "Tokens of users and applications, and the sign-in"),
    Paged("devices", "Devices", "Enrolment and management of phones and computers, by platform"),
    Paged("connector", "Connector", "What the certificate connector asks and answers"),
    Paged("partner", "Partner CA", "What a certification authority of another company calls for SCEP"),
    Paged("health", "Health", "Whether the server lives and is ready"),
)


@cache
def areas() -> tuple[Paged, ...]:
    """Return the pages of Graph, one for each area."""
    from fauxtune_docs.writing import AREAS  # here: with it comes all of Graph

    return tuple(Paged(_area_name(area), area, is_graph=True) for area in AREAS)


def paged(name: str) -> Paged | None:
    """Return the page of this name; None for another name."""
    pages = areas() if name.startswith(f"{WHOLE_GRAPH}-") else SURFACES
    return next((page for page in pages if page.name == name), None)


def _area_name(area: str) -> str:
    return f"{WHOLE_GRAPH}-{re.sub(r'[^a-z]+', '-', area.lower())}"


def _built(name: str) -> dict[str, Any]:
    """Make the document of this name."""
    from fauxtune_docs import writing

    page = paged(name)
    if page is None:
        return writing.graph_document()
    return writing.area_document(page.title) if page.is_graph else writing.document(name)


class Documents:
    """The documents as JSON, without their servers: those depend on the request."""

    def __init__(self) -> None:
        self._written: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def __contains__(self, name: str) -> bool:
        """Whether there is a document of this name."""
        return name == WHOLE_GRAPH or paged(name) is not None

    def written(self, name: str, *, origin: str) -> bytes:
        """Return the document; requests that are tried out go to the origin. Blocks while it is made the first time."""
        with self._lock:
            if name not in self._written:
                document = _built(name)
                del document["servers"]
                self._written[name] = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
        return b'{"servers":' + orjson.dumps([{"url": origin}]) + b"," + self._written[name][1:]
