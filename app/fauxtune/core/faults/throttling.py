"""Throttling by the documented limits: requests of an application, and of a tenant, in a window of real time.

Source: Microsoft Graph service-specific throttling limits, "Intune service limits". Unverified: that the service counts
in windows one after the other, rather than over the last seconds.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field

from fauxtune.core.faults.matching import parts_of
from fauxtune.core.faults.rule import Limits

#: Below which path which limits hold; the first that fits. Graph documents the numbers as subject to change.
LIMITS: tuple[tuple[str, Limits], ...] = (
    # "Intune devices service limits": a group of its own, with scripts and what devices have.
    *(
        (f"/deviceManagement/{name}", Limits(2000, 4000, 200, 400, 20))
        for name in (
            "managedDevices",
            "managedDeviceOverview",
            "detectedApps",
            "deviceManagementScripts",
            "deviceHealthScripts",
            "deviceShellScripts",
            "deviceComplianceScripts",
        )
    ),
    ("/deviceManagement", Limits(1000, 2000, 100, 200, 20)),
    ("/deviceAppManagement", Limits(1000, 2000, 100, 200, 20)),
)
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
