"""How strictly the permissions of an application are taken."""

from __future__ import annotations

from enum import StrEnum


class Permissions(StrEnum):
    """Off: whoever has a token may do everything. Warn: likewise, and what would be refused is said in the log."""

    OFF = "off"
    WARN = "warn"
    ENFORCE = "enforce"
