"""What the server and the command line know of recorded requests."""

from __future__ import annotations

from fauxtune.extensions import Command, Extension, Part

EXTENSION = Extension(
    package="fauxtune_wire",
    commands=(Command("wire", "", "Show what was sent and answered, and why it was refused."),),
    parts=(Part(r"(tenants/[^/]+/)?wire(/|$)", ("control",)),),
)
