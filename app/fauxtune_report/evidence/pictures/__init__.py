"""Pictures of what a report shows, drawn as SVG from its facts: for the page, and for the lessons in `docs/lessons`."""

from __future__ import annotations

from collections.abc import Callable

from fauxtune.core.language.catalogue import Catalogue
from fauxtune_report.evidence.pictures import chain, ends, lanes, layers, origins, readers, years
from fauxtune_report.evidence.pictures.svg import Drawing
from fauxtune_report.evidence.view import View

#: The name of a picture -> what draws it; None if a tenant has nothing for it.
PICTURES: dict[str, Callable[[View, Catalogue], Drawing | None]] = {
    "lanes": lanes.draw,
    "years": years.draw,
    "origins": origins.draw,
    "readers": readers.draw,
    "ends": ends.draw,
    "chain": chain.draw,
    "layers": layers.draw,
}
