"""What the command line knows of the probe and of the verification of SCEP."""

from __future__ import annotations

from fauxtune.extensions import Command, Extension

EXTENSION = Extension(
    package="fauxtune_probe",
    commands=(
        Command(
            "probe",
            "",
            "Try Fauxtune's expectations of Microsoft Graph, on a real tenant or on the emulator.",
        ),
        Command(
            "scep verify",
            "scep",
            "Try an authority: devices request certificates of it.",
        ),
    ),
)
