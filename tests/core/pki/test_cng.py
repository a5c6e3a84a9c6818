"""Windows' RSA key blobs."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.errors import Invalid
from fauxtune.core.pki.cng import (
    read_private_blob,
    read_public_blob,
    read_public_half,
    write_private_blob,
    write_public_blob,
)


def test_blobs_have_windows_sizes_and_survive(rsa_keys: KeyRing) -> None:
    key = rsa_keys.take()
    public, private = write_public_blob(key.public_key()), write_private_blob(key)
    assert (len(public), public[:4]) == (283, b"RSA1")
    assert (len(private), private[:4]) == (1179, b"RSA3")
    assert read_public_blob(public) == key.public_key()
    assert read_private_blob(private).private_numbers() == key.private_numbers()


def test_one_kind_of_blob_is_not_the_other(rsa_keys: KeyRing) -> None:
    key = rsa_keys.take()
    with pytest.raises(Invalid, match="RSA3"):
        read_private_blob(write_public_blob(key.public_key()))
    with pytest.raises(Invalid, match="RSA1"):
        read_public_blob(write_private_blob(key))


@settings(deadline=None)
@given(data=st.data())
def test_a_damaged_private_blob_is_invalid(rsa_keys: KeyRing, data: st.DataObject) -> None:
    blob = write_private_blob(rsa_keys.take())
    at = data.draw(st.integers(0, len(blob) - 1))
    flipped = blob[:at] + bytes([blob[at] ^ data.draw(st.integers(1, 255))]) + blob[at + 1 :]
    with pytest.raises(Invalid):
        read_private_blob(flipped)
    with pytest.raises(Invalid):
        read_private_blob(blob[:at])


def test_primes_of_a_megabyte_are_not_multiplied(rsa_keys: KeyRing) -> None:
    blob = write_private_blob(rsa_keys.take())
    head = struct.unpack_from("<6I", blob)
    large = struct.pack("<6I", *head[:4], 1 << 20, 1 << 20)
    rest = blob[24 : 24 + head[2] + head[3]] + b"\xff" * ((5 << 20) + head[3])
    with pytest.raises(Invalid, match="its sizes do not fit"):
        read_private_blob(large + rest)


@settings(deadline=None)
@given(data=st.binary(max_size=64))
def test_garbage_is_no_blob(data: bytes) -> None:
    for read in (read_public_blob, read_private_blob):
        with pytest.raises(Invalid):
            read(b"RSA1" + data)
        with pytest.raises(Invalid):
            read(b"RSA3" + data)


def test_the_public_half_comes_out_of_every_kind_of_blob(rsa_keys: KeyRing) -> None:
    key = rsa_keys.take()
    full = write_private_blob(key)
    header = 24
    primes = int.from_bytes(full[16:20], "little") + int.from_bytes(full[20:24], "little")
    short = b"RSA2" + full[4 : header + 3 + 256 + primes]
    for blob in (write_public_blob(key.public_key()), short, full):
        assert read_public_half(blob) == key.public_key()
        for broken in (blob[:-1], blob + b"\0", blob[:20], blob[:4]):
            with pytest.raises(Invalid):
                read_public_half(broken)


@pytest.mark.parametrize("data", [b"", b"RSA", b"RSA4" + bytes(400), b"ECS1" + bytes(68), bytes(283)])
def test_what_is_no_blob_has_no_public_half(data: bytes) -> None:
    with pytest.raises(Invalid, match="no CNG blob"):
        read_public_half(data)
