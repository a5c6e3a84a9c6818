"""The example messages of Apple's MDM protocol that both server and simulator must read."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "wire" / "apple"


def example(name: str) -> bytes:
    """Return an example message by its name."""
    return (FOLDER / f"{name}.plist").read_bytes()
