"""The keys that test tenants share are made once, survive a restart, and are never deleted."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.connector.keypool import KeyRing
from fauxtune.connector.keystore import KeyStore
from fauxtune.connector.shared_keys import KeysInTurn, SharedKeys


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
