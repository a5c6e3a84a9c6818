"""Programs that nobody here wrote, as the tests call them."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class OpenSsl(Protocol):
    """The fixture `openssl`."""

    def __call__(self, *arguments: str | Path, input: bytes | None = None, fails: bool = False) -> bytes:  # noqa: A002
        """Run it in the test's folder; what it wrote."""
        ...
