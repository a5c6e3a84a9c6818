"""What the command line knows of the report."""

from __future__ import annotations

from fauxtune.extensions import Command, Extension

EXTENSION = Extension(
    commands=(
        Command("report", "fauxtune_report.commands:report", "Write what happened as a page with proofs, to hand out."),
    ),
)
