"""What a message shows without a key; and no text that is typed becomes a header field of what the server writes."""

from __future__ import annotations

import base64
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.errors import Invalid
from fauxtune.core.mail.message import MailDescription, describe
from fauxtune.core.mail.mime import Entity
from fauxtune.core.mail.writing import Letter, letter_of, written
from fauxtune.core.model.mail_accounts import LARGEST_MESSAGE
from fauxtune_sim.cms.ciphers import ContentCipher
from fauxtune_sim.cms.envelope import RecipientOptions, encrypt
from fauxtune_sim.cms.signed import SigningOptions, sign
from tests.support.certificates import PrivateKey, distinguished_name
from tests.support.clock import NOW
from tests.support.mail_recipients import is_for

HEADERS = b"From: Bob <Bob@Contoso.example>\r\nTo: alice@contoso.example\r\nSubject: Hello\r\n"
TEXT = b"Content-Type: text/plain\r\n\r\nHello, Alice\r\n"
SIGNED = b'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary="s"\r\n\r\n'


def certificate_of(key: PrivateKey, name: str) -> x509.Certificate:
    issued = x509.CertificateBuilder(
        distinguished_name("Issuer"), distinguished_name(name), key.public_key(), x509.random_serial_number(), NOW, NOW
    )
    extension = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return issued.add_extension(extension, critical=False).sign(key, hashes.SHA256())


def enveloped(data: bytes, kind: str = "enveloped-data") -> bytes:
    header = f"Content-Type: application/pkcs7-mime; smime-type={kind}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return header.encode() + base64.encodebytes(data)


@pytest.fixture
def rsa(rsa_keys: KeyRing) -> x509.Certificate:
    return certificate_of(rsa_keys.take(), "Alice")


@pytest.fixture
def elliptic() -> x509.Certificate:
    return certificate_of(ec.generate_private_key(ec.SECP256R1()), "Bob")


AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
FIELDS = ["From", "To", "Cc", "Subject", "Date", "Message-ID"]


def letter(**changes: object) -> Letter:
    values: dict[str, object] = {"sender": "alice@contoso.example", "to": ("bob@contoso.example",), **changes}
    return letter_of(Letter(**values))  # type: ignore[arg-type]


def names(raw: bytes) -> list[str]:
    """The header fields in their order, without those of MIME."""
    lines = raw.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")
    every = [line.partition(":")[0] for line in lines if not line.startswith(" ")]
    return [name for name in every if not name.startswith(("Content-", "MIME-"))]


@pytest.mark.parametrize("cipher", [ContentCipher.AES256_CBC, ContentCipher.AES128_GCM, ContentCipher.TRIPLE_DES_CBC])
@pytest.mark.parametrize("options", [RecipientOptions(), RecipientOptions(oaep=True, by_key_identifier=True)])
def test_all_recipients_of_an_envelope_are_named(
    rsa: x509.Certificate, elliptic: x509.Certificate, cipher: ContentCipher, options: RecipientOptions
) -> None:
    stranger = certificate_of(ec.generate_private_key(ec.SECP256R1()), "Eve")
    described = describe(HEADERS + enveloped(encrypt(TEXT, [rsa, elliptic], cipher=cipher, options=options)))
    assert described.encrypted
    assert not described.signed
    assert not described.partly
    assert described.problem is None
    encryption = described.encryption
    assert encryption is not None
    assert encryption.cipher == cipher.asn1_name
    assert encryption.authenticated is cipher.is_authenticated
    assert [is_for(encryption, one) for one in (rsa, elliptic, stranger)] == [
        True,
        True,
        False,
    ]
    by_key_id = [recipient.key_id is not None for recipient in encryption.recipients]
    assert by_key_id == [options.by_key_identifier] * 2


def test_the_description_survives_its_row(rsa: x509.Certificate) -> None:
    for message in (TEXT, enveloped(encrypt(TEXT, [rsa]))):
        described = describe(HEADERS + b"Date: Thu, 26 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@here>\r\n" + message)
        assert described.date == datetime(2026, 11, 26, 9, tzinfo=UTC)
        assert MailDescription.of_document(described.document()) == described


def test_the_envelope_inside_signatures_is_found(rsa: x509.Certificate, rsa_keys: KeyRing) -> None:
    key = rsa_keys.take()
    envelope = enveloped(encrypt(TEXT, [rsa]))
    clear = (
        SIGNED + b"--s\r\n" + envelope + b"\r\n--s\r\nContent-Type: application/pkcs7-signature\r\n\r\nx\r\n--s--\r\n"
    )
    opaque = sign(
        envelope,
        certificate=certificate_of(key, "Bob"),
        key=key,
        signing_time=NOW,
        options=SigningOptions(detached=False),
    )
    for entity in (clear, enveloped(opaque, "signed-data")):
        described = describe(HEADERS + entity)
        assert described.signed
        assert described.encrypted
        assert not described.partly
        assert is_for(described.encryption, rsa)


def test_an_envelope_beside_other_parts_is_only_a_part(rsa: x509.Certificate) -> None:
    mixed = b'Content-Type: multipart/mixed; boundary="m"\r\n\r\n--m\r\n'
    entity = mixed + TEXT + b"--m\r\n" + enveloped(encrypt(TEXT, [rsa])) + b"\r\n--m--\r\n"
    described = describe(HEADERS + entity)
    assert described.encrypted
    assert described.partly
    assert described.encryption is not None


def test_headers_are_read_on_one_line_and_without_their_encoding() -> None:
    described = describe(
        b'From: =?utf-8?q?Z=C3=BCrich?= <A@Contoso.Example>\r\nTo: a@x.example,\r\n "B, C" <B@x.example>, junk\r\n'
        b"Cc: a@x.example\r\nSubject: two\r\n\tlines \x00 and =?utf-8?b?w6k=?=\r\nDate: no date\r\n\r\ntext"
    )
    assert described.author == "Zürich <A@Contoso.Example>"
    assert described.sender == "a@contoso.example"
    assert described.to == ("a@x.example", "b@x.example")
    assert described.cc == ("a@x.example",)
    assert described.subject == "two lines \ufffd and é"
    assert described.date is None
    assert not described.signed
    assert not described.encrypted
    assert described.encryption is None


def test_addresses_that_cannot_be_read_are_none() -> None:
    described = describe(b"From: " + b"(" * 5_000 + b"\r\nTo: bob@contoso.example\r\nSubject: s\r\n\r\ntext")
    assert (described.sender, described.to, described.subject) == (None, ("bob@contoso.example",), "s")


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"abcde", "base64"),
        (b"", "This is no CMS message"),
        (base64.encodebytes(b"not CMS"), "This is no CMS message"),
    ],
)
def test_an_envelope_that_cannot_be_read_is_kept_with_the_reason(body: bytes, problem: str) -> None:
    header = (
        b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    described = describe(HEADERS + header + body)
    assert described.encryption is None
    assert described.problem is not None
    assert problem in described.problem
    assert described.encrypted


def test_messages_beyond_the_bounds_are_refused() -> None:
    with pytest.raises(Invalid, match="35 MB"):
        describe(HEADERS + b"\r\n" + b"x" * LARGEST_MESSAGE)
    with pytest.raises(Invalid, match="header"):
        describe(b"Subject: x\r\n" * 30_000)
    nested = TEXT
    for number in range(20):
        boundary = str(number).encode()
        nested = b'Content-Type: multipart/mixed; boundary="' + boundary + b'"\r\n\r\n--' + boundary + b"\r\n" + nested
    assert "layers" in (describe(HEADERS + nested).problem or "")


def test_parts_have_exactly_their_bytes() -> None:
    entity = Entity(
        b'Content-Type: multipart/mixed; boundary="b"\n\npreamble\n--b\nA: 1\n\none\n\n--b \n\n--bb\n--b--\nend'
    )
    assert [part.raw for part in entity.parts()] == [b"A: 1\n\none\n", b"\n--bb"]


@pytest.mark.program("openssl")
def test_the_recipients_of_a_message_in_pieces_are_read(rsa: x509.Certificate, tmp_path: Path) -> None:
    """openssl writes large content as thousands of pieces without lengths."""
    (tmp_path / "alice.pem").write_bytes(rsa.public_bytes(Encoding.PEM))
    (tmp_path / "text").write_bytes(b"x" * 3_000_000)
    command = ["openssl", "cms", "-encrypt", "-stream", "-aes256", "-in", "text", "-out", "mail", "alice.pem"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
    described = describe(HEADERS + (tmp_path / "mail").read_bytes())
    assert described.problem is None
    assert described.encryption is not None
    assert is_for(described.encryption, rsa)
    assert described.encryption.cipher == "aes256_cbc"


@pytest.fixture(scope="module")
def encrypted_mail(rsa_keys: KeyRing) -> bytes:
    return HEADERS + enveloped(encrypt(TEXT, [certificate_of(rsa_keys.take(), "Alice")]))


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_mutilated_messages_are_described_or_refused(encrypted_mail: bytes, data: st.DataObject) -> None:
    whole = bytearray(encrypted_mail)
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        described = describe(bytes(whole[: data.draw(st.integers(0, len(whole)))]))
    except Invalid:
        return
    assert MailDescription.of_document(described.document()) == described


@pytest.mark.parametrize(
    "subject",
    [
        "=?utf-8?q?a=0d=0aBcc:mallory@x.example?=",
        "=?utf-8?b?DQpCY2M6IG1hbGxvcnlAeC5leGFtcGxl?=",
        "=?utf-8?q?" + "=0d=0a" * 30 + "X:y?=",
        "Müsli =?utf-8?q?=0aX:y?= " * 8,
        "a" * 255,
    ],
)
def test_a_subject_stays_one_header_field_and_is_read_as_it_was_typed(subject: str) -> None:
    raw = written(letter(subject=subject, cc=("carol@contoso.example",)), at=AT, message_id="<1@contoso.example>")
    assert names(raw) == FIELDS
    assert describe(raw).subject == " ".join(subject.split())


def test_an_address_that_looks_encoded_is_not_decoded() -> None:
    odd = "=?utf-8?q?bob?=@contoso.example"
    raw = written(letter(to=(odd, "carol@contoso.example")), at=AT, message_id="<1@contoso.example>")
    assert f"To: {odd},\r\n carol@contoso.example\r\n".encode() in raw


@pytest.mark.parametrize(
    ("changes", "target"),
    [
        ({"subject": "a\r\nBcc: mallory@x.example"}, "subject"),
        ({"subject": "a\u2028b"}, "subject"),
        ({"to": ("bob@contoso.example\r\nX: y",)}, "address"),
        ({"to": ("bob@contoso.example, mallory@x.example",)}, "address"),
        ({"sender": "alice@contoso.example\nX: y"}, "address"),
        ({"cc": ("b\u00f6b@contoso.example",)}, "to"),
    ],
)
def test_what_would_begin_another_field_or_address_is_refused(changes: dict[str, object], target: str) -> None:
    with pytest.raises(Invalid) as refused:
        letter(**changes)
    assert refused.value.target == target
