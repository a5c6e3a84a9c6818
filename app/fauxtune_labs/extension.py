"""What the server and the command line know of labs, classrooms, hosted devices and provider states."""

from __future__ import annotations

from fauxtune.extensions import Command, Extension, Part

EXTENSION = Extension(
    package="fauxtune_labs",
    commands=(
        Command("state", "cli", "Bring a tenant into a state that a sentence describes."),
        Command("lab", "cli", "Play labs that check themselves, and write your own."),
        Command(
            "classroom",
            "cli",
            "Teach a class: a tenant for each student, watched and steered.",
        ),
    ),
    parts=(
        Part(r"tenants/[^/]+/states$", ("control.provider_states",)),
        Part(r"tenants/[^/]+/labs(/|$)", ("control.labs",)),
        Part(r"classrooms(/|$)", ("control.classrooms",)),
        Part(r"tenants/[^/]+/hosted-devices(/|$)", ("control.hosted_devices",)),
    ),
    before_a_change="operations.labs.runs:look_before_a_change",
)
