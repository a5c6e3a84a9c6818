"""A brake on guessed passwords: of cards, of people, of applications.

After some wrong ones from one address for one tenant each further wrong one is answered later, and only a few wait at a
time. A right password is answered at once, so that nobody in a room locks the others out. In memory, of each process.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from time import monotonic

from fauxtune.core.errors import Unavailable

#: Wrong passwords of an address for a tenant that are answered at once, and seconds after which they are forgotten.
_FREE, _FORGOTTEN = 10, 60.0
#: Seconds that each further one waits longer than the one before, and the longest wait.
_STEP, _LONGEST = 0.2, 2.0
#: Wrong ones of an address for a tenant that wait at a time: a further attempt is refused without a look.
_MOST_AT_ONCE = 8
#: Pairs of address and tenant that are remembered; the oldest go.
_MOST = 2_000


class Guesses:
    """The wrong passwords of the last minute, by address and tenant."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()
        self._waiting: Counter[tuple[str, str]] = Counter()

    def check(self, source: str, *, tenant: str = "") -> None:
        """Raise Unavailable while too many wrong passwords of an address for a tenant wait for their answers. `tenant`
        is empty where the password itself names the tenant.
        """
        if self._waiting[source, tenant] >= _MOST_AT_ONCE:
            raise Unavailable("Too many wrong passwords came from this address. Wait some seconds, and try again.")

    async def wrong(self, source: str, *, tenant: str = "") -> None:
        """Note a wrong password, and wait before it is answered if there were many."""
        key = source, tenant
        count, last = self._wrong.pop(key, (0, 0.0))
        now = monotonic()
        count = count + 1 if now - last < _FORGOTTEN else 1
        self._wrong[key] = count, now
        while len(self._wrong) > _MOST:
            self._wrong.popitem(last=False)
        seconds = min(_LONGEST, _STEP * (count - _FREE))
        if seconds > 0:
            self._waiting[key] += 1
            try:
                await asyncio.sleep(seconds)
            finally:
                self._waiting[key] -= 1
                if not self._waiting[key]:
                    del self._waiting[key]
