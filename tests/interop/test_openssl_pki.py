"""OpenSSL reads what the PKI writes, and the PKI reads what OpenSSL writes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.errors import PfxPasswordWrong
from fauxtune.core.pki.authority import Authority, PrivateKey, addresses_for, self_signed_root, subordinate
from fauxtune.core.pki.cms import envelope
from fauxtune.core.pki.cng import read_public_blob, write_public_blob
from fauxtune.core.pki.crl import Revoked, build_crl
from fauxtune.core.pki.issuance import issue, issue_identity, issue_responder, read_csr
from fauxtune.core.pki.names import email_name, parse_subject, principal_name
from fauxtune.core.pki.ocsp import Responder, Status, answer
from fauxtune.core.pki.pfx import read_pfx, write_pfx
from fauxtune.core.pki.template import BUILT_IN
from tests.interop.programs import OpenSsl
from tests.support.authorities import Span, rsa_key_of

pytestmark = pytest.mark.program("openssl")

# OpenSSL judges OCSP answers by its own watch.
NOW = datetime.now(UTC).replace(microsecond=0)
DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM
TEMPLATES = {template.name: template for template in BUILT_IN}


@dataclass(frozen=True)
class World:
    """Authorities with a good and a revoked user, and a device; certificates as PEM files in `folder`."""

    folder: Path
    root: Authority
    issuing: Authority
    devices: Authority
    key: PrivateKey
    good: x509.Certificate
    revoked: x509.Certificate
    device_key: PrivateKey
    device: x509.Certificate
    responder: Responder


def authorities(keys: KeyRing) -> tuple[Authority, Authority, Authority]:
    span: Span = {"not_before": NOW - timedelta(days=1), "not_after": NOW + timedelta(days=3650)}
    where = {
        name: addresses_for("http://localhost:8080", tenant_name="contoso", authority=name)
        for name in ("root", "issuing", "devices")
    }
    root = self_signed_root(name="root", common_name="Root", key=keys.take(), serial=1, addresses=where["root"], **span)
    issuing = subordinate(
        parent=root, common_name="Issuing", key=keys.take(), serial=2, addresses=where["issuing"], **span
    )
    devices = self_signed_root(
        name="devices", common_name="Devices", key=keys.take(), serial=1, addresses=where["devices"], **span
    )
    return root, issuing, devices


@pytest.fixture
def world(tmp_path: Path, rsa_keys: KeyRing) -> World:
    root, issuing, devices = authorities(rsa_keys)
    key = rsa_keys.take()
    span: Span = {"not_before": NOW - timedelta(hours=1), "not_after": NOW + timedelta(days=365)}
    good, revoked = (
        issue(
            authority=issuing,
            public_key=key.public_key(),
            subject=parse_subject("CN=Alice,E=alice@contoso.example,OU=Ümlaut"),
            alternative_names=[email_name("alice@contoso.example"), principal_name("alice@contoso.example")],
            template=TEMPLATES["SmimeBoth"],
            serial=serial,
            **span,
        )
        for serial in (0x10, 0x11)
    )
    device_key = rsa_keys.take()
    csr = x509.CertificateSigningRequestBuilder(parse_subject("CN=x")).sign(device_key, hashes.SHA256())
    device = issue_identity(authority=devices, csr=csr, common_name="device-1", serial=3, **span)
    signer = rsa_keys.take()
    signed = issue_responder(authority=issuing, public_key=signer.public_key(), serial=0x12, **span)
    responder = Responder.of(issuing, certificate=signed, key=signer)
    result = World(tmp_path, root, issuing, devices, key, good, revoked, device_key, device, responder)
    files = {
        "root": root.certificate,
        "issuing": issuing.certificate,
        "devices": devices.certificate,
        "good": good,
        "revoked": revoked,
        "device": device,
    }
    for name, certificate in files.items():
        (tmp_path / f"{name}.pem").write_bytes(certificate.public_bytes(PEM))
    for name, private in (("key", key), ("device-key", device_key)):
        (tmp_path / f"{name}.pem").write_bytes(
            private.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
    return result


def write_crls(world: World) -> None:
    times = {"this_update": NOW, "next_update": NOW + timedelta(days=7)}
    gone = [Revoked(0x11, NOW - timedelta(minutes=5), "keyCompromise")]
    for authority, revoked in ((world.root, []), (world.issuing, gone)):
        der = build_crl(authority=authority, revoked=revoked, number=1, **times)
        (world.folder / f"{authority.name}-crl.pem").write_bytes(x509.load_der_x509_crl(der).public_bytes(PEM))


VERIFY = ("verify", "-x509_strict", "-CAfile", "root.pem", "-untrusted", "issuing.pem")
CRLS = ("-crl_check_all", "-CRLfile", "root-crl.pem", "-CRLfile", "issuing-crl.pem")


def test_a_user_certificate_is_good_for_smime_under_the_strictest_rules(openssl: OpenSsl, world: World) -> None:
    write_crls(world)
    for purpose in ("smimesign", "smimeencrypt"):
        assert b"good.pem: OK" in openssl(*VERIFY, "-purpose", purpose, *CRLS, "good.pem")
    assert b"OK" in openssl(*VERIFY, "-verify_email", "alice@contoso.example", "good.pem")


def test_a_revoked_certificate_is_revoked_by_the_list(openssl: OpenSsl, world: World) -> None:
    write_crls(world)
    assert b"certificate revoked" in openssl(*VERIFY, *CRLS, "revoked.pem", fails=True)


def test_a_device_identity_is_good_for_client_authentication(openssl: OpenSsl, world: World) -> None:
    openssl("verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", "devices.pem", "device.pem")


@pytest.mark.parametrize("name", [template.name for template in BUILT_IN])
def test_every_template_makes_certificates_that_verify(
    openssl: OpenSsl, world: World, rsa_keys: KeyRing, name: str
) -> None:
    template = TEMPLATES[name]
    key = ec.generate_private_key(ec.SECP256R1()) if template.key_type == "EC" else rsa_keys.take()
    certificate = issue(
        authority=world.issuing,
        public_key=key.public_key(),
        subject=parse_subject(""),
        alternative_names=[email_name("bob@contoso.example")],
        template=template,
        serial=0x99,
        not_before=NOW - timedelta(hours=1),
        not_after=NOW + timedelta(days=1),
    )
    (world.folder / "leaf.pem").write_bytes(certificate.public_bytes(PEM))
    openssl(*VERIFY, "leaf.pem")


def test_the_subject_reads_as_it_was_written(openssl: OpenSsl, world: World) -> None:
    text = openssl("x509", "-in", "good.pem", "-noout", "-subject", "-nameopt", "RFC2253,-esc_msb,utf8")
    assert "subject=CN=Alice,emailAddress=alice@contoso.example,OU=Ümlaut" in text.decode()


def ask(openssl: OpenSsl, world: World, *options: str) -> bytes:
    """A question by OpenSSL, our answer, and what OpenSSL says of it. Serial 0x10 is good, 0x11 revoked."""
    question = ("ocsp", "-issuer", "issuing.pem", *options)
    openssl(*question, "-reqout", "request.der")
    known = {0x10: Status(), 0x11: Status(revoked_at=NOW - timedelta(minutes=5), reason="superseded")}
    response = answer(
        (world.folder / "request.der").read_bytes(),
        responder=world.responder,
        lookup=known.get,
        at=NOW,
        next_update=NOW + timedelta(hours=1),
    )
    (world.folder / "response.der").write_bytes(response)
    # The responder's certificate comes with the answer; what makes it one is that the issuer delegated it.
    check = ("-respin", "response.der", "-CAfile", "root.pem", "-verify_other", "issuing.pem")
    return openssl("ocsp", "-issuer", "issuing.pem", *options, *check)


@pytest.mark.parametrize(
    ("question", "status"),
    [
        (("-cert", "good.pem"), b"good.pem: good"),
        (("-sha256", "-cert", "good.pem"), b"good.pem: good"),
        (("-cert", "revoked.pem"), b"revoked.pem: revoked"),
        (("-serial", "0x77"), b"0x77: unknown"),
    ],
)
def test_openssl_believes_the_responder(
    openssl: OpenSsl, world: World, question: tuple[str, ...], status: bytes
) -> None:
    assert status in ask(openssl, world, *question, "-no_nonce")


def test_openssl_may_ask_for_two_certificates_at_once(openssl: OpenSsl, world: World) -> None:
    result = ask(openssl, world, "-cert", "good.pem", "-cert", "revoked.pem", "-no_nonce")
    assert b"good.pem: good" in result
    assert b"revoked.pem: revoked" in result
    assert b"Reason: superseded" in result


def test_openssl_finds_its_nonce_again(openssl: OpenSsl, world: World) -> None:
    openssl("ocsp", "-issuer", "issuing.pem", "-cert", "good.pem", "-reqout", "request.der")
    request = (world.folder / "request.der").read_bytes()
    response = answer(request, responder=world.responder, lookup=lambda serial: Status(), at=NOW, next_update=None)
    (world.folder / "response.der").write_bytes(response)
    text = openssl("ocsp", "-reqin", "request.der", "-respin", "response.der", "-noverify", "-resp_text", "-req_text")
    nonces = [line.strip() for line in text.decode().splitlines() if "0410" in line]
    assert len(nonces) == 2
    assert len(set(nonces)) == 1


@pytest.mark.parametrize("legacy", [False, True], ids=["aes", "3des"])
def test_openssl_opens_our_pfx(openssl: OpenSsl, world: World, legacy: bool) -> None:
    data = write_pfx(
        key=world.key,
        certificate=world.good,
        chain=[world.issuing.certificate],
        password="päss wörd",
        name="Alice",
        legacy=legacy,
    )
    (world.folder / "alice.pfx").write_bytes(data)
    options = ("-in", "alice.pfx", "-nodes", "-passin", "pass:päss wörd", *(("-legacy",) if legacy else ()))
    text = openssl("pkcs12", *options)
    assert b"friendlyName: Alice" in text
    assert text.count(b"BEGIN CERTIFICATE") == 2
    assert openssl("pkey", "-pubout", input=text) == openssl("x509", "-in", "good.pem", "-pubkey", "-noout")
    assert b"Mac verify error" in openssl("pkcs12", "-in", "alice.pfx", "-passin", "pass:no", "-nodes", fails=True)


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-certpbe", "AES-128-CBC", "-keypbe", "AES-192-CBC", "-macalg", "sha512"),
        ("-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"),
        ("-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-2DES", "-iter", "1"),
        ("-certpbe", "DES-EDE3-CBC", "-keypbe", "DES-EDE3-CBC"),
        ("-certpbe", "NONE", "-keypbe", "AES-256-CBC"),
        ("-certpbe", "AES-256-CBC", "-keypbe", "NONE"),
        ("-nomac",),
        ("-legacy",),
        ("-legacy", "-certpbe", "PBE-SHA1-RC2-128", "-keypbe", "PBE-SHA1-RC2-40"),
        ("-pbmac1_pbkdf2",),
        ("-pbmac1_pbkdf2", "-pbmac1_pbkdf2_md", "sha512"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("password", ["pw", "päss wörd €", ""], ids=["ascii", "unicode", "empty"])
def test_we_open_what_openssl_packed(openssl: OpenSsl, world: World, options: tuple[str, ...], password: str) -> None:
    command = ("pkcs12", "-export", "-inkey", "key.pem", "-in", "good.pem", "-certfile", "issuing.pem")
    packing = (*command, "-name", "Ällice", "-passout", f"pass:{password}", "-out", "theirs.pfx", *options)
    major, minor = (int(part) for part in openssl("version").split()[1].split(b".")[:2])
    if "-pbmac1_pbkdf2" in options and (major, minor) < (3, 4):
        assert b"pbmac1" in openssl(*packing, fails=True)  # too old to know the option
        return
    openssl(*packing)
    data = (world.folder / "theirs.pfx").read_bytes()
    contents = read_pfx(data, password.encode())
    assert contents.key.private_numbers() == world.key.private_numbers()
    assert contents.certificate == world.good
    assert contents.chain == (world.issuing.certificate,)
    assert contents.name == "Ällice"
    with pytest.raises(PfxPasswordWrong):
        read_pfx(data, b"not the password")


def test_openssl_decrypts_our_envelope(openssl: OpenSsl, world: World) -> None:
    secret = b"line\nend\r\n\x00\xff"
    (world.folder / "sealed.der").write_bytes(envelope(secret, world.device))
    options = ("-inform", "DER", "-in", "sealed.der", "-recip", "device.pem", "-inkey", "device-key.pem")
    assert openssl("cms", "-decrypt", "-binary", *options) == secret


def test_we_read_a_request_by_openssl(openssl: OpenSsl, world: World) -> None:
    for form in ("PEM", "DER"):
        for digest in ("-sha1", "-sha256"):
            result = ("req", "-new", digest, "-key", "device-key.pem", "-subj", "/CN=x", "-outform", form)
            openssl(*result, "-out", "x.csr")
            request = read_csr((world.folder / "x.csr").read_bytes())
            assert request.public_key() == world.device_key.public_key()


def test_openssl_and_windows_blobs_agree(openssl: OpenSsl, world: World) -> None:
    # OpenSSL's own "MS PUBLICKEYBLOB" is the older format; the modulus is what both must agree on.
    blob = write_public_blob(rsa_key_of(world.good))
    modulus = openssl("rsa", "-in", "key.pem", "-noout", "-modulus").decode().strip().removeprefix("Modulus=")
    assert bytes.fromhex(modulus) == blob[-256:]
    assert read_public_blob(blob).public_numbers().n == int(modulus, 16)
