"""Whatever a device can report of itself arrives in Graph, over the wire of each platform."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fauxtune.testing import Device, Tenant
from fauxtune_sim.facts.table import Fact, FactValue, Form
from fauxtune_sim.platforms import Platform
from tests.support.device_facts import SELECTED, expected, settable_facts, shown, whole_megabytes

_DEVICES = "/beta/deviceManagement/managedDevices"
_EXAMPLES = 8
#: No spaces: not every protocol keeps those at the ends of a text.
_CHARACTERS = st.characters(codec="utf-8", categories=("L", "N", "P", "S"))
_TOTAL, _FREE = "totalStorageSpaceInBytes", "freeStorageSpaceInBytes"
#: data. Facts whose values depend on others, or on a list of products, versions or check digits.
_BOUND = {"osVersion", "model", "imei", "iccid", "isPasscodePresent", _TOTAL, _FREE}


def _values(fact: Fact, platform: Platform) -> st.SearchStrategy[FactValue]:
    match fact.form:
        case Form.FLAG:
            return st.booleans()
        case Form.WHOLE:
            # 0 stands for a number that is not known: AMAPI leaves it out.
            return st.integers(1, min(fact.most, 2**50))
        case Form.CHOICE:
            return st.sampled_from(fact.choices_of(platform))
        case _:
            return st.from_regex(fact.pattern, fullmatch=True, alphabet=_CHARACTERS)


def reports(platform: Platform) -> st.SearchStrategy[dict[str, FactValue]]:
    """Reports of some facts of a platform, always with its storage."""
    free = {name: _values(fact, platform) for fact in settable_facts(platform) if (name := fact.name) not in _BOUND}
    sizes = st.lists(st.integers(1, 2**42), min_size=2, max_size=2).map(sorted)
    storage = sizes.map(lambda pair: dict(zip((_FREE, _TOTAL), pair, strict=True)))
    return st.builds(lambda some, disk: {**some, **disk}, st.fixed_dictionaries({}, optional=free), storage)


def arrives(tenant: Tenant, device: Device, facts: dict[str, FactValue]) -> None:
    """Let the device report the facts, and compare Graph with all that it reports."""
    device.reports(**facts)
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
    @given(reports(device.agent.device.platform))
    def any_report(facts: dict[str, FactValue]) -> None:
        arrives(tenant, device, facts)

    any_report()
