"""Mail to and from the openssl program: it reads what simulated devices write, and they read what it writes."""

from __future__ import annotations

import shutil
from base64 import encodebytes
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from fauxtune_sim.cli.owner_commands import ExportOptions, export
from fauxtune_sim.cms.ciphers import ContentCipher
from fauxtune_sim.cms.envelope import RecipientOptions
from fauxtune_sim.cms.signed import SigningOptions
from fauxtune_sim.device.device import Device
from fauxtune_sim.keys.keystore import Identity, KeyEntry, KeyStore
from fauxtune_sim.keys.pfx import read_pfx
from fauxtune_sim.mail.reading import read_mail
from fauxtune_sim.mail.writing import Attachment, MailMessage, Protection, write_mail
from fauxtune_sim.platforms import Platform
from tests.interop.programs import OpenSsl, openssl_in

pytestmark = pytest.mark.program("openssl")

TEXT = b"We meet at ten.\r\nBring a pen.\r\n"
ALICE = ("-from", "alice@contoso.example", "-to", "bob@contoso.example", "-subject", "hello")

AUTHORITY = """
[req]
distinguished_name = name
[name]
[ca]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[mail]
basicConstraints = CA:false
keyUsage = critical, digitalSignature, keyEncipherment, keyAgreement
extendedKeyUsage = emailProtection
subjectAltName = email:alice@contoso.example
subjectKeyIdentifier = hash
"""

#: What openssl is told when it makes the key of each kind.
KEYS = {
    "rsa": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
    "p256": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "p384": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"),
}


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What openssl made, to be copied: root.pem and root.key, and by kind a folder with alice.pem and alice.key."""
    folder = tmp_path_factory.mktemp("originals")
    openssl = openssl_in(folder)
    (folder / "openssl.cnf").write_text(AUTHORITY)
    (folder / "text").write_bytes(TEXT)
    openssl("genpkey", *KEYS["p256"], "-out", "root.key")
    openssl(
        *("req", "-x509", "-new", "-key", "root.key", "-subj", "/O=Test/CN=Root", "-days", "30"),
        *("-config", "openssl.cnf", "-extensions", "ca", "-out", "root.pem"),
    )
    for name, options in KEYS.items():
        (folder / name).mkdir()
        openssl("genpkey", *options, "-out", f"{name}/alice.key")
        openssl(
            *("req", "-x509", "-new", "-key", f"{name}/alice.key", "-subj", "/CN=Alice", "-days", "20"),
            *("-CA", "root.pem", "-CAkey", "root.key", "-config", "openssl.cnf", "-extensions", "mail"),
            *("-out", f"{name}/alice.pem"),
        )
    return folder


@pytest.fixture
def root(originals: Path, tmp_path: Path) -> x509.Certificate:
    """A root that openssl made: root.pem and root.key in `tmp_path`, beside the text of the mail."""
    for file in ("openssl.cnf", "text", "root.key", "root.pem"):
        shutil.copy(originals / file, tmp_path)
    return x509.load_pem_x509_certificate((tmp_path / "root.pem").read_bytes())


@pytest.fixture(params=KEYS)
def alice(request: pytest.FixtureRequest, originals: Path, tmp_path: Path, root: x509.Certificate) -> Identity:
    """Alice's key and certificate, made by openssl: alice.pem and alice.key in `tmp_path`."""
    for file in ("alice.key", "alice.pem"):
        shutil.copy(originals / request.param / file, tmp_path)
    key = load_pem_private_key((tmp_path / "alice.key").read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    certificate = x509.load_pem_x509_certificate((tmp_path / "alice.pem").read_bytes())
    assert certificate.issuer == root.subject
    return Identity(alias="alice", source="imported", certificate=certificate, key=key)


@pytest.fixture
def store(alice: Identity, root: x509.Certificate) -> KeyStore:
    """A device that holds Alice's key and trusts the root."""
    store = KeyStore()
    store.install(
        KeyEntry(
            alias=alice.alias,
            source=alice.source,
            certificate=alice.certificate.public_bytes(Encoding.DER),
            key=alice.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        )
    )
    store.trust(root.public_bytes(Encoding.DER))
    return store


def letter(alice: Identity) -> MailMessage:
    """A mail from Alice, dated inside her certificate's validity whatever the clock of this machine says."""
    return MailMessage(
        sender="alice@contoso.example",
        recipients=("bob@contoso.example",),
        subject="hello",
        text="We meet at ten.\nBring a pen.",
        date=max(alice.certificate.not_valid_before_utc, datetime.now(UTC)),
    )


def test_openssl_verifies_what_a_device_signed(openssl: OpenSsl, tmp_path: Path, alice: Identity) -> None:
    (tmp_path / "mail.eml").write_bytes(write_mail(letter(alice), Protection(signer=alice)))
    assert TEXT in openssl("cms", "-verify", "-in", "mail.eml", "-CAfile", "root.pem")
    (tmp_path / "mail.eml").write_bytes(
        write_mail(letter(alice), Protection(signer=alice)).replace(b"at ten", b"at two")
    )
    assert b"ailure" in openssl("cms", "-verify", "-in", "mail.eml", "-CAfile", "root.pem", fails=True)


def test_openssl_reads_what_a_device_encrypted(openssl: OpenSsl, tmp_path: Path, alice: Identity) -> None:
    (tmp_path / "mail.eml").write_bytes(write_mail(letter(alice), Protection(encrypt_to=[alice.certificate])))
    assert TEXT in openssl("cms", "-decrypt", "-in", "mail.eml", "-recip", "alice.pem", "-inkey", "alice.key")


def test_openssl_reads_a_devices_mail_with_what_was_exported(
    openssl: OpenSsl, tmp_path: Path, alice: Identity, store: KeyStore
) -> None:
    device = Device.new("phone", platform=Platform.ANDROID, folder=tmp_path / "phone")
    device.keystore = store
    device.save()
    output = export(tmp_path / "phone", ExportOptions(pem=tmp_path / "keys"))
    key, trusted = (row["file"] for row in output.document["files"])
    mail = write_mail(letter(alice), Protection(signer=alice, encrypt_to=[alice.certificate]))
    (tmp_path / "mail.eml").write_bytes(mail)
    openssl("cms", "-decrypt", "-in", "mail.eml", "-inkey", key, "-recip", key, "-out", "inner.eml")
    assert TEXT in openssl("cms", "-verify", "-in", "inner.eml", "-CAfile", trusted)


PROTECTIONS: dict[str, dict[str, Any]] = {
    "gcm": {"cipher": ContentCipher.AES256_GCM},
    "aes128": {"cipher": ContentCipher.AES128_CBC},
    "3des": {"cipher": ContentCipher.TRIPLE_DES_CBC},
    "oaep and key ids": {"recipients": RecipientOptions(oaep=True, by_key_identifier=True)},
    "pss and key ids": {"signing": SigningOptions(pss=True, by_key_identifier=True)},
    "opaque": {"signing": SigningOptions(detached=False)},
}


@pytest.mark.parametrize("how", PROTECTIONS)
def test_openssl_reads_every_way_to_protect_a_mail(openssl: OpenSsl, tmp_path: Path, alice: Identity, how: str) -> None:
    protection = replace(Protection(signer=alice, encrypt_to=[alice.certificate]), **PROTECTIONS[how])
    file = Attachment("plan.bin", bytes(range(256)))
    (tmp_path / "mail.eml").write_bytes(write_mail(replace(letter(alice), attachments=(file,)), protection))
    openssl("cms", "-decrypt", "-in", "mail.eml", "-recip", "alice.pem", "-inkey", "alice.key", "-out", "inner.eml")
    content = message_from_bytes(openssl("cms", "-verify", "-in", "inner.eml", "-CAfile", "root.pem"))
    text, attached = (part.get_payload(decode=True) for part in content.walk() if not part.is_multipart())
    assert (text, attached) == (TEXT, file.content)


def test_openssl_reads_and_verifies_what_a_device_signed_and_encrypted(
    openssl: OpenSsl, tmp_path: Path, alice: Identity
) -> None:
    mail = write_mail(letter(alice), Protection(signer=alice, encrypt_to=[alice.certificate]))
    (tmp_path / "mail.eml").write_bytes(mail)
    openssl("cms", "-decrypt", "-in", "mail.eml", "-recip", "alice.pem", "-inkey", "alice.key", "-out", "inner.eml")
    assert TEXT in openssl("cms", "-verify", "-in", "inner.eml", "-CAfile", "root.pem")


@pytest.mark.parametrize(
    "how",
    [
        (),
        ("-nodetach",),
        ("-nodetach", "-stream"),
        ("-noattr",),
        ("-keyid",),
        ("-md", "sha512"),
        ("-binary",),
        ("-crlfeol",),
    ],
    ids=lambda how: " ".join(how) or "plain",
)
def test_a_device_believes_what_openssl_signed(
    openssl: OpenSsl, alice: Identity, store: KeyStore, how: tuple[str, ...]
) -> None:
    signing = ("-signer", "alice.pem", "-inkey", "alice.key")
    mail = openssl("cms", "-sign", "-text", "-in", "text", *how, *signing, *ALICE)
    if how == ("-noattr",):
        # Without attributes the signature does not say when it was made: the mail's own date counts.
        assert "nor the mail has a date" in str(read_mail(mail, store).why)
        mail = f"Date: {format_datetime(letter(alice).date)}\r\n".encode() + mail
    reading = read_mail(mail, store)
    assert (reading.verified, reading.why) == (True, None)
    assert str(reading.text).split() == TEXT.decode().split()
    broken = read_mail(mail.replace(b"at ten", b"at two"), store)
    if b"at ten" in mail:
        assert broken.verified is False


def test_a_device_believes_a_pss_signature_of_openssl(openssl: OpenSsl, alice: Identity, store: KeyStore) -> None:
    options = ("-keyopt", "rsa_padding_mode:pss") if isinstance(alice.key, rsa.RSAPrivateKey) else ()
    mail = openssl(
        "cms", "-sign", "-text", "-in", "text", "-signer", "alice.pem", "-inkey", "alice.key", *options, *ALICE
    )
    assert read_mail(mail, store).verified


def test_a_device_believes_what_the_older_command_signed(openssl: OpenSsl, alice: Identity, store: KeyStore) -> None:
    mail = openssl("smime", "-sign", "-text", "-in", "text", "-signer", "alice.pem", "-inkey", "alice.key", *ALICE)
    assert read_mail(mail, store).verified


@pytest.mark.parametrize(
    "how",
    [
        ("-aes128",),
        ("-aes192",),
        ("-aes256",),
        ("-des3",),
        ("-aes-128-gcm",),
        ("-aes-256-gcm",),
        ("-aes256", "-keyid"),
        ("-aes256", "-stream"),
    ],
    ids=" ".join,
)
def test_a_device_reads_what_openssl_encrypted(
    openssl: OpenSsl, alice: Identity, store: KeyStore, how: tuple[str, ...]
) -> None:
    if how == ("-des3",) and isinstance(alice.key, ec.EllipticCurvePrivateKey):
        how = (*how, "-wrap", "id-aes256-wrap")
    mail = openssl("cms", "-encrypt", "-text", "-in", "text", *how, *ALICE, "-recip", "alice.pem")
    reading = read_mail(mail, store)
    assert (reading.decrypted, reading.recipient, reading.why) == (True, alice.thumbprint, None)
    assert str(reading.text).split() == TEXT.decode().split()


@pytest.mark.parametrize("alice", ["rsa"], indirect=True)
@pytest.mark.parametrize("digest", ["sha1", "sha256", "sha512"])
def test_a_device_reads_an_oaep_envelope_of_openssl(
    openssl: OpenSsl, alice: Identity, store: KeyStore, digest: str
) -> None:
    oaep = ("-keyopt", "rsa_padding_mode:oaep", "-keyopt", f"rsa_oaep_md:{digest}")
    mail = openssl("cms", "-encrypt", "-text", "-in", "text", "-aes256", *ALICE, "-recip", "alice.pem", *oaep)
    assert read_mail(mail, store).recipient == alice.thumbprint


def test_a_device_reads_what_openssl_signed_and_encrypted(openssl: OpenSsl, alice: Identity, store: KeyStore) -> None:
    signed = openssl("cms", "-sign", "-text", "-in", "text", "-signer", "alice.pem", "-inkey", "alice.key")
    mail = openssl("cms", "-encrypt", *ALICE, "-aes256", "-recip", "alice.pem", input=signed)
    reading = read_mail(mail, store)
    assert (reading.decrypted, reading.verified, reading.why) == (True, True, None)


@pytest.mark.parametrize("alice", ["rsa"], indirect=True)
def test_of_two_signers_the_sender_is_judged(openssl: OpenSsl, alice: Identity, store: KeyStore) -> None:
    openssl("genpkey", *KEYS["p256"], "-out", "bob.key")
    openssl("req", "-x509", "-new", "-key", "bob.key", "-subj", "/CN=Bob", "-config", "openssl.cnf", "-out", "bob.pem")
    bob = ("-signer", "bob.pem", "-inkey", "bob.key")
    hers = ("-signer", "alice.pem", "-inkey", "alice.key")
    mail = openssl("cms", "-sign", "-text", "-in", "text", *hers, *bob, *ALICE)
    assert read_mail(mail, store).signer == "alice@contoso.example"
    mail = openssl("cms", "-sign", "-text", "-in", "text", *bob, *ALICE)
    assert read_mail(mail, store).verified is False


@pytest.mark.parametrize("alice", ["rsa"], indirect=True)
@pytest.mark.parametrize(
    ("command", "why"),
    [
        (("cms", "-digest_create"), "but digested_data"),
        (("cms", "-compress"), "but compressed_data"),
        (("cms", "-EncryptedData_encrypt", "-aes128", "-secretkey", "00" * 16), "but encrypted_data"),
        (("smime", "-encrypt", "-provider", "legacy", "-provider", "default", "-rc2-128"), "rc2 is not supported"),
    ],
    ids=["digested", "compressed", "encrypted with a shared key", "RC2"],
)
def test_what_a_device_does_not_read_is_named(
    openssl: OpenSsl, alice: Identity, store: KeyStore, command: tuple[str, ...], why: str
) -> None:
    recipients = ("alice.pem",) if command[0] == "smime" else ()
    reading = read_mail(openssl(*command, "-in", "text", *ALICE, *recipients), store)
    assert why in str(reading.why)
    assert not reading.is_good
    assert not reading.parts


@pytest.mark.parametrize("alice", ["rsa"], indirect=True)
def test_a_message_that_brings_certificates_alone_is_no_signature(
    openssl: OpenSsl, alice: Identity, store: KeyStore
) -> None:
    certificates = openssl("crl2pkcs7", "-nocrl", "-certfile", "alice.pem", "-outform", "DER")
    head = b"From: alice@contoso.example\nContent-Type: application/pkcs7-mime; smime-type=certs-only\n"
    mail = head + b"Content-Transfer-Encoding: base64\n\n" + encodebytes(certificates)
    assert "brings only certificates" in str(read_mail(mail, store).why)


@pytest.mark.parametrize("ciphers", [(), ("-legacy",), ("-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES")])
def test_a_device_opens_a_pfx_that_openssl_wrote(
    openssl: OpenSsl, tmp_path: Path, alice: Identity, ciphers: tuple[str, ...]
) -> None:
    openssl(
        *("pkcs12", "-export", "-in", "alice.pem", "-inkey", "alice.key", "-certfile", "root.pem"),
        *("-passout", "pass:secret", "-out", "alice.pfx", *ciphers),
    )
    contents = read_pfx((tmp_path / "alice.pfx").read_bytes(), b"secret")
    assert (contents.certificate, len(contents.chain)) == (alice.certificate, 1)
