"""Test programs against Fauxtune: a server for the whole test run, a tenant for each test, and simulated devices.

Public interface: it changes only as the changelog says. With pytest the fixtures of `fauxtune.testing.plugin` give
these objects; without it begin with `with Server.start() as server`, or with `fauxtune.testing.unittest.TestCase`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fauxtune.testing.devices import Device, Devices
    from fauxtune.testing.graph import Graph
    from fauxtune.testing.history import Event, Exchange
    from fauxtune.testing.parts import Group, NotReached, User, Waiting
    from fauxtune.testing.profiles import Profile
    from fauxtune.testing.server import Server, ServerNotStarted
    from fauxtune.testing.tenant import Tenant
    from fauxtune_client.endpoints import Refused

__all__ = [
    "Device",
    "Devices",
    "Event",
    "Exchange",
    "Graph",
    "Group",
    "NotReached",
    "Profile",
    "Refused",
    "Server",
    "ServerNotStarted",
    "Tenant",
    "User",
    "Waiting",
]

#: The module of each name: pytest loads the plugin of every installed package, and this must cost it nothing.
_MODULES = {
    "Device": "devices",
    "Devices": "devices",
    "Event": "history",
    "Exchange": "history",
    "Graph": "graph",
    "Group": "parts",
    "NotReached": "parts",
    "Profile": "profiles",
    "Server": "server",
    "ServerNotStarted": "server",
    "Tenant": "tenant",
    "User": "parts",
    "Waiting": "parts",
}


def __getattr__(name: str) -> Any:
    if name == "Refused":
        return import_module("fauxtune_client.http").Refused
    if name not in _MODULES:
        raise AttributeError(f"fauxtune.testing has no {name}")
    return getattr(import_module(f"fauxtune.testing.{_MODULES[name]}"), name)
