"""Challenges, which only the tenant's service can make and open, and requests that are compared with their profile.

Each way in which another text fails as a challenge has its code, and so has each one thing in which a request differs
from what the profile asks for.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.model.scep import ScepRequest
from fauxtune.core.pki import signed
from fauxtune.core.pki.cms import envelope
from fauxtune.core.scep.challenge import LIFETIME, SUCCESS, Challenge, ResultCode, Verdict, seal, unseal
from fauxtune.core.scep.comparison import compare, deviation
from tests.support.certificates import YEAR, self_signed
from tests.support.scep_devices import extensions, scep_request

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


#: Attributes and names as a profile has them, of which the ones after the first differ from it in one thing.
_SUBJECTS = ("CN=alice,O=Contoso", "CN=bob,O=Contoso", "CN=alice", "O=Contoso,CN=alice", "CN=alice,O=Contoso,OU=x")
_NAMES = (
    ("emailAddress", "alice@contoso.example"),
    ("userPrincipalName", "alice@contoso.example"),
    ("domainNameService", "phone.contoso.example"),
    ("universalResourceIdentifier", "https://contoso.example/alice"),
)
_USAGES = ("digitalSignature", "keyEncipherment")
_PURPOSES = ("1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.4", "1.3.6.1.4.1.311.20.2.2")


@cache
def keys() -> dict[int, rsa.RSAPrivateKey]:
    """RSA keys, by length."""
    return {size: rsa.generate_private_key(65537, size) for size in (1024, 2048)}


REQUESTS = st.builds(
    ScepRequest,
    urls=st.just(("https://ca.example/scep",)),
    subject=st.sampled_from(["", *_SUBJECTS]),
    names=st.lists(st.sampled_from(_NAMES), unique=True, max_size=3).map(tuple),
    key_usages=st.lists(st.sampled_from(_USAGES), unique=True, min_size=1).map(tuple),
    key_size=st.sampled_from([None, 1024, 2048]),
    hash_algorithm=st.just("sha2"),
    extended_key_usages=st.lists(st.sampled_from(_PURPOSES), unique=True, max_size=2).map(tuple),
    days=st.just(365),
    renew_percent=st.just(20),
)


def csr_of(request: ScepRequest) -> x509.CertificateSigningRequest:
    return scep_request(request, "challenge", key=keys()[request.key_size or 1024])


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


@settings(deadline=None)
@given(REQUESTS, st.permutations(_NAMES), st.permutations(_PURPOSES))
def test_what_was_asked_for_is_granted_in_any_order(
    request: ScepRequest, names: list[tuple[str, str]], purposes: list[str]
) -> None:
    assert compare(csr_of(request), request) == SUCCESS
    turned = replace(
        request,
        names=tuple(name for name in names if name in request.names),
        extended_key_usages=tuple(purpose for purpose in purposes if purpose in request.extended_key_usages),
        key_usages=request.key_usages[::-1],
    )
    assert compare(csr_of(turned), request) == SUCCESS


@settings(deadline=None)
@given(REQUESTS, st.data())
def test_another_subject_is_refused_as_such(request: ScepRequest, data: st.DataObject) -> None:
    subject = data.draw(st.sampled_from([each for each in ("", *_SUBJECTS) if each != request.subject]))
    code = ResultCode.SUBJECT_MISSING if not subject else ResultCode.SUBJECT_MISMATCH
    assert compare(csr_of(replace(request, subject=subject)), request).code is code


@settings(deadline=None)
@given(REQUESTS, st.data())
def test_other_names_are_refused_as_such(request: ScepRequest, data: st.DataObject) -> None:
    other = data.draw(st.sampled_from(_NAMES))
    names = (
        tuple(name for name in request.names if name != other) if other in request.names else (*request.names, other)
    )
    code = ResultCode.ALTERNATIVE_NAME_MISMATCH if names else ResultCode.ALTERNATIVE_NAME_MISSING
    assert compare(csr_of(replace(request, names=names)), request).code is code


@settings(deadline=None)
@given(REQUESTS, st.sets(st.sampled_from(_USAGES)))
def test_other_key_usages_are_refused_as_such(request: ScepRequest, usages: set[str]) -> None:
    same = usages == set(request.key_usages)
    result = compare(csr_of(replace(request, key_usages=tuple(usages))), request)
    assert result.code is (ResultCode.SUCCESS if same else ResultCode.KEY_USAGE_MISMATCH)


@settings(deadline=None)
@given(REQUESTS, st.data())
def test_other_purposes_are_refused_as_such(request: ScepRequest, data: st.DataObject) -> None:
    known, other = request.extended_key_usages, data.draw(st.sampled_from(_PURPOSES))
    purposes = tuple(each for each in known if each != other) if other in known else (*known, other)
    code = ResultCode.EXTENDED_USAGE_MISMATCH if purposes else ResultCode.EXTENDED_USAGE_MISSING
    assert compare(csr_of(replace(request, extended_key_usages=purposes)), request).code is code


@settings(deadline=None)
@given(REQUESTS)
def test_another_key_is_refused_as_such_unless_none_was_asked_for(request: ScepRequest) -> None:
    other = {None: 2048, 1024: 2048, 2048: 1024}[request.key_size]
    result = compare(csr_of(replace(request, key_size=other)), request)
    assert result.code is (ResultCode.SUCCESS if request.key_size is None else ResultCode.KEY_LENGTH_MISMATCH)


@pytest.mark.parametrize("separator", ["+", ",", ";", "="])
def test_an_escaped_special_character_in_the_subject_is_a_mismatch_and_a_quoted_one_is_not(separator: str) -> None:
    (escaped, quoted) = (
        scep_request_for(f"CN=alice (Contoso\\{separator} Inc),OU=x"),
        scep_request_for(f'CN="alice (Contoso{separator} \\"Inc\\")",OU=x'),
    )
    verdict = compare(csr_of(escaped), escaped)
    assert (verdict.code, "quotation marks" in verdict.description) == (ResultCode.SUBJECT_MISMATCH, True)
    assert compare(csr_of(quoted), quoted) == SUCCESS


def scep_request_for(subject: str) -> ScepRequest:
    return ScepRequest(
        urls=("https://ca.example/scep",),
        subject=subject,
        names=(),
        key_usages=("digitalSignature",),
        key_size=1024,
        hash_algorithm="sha2",
        extended_key_usages=(),
        days=365,
        renew_percent=20,
    )


def test_a_key_on_a_curve_is_no_rsa_key() -> None:
    request = ScepRequest(("https://ca.example",), "CN=alice", (), ("digitalSignature",), 2048, "sha2", (), 365, 20)
    usage, _critical = extensions(request)[0]
    builder = x509.CertificateSigningRequestBuilder(x509.Name.from_rfc4514_string("CN=alice"))
    csr = builder.add_extension(usage, critical=True).sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    assert compare(csr, request).code is ResultCode.KEY_LENGTH_MISMATCH


# -------- what a device has


def certificate_for(request: ScepRequest) -> x509.Certificate:
    name, key = csr_of(request).subject, keys()[request.key_size or 1024]
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1).not_valid_before(NOW).not_valid_after(NOW + YEAR)
    for extension, critical in extensions(request):
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(key, hashes.SHA256())


@settings(deadline=None)
@given(REQUESTS)
def test_a_certificate_as_it_was_asked_for_does_not_differ_nor_does_one_with_more(request: ScepRequest) -> None:
    assert deviation(certificate_for(request), request) == ""
    more = replace(request, names=_NAMES, extended_key_usages=_PURPOSES)
    assert deviation(certificate_for(more), request) == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda each: replace(each, subject="CN=bob"), "its subject is CN=bob, not CN=alice,O=Contoso"),
        (lambda each: replace(each, names=_NAMES[:1]), "it lacks userPrincipalName alice@contoso.example"),
        (lambda each: replace(each, extended_key_usages=()), f"it lacks the extended key usage {_PURPOSES[1]}"),
        (lambda each: replace(each, key_size=1024), "the key has 1024 bits; the profile asks for RSA, 2048 bits"),
    ],
)
def test_a_certificate_says_in_what_it_differs(change: Callable[[ScepRequest], ScepRequest], words: str) -> None:
    request = ScepRequest(
        ("https://ca.example",), _SUBJECTS[0], _NAMES[:2], _USAGES, 2048, "sha2", _PURPOSES[1:2], 365, 20
    )
    expected = f"The certificate on the device is not what the profile asks for: {words}."
    assert deviation(certificate_for(change(request)), request) == expected
