"""The agent of each platform: the one place that loads a platform's package, when it is needed.

A device is loaded from its folder here too, as only its platform's package can read its records.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fauxtune_sim.agent.agent import Agent
from fauxtune_sim.agent.cadence import TenantTime
from fauxtune_sim.device.device import Device
from fauxtune_sim.device.enrollment import RecordTypes
from fauxtune_sim.device.state_folder import StateFolder
from fauxtune_sim.platforms import Platform
from fauxtune_sim.server.transport import Transport


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
    """The agent class of a platform."""
    return _AGENTS[platform]()


def agent_for(device: Device, transport: Transport, *, time: TenantTime | None = None) -> Agent:
    """A new agent for a device."""
    return agent_class(device.platform)(device, transport, time=time)


def load_device(path: Path) -> Device:
    """Load the device of a folder. Raises NotFoundHere if there is no device, StateBroken if a file is damaged."""
    return Device.load(path, _records_of)


def load_device_from(folder: StateFolder) -> Device:
    """Load the device of an opened folder. Raises as `load_device`."""
    return Device.load_from(folder, _records_of)


def _records_of(platform: Platform) -> RecordTypes:
    return agent_class(platform).records
