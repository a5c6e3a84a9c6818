"""Keys made ahead, and the ring of given ones."""

from __future__ import annotations

import threading

import pytest

from fauxtune.connector.keypool import KeyPool, KeyRing


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
