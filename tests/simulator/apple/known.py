"""What a simulated Apple device is."""

from __future__ import annotations

from fauxtune_sim.apple.client import AppleAgent
from fauxtune_sim.facts.apple import AppleHardware


def hardware(agent: AppleAgent) -> AppleHardware:
    """The hardware of an agent's device."""
    known = agent.device.hardware
    assert isinstance(known, AppleHardware)
    return known
