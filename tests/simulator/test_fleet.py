"""Fleets: shares, users in turn, counts, and failures by cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from fauxtune_sim.control import Control
from fauxtune_sim.errors import NotFoundHere
from fauxtune_sim.fleet import FleetSettings, FleetSummary, read_mix, run_fleet
from fauxtune_sim.platforms import Kind, Mode, Platform, kind_of

if TYPE_CHECKING:
    from fauxtune_sim.transport import Transport
    from tests.simulator.conftest import Service

ALICE, BOB = "alice@contoso.example", "bob@contoso.example"
KNOX, DEVICE_ADMIN = kind_of(Platform.ANDROID, Mode.KNOX), kind_of(Platform.ANDROID, Mode.DEVICE_ADMIN)
WORK_PROFILE, FULLY_MANAGED = kind_of(Platform.ANDROID), kind_of(Platform.ANDROID, Mode.FULLY_MANAGED)


async def fleet(
    service: Service,
    transport: Transport,
    *,
    users: tuple[str, ...] = (ALICE, BOB),
    progress: Callable[[str], None] = lambda line: None,
) -> FleetSummary:
    order = FleetSettings(
        devices=6,
        server=service.url,
        tenant="contoso",
        users=users,
        mix=((WORK_PROFILE, 2), (FULLY_MANAGED, 1)),
        keys=1,
    )
    control = Control(transport, f"{service.url}/_fauxtune/v1", tenant="contoso")
    return await run_fleet(order, transport=transport, control=control, progress=progress)


async def test_every_device_enrols_and_settles_and_the_kinds_have_their_shares(
    service: Service, transport: Transport
) -> None:
    summary = await fleet(service, transport)
    document = summary.document()
    assert (document["enrolled"], document["settled"], document["failures"]) == (6, 6, [])
    assert set(document) == {"enrolled", "settled", "itemsInstalled", "failures", "waiting", "checkinsPerSecond"}
    modes = Counter(one.request["mode"] for one in service.devices.values())
    assert modes == {"work-profile": 4, "fully-managed": 2}
    assert len({one.request["androidId"] for one in service.devices.values()}) == 6


async def test_failures_are_counted_by_cause(service: Service, transport: Transport) -> None:
    service.tokens.clear()
    results: list[str] = []
    (failure,) = (await fleet(service, transport, progress=results.append)).document()["failures"]
    assert results[-1] == "enrolled: 0 of 6, 6 failed", "what is said on the way and the summary count alike"
    assert failure["count"] == 6
    assert "the token is used up" in failure["cause"]


async def test_a_user_who_does_not_exist_costs_only_his_devices(service: Service, transport: Transport) -> None:
    summary = await fleet(service, transport, users=(ALICE, "nobody@elsewhere.example"))
    assert (summary.enrolled, summary.settled) == (3, 3)
    ((cause, count),) = summary.failures.items()
    assert ("no such user" in cause, count) == (True, 3)


@pytest.mark.parametrize(
    ("text", "mix"),
    [
        ("android", ((WORK_PROFILE, 1),)),
        ("android:3,android/fully-managed:2", ((WORK_PROFILE, 3), (FULLY_MANAGED, 2))),
        ("android/knox:2,android/device-admin", ((KNOX, 2), (DEVICE_ADMIN, 1))),
        (
            "ios:2, macos,windowsphone81:1",
            ((Kind(Platform.IOS), 2), (Kind(Platform.MACOS), 1), (Kind(Platform.WINDOWS_PHONE_81), 1)),
        ),
    ],
)
def test_a_mix_is_read(text: str, mix: tuple[tuple[Kind, int], ...]) -> None:
    assert read_mix(text) == mix


@pytest.mark.parametrize(
    "text",
    [
        "",
        "symbian",
        "android/kiosk:1",
        "android/:1",
        "ios/work-profile",
        "ios/",
        "android:0",
        "android:x",
        "android:-1",
    ],
)
def test_a_mix_of_what_is_not_simulated_is_refused(text: str) -> None:
    with pytest.raises(NotFoundHere):
        read_mix(text)
