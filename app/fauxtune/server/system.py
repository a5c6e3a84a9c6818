"""The system's clock, and ids, tokens and serial numbers from its randomness: the only place that reads them."""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime


class SystemClock:
    """The Clock (core.clock) of the real time."""

    def now(self) -> datetime:
        """Return the present moment, aware, UTC."""
        return datetime.now(UTC)


_SERIAL_BITS = 158


class SystemIds:
    """An IdSource (core.model.ids) whose values cannot be predicted."""

    def uuid(self) -> str:
        """Return a new GUID, lower case, hyphenated."""
        return str(uuid.uuid4())

    def token(self, nbytes: int = 32) -> str:
        """Return a new secret, URL-safe text."""
        return secrets.token_urlsafe(nbytes)

    def serial(self) -> int:
        """Return a new serial number of 159 bits. The top bit is set, so that all have the same length."""
        return (1 << _SERIAL_BITS) | secrets.randbits(_SERIAL_BITS)
