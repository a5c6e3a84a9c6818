"""A PC at management servers of other makes: MDMatador and windows_mdm are played by their answers."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from fauxtune_sim.agent.by_platform import agent_for, load_device
from fauxtune_sim.agent.cadence import TenantTime
from fauxtune_sim.agent.runner import Runner
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import ServerRefused
from fauxtune_sim.platforms import Platform
from fauxtune_sim.windows.client import WindowsAgent

USUAL = "/EnrollmentServer/Discovery.svc"
OURS = f"/mdm/contoso/windows{USUAL}"
#: windows_mdm's answer has a prefix that stands for nothing (its README says so).
UNBOUND = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><GetPoliciesResponse><response>'
    '<policies xsi:nil="true"/></response></GetPoliciesResponse></s:Body></s:Envelope>'
)


def context(raw: bytes) -> list[tuple[str | None, str | None]]:
    matches = ElementTree.fromstring(raw).findall(".//{*}ContextItem")
    return [(one.get("Name"), one.findtext("{*}Value")) for one in matches]


async def enrolled(server: Any, joined: Any, *, at: str) -> WindowsAgent:
    agent = WindowsAgent(Device.new("DESKTOP-1", platform=Platform.WINDOWS), joined.transport)
    await agent.enroll(server=at, tenant="contoso", token="good", key=next(joined.keys))
    return agent


async def test_where_no_fauxtune_is_discovery_is_where_windows_looks_for_it(server: Any, joined: Any) -> None:
    server.discovery = USUAL
    agent = await enrolled(server, joined, at=server.url)
    assert server.asked[:3] == [("GET", OURS), ("GET", USUAL), ("POST", USUAL)]
    assert (await agent.check_in()).settled


async def test_an_address_with_a_path_is_the_discovery_address(server: Any, joined: Any) -> None:
    server.discovery = "/my/own/Discovery.svc"
    await enrolled(server, joined, at=f"{server.url}/my/own/Discovery.svc")
    assert server.asked[:2] == [("GET", "/my/own/Discovery.svc"), ("POST", "/my/own/Discovery.svc")]


async def test_a_server_without_enrolment_is_refused_with_the_places_that_were_tried(server: Any, joined: Any) -> None:
    server.discovery = "/nowhere"
    with pytest.raises(ServerRefused, match=rf"{OURS} \(404\) or .*{USUAL} \(404\)"):
        await enrolled(server, joined, at=server.url)


async def test_a_policy_that_cannot_be_read_is_passed_over_and_that_is_said(server: Any, joined: Any) -> None:
    server.policy = UNBOUND
    agent = await enrolled(server, joined, at=server.url)
    (remark,) = agent.remarks
    assert remark.startswith("the policy was passed over, the key has 2048 bits:")
    assert (await agent.check_in()).settled


async def test_a_policy_that_is_a_fault_ends_the_enrolment(server: Any, joined: Any) -> None:
    server.fault = ("s:Authorization", "UserLicense", "no licence")
    with pytest.raises(ServerRefused, match="licence"):
        await enrolled(server, joined, at=server.url)


async def test_a_renewal_says_what_the_first_request_said_of_the_device(server: Any, joined: Any) -> None:
    agent = await joined()
    first = context(server.raw)
    agent.time = _at(server.identity.not_valid_after_utc - timedelta(days=1))
    before = server.identity
    await agent.check_in()
    assert server.identity != before
    assert context(server.raw) == first
    assert len(first) > 5


async def test_a_period_as_long_as_the_certificate_renews_once_in_a_while_and_not_at_each_check_in(
    server: Any, joined: Any
) -> None:
    """MDMatador's RenewPeriod is 365 days for a certificate of 365."""
    interval = '<parm name="RetryInterval" value="4" datatype="integer"/>'
    server.document = lambda text: text.replace(
        '<parm name="RenewPeriod" value="42"/>', f'<parm name="RenewPeriod" value="36500"/>{interval}'
    )
    agent = await joined()
    results = [server.identity.serial_number]
    now = server.now
    for days in (0, 1, 3, 4, 5, 9):
        agent.time = _at(now + timedelta(days=days))
        assert (await agent.check_in()).refused == ()
        results.append(server.identity.serial_number)
    renewed = [before != after for before, after in pairwise(results)]
    assert renewed == [True, False, False, True, False, True]


async def test_no_two_sessions_have_one_number_although_nothing_else_changes(
    server: Any, joined: Any, tmp_path: Path
) -> None:
    await joined(device=Device.new("pc", platform=Platform.WINDOWS, folder=tmp_path))
    for _ in range(3):
        agent = agent_for(load_device(tmp_path), joined.transport)
        await agent.check_in()
    assert [one.text("SyncHdr/SessionID") for one in server.heard] == ["1", "2", "3"]


async def test_a_device_whose_server_names_no_push_address_comes_by_its_cadence_and_asks_for_no_push(
    server: Any, joined: Any
) -> None:
    server.document = lambda text: text.replace(f"{server.url}/push/the-tenants-id/push-1", "Contoso.App_8wekyb3d8bbwe")
    agent = await enrolled(server, joined, at=server.url)
    await agent.tenant_now()
    agent.enrollment.enrolled_at = agent.enrollment.checked_in_at = "2026-01-01T00:00:00+00:00"
    runner = Runner()
    runner.add(agent)
    try:
        async with asyncio.timeout(20):
            while not server.heard:
                await asyncio.sleep(0.01)
    finally:
        await runner.close()
    assert not [path for _, path in server.asked if "push" in path]


def _at(moment: Any) -> TenantTime:
    """A tenant's clock that stands."""
    time = TenantTime()
    for monotonic in (1.0, 2.0):
        time.learn(moment, monotonic=monotonic)
    return time
