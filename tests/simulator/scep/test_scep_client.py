"""The SCEP client of devices against an authority that is old, slow, wrong, or somebody else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AttributeOID

from fauxtune_sim.keys.keystore import DeviceIdentity
from fauxtune_sim.scep.client import ScepClient
from fauxtune_sim.scep.csr import (
    ENCRYPTION,
    SIGNING,
    Failure,
    RequestSettings,
    ScepFailed,
    ScepSettings,
    certificate_request,
    distinguished_name,
    read_subject,
)
from tests.support.scep import DeviceCa, Scep

if TYPE_CHECKING:
    from fauxtune_sim.server.transport import Transport

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
MODERN = "Renewal\nSHA-1\nSHA-256\nAES\nDES3\nSCEPStandard\nPOSTPKIOperation"
_REQUEST = {each.name for each in fields(RequestSettings)}


@dataclass(slots=True)
class Device:
    """Requests certificates; `pauses` are the waits between polls."""

    url: str
    transport: Transport
    keys: list[rsa.RSAPrivateKey]
    pauses: list[float] = field(default_factory=list)
    turn: Iterator[int] = field(default_factory=count)

    def client(self, *, known: tuple[x509.Certificate, ...] = (), **settings: Any) -> ScepClient:
        async def pause(seconds: float) -> None:
            self.pauses.append(seconds)

        mine = {name: settings.pop(name) for name in list(settings) if name in _REQUEST}
        request = replace(RequestSettings(challenge="good"), **mine)
        wanted = replace(ScepSettings(url=f"{self.url}/scep", request=request), **settings)
        return ScepClient(self.transport, wanted, moment=NOW, known=known, pause=pause)

    def key(self) -> rsa.RSAPrivateKey:
        return self.keys[2 + next(self.turn) % (len(self.keys) - 2)]

    async def __call__(self, *, renews: DeviceIdentity | None = None, **settings: Any) -> DeviceIdentity:
        return await self.client(**settings).enroll(self.key(), renews=renews)


@pytest.fixture
def scep(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> Scep:
    return Scep(DeviceCa(raw_rsa_keys[0], raw_rsa_keys[1]))


@pytest.fixture
async def ask(scep: Scep, transport: Transport, raw_rsa_keys: list[rsa.RSAPrivateKey]) -> AsyncIterator[Device]:
    app = web.Application()
    app.router.add_route("*", "/scep", scep.answer)
    running = TestServer(app)
    await running.start_server(max_line_size=65_534)  # IIS, as NDES sets it up
    yield Device(str(running.make_url("/")).rstrip("/"), transport, raw_rsa_keys)
    await running.close()


@pytest.mark.parametrize(
    ("capabilities", "cipher", "digest", "method"),
    [
        (MODERN, "aes128_cbc", "sha256", "POST"),
        ("AES\r\nSHA-256\r\n", "aes128_cbc", "sha256", "GET"),
        ("DES3\nPOSTPKIOperation", "tripledes_3key", "sha1", "POST"),
        ("SHA-256\nDES3", "tripledes_3key", "sha256", "GET"),
        ("", "des", "sha1", "GET"),
        ("nonsense\n\x00", "des", "sha1", "GET"),
    ],
)
async def test_a_request_is_as_good_as_the_authority_can_read(
    ask: Device, scep: Scep, capabilities: str, cipher: str, digest: str, method: str
) -> None:
    scep.capabilities = capabilities
    result = await ask()
    assert result.certificate.public_key() == result.key.public_key()
    (asked,) = scep.requests
    assert (asked["kind"], asked["cipher"], asked["digest"], asked["method"]) == ("19", cipher, digest, method)


async def test_an_authority_that_knows_no_capabilities_gets_the_legacy_minimum(ask: Device, scep: Scep) -> None:
    scep.behaves = "without capabilities"
    await ask()
    assert scep.requests[0]["cipher"] == "des"


async def test_a_first_request_is_signed_by_its_own_key(ask: Device, scep: Scep) -> None:
    result = await ask(subject=((("CN", "a"),), (("O", "b"), ("OU", "c")), (("1.2.840.113549.1.9.1", "d@e.example"),)))
    signer, csr = scep.requests[0]["signer"], scep.requests[0]["csr"]
    assert signer.public_key() == csr.public_key() == result.key.public_key()
    assert signer.subject == signer.issuer == csr.subject
    assert [len(part) for part in csr.subject.rdns] == [1, 2, 1]


async def test_a_renewal_is_signed_by_the_identity_that_it_follows(ask: Device, scep: Scep) -> None:
    first = await ask()
    second = await ask(renews=first, challenge="")
    assert (scep.requests[1]["kind"], scep.requests[1]["signer"]) == ("17", first.certificate)
    assert second.certificate != first.certificate
    scep.capabilities = MODERN.replace("Renewal\n", "")
    await ask(renews=second)
    assert scep.requests[2]["kind"] == "19"


async def test_an_authority_that_takes_its_time_is_polled(ask: Device, scep: Scep) -> None:
    scep.pending = 2
    await ask(retries=3, retry_delay=7.0)
    assert [one["kind"] for one in scep.requests] == ["19", "20", "20"]
    assert ask.pauses == [7.0, 7.0]
    # apple/device-management: the first retry is attempted without the delay.
    scep.pending = 2
    await ask(retries=3, retry_delay=5.0, at_once=True)
    assert ask.pauses == [7.0, 7.0, 5.0]


async def test_polling_ends(ask: Device, scep: Scep) -> None:
    scep.pending = 9
    with pytest.raises(ScepFailed, match="had not decided after 2 retries") as refused:
        await ask(retries=2)
    assert (refused.value.failure, len(ask.pauses)) == (Failure.PENDING, 2)


async def test_a_refusal_says_which(ask: Device) -> None:
    with pytest.raises(ScepFailed, match="badRequest") as refused:
        await ask(challenge="used up")
    assert (refused.value.failure, refused.value.fail_info) == (Failure.REFUSED, "badRequest")


@pytest.mark.parametrize(
    ("behaviour", "why", "failure"),
    [
        ("without certificate", "holds no certificates", Failure.CA_CERTIFICATE),
        ("broken", "answered 500", Failure.NETWORK),
        ("for another transaction", "another transaction", Failure.ANSWER),
        ("with another nonce", "may be an old one", Failure.ANSWER),
        ("with another kind", "not a CertRep", Failure.ANSWER),
        ("as a stranger", "cannot be read|not signed by the authority", Failure.ANSWER),
        ("for another key", "no certificate for the key", Failure.OTHER_KEY),
    ],
)
async def test_an_answer_that_is_not_the_authoritys_is_not_believed(
    ask: Device, scep: Scep, behaviour: str, why: str, failure: Failure
) -> None:
    scep.behaves = behaviour
    with pytest.raises(ScepFailed, match=why) as refused:
        await ask()
    assert refused.value.failure is failure


async def test_nobody_there_is_a_network_fault(ask: Device) -> None:
    with pytest.raises(ScepFailed, match="cannot be reached") as refused:
        await ask(url="http://127.0.0.1:1/scep")
    assert refused.value.failure is Failure.NETWORK


@pytest.mark.parametrize("digest", [hashes.MD5, hashes.SHA1, hashes.SHA256, hashes.SHA512])
async def test_the_fingerprint_in_the_profile_decides_whom_to_believe(
    ask: Device, scep: Scep, digest: Callable[[], hashes.HashAlgorithm]
) -> None:
    await ask(fingerprint=scep.ca.certificate.fingerprint(digest()))
    with pytest.raises(ScepFailed, match="fingerprint") as refused:
        await ask(fingerprint=bytes(digest().digest_size))
    assert refused.value.failure is Failure.FINGERPRINT


async def test_one_encrypts_to_the_registration_authority_where_there_is_one(ask: Device, scep: Scep) -> None:
    # It has the authority's key here, so that what is encrypted for it can be opened.
    scep.extra = (scep.ca.issue(scep.ca.key.public_key(), "Registration"),)
    await ask(fingerprint=scep.ca.certificate.fingerprint(hashes.SHA256()))
    assert scep.requests[-1]["recipient"] == scep.extra[0].serial_number
    stranger = DeviceIdentity(scep.ca.certificate, scep.ca.stranger)
    scep.extra = (_self_signed(stranger),)
    with pytest.raises(ScepFailed, match="not related to its own"):
        await ask(fingerprint=scep.ca.certificate.fingerprint(hashes.SHA256()))


def _self_signed(holder: DeviceIdentity) -> x509.Certificate:
    name = x509.Name([])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(holder.key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2020, 1, 1))
        .not_valid_after(datetime(2030, 1, 1))
        .sign(holder.key, hashes.SHA256())
    )


async def test_an_authority_with_an_elliptic_curve_alone_cannot_be_asked(
    ask: Device, scep: Scep, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2030, 1, 1))
    scep.extra = (builder.sign(key, hashes.SHA256()),)
    monkeypatch.setattr(scep, "_certificates", lambda: scep.extra[0].public_bytes(Encoding.DER))
    with pytest.raises(ScepFailed, match="no RSA certificate"):
        await ask()


def test_what_the_settings_name_stands_in_the_request(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    settings = RequestSettings(
        challenge="päss",
        key_usages=(SIGNING, ENCRYPTION),
        mail_names=("a@b.example",),
        dns_names=("b.example",),
        uris=("urn:x",),
        principal_names=("a@c.example",),
    )
    csr = certificate_request(raw_rsa_keys[2], settings)
    assert csr.attributes.get_attribute_for_oid(AttributeOID.CHALLENGE_PASSWORD).value == "päss".encode()
    usage = csr.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.key_encipherment, usage.key_cert_sign) == (True, True, False)
    names = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.RFC822Name) == ["a@b.example"]
    assert names.get_values_for_type(x509.DNSName) == ["b.example"]
    assert len(list(names)) == 4


@pytest.mark.parametrize(
    "wrong",
    [{"subject": ((("nonsense", "x"),),)}, {"subject": ((("C", "too long"),),)}, {"mail_names": ("ä@b.example",)}],
    ids=["no type", "no country", "no address"],
)
def test_what_makes_no_request_is_a_fault_of_the_settings(
    raw_rsa_keys: list[rsa.RSAPrivateKey], wrong: dict[str, Any]
) -> None:
    with pytest.raises(ScepFailed) as refused:
        certificate_request(raw_rsa_keys[2], RequestSettings(**wrong))
    assert refused.value.failure is Failure.SETTINGS


async def test_broken_answers_never_escape_as_another_error(
    ask: Device, scep: Scep, monkeypatch: pytest.MonkeyPatch
) -> None:
    good: list[bytes] = []
    operate = scep._operate

    def remembering(body: bytes, *, method: str) -> bytes:
        good.append(operate(body, method=method))
        return good[-1]

    monkeypatch.setattr(scep, "_operate", remembering)
    await ask()
    for at in range(0, len(good[0]), 97):
        broken = good[0][:at] + bytes([good[0][at] ^ 0xFF]) + good[0][at + 1 :]
        monkeypatch.setattr(scep, "_operate", lambda body, *, method, broken=broken: broken)
        with pytest.raises(ScepFailed):
            await ask()


async def test_a_certificate_that_the_device_trusts_may_have_the_fingerprint(ask: Device, scep: Scep) -> None:
    root = DeviceIdentity(scep.ca.certificate, scep.ca.key)
    wanted = root.certificate.fingerprint(hashes.SHA1())
    intermediate = scep.ca.issue(scep.ca.key.public_key(), "Registration")
    with pytest.raises(ScepFailed, match="fingerprint"):
        await ask(fingerprint=_self_signed(root).fingerprint(hashes.SHA1()), known=(root.certificate,))
    scep.extra = (intermediate,)
    await ask(fingerprint=wanted, known=(root.certificate,))


@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha384", "sha512"])
async def test_the_settings_choose_the_hash_algorithm(ask: Device, scep: Scep, digest: str) -> None:
    scep.capabilities = "SHA-1\nSHA-256\nSHA-384\nSHA-512\nAES"
    await ask(digest=digest)
    (asked,) = scep.requests
    assert asked["digest"] == digest
    assert asked["csr"].signature_hash_algorithm.name == ("sha256" if digest == "sha1" else digest)


async def test_a_challenge_of_kilobytes_arrives_by_get_and_by_post(ask: Device, scep: Scep) -> None:
    challenge = "QUJD" * 1500
    scep.challenges.add(challenge)
    for capabilities in ("SHA-256\nAES", MODERN):
        scep.capabilities = capabilities
        assert (await ask(challenge=challenge)).certificate
    assert [request["method"] for request in scep.requests] == ["GET", "POST"]


def test_windows_adds_template_validity_and_usages(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    settings = RequestSettings(
        challenge="good",
        extended_key_usages=("1.3.6.1.5.5.7.3.4",),
        template="Users",
        validity=("Months", 6),
        digest="sha512",
    )
    csr = certificate_request(raw_rsa_keys[2], settings)
    assert csr.is_signature_valid
    assert csr.attributes.get_attribute_for_oid(AttributeOID.CHALLENGE_PASSWORD).value == b"good"
    assert [usage.dotted_string for usage in csr.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value] == [
        "1.3.6.1.5.5.7.3.4"
    ]
    text = csr.public_bytes(Encoding.DER)
    assert all(word.encode("utf-16-be") in text for word in ("Users", "ValidityPeriodUnits", "Months", "6"))


def test_a_request_that_another_key_signed_can_be_made_on_purpose(raw_rsa_keys: list[rsa.RSAPrivateKey]) -> None:
    csr = certificate_request(raw_rsa_keys[2], RequestSettings(challenge="good"), signed_by=raw_rsa_keys[3])
    assert csr.public_key() == raw_rsa_keys[2].public_key()
    assert not csr.is_signature_valid


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("CN=Alice,E=alice@contoso.example", ((("E", "alice@contoso.example"),), (("CN", "Alice"),))),
        (r"CN=Doe\, Jane , O=\C3\89t\C3\A9", ((("O", "Été"),), (("CN", "Doe, Jane"),))),
        ('CN="Doe, Jane"+UID=7, C=US', ((("C", "US"),), (("CN", "Doe, Jane"), ("UID", "7")))),
        ("CN=alice+news@contoso.example", ((("CN", "alice+news@contoso.example"),),)),
        ("OID.2.5.4.3=Alice", ((("2.5.4.3", "Alice"),),)),
    ],
)
def test_a_subject_is_read_from_its_text(text: str, parts: Any) -> None:
    assert read_subject(text) == parts
    assert len(distinguished_name(parts).rdns) == len(parts)


@pytest.mark.parametrize("text", ["Alice", "CN=Alice,", "CN=Alice,=x", 'CN="Alice', "CN=a\\"])
def test_a_text_that_is_no_subject_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="subject"):
        read_subject(text)
