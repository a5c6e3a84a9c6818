"""The SCEP client of an Apple device against an authority that is old, slow, wrong, or somebody else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AttributeOID

from fauxtune_sim.apple.faults import Code, Fault
from fauxtune_sim.apple.scep import ScepClient, ScepSettings, certificate_request
from fauxtune_sim.identity import DeviceIdentity

if TYPE_CHECKING:
    from fauxtune_sim.transport import Transport
    from tests.simulator.apple.conftest import Maker, MdmServer
    from tests.support.scep import Scep

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
MODERN = "Renewal\nSHA-1\nSHA-256\nAES\nDES3\nSCEPStandard\nPOSTPKIOperation"


@dataclass(slots=True)
class Asking:
    """Asks the server's authority; `pauses` are the waits between polls."""

    server: MdmServer
    transport: Transport
    make: Maker
    pauses: list[float] = field(default_factory=list)

    async def __call__(self, *, renews: DeviceIdentity | None = None, **settings: Any) -> DeviceIdentity:
        async def pause(seconds: float) -> None:
            self.pauses.append(seconds)

        known = ScepSettings(url=f"{self.server.url}/scep", challenge="good", key_size=2048)
        client = ScepClient(self.transport, replace(known, **settings), moment=NOW, pause=pause)
        return await client.enroll(self.make.keys(), renews=renews)


@pytest.fixture
def ask(server: MdmServer, transport: Transport, make: Maker) -> Asking:
    return Asking(server, transport, make)


@pytest.fixture
def scep(server: MdmServer) -> Scep:
    return server.scep


@pytest.mark.parametrize(
    ("capabilities", "cipher", "digest", "method"),
    [
        (MODERN, "aes256_cbc", "sha256", "POST"),
        ("AES\r\nSHA-256\r\n", "aes256_cbc", "sha256", "GET"),
        ("DES3\nPOSTPKIOperation", "tripledes_3key", "sha1", "POST"),
        ("SHA-256\nDES3", "tripledes_3key", "sha256", "GET"),
        ("", "des", "sha1", "GET"),
        ("nonsense\n\x00", "des", "sha1", "GET"),
    ],
)
async def test_a_request_is_as_good_as_the_authority_can_read(
    ask: Asking, scep: Scep, capabilities: str, cipher: str, digest: str, method: str
) -> None:
    scep.capabilities = capabilities
    result = await ask()
    assert result.certificate.public_key() == result.key.public_key()
    (asked,) = scep.requests
    assert (asked["kind"], asked["cipher"], asked["digest"], asked["method"]) == ("19", cipher, digest, method)


async def test_an_authority_that_knows_no_capabilities_gets_the_legacy_minimum(ask: Asking, scep: Scep) -> None:
    scep.behaves = "without capabilities"
    await ask()
    assert scep.requests[0]["cipher"] == "des"


async def test_a_first_request_is_signed_by_its_own_key(ask: Asking, scep: Scep) -> None:
    result = await ask(subject=((("CN", "a"),), (("O", "b"), ("OU", "c")), (("1.2.840.113549.1.9.1", "d@e.example"),)))
    signer, csr = scep.requests[0]["signer"], scep.requests[0]["csr"]
    assert signer.public_key() == csr.public_key() == result.key.public_key()
    assert signer.subject == signer.issuer == csr.subject
    assert [len(part) for part in csr.subject.rdns] == [1, 2, 1]


async def test_a_renewal_is_signed_by_the_identity_that_it_follows(ask: Asking, scep: Scep) -> None:
    first = await ask()
    second = await ask(renews=first, challenge="")
    assert (scep.requests[1]["kind"], scep.requests[1]["signer"]) == ("17", first.certificate)
    assert second.certificate != first.certificate
    scep.capabilities = MODERN.replace("Renewal\n", "")
    await ask(renews=second)
    assert scep.requests[2]["kind"] == "19"


async def test_an_authority_that_takes_its_time_is_polled(ask: Asking, scep: Scep) -> None:
    scep.pending = 2
    await ask(retries=3, retry_delay=7.0)
    assert [one["kind"] for one in scep.requests] == ["19", "20", "20"]
    assert ask.pauses == [7.0, 7.0]


async def test_polling_ends(ask: Asking, scep: Scep) -> None:
    scep.pending = 9
    with pytest.raises(Fault, match="had not decided after 2 retries") as refused:
        await ask(retries=2)
    assert (refused.value.code, len(ask.pauses)) == (Code.SCEP_ANSWER, 2)


async def test_a_refusal_says_which(ask: Asking) -> None:
    with pytest.raises(Fault, match="badRequest") as refused:
        await ask(challenge="used up")
    assert refused.value.code == 22013


@pytest.mark.parametrize(
    ("behaviour", "why", "code"),
    [
        ("without certificate", "holds no certificates", 22012),
        ("broken", "answered 500", 22005),
        ("for another transaction", "another transaction", 22013),
        ("with another nonce", "may be an old one", 22013),
        ("with another kind", "not a CertRep", 22013),
        ("as a stranger", "cannot be read|not signed by the authority", 22013),
        ("for another key", "no certificate for the key", 22007),
    ],
)
async def test_an_answer_that_is_not_the_authoritys_is_not_believed(
    ask: Asking, scep: Scep, behaviour: str, why: str, code: int
) -> None:
    scep.behaves = behaviour
    with pytest.raises(Fault, match=why) as refused:
        await ask()
    assert (refused.value.code, refused.value.domain) == (code, "MCSCEPErrorDomain")


async def test_nobody_there_is_a_network_fault(ask: Asking, transport: Transport) -> None:
    with pytest.raises(Fault, match="cannot be reached") as refused:
        await ask(url="http://127.0.0.1:1/scep")
    assert refused.value.code == 22005


@pytest.mark.parametrize("digest", [hashes.MD5, hashes.SHA1, hashes.SHA256, hashes.SHA512])
async def test_the_fingerprint_in_the_profile_decides_whom_to_believe(
    ask: Asking, server: MdmServer, digest: Callable[[], hashes.HashAlgorithm]
) -> None:
    await ask(fingerprint=server.ca.certificate.fingerprint(digest()))
    with pytest.raises(Fault, match="fingerprint") as refused:
        await ask(fingerprint=bytes(digest().digest_size))
    assert refused.value.code == 22012


async def test_one_encrypts_to_the_registration_authority_where_there_is_one(
    ask: Asking, scep: Scep, server: MdmServer
) -> None:
    # It has the authority's key here, so that what is encrypted for it can be opened.
    scep.extra = (server.ca.issue(server.ca.key.public_key(), "Registration"),)
    await ask(fingerprint=server.ca.certificate.fingerprint(hashes.SHA256()))
    stranger = DeviceIdentity(server.ca.certificate, server.ca.stranger)
    scep.extra = (_self_signed(stranger),)
    with pytest.raises(Fault, match="not related to its own"):
        await ask(fingerprint=server.ca.certificate.fingerprint(hashes.SHA256()))


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
    ask: Asking, scep: Scep, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(datetime(2020, 1, 1)).not_valid_after(datetime(2030, 1, 1))
    scep.extra = (builder.sign(key, hashes.SHA256()),)
    monkeypatch.setattr(scep, "_certificates", lambda: scep.extra[0].public_bytes(Encoding.DER))
    with pytest.raises(Fault, match="no RSA certificate"):
        await ask()


def test_what_the_payload_names_stands_in_the_request(make: Maker) -> None:
    settings = ScepSettings(
        url="",
        challenge="päss",
        key_usage=5,
        mail_names=("a@b.example",),
        dns_names=("b.example",),
        uris=("urn:x",),
        principal_names=("a@c.example",),
    )
    csr = certificate_request(make.keys(), settings)
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
def test_what_makes_no_request_is_a_fault_of_the_payload(make: Maker, wrong: dict[str, Any]) -> None:
    with pytest.raises(Fault) as refused:
        certificate_request(make.keys(), ScepSettings(url="", **wrong))
    assert refused.value.code == Code.PAYLOAD_VALUE


async def test_broken_answers_never_escape_as_another_error(
    ask: Asking, scep: Scep, monkeypatch: pytest.MonkeyPatch
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
        with pytest.raises(Fault):
            await ask()
