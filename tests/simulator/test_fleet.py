"""Fleets: shares, users in turn, counts, and failures by cause.

Histograms of times beside the sorted lists that they stand for.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fauxtune_sim.errors import NotFoundHere
from fauxtune_sim.fleet.fleet import Fleet, FleetSettings, planned_devices, read_mix, run_fleet
from fauxtune_sim.fleet.summary import FleetSummary, Histogram, Phase, ProgressLines
from fauxtune_sim.platforms import Kind, Mode, Platform, kind_of
from fauxtune_sim.server.control import Control

if TYPE_CHECKING:
    from fauxtune_sim.server.transport import Transport
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
    again: int = 0,
    rate: float | None = None,
) -> FleetSummary:
    order = FleetSettings(
        devices=6,
        server=service.url,
        tenant="contoso",
        users=users,
        mix=((WORK_PROFILE, 2), (FULLY_MANAGED, 1)),
        keys=1,
        again=again,
        rate=rate,
    )
    control = Control(transport, f"{service.url}/_fauxtune/v1", tenant="contoso")
    crew = Fleet(order, transport=transport)
    return await run_fleet(order, crew=crew, control=control, observer=ProgressLines(progress))


MICROSECOND = 1e-6
#: In microseconds: those that have a bucket of their own, those that share one, up to the longest that is told apart.
time = st.integers(0, 300) | st.integers(0, 2**32 - 1)
times = st.lists(time)
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
shares = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)


def counted(microseconds: list[int]) -> Histogram:
    histogram = Histogram()
    for microsecond in microseconds:
        histogram.record(microsecond * MICROSECOND)
    return histogram


async def test_every_device_enrols_and_settles_and_the_kinds_have_their_shares(
    service: Service, transport: Transport
) -> None:
    summary = await fleet(service, transport)
    document = summary.document()
    assert (document["enrolled"], document["settled"], document["failures"]) == (6, 6, [])
    counts = {"enrolled", "settled", "itemsInstalled", "failures", "waiting", "checkinsPerSecond"}
    assert set(document) == counts | {"latencies"}
    assert [(row["phase"], row["count"]) for row in document["latencies"]] == [("enroll", 6), ("settle", 6)]
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


async def test_devices_check_in_again_at_a_rate_and_the_times_count_from_when_they_were_due(
    service: Service, transport: Transport
) -> None:
    results: list[str] = []
    summary = await fleet(service, transport, again=2, rate=40, progress=results.append)
    assert [len(one.reports) for one in service.devices.values()] == [3] * 6
    assert summary.latencies[Phase.AGAIN].count == 12
    assert summary.seconds[Phase.AGAIN] >= 11 / 40
    assert results == ["identity keys are made", "enrolled: 6 of 6", "settled: 6 of 6", "checked in again: 12 of 12"]
    lines = summary.lines(6)
    assert [line.split("  ")[0] for line in lines[-3:]] == ["enrolment", "check-in that settles", "check-in again"]
    assert len({len(line) for line in lines[-4:]}) == 1, "a table"


async def test_a_device_that_waits_for_its_turn_has_waited(service: Service, transport: Transport) -> None:
    """The service answers slower than the rate asks: what is said is the time since a check-in was due."""
    summary = await fleet(service, transport, again=20, rate=1e6)
    assert summary.latencies[Phase.AGAIN].longest == pytest.approx(summary.seconds[Phase.AGAIN], rel=0.3)


async def test_failures_of_later_check_ins_are_counted_and_have_no_time(service: Service, transport: Transport) -> None:
    def trouble(line: str) -> None:
        service.in_trouble = line.startswith("settled")

    summary = await fleet(service, transport, again=1, progress=trouble)
    assert (summary.settled, sum(summary.failures.values()), Phase.AGAIN in summary.latencies) == (6, 6, False)


@pytest.mark.parametrize("seed", [None, 3])
def test_the_parts_of_a_fleet_are_the_fleet(seed: int | None) -> None:
    users, mix = [ALICE, BOB], read_mix("ios:2,android")
    whole = FleetSettings(devices=11, server="", tenant="", users=users, mix=mix, seed=seed, keys=5, at_once=8)
    parts = [replace(whole, part=part, parts=3) for part in range(3)]
    assert [FleetSettings.from_document(orjson.loads(orjson.dumps(part.document()))) for part in parts] == parts
    of_parts = [planned for part in parts for planned in planned_devices(part)]
    of_whole = list(planned_devices(whole))
    assert [(device.kind, user) for device, user in of_parts] == [(device.kind, user) for device, user in of_whole]
    if seed is not None:
        assert [device.name for device, _ in of_parts] == [device.name for device, _ in of_whole]
    assert [len(part.numbers) for part in parts] == [3, 4, 4]
    assert {(part.own_keys, part.own_at_once) for part in parts} == {(2, 3)}
    assert whole.uses() == {ALICE: 6, BOB: 5}


def test_summaries_of_parts_add_up() -> None:
    summary = FleetSummary()
    for number in (1, 2):
        part = FleetSummary(enrolled=number, settled=number, reports=3, names={f"phone {number}"})
        part.failures["refused"] += 1
        part.seconds[Phase.ENROLL] = float(number)
        part.record(Phase.ENROLL, number / 10)
        summary.add(FleetSummary.from_part(orjson.loads(orjson.dumps(part.part()))))
    assert (summary.enrolled, summary.settled, summary.reports) == (3, 3, 6)
    assert (summary.failures, summary.names) == ({"refused": 2}, {"phone 1", "phone 2"})
    (row,) = summary.document()["latencies"]
    assert (row["count"], row["perSecond"], row["longest"]) == (2, 1.0, 0.2)


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


@unhurried
@given(st.lists(time, min_size=1), shares)
def test_a_quantile_is_that_of_the_sorted_list_or_a_little_longer(times: list[int], share: float) -> None:
    exact = sorted(times)[max(math.ceil(share * len(times)), 1) - 1]
    quantile = round(counted(times).quantile(share) / MICROSECOND)
    assert exact <= quantile <= exact * (1 + 1 / 64)
    assert quantile <= round(counted(times).longest / MICROSECOND) == max(times)


@unhurried
@given(times, times)
def test_the_sum_of_two_histograms_is_the_histogram_of_both_lists(first: list[int], second: list[int]) -> None:
    total = counted(first)
    total.add(counted(second))
    assert total.document() == counted(first + second).document()
    assert total.count == len(first) + len(second)


@unhurried
@given(times)
def test_a_histogram_is_read_back_from_json(times: list[int]) -> None:
    histogram = counted(times)
    again = Histogram.from_document(json.loads(json.dumps(histogram.document())))
    assert (again.document(), again.count, again.longest) == (histogram.document(), len(times), histogram.longest)


def test_a_histogram_stays_as_small_as_it_is() -> None:
    histogram = Histogram()
    size = sys.getsizeof(histogram._counts)
    for number in range(20_000):
        histogram.record(number * 0.37)
    assert sys.getsizeof(histogram._counts) == size < 15_000
    assert len(json.dumps(histogram.document())) < 30_000


def test_times_that_no_bucket_is_for_are_counted_and_the_longest_is_known() -> None:
    histogram = counted([1000, 9_000_000_000, 86_400_000_000, -1])
    assert (histogram.count, histogram.longest, histogram.quantile(1)) == (4, 86400.0, 86400.0)
    assert histogram.quantile(0) == 0
    assert Histogram().quantile(0.5) == Histogram().longest == 0
