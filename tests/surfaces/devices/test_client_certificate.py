"""Who is calling: signatures, TLS, and what proxies say. What anybody else says of a certificate is ignored."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_network
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.errors import Invalid, NotAllowed
from fauxtune.core.pki import signed
from fauxtune.operations.runtime.emulator import Emulator, TrustedProxies
from fauxtune.server.factory import Application
from fauxtune.server.serve import intercepting_app
from fauxtune.surfaces.devices.client_certificate import caller_certificate, valid_at
from tests.support.authorities import NOW
from tests.support.certificates import self_signed
from tests.support.hostile_der import PILLS, Change, altered

BODY = b"<plist/>\n"
PROXIES = TrustedProxies((ip_network("10.0.0.0/8"), ip_network("fd00::/8")))
NOBODY = TrustedProxies()

Identity = tuple[RSAPrivateKey, x509.Certificate]
Made = Callable[[str], Identity]


@pytest.fixture(scope="module")
def identity(rsa_keys: KeyRing) -> Made:
    """A key and a certificate of this name."""

    def make(name: str) -> Identity:
        key = rsa_keys.take()
        return key, self_signed(key, name, begin=NOW, serial=9)

    return make


@pytest.fixture(scope="module")
def device(identity: Made) -> Identity:
    return identity("device")


@pytest.fixture(scope="module")
def other(identity: Made) -> x509.Certificate:
    return identity("other")[1]


def signature(device: Identity, body: bytes = BODY) -> str:
    key, certificate = device
    return base64.b64encode(signed.sign(body, certificate=certificate, key=key)).decode()


def pem(certificate: x509.Certificate) -> str:
    return quote(certificate.public_bytes(Encoding.PEM).decode())


def rfc_9440(certificate: x509.Certificate) -> str:
    return f":{base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()}:"


def request(
    *headers: tuple[str, str],
    peer: str | None = "203.0.113.9",
    tls: x509.Certificate | bytes | None = None,
    scheme: str = "https",
) -> Request:
    scope: dict[str, object] = {
        "type": "http",
        "scheme": scheme,
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
        "client": None if peer is None else (peer, 5000),
    }
    if scheme == "https":
        der = tls.public_bytes(Encoding.DER) if isinstance(tls, x509.Certificate) else tls
        scope["extensions"] = {"tls": {"client_cert": der, "version": "TLSv1.3"}}
    return Request(scope)


def caller(asked: Request, proxies: TrustedProxies = NOBODY) -> x509.Certificate | None:
    return caller_certificate(asked, BODY, proxies=proxies)


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_nothing_proves_nothing(scheme: str) -> None:
    assert caller(request(scheme=scheme)) is None


@pytest.mark.parametrize("name", ["Mdm-Signature", "MDM-Signature"])
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_signature_over_the_body_tells_who_calls(device: Identity, name: str, scheme: str) -> None:
    assert caller(request((name, signature(device)), scheme=scheme)) == device[1]


def test_a_tls_certificate_tells_who_calls(device: Identity) -> None:
    assert caller(request(tls=device[1])) == device[1]


@pytest.mark.parametrize("written", [pem, rfc_9440])
@pytest.mark.parametrize("peer", ["10.1.2.3", "::ffff:10.1.2.3", "fd00::1", "fd00::1%eth0"])
def test_a_trusted_proxy_tells_who_calls(device: Identity, written: Callable[..., str], peer: str) -> None:
    assert caller(request(("Client-Cert", written(device[1])), peer=peer), PROXIES) == device[1]


@pytest.mark.parametrize("peer", ["11.0.0.1", "::ffff:11.0.0.1", "::1", "fe80::1", "unix", "", None])
def test_what_others_say_of_a_certificate_is_ignored(device: Identity, peer: str | None) -> None:
    assert caller(request(("Client-Cert", pem(device[1])), peer=peer), PROXIES) is None
    assert caller(request(("Client-Cert", "garbage"), peer=peer), PROXIES) is None


def test_nobody_is_trusted_unless_told(device: Identity) -> None:
    for peer in ("127.0.0.1", "::1", "10.1.2.3"):
        assert caller(request(("Client-Cert", pem(device[1])), peer=peer)) is None


def test_over_plain_http_a_proxys_word_does_not_count(device: Identity) -> None:
    assert caller(request(("Client-Cert", pem(device[1])), peer="10.1.2.3", scheme="http"), PROXIES) is None


def test_forwarded_addresses_make_nobody_a_proxy(device: Identity) -> None:
    forwarded = [("X-Forwarded-For", "10.1.2.3"), ("Forwarded", "for=10.1.2.3"), ("X-Real-IP", "10.1.2.3")]
    assert caller(request(("Client-Cert", pem(device[1])), *forwarded), PROXIES) is None


async def test_callers_of_the_intercepting_proxy_are_no_trusted_proxies(emulator: Emulator) -> None:
    # All of them come from this machine, as a real proxy may.
    emulator.trusted_proxies = TrustedProxies((ip_network("127.0.0.0/8"),))
    app = Application(emulator)
    assert app.state.emulator.trusted_proxies.networks
    narrowed = intercepting_app(app, emulator)
    assert isinstance(narrowed, Application)
    assert narrowed.state.emulator.trusted_proxies == NOBODY
    emulator.trusted_proxies = NOBODY
    assert intercepting_app(app, emulator) is app


def test_the_header_can_have_another_name(device: Identity, other: x509.Certificate) -> None:
    proxies = TrustedProxies(PROXIES.networks, "X-Ssl-Cert")
    headers = (("Client-Cert", pem(other)), ("X-SSL-Cert", pem(device[1])))
    assert caller(request(*headers, peer="10.1.2.3"), proxies) == device[1]


def test_the_signature_rules_then_the_proxy_then_tls(device: Identity, other: x509.Certificate, identity: Made) -> None:
    third = identity("third")[1]
    result = ("Client-Cert", pem(other))
    everything = request(("Mdm-Signature", signature(device)), result, peer="10.1.2.3", tls=third)
    assert caller(everything, PROXIES) == device[1]
    # Behind a proxy the TLS connection is the proxy's own.
    assert caller(request(result, peer="10.1.2.3", tls=third), PROXIES) == other
    assert caller(request(result, tls=third), PROXIES) == third
    assert caller(request(("Client-Cert", ""), peer="10.1.2.3", tls=third), PROXIES) == third
    assert caller(request(("Client-Cert", ""), peer="10.1.2.3"), PROXIES) is None


def test_a_signature_over_another_body_is_bad_whoever_else_vouches(device: Identity) -> None:
    for value in (signature(device, b"other"), "", "%%%", "AAAA", signature(device)[:-8]):
        with pytest.raises(Invalid) as refused:
            caller(request(("Mdm-Signature", value), tls=device[1]))
        # A device that is answered 401 forgets its management.
        assert not isinstance(refused.value, NotAllowed)


def test_two_headers_are_one_too_many(device: Identity, other: x509.Certificate) -> None:
    twice = [("Client-Cert", pem(device[1])), ("Client-Cert", pem(other))]
    with pytest.raises(Invalid, match="once, not 2"):
        caller(request(*twice, peer="10.1.2.3"), PROXIES)
    with pytest.raises(Invalid, match="once, not 2"):
        caller(request(("Mdm-Signature", signature(device)), ("mdm-signature", signature(device))))


@pytest.mark.parametrize(
    "value", ["garbage", ":%%:", "::", ":AAAA:", "-----BEGIN%20CERTIFICATE-----", "\xff%ff", "(null)"]
)
def test_what_a_proxy_garbles_is_bad(value: str) -> None:
    with pytest.raises(Invalid, match="Client-Cert"):
        caller(request(("Client-Cert", value), peer="10.1.2.3"), PROXIES)


def test_a_tls_certificate_that_cannot_be_read_is_bad() -> None:
    with pytest.raises(Invalid, match="cannot be read"):
        caller(request(tls=b"0\x03garbage"))


@pytest.mark.parametrize("change", PILLS.values(), ids=PILLS)
def test_a_certificate_with_a_part_that_cannot_be_read_is_refused_in_every_proof(
    device: Identity, change: Change
) -> None:
    key, certificate = device
    broken = altered(certificate, key, change)
    written = f":{base64.b64encode(broken).decode()}:"
    for asked in (request(tls=broken), request(("Client-Cert", written), peer="10.1.2.3")):
        with pytest.raises(Invalid, match="cannot be read"):
            caller(asked, PROXIES)


@given(st.text(st.characters(max_codepoint=255)), st.sampled_from(["Mdm-Signature", "Client-Cert"]))
@settings(max_examples=300, deadline=None)
def test_any_header_is_refused_or_says_nothing(value: str, name: str) -> None:
    try:
        assert caller(request((name, value), peer="10.1.2.3"), PROXIES) is None
        assert not value.strip()
    except Invalid:
        pass


def test_a_certificate_is_valid_up_to_both_of_its_ends(device: Identity) -> None:
    certificate, second = device[1], timedelta(seconds=1)
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    assert valid_at(certificate, begin)
    assert valid_at(certificate, end)
    assert not valid_at(certificate, begin - second)
    assert not valid_at(certificate, end + second)
