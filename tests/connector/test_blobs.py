"""Keys leave and enter as Windows blobs."""

from __future__ import annotations

from fauxtune.connector import blobs
from fauxtune.connector.keypool import KeyRing


def test_a_key_leaves_and_enters_as_windows_blobs(rsa_keys: KeyRing) -> None:
    key = rsa_keys.take()
    assert blobs.read_private_blob(blobs.write_private_blob(key)).public_key() == key.public_key()
    assert blobs.read_public_blob(blobs.write_public_blob(key.public_key())) == key.public_key()
