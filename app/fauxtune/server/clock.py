"""The system's clock: the only place that reads it."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """The Clock (core.clock) of the real time."""

    def now(self) -> datetime:
        """Return the present moment, aware, UTC."""
        return datetime.now(UTC)
