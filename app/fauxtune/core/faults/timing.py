"""When faults strike: which of the matching occasions, and how long they wait.

Chance is drawn from a seed and a number.
"""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, datetime
from email.utils import format_datetime

from fauxtune.core.faults.rule import Latency, When

#: The longest wait of one request, in seconds.
LONGEST = 300.0


def is_in_window(when: When, now: datetime) -> bool:
    """Whether the tenant's time is within the window; the end does not belong to it."""
    return (when.start is None or when.start <= now) and (when.end is None or now < when.end)


def strikes(when: When, number: int) -> bool:
    """Whether the matching occasion with this number, counted from 1, is struck."""
    if when.nth is not None:
        return number == when.nth
    if when.next is not None:
        return number <= when.next
    if when.every is not None:
        return number % when.every == 0
    if when.probability is not None:
        return drawn(when.seed, number) < when.probability
    return True


def is_over(when: When, *, matched: int, now: datetime) -> bool:
    """Whether no later occasion can be struck, unless the clock is put back."""
    last = when.nth if when.nth is not None else when.next
    return (last is not None and matched >= last) or (when.end is not None and now >= when.end)


def retry_header(seconds: int, *, at: float, as_date: bool) -> str:
    """Return Retry-After for an answer at a time, the system's in seconds: the seconds, or the date when they are over
    (RFC 9110 10.2.3), which is never earlier.
    """
    if not as_date:
        return str(seconds)
    return format_datetime(datetime.fromtimestamp(math.ceil(at + seconds), UTC), usegmt=True)


def drawn(seed: int, number: int, *, purpose: str = "") -> float:
    """Return a number from 0 up to, without, 1: always the same one for this seed, number and purpose."""
    digest = hashlib.sha256(f"{seed}/{number}/{purpose}".encode()).digest()
    # 53 bits: every such fraction is a float, and all are below 1.
    return (int.from_bytes(digest[:8]) >> 11) / (1 << 53)


def seconds_of(latency: Latency, *, seed: int, number: int) -> float:
    """Return how long the occasion with this number waits."""
    first = drawn(seed, number, purpose="latency")
    match latency.shape:
        case "fixed":
            value = latency.low
        case "uniform":
            value = latency.low + (latency.high - latency.low) * first
        case "lognormal":
            second = drawn(seed, number, purpose="latency 2")
            # Box and Muller's transformation gives a normal distribution.
            normal = math.sqrt(-2 * math.log(1 - first)) * math.cos(2 * math.pi * second)
            value = latency.low * math.exp(latency.sigma * normal)
    return min(value, LONGEST)
