"""The server and a device judge the same signatures, each with code of its own: they agree on every fault that both can
see, on what the signature covers, and on every way of signing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from fauxtune.core.mail.message import describe
from fauxtune.core.mail.verdict import Setting, judge
from fauxtune.core.mail.visible_parts import read
from fauxtune_sim.cms.signed import SigningOptions
from fauxtune_sim.keys.keystore import Identity, KeyStore
from fauxtune_sim.mail.reading import read_mail
from fauxtune_sim.mail.writing import MailMessage, Protection, write_mail
from tests.support.certificates import PrivateKey, distinguished_name, self_signed
from tests.support.clock import NOW
from tests.support.mail_recipients import is_for

BOB = "bob@contoso.example"
YEAR = timedelta(days=365)
LETTER = MailMessage(sender=BOB, recipients=("alice@contoso.example",), subject="x", text="Pay 100.", date=NOW)
Issue = Callable[..., Identity]


@pytest.fixture(scope="module")
def root(raw_rsa_keys: list[RSAPrivateKey]) -> x509.Certificate:
    return self_signed(raw_rsa_keys[0], "Root", authority=True, begin=NOW - 10 * YEAR, lifetime=20 * YEAR)


@pytest.fixture(scope="module")
def issue(root: x509.Certificate, raw_rsa_keys: list[RSAPrivateKey]) -> Issue:
    """A certificate of Bob with its key, unless something else is asked for."""

    def issue(
        *,
        key: PrivateKey = raw_rsa_keys[1],
        email: str = BOB,
        begin: datetime = NOW - YEAR,
        end: datetime = NOW + YEAR,
        signs: bool = True,
        purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.EMAIL_PROTECTION,
    ) -> Identity:
        public = key.public_key()
        number = x509.random_serial_number()
        builder = x509.CertificateBuilder(root.subject, distinguished_name("Bob"), public, number, begin, end)
        for extension, critical in (
            (x509.SubjectAlternativeName([x509.RFC822Name(email)]), False),
            (x509.KeyUsage(signs, False, not signs, *(False,) * 6), True),
            (x509.ExtendedKeyUsage([purpose]), False),
            (x509.SubjectKeyIdentifier.from_public_key(public), False),
        ):
            builder = builder.add_extension(extension, critical=critical)
        return Identity("bob", "pkcs", builder.sign(raw_rsa_keys[0], hashes.SHA256()), key)

    return issue


def both(raw: bytes, *, trusted: x509.Certificate, now: datetime = NOW) -> tuple[list[str], list[str]]:
    """The codes of the server and of a device that trusts one authority."""
    store = KeyStore()
    store.trust(trusted.public_bytes(Encoding.DER))
    reading, described = read(raw), describe(raw)
    setting = Setting(described.sender, described.date, authorities=[trusted], revoked_at=None, now=now)
    device = read_mail(raw, store, now=now)
    assert [(part.text, sorted(part.signatures)) for part in reading.parts] == [
        (part.text, sorted(part.signatures)) for part in device.parts
    ]
    ours = [judge(signature, setting).code.value for signature in reading.signatures]
    return ours, [verdict.code.value for verdict in device.verdicts]


@pytest.mark.parametrize("by_key_identifier", [False, True])
@pytest.mark.parametrize("detached", [False, True])
@pytest.mark.parametrize("kind", ["rsa", "pss", "ec"])
def test_every_way_of_signing_is_verified_by_both(
    root: x509.Certificate, issue: Issue, kind: str, *, detached: bool, by_key_identifier: bool
) -> None:
    signer = issue(key=ec.generate_private_key(ec.SECP384R1())) if kind == "ec" else issue()
    options = SigningOptions(detached=detached, pss=kind == "pss", by_key_identifier=by_key_identifier)
    raw = write_mail(LETTER, Protection(signer=signer, signing=options))
    assert both(raw, trusted=root) == (["valid"], ["valid"])
    if detached:
        assert both(raw.replace(b"Pay 100", b"Pay 900"), trusted=root) == (["broken"], ["broken"])


@pytest.mark.parametrize(
    ("kind", "now", "code"),
    [
        ({"email": "carol@contoso.example"}, NOW, "wrongAddress"),
        ({"signs": False}, NOW, "notForSigning"),
        ({"purpose": ExtendedKeyUsageOID.SERVER_AUTH}, NOW, "notForMail"),
        ({"begin": NOW + timedelta(days=1)}, NOW, "notYetValid"),
        ({"end": NOW - timedelta(days=1)}, NOW, "expired"),
        ({"end": NOW + timedelta(days=1)}, NOW + YEAR, "expiredSince"),
    ],
)
def test_both_find_the_same_fault(
    root: x509.Certificate, issue: Issue, kind: dict[str, object], now: datetime, code: str
) -> None:
    raw = write_mail(LETTER, Protection(signer=issue(**kind)))
    assert both(raw, trusted=root, now=now) == ([code], [code])


def test_what_was_forwarded_and_what_a_gateway_renamed_is_followed_by_both(
    root: x509.Certificate, issue: Issue
) -> None:
    raw = write_mail(LETTER, Protection(signer=issue(), signing=SigningOptions(detached=False)))
    renamed = raw.replace(b"application/pkcs7-mime", b"application/octet-stream")
    assert renamed != raw
    assert both(renamed, trusted=root) == (["valid"], ["valid"])
    head = b"From: Bob <bob@contoso.example>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n"
    forwarded = head + b"Content-Type: message/rfc822\r\n\r\n" + raw
    assert both(forwarded, trusted=root) == (["valid"], ["valid"])
    recipient = issue(signs=False)
    secret = write_mail(LETTER, Protection(encrypt_to=[recipient.certificate]))
    described = describe(head + b"Content-Type: message/rfc822\r\n\r\n" + secret)
    assert is_for(described.encryption, recipient.certificate)


def test_both_trust_the_same_authority_and_no_namesake(
    root: x509.Certificate, issue: Issue, raw_rsa_keys: list[RSAPrivateKey]
) -> None:
    raw = write_mail(LETTER, Protection(signer=issue()))
    namesake = self_signed(raw_rsa_keys[2], "Root", authority=True, begin=NOW - YEAR)
    assert root.subject == namesake.subject
    assert both(raw, trusted=namesake) == (["untrusted"], ["untrusted"])
