"""What the command line knows of the report."""

from __future__ import annotations

from fauxtune.extensions import Command, Extension

EXTENSION = Extension(
    package="fauxtune_report",
    commands=(Command("report", "", "Write what happened as a page with proofs, to hand out."),),
)
