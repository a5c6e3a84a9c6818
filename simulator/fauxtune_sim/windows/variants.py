"""How the three kinds of Windows device differ on the wire: a PC, Windows 10 Mobile, Windows Phone 8.1."""

from __future__ import annotations

from fauxtune_sim.platforms import Platform


def is_phone(platform: Platform) -> bool:
    """Phones say SessionIDs in hex, can be locked from afar, and ask enrolment for another kind of device."""
    return platform is not Platform.WINDOWS


def has_scopes(platform: Platform) -> bool:
    """Whether there is `./User` beside `./Device`; Windows Phone 8.1 has one scope and neither prefix."""
    return platform is not Platform.WINDOWS_PHONE_81
