"""What an action on a Windows device brought back, by the names of Graph. Microsoft: RemoteFind CSP."""

from __future__ import annotations

import math
from collections.abc import Mapping

from fauxtune.core.model.actions import is_on_earth
from fauxtune.core.model.text import JsonObject

#: The nodes of a position, and their names in Graph's deviceGeoLocation. The first two are required.
POSITION = {
    "Latitude": "latitude",
    "Longitude": "longitude",
    "Altitude": "altitude",
    "Accuracy": "horizontalAccuracy",
    "AltitudeAccuracy": "verticalAccuracy",
}


def answer(values: Mapping[str, str]) -> JsonObject | None:
    """Return what an action brought back, from the data of its nodes by their addresses; None if it is nothing."""
    location = {}
    for uri, data in values.items():
        parent, _, leaf = uri.rpartition("/")
        number = _number(data)
        if parent.endswith("/RemoteFind/Location") and leaf in POSITION and number is not None:
            location[POSITION[leaf]] = number
    return {"location": location} if is_on_earth(location) else None


def _number(data: str) -> float | None:
    try:
        number = float(data)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
