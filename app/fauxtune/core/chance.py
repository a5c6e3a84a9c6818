"""Chance that can be repeated: what a deterministic tenant has in place of the operating system's randomness and clock.

While work of such a tenant is done, `present()` returns it: its stream of random bytes, which the tenant's number
fixes, and its time. The sources of ids, keys, salts and of the present time ask for it first. Other work finds None,
and uses the operating system. As a context variable it reaches the threads of `asyncio.to_thread` by itself, and other
threads by `carried`.

Whoever knows the number of a tenant can compute all of its secrets: that is what such a tenant is for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

T = TypeVar("T")

#: The largest number of a deterministic tenant: that of a column of 64 bits with a sign.
LARGEST_NUMBER = 2**63 - 1


class Stream:
    """Random bytes that are the same for the same names: SHAKE-256 (FIPS 202) of a key and the number of the draw."""

    def __init__(self, *names: str | int) -> None:
        """`names`: what the stream belongs to, from the tenant's number to a single exchange."""
        self._key = hashlib.sha256("\n".join(map(str, names)).encode()).digest()
        self._draws = 0

    def octets(self, count: int) -> bytes:
        """Return the next so many bytes."""
        self._draws += 1
        return hashlib.shake_256(self._key + self._draws.to_bytes(8)).digest(count)

    def below(self, bound: int) -> int:
        """Return the next number from 0 to below `bound`. The bias of a remainder of 8 bytes more is below 2^-64."""
        return int.from_bytes(self.octets((bound.bit_length() + 7) // 8 + 8)) % bound

    def child(self) -> Stream:
        """Return a stream of its own, for work that is done at the same time as other work."""
        return Stream(self.octets(32).hex())


@dataclass(frozen=True, slots=True)
class Repeatable:
    """Work that can be repeated bit for bit: where its chance comes from, and what time it is (aware, UTC). `names`:
    what all work of the tenant has in common, its number and its id.
    """

    stream: Stream
    now: datetime
    names: tuple[str | int, ...] = ()

    def lasting(self, purpose: str) -> Repeatable:
        """Return work that gives the same for this purpose whenever the tenant asks: keys that are not stored."""
        return Repeatable(Stream(*self.names, purpose), self.now, self.names)


_WORK: ContextVar[Repeatable | None] = ContextVar("repeatable", default=None)


def present() -> Repeatable | None:
    """Return the repeatable work that is being done here; None outside of it."""
    return _WORK.get()


@contextmanager
def repeatable(work: Repeatable | None) -> Iterator[None]:
    """Take chance and time from this work while the block runs; None: from the operating system."""
    before = _WORK.set(work)
    try:
        yield
    finally:
        _WORK.reset(before)


def carried(work: Callable[[], T]) -> Callable[[], T]:
    """Return work for another thread, which takes its chance from a stream of its own there: so the order in which
    threads come to it does not matter.
    """
    present_work = _WORK.get()
    if present_work is None:
        return work
    context = copy_context()
    context.run(_WORK.set, replace(present_work, stream=present_work.stream.child()))
    return lambda: context.run(work)
