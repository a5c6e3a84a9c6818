"""Which agent speaks for which platform: the one place where a platform's package is loaded, when it is needed.

A device is read from its folder here too, as only its platform's package can read what it kept.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fauxtune_sim.agent import Agent
from fauxtune_sim.cadence import TenantTime
from fauxtune_sim.device import Device
from fauxtune_sim.platforms import Platform
from fauxtune_sim.transport import Transport


def _android() -> type[Agent]:
    from fauxtune_sim.android.client import AndroidAgent

    return AndroidAgent


def _apple() -> type[Agent]:
    from fauxtune_sim.apple.client import AppleAgent

    return AppleAgent


def _windows() -> type[Agent]:
    from fauxtune_sim.windows.client import WindowsAgent

    return WindowsAgent


_AGENTS: dict[Platform, Callable[[], type[Agent]]] = {
    Platform.ANDROID: _android,
    Platform.IOS: _apple,
    Platform.IPADOS: _apple,
    Platform.MACOS: _apple,
    Platform.WINDOWS: _windows,
    Platform.WINDOWS_10_MOBILE: _windows,
    Platform.WINDOWS_PHONE_81: _windows,
}


def agent_class(platform: Platform) -> type[Agent]:
    """The agent of a platform."""
    return _AGENTS[platform]()


def agent_for(device: Device, transport: Transport, *, time: TenantTime | None = None) -> Agent:
    """The agent of a device."""
    return agent_class(device.platform)(device, transport, time=time)


def load_device(path: Path) -> Device:
    """The device of a folder; NotFoundHere if there is none, StateBroken if its files are damaged."""
    return Device.load(path, lambda platform: agent_class(platform).records)
