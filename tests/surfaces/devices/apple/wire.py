"""The example messages that both sides read, and short words for what tests do with them."""

from __future__ import annotations

import base64
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "wire" / "apple"


def example(name: str) -> bytes:
    """An example message, by its name."""
    return (FOLDER / f"{name}.plist").read_bytes()


def base64_of(data: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(data).decode()
