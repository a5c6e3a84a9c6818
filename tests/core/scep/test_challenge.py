"""Challenges: only the tenant's service can make and open one; each way in which another text fails has its code."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.model.scep import ScepRequest
from fauxtune.core.pki import signed
from fauxtune.core.pki.cms import envelope
from fauxtune.core.scep.challenge import LIFETIME, Challenge, ResultCode, Verdict, seal, unseal
from tests.support.certificates import self_signed

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
REQUEST = ScepRequest(
    urls=("https://ca.example/scep",),
    subject="CN=alice",
    names=(("emailAddress", "alice@contoso.example"),),
    key_usages=("digitalSignature",),
    key_size=2048,
    hash_algorithm="sha2",
    extended_key_usages=("1.3.6.1.5.5.7.3.4",),
    days=365,
    renew_percent=20,
)
CHALLENGE = Challenge("1", "tenant", "profile", "device", "user", NOW, NOW + LIFETIME, REQUEST)

Sealer = tuple[x509.Certificate, rsa.RSAPrivateKey]


@pytest.fixture(scope="module")
def sealer(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> Sealer:
    return self_signed(raw_rsa_keys[0], "Devices"), raw_rsa_keys[0]


@pytest.fixture(scope="module")
def message(sealer: Sealer) -> bytes:
    """A sealed challenge, without its base64."""
    return base64.b64decode(seal(CHALLENGE, certificate=sealer[0], key=sealer[1]))


def code_of(text: str, sealer: Sealer) -> ResultCode | None:
    opened = unseal(text, certificate=sealer[0], key=sealer[1])
    return opened.code if isinstance(opened, Verdict) else None


def made(content: bytes, sealer: Sealer, *, recipient: x509.Certificate | None = None) -> str:
    inner = envelope(content, recipient or sealer[0])
    return base64.b64encode(signed.sign(inner, certificate=sealer[0], key=sealer[1])).decode()


@pytest.mark.parametrize("user", ["user", None])
def test_what_was_sealed_is_opened_again(sealer: Sealer, user: str | None) -> None:
    challenge = replace(CHALLENGE, user=user)
    text = seal(challenge, certificate=sealer[0], key=sealer[1])
    assert unseal(text, certificate=sealer[0], key=sealer[1]) == challenge
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    assert unseal(lines, certificate=sealer[0], key=sealer[1]) == challenge
    assert "alice" not in base64.b64decode(text).decode("latin-1"), "nobody else reads it"


def test_each_way_to_fail_has_its_code(sealer: Sealer, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    document = CHALLENGE.document()
    other = self_signed(raw_rsa_keys[1], "Other")
    assert code_of("not base64!", sealer) is ResultCode.CHALLENGE_DECODING
    assert code_of(base64.b64encode(b"nothing").decode(), sealer) is ResultCode.SIGNATURE_FAILED
    assert code_of(seal(CHALLENGE, certificate=other, key=raw_rsa_keys[1]), sealer) is ResultCode.SIGNATURE_FAILED
    assert code_of(made(b"{}", sealer, recipient=other), sealer) is ResultCode.CHALLENGE_DECRYPTION
    for content in (b"{}", b"[]", b"no JSON", b"\xff", json.dumps({**document, "created": "never"}).encode()):
        assert code_of(made(content, sealer), sealer) is ResultCode.CHALLENGE_DESERIALIZATION
    assert code_of(made(json.dumps(document).encode(), sealer), sealer) is None


@settings(deadline=None)
@given(st.data())
def test_a_changed_challenge_is_never_opened_as_another(sealer: Sealer, message: bytes, data: st.DataObject) -> None:
    changed = bytearray(message)
    at = data.draw(st.integers(0, len(message) - 1))
    changed[at] ^= data.draw(st.integers(1, 255))
    opened = unseal(base64.b64encode(changed).decode(), certificate=sealer[0], key=sealer[1])
    assert isinstance(opened, Verdict) or opened == CHALLENGE
