"""Ids, tokens and serial numbers from a seed, so that runs repeat."""

from __future__ import annotations

import base64
import random
import uuid

_SERIAL_BITS = 158


class SeededIds:
    """Ids that are the same in every run with the same seed (core.model.ids.IdSource)."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def uuid(self) -> str:
        """The next GUID, lower case, hyphenated."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def token(self, nbytes: int = 32) -> str:
        """The next token, URL-safe text."""
        return base64.urlsafe_b64encode(self._random.randbytes(nbytes)).rstrip(b"=").decode()

    def serial(self) -> int:
        """The next serial number, 159 bits."""
        return (1 << _SERIAL_BITS) | self._random.getrandbits(_SERIAL_BITS)
