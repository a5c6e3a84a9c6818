"""Signed and sealed messages to and from the openssl program: those of the server, for devices that check them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from asn1crypto import core
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from fauxtune.core.errors import Invalid
from fauxtune.core.pki import scep, signed
from fauxtune.core.pki.authority import Authority
from fauxtune.core.pki.cms import envelope, open_envelope
from tests.interop.programs import OpenSsl, openssl_in
from tests.support.authorities import Authorities

pytestmark = pytest.mark.program("openssl")

BODY = b"<?xml version='1.0'?>\n<plist/>\r\n"
Identity = Callable[[str], x509.Certificate]

KEYS = {
    "rsa": ("-newkey", "rsa:2048"),
    "p256": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "p384": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"),
}
REQUEST = """
[req]
distinguished_name = name
attributes = more
prompt = no
[name]
CN = device
[more]
challengePassword = a token
"""
LEGACY = ("-provider", "legacy", "-provider", "default")


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for each kind of key, with device.pem and device.key of a self-signed certificate, to be copied."""
    folder = tmp_path_factory.mktemp("originals")
    for name, options in KEYS.items():
        (folder / name).mkdir()
        openssl_in(folder / name)(
            *("req", "-x509", "-nodes", "-subj", "/CN=device", "-days", "30", *options),
            *("-keyout", "device.key", "-out", "device.pem"),
        )
    return folder


@pytest.fixture
def identity(originals: Path, tmp_path: Path) -> Identity:
    """A self-signed certificate of a kind of key: device.pem and device.key in `tmp_path`, beside the body."""
    (tmp_path / "body").write_bytes(BODY)

    def make(kind: str) -> x509.Certificate:
        shutil.copytree(originals / kind, tmp_path, dirs_exist_ok=True)
        return x509.load_pem_x509_certificate((tmp_path / "device.pem").read_bytes())

    return make


@pytest.fixture
def authority(authorities: Authorities, tmp_path: Path) -> Authority:
    """The device authority; ca.pem and ca.key in `tmp_path` are its."""
    own = authorities.devices
    (tmp_path / "ca.pem").write_bytes(own.certificate.public_bytes(Encoding.PEM))
    (tmp_path / "ca.key").write_bytes(own.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return own


@pytest.mark.parametrize("how", [(), ("-nodetach",), ("-noattr",), ("-keyid",), ("-nodetach", "-stream")])
@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("kind", KEYS)
def test_what_openssl_signs_is_verified(
    openssl: OpenSsl, identity: Identity, kind: str, digest: str, how: tuple[str, ...]
) -> None:
    certificate = identity(kind)
    files = ("-in", "body", "-signer", "device.pem", "-inkey", "device.key")
    message = openssl("cms", "-sign", "-binary", "-outform", "DER", "-md", digest, *how, *files)
    assert signed.verify(message, BODY) == certificate
    with pytest.raises(Invalid):
        signed.verify(message, BODY + b"\n")


def test_what_openssl_signs_with_pss_is_verified(openssl: OpenSsl, identity: Identity) -> None:
    certificate = identity("rsa")
    files = ("-in", "body", "-signer", "device.pem", "-inkey", "device.key")
    for options in ((), ("-keyopt", "rsa_pss_saltlen:20"), ("-keyopt", "rsa_mgf1_md:sha512")):
        pss = ("-keyopt", "rsa_padding_mode:pss", *options)
        message = openssl("cms", "-sign", "-binary", "-outform", "DER", *files, *pss)
        assert signed.verify(message, BODY) == certificate


def test_two_signers_by_openssl_are_refused(openssl: OpenSsl, identity: Identity, authority: Authority) -> None:
    identity("rsa")
    signers = ("-signer", "device.pem", "-inkey", "device.key", "-signer", "ca.pem", "-inkey", "ca.key")
    message = openssl("cms", "-sign", "-binary", "-outform", "DER", "-in", "body", *signers)
    with pytest.raises(Invalid, match="one signer, not 2"):
        signed.verify(message, BODY)


def test_openssl_verifies_what_is_signed(
    openssl: OpenSsl, authority: Authority, authorities: Authorities, tmp_path: Path
) -> None:
    issuing = authorities.issuing
    (tmp_path / "roots.pem").write_bytes(
        b"".join(each.certificate.public_bytes(Encoding.PEM) for each in (authority, authorities.root))
    )
    for own in (authority, issuing):
        message = signed.sign(BODY, certificate=own.certificate, key=own.key, chain=own.chain)
        time = ("-attime", str(int(authorities.now.timestamp())), "-purpose", "any")
        options = ("-inform", "DER", "-binary", "-CAfile", "roots.pem", *time)
        assert openssl("cms", "-verify", *options, input=message) == BODY
        tampered = message.replace(b"plist/", b"plast/")
        openssl("cms", "-verify", *options, input=tampered, fails=True)


@pytest.mark.parametrize("how", [(), ("-keyid",), ("-stream",), ("-stream", "-keyid")])
@pytest.mark.parametrize("cipher", ["-des-cbc", "-des3", "-aes128", "-aes192", "-aes256"])
def test_what_openssl_seals_is_opened(
    openssl: OpenSsl, identity: Identity, authority: Authority, cipher: str, how: tuple[str, ...]
) -> None:
    identity("rsa")
    options = (*(LEGACY if cipher == "-des-cbc" else ()), cipher, *how)
    # Two recipients: ours is the second.
    sealed = openssl(
        "cms", "-encrypt", "-binary", "-outform", "DER", "-in", "body", *options, "-recip", "device.pem",
        "-recip", "ca.pem",
    )  # fmt: skip
    assert open_envelope(sealed, certificate=authority.certificate, key=authority.key) == BODY


def test_openssl_opens_what_is_sealed(openssl: OpenSsl, identity: Identity) -> None:
    sealed = envelope(BODY, identity("rsa"))
    options = ("-inform", "DER", "-binary", "-recip", "device.pem", "-inkey", "device.key")
    assert openssl("cms", "-decrypt", *options, input=sealed) == BODY


def test_openssl_reads_a_scep_answer(
    openssl: OpenSsl, identity: Identity, authority: Authority, authorities: Authorities, tmp_path: Path
) -> None:
    device = identity("rsa")
    exchange = scep.Exchange("transaction", b"n" * 16, device)
    answer = scep.grant(exchange, device, certificate=authority.certificate, key=authority.key, nonce=b"m" * 16)
    time = ("-attime", str(int(authorities.now.timestamp())), "-purpose", "any")
    sealed = openssl("cms", "-verify", "-inform", "DER", "-binary", "-CAfile", "ca.pem", *time, input=answer)
    options = ("-inform", "DER", "-binary", "-recip", "device.pem", "-inkey", "device.key")
    certificates = openssl("cms", "-decrypt", *options, input=sealed)
    result = openssl("pkcs7", "-inform", "DER", "-print_certs", input=certificates)
    assert x509.load_pem_x509_certificate(result) == device


def test_a_request_by_openssl_is_understood(
    openssl: OpenSsl, identity: Identity, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "req.cnf").write_text(REQUEST)
    signer = identity("rsa")
    key = load_pem_private_key((tmp_path / "device.key").read_bytes(), None)
    assert isinstance(key, RSAPrivateKey)
    csr = openssl("req", "-new", "-config", "req.cnf", "-key", "device.key", "-outform", "DER")
    sealed = openssl(
        "cms", "-encrypt", "-binary", "-outform", "DER", *LEGACY, "-des-cbc", "-recip", "ca.pem", input=csr
    )
    prefix = "2.16.840.1.113733.1.9"
    message = signed.sign(
        sealed,
        certificate=signer,
        key=key,
        attributes={
            f"{prefix}.2": core.PrintableString("19"),
            f"{prefix}.5": core.OctetString(b"n" * 16),
            f"{prefix}.7": core.PrintableString("1"),
        },
    )
    result = scep.read(message, certificate=authority.certificate, key=authority.key)
    assert isinstance(result, scep.Request)
    assert (result.csr, result.challenge) == (csr, "a token")
