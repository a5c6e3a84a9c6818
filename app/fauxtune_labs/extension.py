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
        Part(
            r"tenants/[^/]+/states$",
            ("fauxtune_labs.control.provider_states",),
            "fauxtune_labs.operations.provider_states",
        ),
        Part(r"tenants/[^/]+/labs(/|$)", ("fauxtune_labs.control.labs",), "fauxtune_labs.operations.labs.views"),
        Part(r"classrooms(/|$)", ("fauxtune_labs.control.classrooms",), "fauxtune_labs.operations.labs.views"),
        Part(
            r"tenants/[^/]+/hosted-devices(/|$)",
            ("fauxtune_labs.control.hosted_devices",),
            "fauxtune_labs.operations.hosted_devices",
        ),
    ),
    before_a_change="fauxtune_labs.operations.labs.runs:look_before_a_change",
)
