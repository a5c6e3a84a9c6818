"""Kinds that have nothing to do with certificates: kept, assigned and reported, and never delivered.

Graph: the deviceConfiguration subtypes of v1.0. Differs from Intune: their settings reach no device; the status of such
a profile on a device of its own platform is "not applicable".
"""

from __future__ import annotations

from typing import Any

from fauxtune.core.profiles.world import Family


def _check(_document: dict[str, Any]) -> None:
    """No opinion about settings that nothing here acts upon."""


FAMILY = Family(name="stored", check=_check, items=lambda _profile, _world: (), applies=False)
