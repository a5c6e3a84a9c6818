"""The client that calls receivers of notifications, as an interface: `server/webhooks.py` is the real one.

When a receiver is called, and called again, is decided in `operations/directory/notification_delivery.py`.
"""

from __future__ import annotations

from typing import Protocol

from fauxtune.core.errors import NotEmulated


class Webhooks(Protocol):
    """Calls receivers. `server/webhooks.py` does."""

    def check(self, url: str, *, name: str) -> None:
        """Raise Invalid, with the property's name as target, for an address that may not be called."""
        ...

    async def validate(self, url: str, *, token: str) -> None:
        """Raise Invalid unless the receiver answers with the token, as plain text, in time."""
        ...

    async def send(self, url: str, content: bytes) -> str | None:
        """Send JSON. Returns None if the receiver took it, else why not."""
        ...


class NoWebhooks:
    """A server that calls nobody."""

    def check(self, url: str, *, name: str) -> None:
        """Refuse every address."""
        raise NotEmulated(f"This server calls no receivers of notifications: {name} '{url}' is of no use.")

    async def validate(self, url: str, *, token: str) -> None:
        """Refuse every address."""
        self.check(url, name="notificationUrl")

    async def send(self, url: str, content: bytes) -> str | None:
        """Send nothing."""
        return "this server calls no receivers"
