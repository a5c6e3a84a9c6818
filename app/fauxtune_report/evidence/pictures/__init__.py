"""Pictures of what a report shows, drawn as SVG from its facts: for the page, and for the lessons in `docs/lessons`."""

from __future__ import annotations

from collections.abc import Callable

from fauxtune.core.language.catalogue import Catalogue
from fauxtune_report.evidence.pictures import certificates, devices, mails
from fauxtune_report.evidence.pictures.svg import Drawing
from fauxtune_report.evidence.view import View

#: The name of a picture -> what draws it; None if a tenant has nothing for it.
PICTURES: dict[str, Callable[[View, Catalogue], Drawing | None]] = {
    "lanes": devices.lanes,
    "years": certificates.years,
    "origins": certificates.origins,
    "readers": mails.readers,
    "ends": devices.ends,
    "chain": certificates.chain,
    "layers": mails.layers,
}
