"""What is about Graph itself: batches and metadata.

#: data
"""

from __future__ import annotations

from fauxtune.core.odata.paths.table import Route
from fauxtune.core.odata.schema.types import approximated
from fauxtune.surfaces.graph.call import Handler
from fauxtune.surfaces.graph.resources import envelope
from fauxtune.surfaces.graph.resources.envelope import Description

_OURS = approximated("what is emulated, and nothing else")


def envelope_of(description: Description) -> tuple[Route[Handler], ...]:
    """Return the routes. `description`: answers for the documents about all routes."""
    return (
        Route(
            "GET",
            "",
            description.describe,
            "The service document, for anybody",
            source="OData Protocol 4.01, 11.1.1",
            fidelity=_OURS,
        ),
        Route(
            "GET",
            "$metadata",
            description.describe,
            "The types, as CSDL, for anybody",
            source="OData CSDL XML 4.01",
            fidelity=_OURS,
        ),
        Route(
            "POST",
            "$batch",
            envelope.batch,
            "Up to 20 requests in one",
            source="Graph: JSON batching",
            fidelity=approximated(
                "a /$count gives a number as its body: how the real service writes it is not documented"
            ),
        ),
    )
