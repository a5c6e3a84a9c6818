"""The position that a device reports."""

from __future__ import annotations

import zlib


def position(device_id: str) -> tuple[float, float]:
    """Return the latitude and the longitude of a device. They depend on its id: they are always the same ones."""
    number = zlib.crc32(device_id.encode())
    east, north = number % 1000, number // 1000 % 1000
    return round(47.6 + north / 10_000, 4), round(-122.3 + east / 10_000, 4)
