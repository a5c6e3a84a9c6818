"""The folder of private keys, keys made ahead, and the ring of given ones.

The keys that test tenants share are made once, survive a restart, and are never deleted.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.connector.keypool import KeyPool, KeyRing
from fauxtune.connector.keystore import KeyStore
from fauxtune.connector.shared_keys import KeysInTurn, SharedKeys
from fauxtune.core.errors import Conflict, Invalid, NotFound, Unavailable
from tests.support.related_keys import related_keys


def test_a_stored_key_is_found_again_by_another_store(tmp_path: Path, rsa_keys: KeyRing) -> None:
    key = rsa_keys.take()
    KeyStore(tmp_path / "keys").store("tenant.PFXEncryptionKey", key)
    again = KeyStore(tmp_path / "keys")
    assert again.has("tenant.PFXEncryptionKey")
    assert again.load("tenant.PFXEncryptionKey").private_numbers() == key.private_numbers()
    assert again.load("tenant.PFXEncryptionKey") is again.load("tenant.PFXEncryptionKey")


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "keys"
    folder.mkdir(parents=True, mode=0o755)
    KeyStore(folder).store("k", ec.generate_private_key(ec.SECP256R1()))
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "k.pem").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == ["k.pem"]


def test_what_a_crash_left_behind_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / f".k.pem.{os.getpid()}.new").write_text("half a key")
    store = KeyStore(tmp_path)
    assert not store.has("k")
    store.store("k", ec.generate_private_key(ec.SECP256R1()))
    assert KeyStore(tmp_path).load("k")
    assert not list(tmp_path.glob(".*"))


def test_storing_the_same_key_again_is_nothing_and_another_is_a_conflict(tmp_path: Path) -> None:
    store, key = KeyStore(tmp_path), ec.generate_private_key(ec.SECP256R1())
    store.store("k", key)
    store.store("k", key)
    with pytest.raises(Conflict, match="'k'"):
        store.store("k", ec.generate_private_key(ec.SECP256R1()))
    assert store.load("k") is key


def test_a_deleted_key_is_gone_and_may_be_deleted_again(tmp_path: Path) -> None:
    store = KeyStore(tmp_path)
    store.store("k", ec.generate_private_key(ec.SECP256R1()))
    store.delete("k")
    store.delete("k")
    assert not store.has("k")
    with pytest.raises(NotFound, match="'k'"):
        store.load("k")


@pytest.mark.parametrize("name", ["", ".", "..", ".hidden", "../x", "a/b", "a\\b", "a b", "é", "x" * 201, "a\n"])
def test_names_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    store = KeyStore(tmp_path)
    for attempt in (store.load, store.has, store.delete):
        with pytest.raises(Invalid):
            attempt(name)


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "k.pem").write_text("nonsense")
    with pytest.raises(Unavailable, match=r"k\.pem is damaged"):
        KeyStore(tmp_path).load("k")
    other = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "e.pem").write_bytes(other)
    with pytest.raises(Unavailable, match="neither RSA nor EC"):
        KeyStore(tmp_path).load("e")


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


def test_keys_come_in_turn_and_come_again(tmp_path: Path, raw_rsa_keys: list[RSAPrivateKey]) -> None:
    shared = SharedKeys(KeyStore(tmp_path), KeyRing(raw_rsa_keys), size=3)
    first = [shared.take() for _ in range(3)]
    assert len({name for _, name in first}) == 3
    assert len({key.private_numbers().p for key, _ in first}) == 3
    assert [shared.take() for _ in range(3)] == first
    assert sorted(file.stem for file in tmp_path.iterdir()) == sorted(name for _, name in first)


def test_the_keys_of_the_last_run_are_used_again(tmp_path: Path, raw_rsa_keys: list[RSAPrivateKey]) -> None:
    key, name = SharedKeys(KeyStore(tmp_path), KeyRing(raw_rsa_keys)).take()
    again, same_name = SharedKeys(KeyStore(tmp_path), KeyRing(raw_rsa_keys[1:])).take()
    assert (again.private_numbers(), same_name) == (key.private_numbers(), name)


def test_each_length_has_a_ring_of_its_own(tmp_path: Path, raw_rsa_keys: list[RSAPrivateKey]) -> None:
    shared = SharedKeys(KeyStore(tmp_path), KeyRing(raw_rsa_keys), size=1)
    assert [shared.take(bits)[0].key_size for bits in (2048, 1024, 2048)] == [2048, 1024, 2048]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_shared_key_is_not_deleted(tmp_path: Path, raw_rsa_keys: list[RSAPrivateKey]) -> None:
    store = KeyStore(tmp_path)
    _, name = SharedKeys(store, KeyRing(raw_rsa_keys)).take()
    store.delete(name)
    assert store.has(name)


def numbers(keys: KeysInTurn, tenant: str, count: int) -> list[int]:
    return [keys.of(tenant).take().private_numbers().p for _ in range(count)]


def test_tenants_have_the_same_keys_and_none_gets_one_twice(raw_rsa_keys: list[RSAPrivateKey]) -> None:
    keys = KeysInTurn(KeyRing(raw_rsa_keys), size=3)
    for tenant in ("first", "second"):
        keys.begin(tenant)
    first, second = numbers(keys, "first", 5), numbers(keys, "second", 5)
    assert first[:3] == second[:3]
    assert len({*first, *second}) == 3 + 2 + 2


def test_a_tenant_that_has_not_begun_or_was_deleted_shares_no_key(raw_rsa_keys: list[RSAPrivateKey]) -> None:
    keys = KeysInTurn(KeyRing(raw_rsa_keys), size=3)
    keys.begin("first")
    shared = numbers(keys, "first", 3)
    assert not {*numbers(keys, "older", 3)} & {*shared}
    keys.forget("first")
    assert not {*numbers(keys, "first", 3)} & {*shared}
