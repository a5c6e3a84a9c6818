"""No bytes make the decoder fail, and its output has a bound."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune_wire.decoding import Part, decode, describe_authorization, describe_query, describe_token, mask_url
from fauxtune_wire.decoding.parts import LARGEST_BODY, LARGEST_OUTPUT, Direction
from tests.support.decoded import WIRE, written
from tests.support.planted_secrets import Planted

MEDIA_TYPES = [
    "",
    "application/json",
    "application/x-www-form-urlencoded",
    "application/x-apple-aspen-mdm",
    "application/soap+xml; charset=utf-8",
    "application/vnd.syncml.dm+xml",
    "application/pkcs7-mime",
    "application/ocsp-request",
    "application/x-pki-message",
    "text/html",
    "text/plain",
    "application/octet-stream",
]
BEGINNINGS = [b"", b"{", b"<?xml version='1.0'?>", b"bplist00", b"0\x82\x01\x00", b"<SyncML>", b"-----BEGIN "]


SAMPLES = sorted(file for file in WIRE.rglob("*") if file.is_file())


@settings(max_examples=300, deadline=None)
@given(
    begin=st.sampled_from(BEGINNINGS),
    rest=st.binary(max_size=300),
    media_type=st.sampled_from(MEDIA_TYPES),
    answer=st.booleans(),
)
def test_any_bytes_are_decoded_to_text_that_can_be_written(
    begin: bytes, rest: bytes, media_type: str, answer: bool
) -> None:
    direction: Direction = "response" if answer else "request"
    parts = decode(begin + rest, content_type=media_type, path="/mdm/x", direction=direction)
    written(parts).encode()


@settings(max_examples=300, deadline=None)
@given(
    sample=st.sampled_from(SAMPLES),
    at=st.floats(0, 1),
    piece=st.binary(max_size=8),
    cut=st.integers(0, 40),
    media_type=st.sampled_from(["", "application/json"]),
)
def test_a_damaged_message_of_a_device_is_decoded(
    sample: Path, at: float, piece: bytes, cut: int, media_type: str
) -> None:
    body = sample.read_bytes()
    place = int(at * len(body))
    damaged = body[:place] + piece + body[place + cut :]
    written(decode(damaged, content_type=media_type, path="/v1.0/$batch", direction="request")).encode()


def test_a_damaged_signed_message_is_decoded(planted: list[Planted]) -> None:
    for each in planted:
        for place in range(0, min(len(each.body), 600), 7):
            body = bytearray(each.body)
            body[place] ^= 0x41
            written(decode(bytes(body), content_type=each.media_type, path=each.path, direction="request")).encode()


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_query_address_and_token_are_described(text: str) -> None:
    "\n".join([*describe_query(text), mask_url(text)])
    written([describe_token(text), describe_authorization(text)]).encode()


def test_a_body_above_the_bound_is_refused_politely() -> None:
    (part,) = decode(b"[" * (LARGEST_BODY + 1), content_type="application/json", path="/", direction="request")
    assert part == Part(
        "A body that is too large to be decoded", facts=(("Size", "65,537 bytes; bodies up to 64 KiB are decoded"),)
    )


@pytest.mark.parametrize(
    "body", [b"[" * 20_000, b'{"a":' * 10_000, b"<a>" * 20_000, b"[" + b'"\\u0000",' * 9_000 + b"1]", b"0\x80" * 30_000]
)
def test_output_for_a_hostile_body_has_a_bound(body: bytes) -> None:
    parts = decode(body, content_type="", path="/", direction="request")
    assert len(written(parts)) < LARGEST_OUTPUT + 10_000


def test_an_empty_body_has_no_parts() -> None:
    assert decode(b"", content_type="application/json", path="/", direction="request") == []
