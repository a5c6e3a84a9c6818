"""Ten certificates of one user for 100 and for 1,000 devices: the cost must not grow faster than the devices."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Iterator

from bench import inside
from bench.rows import Row

_IMPORTS = 10


def rows() -> Iterator[Row]:
    """One row: the growth of the cost. The short run is measured before and after the long one."""
    few = [_seconds(100), _seconds(100)]
    many = _seconds(1000)
    few += [_seconds(100), _seconds(100)]
    yield Row(
        "10 certificates to 1,000 devices / to 100",
        f"{many:.1f} s",
        f"{statistics.median(few):.2f} s",
        many / statistics.median(few),
        12,
        at_most=True,
    )


def _seconds(devices: int) -> float:
    return asyncio.run(inside.fan_out_seconds(devices=devices, imports=_IMPORTS))
