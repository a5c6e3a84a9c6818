"""Histograms of times beside the sorted lists that they stand for."""

from __future__ import annotations

import json
import math
import sys

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fauxtune_sim.fleet.summary import Histogram

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
