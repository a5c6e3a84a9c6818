"""A brake on guesses of passwords, over all connections: who guesses at one name gets slower and slower.

Unverified: the numbers. Smart lockout of Microsoft Entra ID begins after ten wrong passwords, too, for a minute. Here
nobody is locked out: else guesses would keep a user from the own mailbox.
"""

from __future__ import annotations

from dataclasses import dataclass, field

#: Wrong passwords of a name that are answered at once; after so many seconds without one they are forgotten.
FREE, MEMORY = 10, 60.0
#: Seconds between the attempts at a name after that; who would wait longer than `MOST` is refused.
PAUSE, MOST = 1.0, 10.0
#: Names that are remembered. With more, the one whose last failure is the longest ago is forgotten.
_NAMES = 1000


@dataclass(slots=True)
class _Failures:
    count: int = 0
    last: float = 0.0
    next: float = 0.0


@dataclass(slots=True)
class Guesses:
    """The failed logins by name. Times are seconds of any clock that only goes forward."""

    _names: dict[str, _Failures] = field(default_factory=dict)

    def wait(self, name: str, *, now: float) -> float | None:
        """Return for how many seconds an attempt at a name has to wait; None: it is refused."""
        known = self._names.get(name.lower())
        if known is None or known.count < FREE:
            return 0.0
        if now - known.last > MEMORY:
            del self._names[name.lower()]
            return 0.0
        begins = max(now, known.next)
        if begins - now > MOST:
            return None
        known.next = begins + PAUSE
        return begins - now

    def failed(self, name: str, *, now: float) -> None:
        """Note a wrong password."""
        known = self._names.pop(name.lower(), None)
        if known is None or now - known.last > MEMORY:
            known = _Failures()
        known.count, known.last = known.count + 1, now
        self._names[name.lower()] = known
        while len(self._names) > _NAMES:
            del self._names[next(iter(self._names))]

    def succeeded(self, name: str) -> None:
        """Forget the wrong passwords of a name: its user has the right one."""
        self._names.pop(name.lower(), None)
