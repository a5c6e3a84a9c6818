"""The folder of private keys."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from fauxtune.connector.keypool import KeyRing
from fauxtune.connector.keystore import KeyStore
from fauxtune.core.errors import Conflict, Invalid, NotFound, Unavailable


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
