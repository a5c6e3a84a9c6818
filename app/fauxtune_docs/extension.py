"""What the server, its page `/` and the command line know of the documents."""

from __future__ import annotations

from fauxtune.extensions import Command, Extension
from fauxtune_docs.swagger import PATH

_DOCUMENTS = ("connector", "control", "devices", "graph", "health", "identity")
EXTENSION = Extension(
    package="fauxtune_docs",
    commands=(Command("openapi", "", "Write the OpenAPI documents."),),
    route="swagger.entry:docs_route",
    addresses={"docs": PATH, "documentation": {name: f"{PATH}/{name}.json" for name in _DOCUMENTS}},
)
