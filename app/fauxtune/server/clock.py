"""The system's clock: the only place that reads it."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """The real time (core.clock.Clock)."""

    def now(self) -> datetime:
        """The present moment, aware, UTC."""
        return datetime.now(UTC)
