"""Ten certificates of one user to 100 and to 1,000 devices: the cost must grow with the devices, not faster."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from bench import inside
from bench.rows import Row

_IMPORTS = 10


def rows() -> Iterator[Row]:
    """One row: the growth."""
    few = asyncio.run(inside.fan_out_seconds(devices=100, imports=_IMPORTS))
    many = asyncio.run(inside.fan_out_seconds(devices=1000, imports=_IMPORTS))
    yield Row(
        "10 certificates to 1,000 devices / to 100",
        f"{many:.1f} s",
        f"{few:.2f} s",
        many / few,
        12,
        at_most=True,
    )
