"""What the server and the command line know of runs."""

from __future__ import annotations

from fauxtune.extensions import Command, Extension, Part

EXTENSION = Extension(
    package="fauxtune_runs",
    commands=(
        Command("record", "", "Record what a deterministic tenant is asked and answers, and repeat it later."),
        Command("replay", "", "Repeat a recorded run, and compare every byte."),
        Command("unfriendly", "", "Find the faults that break a program, and shrink them to the fewest."),
    ),
    parts=(Part(r"tenants/[^/]+/recording(/|$)", ("control",)),),
)
