"""Where ids, tokens and serial numbers come from: the system's randomness, or a seed where runs must repeat."""

from __future__ import annotations

import base64
import random
import secrets
import uuid

_SERIAL_BITS = 158


class SystemIds:
    """Unpredictable (core.model.ids.IdSource)."""

    def uuid(self) -> str:
        """A new GUID, lower case, hyphenated."""
        return str(uuid.uuid4())

    def token(self, nbytes: int = 32) -> str:
        """A new secret, URL-safe text."""
        return secrets.token_urlsafe(nbytes)

    def serial(self) -> int:
        """A new serial number of 159 bits. The top bit is set, so that all are equally long."""
        return (1 << _SERIAL_BITS) | secrets.randbits(_SERIAL_BITS)


class SeededIds:
    """The same ids in every run with the same seed: for tests, never for anything that must stay secret."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable is the point

    def uuid(self) -> str:
        """The next GUID, lower case, hyphenated."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def token(self, nbytes: int = 32) -> str:
        """The next token, URL-safe text."""
        return base64.urlsafe_b64encode(self._random.randbytes(nbytes)).rstrip(b"=").decode()

    def serial(self) -> int:
        """The next serial number, 159 bits."""
        return (1 << _SERIAL_BITS) | self._random.getrandbits(_SERIAL_BITS)
