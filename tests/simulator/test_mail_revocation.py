"""What a device believes of CRLs and OCSP answers, and which addresses it asks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from fauxtune_sim.mail.verdict import Revocation, RevocationState, check_revocation
from fauxtune_sim.server.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test Issuing")])
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())


@dataclass
class Authority:
    """An authority whose CRL and OCSP responder run on this machine; `answers` are the bodies by path."""

    base: str
    answers: dict[str, bytes | int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def certificate(self, *extensions: x509.ExtensionType, subject: x509.Name = NAME) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder(subject_name=subject, issuer_name=NAME, public_key=KEY.public_key())
            .serial_number(77)
            .not_valid_before(NOW - DAY)
            .not_valid_after(NOW + DAY)
        )
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(KEY, hashes.SHA256())

    def points(self, *urls: str) -> x509.CRLDistributionPoints:
        names = [x509.UniformResourceIdentifier(url) for url in urls]
        return x509.CRLDistributionPoints([x509.DistributionPoint(names, None, None, None)])

    def responder(self, url: str) -> x509.AuthorityInformationAccess:
        location = x509.UniformResourceIdentifier(url)
        return x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.OCSP, location)])

    async def check(self, *extensions: x509.ExtensionType) -> Revocation:
        async with Transport(ca=None, timeout=5) as transport:
            return await check_revocation(
                self.certificate(*extensions), self.certificate(), transport=transport, server=None, now=NOW
            )


@pytest.fixture
async def authority() -> AsyncIterator[Authority]:
    known = Authority("")

    async def answer(request: web.Request) -> web.Response:
        known.asked.append(request.path)
        body = known.answers.get(request.path, 404)
        return web.Response(status=body) if isinstance(body, int) else web.Response(body=body)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        known.base = str(server.make_url("")).rstrip("/")
        yield known


def crl(*serials: int, key: Any = KEY, ends: datetime = NOW + DAY, reason: x509.ReasonFlags | None = None) -> bytes:
    builder = x509.CertificateRevocationListBuilder(issuer_name=NAME, last_update=NOW - DAY, next_update=ends)
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - timedelta(hours=1))
        if reason is not None:
            entry = entry.add_extension(x509.CRLReason(reason), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def ocsp_answer(certificate: x509.Certificate, *, status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD) -> bytes:
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    return (
        ocsp.OCSPResponseBuilder()
        .add_response(
            cert=certificate,
            issuer=certificate,
            algorithm=hashes.SHA256(),
            cert_status=status,
            this_update=NOW - DAY,
            next_update=NOW + DAY,
            revocation_time=NOW - DAY if revoked else None,
            revocation_reason=x509.ReasonFlags.superseded if revoked else None,
        )
        .responder_id(ocsp.OCSPResponderEncoding.HASH, certificate)
        .sign(KEY, hashes.SHA256())
        .public_bytes(Encoding.DER)
    )


async def test_a_list_says_good_or_revoked_with_date_and_reason(authority: Authority) -> None:
    authority.answers = {"/good": crl(1, 2), "/bad": crl(1, 77, reason=x509.ReasonFlags.key_compromise)}
    good = await authority.check(authority.points(f"{authority.base}/good"))
    assert good == Revocation(RevocationState.GOOD, source="crl")
    bad = await authority.check(authority.points(f"{authority.base}/bad"))
    assert (bad.state, bad.reason, bad.since) == ("revoked", "keyCompromise", NOW - timedelta(hours=1))


BAD_LISTS: Mapping[str, tuple[Callable[[], bytes | int], str]] = {
    "another key": (lambda: crl(key=OTHER_KEY), "is not signed by CN=Test Issuing"),
    "out of date": (lambda: crl(ends=NOW - timedelta(hours=2)), "is out of date since 2026-11-24 08:00 UTC"),
    "no list": (lambda: b"<html>", "cannot be read"),
    "gone": (lambda: 404, "answered 404"),
}


@pytest.mark.parametrize("case", BAD_LISTS)
async def test_a_list_that_cannot_be_believed_leaves_the_state_open(authority: Authority, case: str) -> None:
    make, why = BAD_LISTS[case]
    authority.answers = {"/crl": make()}
    known = await authority.check(authority.points(f"{authority.base}/crl"))
    assert (known.state, known.source) == ("unknown", None)
    assert why in str(known.why)


async def test_the_responder_is_asked_when_there_is_no_list(authority: Authority) -> None:
    access = authority.responder(f"{authority.base}/ocsp")
    certificate = authority.certificate(access)
    for status in ocsp.OCSPCertStatus:
        authority.answers = {"/ocsp": ocsp_answer(certificate, status=status)}
        known = await authority.check(access)
        assert (known.state.name, known.source) == (status.name, "ocsp")
        assert known.reason == ("superseded" if status is ocsp.OCSPCertStatus.REVOKED else None)
    changed = bytearray(ocsp_answer(certificate))
    changed[-1] ^= 1
    authority.answers = {"/ocsp": bytes(changed)}
    assert "cannot be believed" in str((await authority.check(access)).why)


async def test_no_address_outside_this_machine_is_asked(authority: Authority) -> None:
    known = await authority.check(authority.points("http://crl.evil.example/x", "file:///etc/passwd"))
    assert (known.state, authority.asked) == (RevocationState.UNKNOWN, [])
    assert "neither on this machine nor the device's server" in str(known.why)
    silent = await authority.check()
    assert "names neither a CRL nor an OCSP responder" in str(silent.why)
