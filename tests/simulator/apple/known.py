"""What a simulated Apple device is, how it is enrolled, and the errors of its reports."""

from __future__ import annotations

from typing import Any

from fauxtune_sim.apple.client import AppleAgent
from fauxtune_sim.apple.enrollment import AppleEnrollment
from fauxtune_sim.facts.apple import AppleHardware


def hardware(agent: AppleAgent) -> AppleHardware:
    """The hardware of an agent's device."""
    known = agent.device.hardware
    assert isinstance(known, AppleHardware)
    return known


def enrollment(agent: AppleAgent) -> AppleEnrollment:
    """The enrolment of an agent's device."""
    result = agent.device.enrollment
    assert isinstance(result, AppleEnrollment)
    return result


def codes(report: dict[str, Any] | None) -> list[tuple[int, str]]:
    """The codes and domains of the errors in a report."""
    assert report is not None
    return [(one["ErrorCode"], one["ErrorDomain"]) for one in report.get("ErrorChain", ())]
