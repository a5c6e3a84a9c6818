"""How many entries the logs of a tenant keep: its journal, the audit log, and the event logs of its connectors.

Each entry has the next number of its log, so that counting costs nothing: when a number passes a multiple of `STEP`,
the oldest entries go that are beyond the most, in the transaction that adds the new ones. No log grows beyond its most
and one `STEP`. Differs from Intune: audit events are kept for a year there, however many they are.
"""

from __future__ import annotations

#: An entry has some hundred bytes.
MOST_JOURNAL = 1_000_000
MOST_CONNECTOR_EVENTS = 100_000
#: An event may hold old and new values of what a request changed: usually some thousand bytes, of each value 4,096
#: characters at most (`operations/insight/audit.py`).
MOST_AUDIT = 100_000
STEP = 1_000


def surplus(last: int, *, added: int, most: int) -> int:
    """Return up to which number entries go, now that so many were added of which `last` is the last; 0: none goes."""
    if last // STEP == (last - added) // STEP:
        return 0
    return max(0, last - most)
