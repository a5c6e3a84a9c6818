"""Positions that devices report. Graph: deviceGeoLocation."""

from __future__ import annotations

from collections.abc import Mapping

_POLE, _DATE_LINE = 90, 180


def is_on_earth(location: Mapping[str, float]) -> bool:
    """Whether a location, by the names of Graph, has a latitude and a longitude that exist."""
    if "latitude" not in location or "longitude" not in location:
        return False
    return abs(location["latitude"]) <= _POLE and abs(location["longitude"]) <= _DATE_LINE
