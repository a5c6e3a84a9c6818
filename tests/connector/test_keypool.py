"""Keys made ahead, and the ring of given ones."""

from __future__ import annotations

import os
import queue
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.connector.keypool import KeyPool, KeyRing
from tests.support.related_keys import related_keys


def test_an_unstarted_pool_makes_a_key_on_the_spot() -> None:
    pool = KeyPool(bits=1024)
    assert pool.take().key_size == 1024
    assert pool.ready == 0


def test_a_started_pool_fills_and_gives_each_key_once() -> None:
    pool = KeyPool(size=2, threads=2, bits=1024)
    pool.start()
    pool.start()
    taken = [pool.take().public_key().public_numbers().n for _ in range(6)]
    pool.stop()
    assert len(set(taken)) == 6


def test_an_empty_pool_lets_callers_make_keys_and_not_more_at_a_time_than_it_has_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool, at_once, most = KeyPool(size=0, threads=2, bits=1024), 0, 0
    lock, make = threading.Lock(), pool._make

    def counted() -> RSAPrivateKey:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        key = make()
        with lock:
            at_once -= 1
        return key

    monkeypatch.setattr(pool, "_make", counted)
    pool.start()
    with ThreadPoolExecutor(6) as callers:
        keys = [call.result() for call in [callers.submit(pool.take) for _ in range(24)]]
    pool.stop()
    assert len({key.public_key().public_numbers().n for key in keys}) == 24
    assert most <= 2
    assert pool.ready == 0


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no priorities of threads")
def test_keys_in_advance_are_made_at_a_low_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    pool, priorities = KeyPool(size=1, bits=1024), queue.SimpleQueue[int]()
    make, own = pool._make, os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def noted() -> RSAPrivateKey:
        priorities.put(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return make()

    monkeypatch.setattr(pool, "_make", noted)
    pool.start()
    assert priorities.get(timeout=30) == max(own, 10)
    pool.stop()
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == own


def test_threads_end_when_the_pool_stops_and_may_start_again() -> None:
    before = threading.active_count()
    pool = KeyPool(size=1, bits=1024)
    for _ in range(2):
        pool.start()
        assert threading.active_count() == before + 1
        pool.stop()
        assert threading.active_count() == before
    pool.stop()


def test_a_ring_comes_round(rsa_keys: KeyRing) -> None:
    first, second = rsa_keys.take(), rsa_keys.take()
    ring = KeyRing([first, second])
    assert [ring.take() for _ in range(3)] == [first, second, first]
    with pytest.raises(ValueError, match="needs a key"):
        KeyRing([])


def test_the_related_keys_of_tests_are_valid_and_differ() -> None:
    keys = list(islice(related_keys(), 15))
    assert len({key.public_key().public_numbers().n for key in keys}) == 15
    assert {key.key_size for key in keys} == {2048}
    for key in keys:
        key.private_numbers().private_key()  # which OpenSSL checks
