"""A histogram of times: bounded in bytes, exact to 1.6 %, and the sum of two is the histogram of both.

Buckets grow with what they count, as in an HDR histogram: 64 of them for each doubling, from a microsecond to 71
minutes. So no time of a campaign is kept by itself, and several processes can count for one result.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from typing import Any, Self

#: Buckets for each doubling, and its binary logarithm.
_FINENESS, _BITS = 64, 6
#: The longest time that is told apart, in microseconds. Longer ones are in its bucket.
_LONGEST = 2**32 - 1


def _bucket(microseconds: int) -> int:
    """The bucket of a time: each of the first 128 microseconds has its own."""
    shift = max(microseconds.bit_length() - _BITS - 1, 0)
    return shift * _FINENESS + (microseconds >> shift)


def _highest(bucket: int) -> int:
    """The longest time that a bucket counts, in microseconds."""
    shift = max(bucket // _FINENESS - 1, 0)
    return ((bucket - shift * _FINENESS + 1) << shift) - 1


class Histogram:
    """How often which times occurred. It takes 14 KB, however many there are."""

    def __init__(self) -> None:
        self._counts = array("Q", bytes(8 * (_bucket(_LONGEST) + 1)))
        self.count = 0
        self._longest = 0

    def record(self, seconds: float) -> None:
        """Count a time."""
        microseconds = max(round(seconds * 1e6), 0)
        self._counts[_bucket(min(microseconds, _LONGEST))] += 1
        self.count += 1
        self._longest = max(self._longest, microseconds)

    def add(self, other: Histogram) -> None:
        """Count all times of another histogram too."""
        for bucket, count in other._filled():
            self._counts[bucket] += count
        self.count += other.count
        self._longest = max(self._longest, other._longest)

    @property
    def longest(self) -> float:
        """The longest time, in seconds."""
        return self._longest / 1e6

    def quantile(self, share: float) -> float:
        """The time that this share of all (0 to 1) did not exceed, in seconds, at most 1.6 % too long. 0 if there is no
        time.
        """
        missing = max(math.ceil(share * self.count), 1)
        for bucket, count in self._filled():
            missing -= count
            if missing <= 0 and bucket < len(self._counts) - 1:
                return min(_highest(bucket), self._longest) / 1e6
        return self.longest

    def document(self) -> dict[str, Any]:
        """The histogram as JSON: what another process needs to add it."""
        return {"longest": self._longest, "buckets": list(self._filled())}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """Read the JSON of `document`."""
        histogram = cls()
        for bucket, count in document["buckets"]:
            histogram._counts[bucket] = count
            histogram.count += count
        histogram._longest = document["longest"]
        return histogram

    def _filled(self) -> Iterable[tuple[int, int]]:
        """The buckets that count something, from the shortest times on."""
        return ((bucket, count) for bucket, count in enumerate(self._counts) if count)
