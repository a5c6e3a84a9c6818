"""The limits of DER and BER: which bytes are refused, and that files of real programs pass."""

from __future__ import annotations

from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.pki.der import DEEPEST, LONGEST_IDENTIFIER, MOST_ELEMENTS, check_limits
from tests.core.pki.messages import seal, self_signed, sign_as
from tests.support.authorities import Authorities
from tests.support.hostile_der import identifier, tlv

_MANY = 1 << 20


def open_ended(tag: int, *content: bytes) -> bytes:
    """BER: an element without a length, up to its end mark."""
    return bytes([tag, 0x80]) + b"".join(content) + b"\0\0"


def nested(levels: int, *, tag: int = 0x30) -> bytes:
    data = tlv(0x05)
    for _ in range(levels):
        data = tlv(tag, data)
    return data


def test_a_certificate_and_a_message_pass_unchanged(authorities: Authorities, rsa_keys: KeyRing) -> None:
    key = rsa_keys.take()
    certificate = self_signed(key)
    der = certificate.public_bytes(Encoding.DER)
    for data in (der, sign_as(b"body", certificate, key), seal(b"content", certificate)):
        assert check_limits(data, largest=_MANY) == data


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (tlv(0x04, bytes(1025)), "1 KiB at most"),
        (tlv(0x30, identifier(LONGEST_IDENTIFIER + 1)), "object identifier of 65 bytes"),
        (nested(DEEPEST + 1), "levels deep"),
        (b"\x24\x80" * 100 + b"\0\0" * 100, "levels deep"),
        (b"\x1f\x81\x01\x00", "tag of several bytes"),
        (b"\x30\x05\x04\x00", "ends too early"),
        (b"\x30\x04\x04\x05ab", "ends too early"),
        (b"\x30\x80\x04\x00", "ends too early"),
        (b"\x30\x04\x30\x80\x04\x00\x00\x00", "ends too early"),
        (b"\x30", "ends too early"),
        (b"\x30\x84\x00", "ends too early"),
        (b"\x30\x02\x00\x00", "end mark"),
        (b"\x00\x00", "end mark"),
        (b"\x04\x80ab\x00\x00", "without a length"),
    ],
)
def test_der_outside_the_bounds_does_not_pass(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check_limits(data, largest=1024)


def test_a_string_in_very_many_pieces_does_not_pass() -> None:
    pieces = tlv(0x04) * (MOST_ELEMENTS + 1)
    for data in (tlv(0x24, pieces), open_ended(0x24, pieces), open_ended(0xA0, pieces)):
        with pytest.raises(ValueError, match="elements"):
            check_limits(data, largest=_MANY)


def test_the_bounds_themselves_pass() -> None:
    for data in (
        tlv(0x30, tlv(0x04) * (MOST_ELEMENTS - 1)),
        tlv(0x30, identifier(LONGEST_IDENTIFIER)),
        nested(DEEPEST),
        open_ended(0x30, open_ended(0x24, tlv(0x04, b"a"), tlv(0x04, b"b")), tlv(0x02, b"\1")),
        tlv(0x04, bytes(128)),
        b"",
    ):
        assert check_limits(data, largest=len(data)) == data


def test_an_end_mark_in_a_closed_element_hides_no_depth() -> None:
    data = tlv(0x05)
    for _ in range(DEEPEST + 5):
        data = tlv(0x30, b"\0\0", data)
    with pytest.raises(ValueError, match="end mark"):
        check_limits(data, largest=_MANY)


@settings(deadline=None)
@given(data=st.binary(max_size=200))
def test_garbage_passes_or_is_refused(data: bytes) -> None:
    with suppress(ValueError):
        assert check_limits(data, largest=_MANY) == data
