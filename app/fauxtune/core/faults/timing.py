"""When faults strike: which of the matching occasions, and from how many requests throttling begins.

Which of the matching occasions are struck, and how long they wait. Chance is drawn from a seed and a number.

Throttling by the documented limits: requests of an application, and of a tenant, in a window of real time.

Source: Microsoft Graph service-specific throttling limits, "Intune service limits". Unverified: that the service counts
in windows one after the other, rather than over the last seconds.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from fauxtune.core.faults.effects import LIMITS
from fauxtune.core.faults.rule import Latency, Limits, When, parts_of

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


#: The most counters that are kept: applications times limits.
_MOST = 2000


def limits_of(path: str) -> Limits | None:
    """Return the documented limits for a path of Graph; None where none of Intune's hold."""
    parts = parts_of(path)
    for prefix, limits in LIMITS:
        wanted = parts_of(prefix)
        if parts[: len(wanted)] == wanted:
            return limits
    return None


@dataclass(slots=True)
class Meter:
    """The requests of the present windows."""

    _counts: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    _window: dict[int, int] = field(default_factory=dict)

    def retry_after(self, limits: Limits, *, path: str, application: str, is_write: bool, at: float) -> int | None:
        """Count a request; return the seconds until the window ends if the request is over a limit. A refused one
        counts too.
        """
        number = int(at // limits.seconds)
        if self._window.get(limits.seconds) != number or len(self._counts) > _MOST:
            self._window = {limits.seconds: number}
            self._counts.clear()
        area = "/".join(parts_of(path)[:2])
        kinds = [("", False, limits.tenant), (application, False, limits.application)]
        if is_write:
            kinds += [("", True, limits.tenant_writes), (application, True, limits.application_writes)]
        is_over = False
        for who, of_writes, most in kinds:
            self._counts[area, who, of_writes] += 1
            is_over = is_over or (most is not None and self._counts[area, who, of_writes] > most)
        return max(1, math.ceil((number + 1) * limits.seconds - at)) if is_over else None
