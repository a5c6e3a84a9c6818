"""The system's clock, and ids, tokens and serial numbers from its randomness: the only place that reads them.

In work of a deterministic tenant (`core.chance`) all of them are that tenant's.
"""

from __future__ import annotations

import os
import secrets
from base64 import urlsafe_b64encode
from datetime import UTC, datetime

from fauxtune.core import chance


class SystemClock:
    """The Clock (core.clock) of the real time."""

    def now(self) -> datetime:
        """Return the present moment, aware, UTC; in work that can be repeated, that of its tenant."""
        work = chance.present()
        return datetime.now(UTC) if work is None else work.now


_SERIAL_BITS = 158
#: A digit -> the one of its two lowest bits that begins the fourth group of a random GUID (RFC 9562 4.1: variant 10).
_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


class SystemIds:
    """An IdSource (core.model.ids) whose values cannot be predicted, but in work that can be repeated."""

    def uuid(self) -> str:
        """Return a new GUID, lower case, hyphenated."""
        work = chance.present()
        # Each request has one: Python's own `uuid4` takes five times as long.
        digits = (os.urandom(16) if work is None else work.stream.octets(16)).hex()
        variant = _VARIANT[digits[16]]
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"

    def token(self, nbytes: int = 32) -> str:
        """Return a new secret, URL-safe text."""
        work = chance.present()
        if work is None:
            return secrets.token_urlsafe(nbytes)
        return urlsafe_b64encode(work.stream.octets(nbytes)).rstrip(b"=").decode()

    def serial(self) -> int:
        """Return a new serial number of 159 bits. The top bit is set, so that all have the same length."""
        work = chance.present()
        bits = secrets.randbits(_SERIAL_BITS) if work is None else work.stream.below(1 << _SERIAL_BITS)
        return (1 << _SERIAL_BITS) | bits
