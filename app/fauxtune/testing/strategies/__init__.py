"""Strategies of Hypothesis for what a tenant is made of, and a state machine that drives one and checks its promises.

They need the package `hypothesis`: the extra `fauxtune[hypothesis]`.
"""

from __future__ import annotations

try:
    import hypothesis as _hypothesis  # noqa: F401 - else the first strategy would say it, in other words
except ModuleNotFoundError as _missing:
    raise ImportError(
        "fauxtune.testing.strategies needs Hypothesis, which is not installed: pip install 'fauxtune[hypothesis]'"
    ) from _missing

from fauxtune.testing.strategies.machine import TenantMachine
from fauxtune.testing.strategies.values import (
    Journey,
    NewDevice,
    NewGroup,
    NewProfile,
    NewUser,
    devices,
    facts,
    groups,
    journeys,
    profiles,
    users,
)

__all__ = [
    "Journey",
    "NewDevice",
    "NewGroup",
    "NewProfile",
    "NewUser",
    "TenantMachine",
    "devices",
    "facts",
    "groups",
    "journeys",
    "profiles",
    "users",
]
