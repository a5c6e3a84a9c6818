"""Where ids, tokens and serial numbers come from: the system's randomness."""

from __future__ import annotations

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
