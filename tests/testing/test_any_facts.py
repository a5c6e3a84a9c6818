"""Whatever a device can report of itself arrives in Graph, over the wire of each platform."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from fauxtune.testing import Device, Tenant
from fauxtune.testing.strategies import facts
from fauxtune_sim.facts.table import FactValue
from tests.support.device_facts import SELECTED, expected, shown, whole_megabytes

_DEVICES = "/beta/deviceManagement/managedDevices"
_EXAMPLES = 8


def arrives(tenant: Tenant, device: Device, report: dict[str, FactValue]) -> None:
    """Let the device report the facts, and compare Graph with all that it reports."""
    device.reports(**report)
    device.check_in()
    address, simulated = f"{_DEVICES}/{device.id}", device.agent.device
    record = tenant.graph.get(address).json()
    record |= tenant.graph.get(address, params={"$select": ",".join(SELECTED)}).json()
    state = tenant.graph.get(f"{address}/windowsProtectionState")
    record["windowsProtectionState"] = state.json() if state.content else {}
    wanted = whole_megabytes(simulated, expected(simulated))
    assert shown(record, set(wanted)) == wanted


@pytest.mark.parametrize("kind", ["ios", "macos", "windows", "android/fully-managed"])
def test_any_facts_arrive_as_they_were_reported(tenant: Tenant, kind: str) -> None:
    device = tenant.devices.enroll("alice", kind)

    @settings(max_examples=_EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(facts(kind))
    def any_report(report: dict[str, FactValue]) -> None:
        arrives(tenant, device, report)

    any_report()
