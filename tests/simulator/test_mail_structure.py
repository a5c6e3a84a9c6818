"""Mail with several parts and layers: what is shown, what a signature or an envelope covers, and what is refused.

Header fields in their plain form are read without the standard library, and mean what it reads in them.
"""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from email.utils import collapse_rfc2231_value, getaddresses
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune_sim.cli.mail_commands import read, reading_lines
from fauxtune_sim.cms.ciphers import ContentCipher
from fauxtune_sim.cms.envelope import RecipientOptions
from fauxtune_sim.cms.signed import SigningOptions
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import MailRefused
from fauxtune_sim.mail.mime import Entity, addresses_in
from fauxtune_sim.mail.reading import read_mail
from fauxtune_sim.mail.verdict import SignatureCode
from fauxtune_sim.mail.writing import Attachment, MailMessage, Protection, write_mail

if TYPE_CHECKING:
    from tests.simulator.conftest import Pki


TODAY = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
LETTER = MailMessage(
    sender="alice@contoso.example",
    recipients=("bob@contoso.example", "carol@contoso.example"),
    copies=("dave@contoso.example",),
    subject="Grüße aus dem Büro",
    text="We meet at ten.",
    html="<p>We meet at <b>ten</b>.</p>",
    attachments=(
        Attachment("Übersicht.pdf", bytes(range(256)) * 40, "application/pdf"),
        Attachment("notes.txt", b"bring a pen\n", "text/plain"),
    ),
    date=TODAY,
)
PLAIN = b"From: mallory@evil.example\r\nContent-Type: text/plain\r\n\r\nwire the money\r\n"


def entity_of(mail: bytes) -> bytes:
    """A mail without the header fields of its sender, so that it can be a part of another."""
    return mail[mail.index(b"Content-Type:") :]


def mixed(*entities: bytes, sender: str = "alice@contoso.example") -> bytes:
    head = f"From: {sender}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=cut\r\n\r\n".encode()
    return head + b"".join(b"--cut\r\n" + entity + b"\r\n" for entity in entities) + b"--cut--\r\n"


NAMES = st.sampled_from(["name", "Charset", "boundary", "a-b", "NAME", "x"])
VALUES = st.text("ab.9/=-", min_size=1, max_size=4) | st.text("ab.9 +/:=!#$&^`{|}~-_'*%<>()@,;?[]\\\"\t", max_size=6)
FIELDS = st.lists(st.tuples(st.sampled_from([";", "; ", ";\r\n\t", " ;"]), NAMES, VALUES, st.booleans()), max_size=3)
WORDS = st.text("aB9.-_+'=?", min_size=1, max_size=4)
ADDRESSES = st.lists(
    st.one_of(st.tuples(WORDS, st.just("@"), WORDS).map("".join), st.text('aé.@,-"<>() \t[]:;', max_size=4)), max_size=3
)


def test_header_texts_and_files_of_a_protected_mail_are_read(pki: Pki) -> None:
    alice, bob = pki.issue(), pki.issue("bob@contoso.example")
    reading = read_mail(write_mail(LETTER, Protection(signer=alice, encrypt_to=[bob.certificate])), pki.store(bob))
    assert (reading.sender, reading.recipients, reading.copies) == (LETTER.sender, LETTER.recipients, LETTER.copies)
    assert (reading.subject, reading.date, reading.text) == (LETTER.subject, TODAY, "We meet at ten.\n")
    assert [part.media_type for part in reading.parts] == ["text/plain", "text/html", "application/pdf", "text/plain"]
    assert [(part.name, part.content) for part in reading.files] == [
        (attachment.name, attachment.content) for attachment in LETTER.attachments
    ]
    assert (reading.decrypted, reading.verified, reading.is_good) == (True, True, True)
    assert all(part.encrypted and part.signatures for part in reading.parts)


async def test_files_are_saved_inside_the_folder_under_names_that_a_file_system_takes(pki: Pki, tmp_path: Path) -> None:
    names = [
        "../../up.txt",
        ".profile",
        "..",
        "\u5831" * 120 + ".pdf",
        "\u5831" * 120 + ".pdf",
        "a" * 300,
        "x." + "y" * 300,
    ]
    files = tuple(Attachment(name, str(number).encode(), "application/pdf") for number, name in enumerate(names))
    Device.new("phone", folder=tmp_path / "phone").save()
    (tmp_path / "mail.eml").write_bytes(write_mail(replace(LETTER, attachments=files), Protection(signer=pki.issue())))
    output = await read(tmp_path / "phone", tmp_path / "mail.eml", save=tmp_path / "files", ask_authority=False)
    saved = [Path(path) for path in output.document["saved"]]
    assert [path.read_bytes() for path in saved] == [str(number).encode() for number in range(len(names))]
    assert {path.resolve().parent for path in saved} == {tmp_path / "files"}
    assert [path.name for path in saved[:3]] == ["up.txt", "profile", "part-3"]
    assert [path.suffix for path in saved[3:5]] == [".pdf", ".pdf"]


@pytest.mark.parametrize("cipher", ContentCipher)
def test_every_way_to_protect_a_mail_is_read(pki: Pki, cipher: ContentCipher) -> None:
    alice, bob = pki.issue(), pki.issue("bob@contoso.example")
    protection = Protection(
        signer=alice,
        encrypt_to=[bob.certificate, alice.certificate],
        cipher=cipher,
        signing=SigningOptions(detached=False, pss=True, by_key_identifier=True),
        recipients=RecipientOptions(oaep=True, by_key_identifier=True),
    )
    mail = write_mail(LETTER, protection)
    assert message_from_bytes(mail).get_param("smime-type") == (
        "authEnveloped-data" if cipher.is_authenticated else "enveloped-data"
    )
    for reader in (alice, bob):
        reading = read_mail(mail, pki.store(reader))
        assert (reading.verified, reading.recipient, reading.cipher) == (True, reader.thumbprint, cipher.asn1_name)


def test_a_mail_in_three_layers_has_two_verdicts(pki: Pki) -> None:
    alice, bob = pki.issue(), pki.issue("bob@contoso.example")
    inner = write_mail(LETTER, Protection(signer=alice, encrypt_to=[bob.certificate]))
    outer_entity = entity_of(inner)
    from fauxtune_sim.cms.signed import sign
    from fauxtune_sim.mail.writing import _cms_entity

    signature = sign(
        outer_entity,
        certificate=alice.certificate,
        key=alice.key,
        signing_time=TODAY,
        options=SigningOptions(detached=False),
    )
    mail = inner[: inner.index(b"Content-Type:")] + _cms_entity(signature, kind="signed-data")
    reading = read_mail(mail, pki.store(bob))
    assert [verdict.code for verdict in reading.verdicts] == [SignatureCode.VALID, SignatureCode.VALID]
    assert (reading.verified, reading.decrypted) == (True, True)
    assert reading.parts[0].signatures == {0, 1}


def test_text_beside_a_signed_part_takes_the_verdict_away_and_is_marked(pki: Pki) -> None:
    signed = entity_of(write_mail(LETTER, Protection(signer=pki.issue())))
    for mail in (mixed(PLAIN, signed), mixed(signed, PLAIN)):
        reading = read_mail(mail, pki.store())
        assert [verdict.code for verdict in reading.verdicts] == [SignatureCode.VALID]
        assert (reading.verified, reading.is_good) == (False, False)
        assert [part.text for part in reading.parts_outside_signatures] == ["wire the money\n"]
        assert "1 of 5 parts stand outside the signature" in str(reading.why)
        assert reading.text == LETTER.text + "\n"
        lines = reading_lines(reading, saved=())
        assert [line.strip() for line in lines if "beware" in line or "|" in line] == [
            "beware:    text/plain stands outside the signature: anybody could have added it",
            "| wire the money",
        ]


def test_text_beside_an_envelope_is_marked(pki: Pki) -> None:
    bob = pki.issue("bob@contoso.example")
    secret = entity_of(write_mail(LETTER, Protection(encrypt_to=[bob.certificate])))
    open_tag = b'Content-Type: text/html\r\n\r\n<img src="http://evil.example/'
    reading = read_mail(mixed(open_tag, secret, b'Content-Type: text/html\r\n\r\n">'), pki.store(bob))
    assert reading.decrypted is True
    assert [part.media_type for part in reading.parts_outside_envelopes] == ["text/html", "text/html"]
    # No part's text is joined with another's: the tag that was opened before the secret does not swallow it.
    assert next(part.text for part in reading.parts if part.encrypted) == "We meet at ten.\n"


def test_a_signature_that_another_mail_had_is_broken_here(pki: Pki) -> None:
    one, other = (
        write_mail(replace(LETTER, text=text, attachments=()), Protection(signer=pki.issue())) for text in ("yes", "no")
    )
    signature = one[one.index(b"Content-Type: application/pkcs7-signature") :]
    mail = other[: other.index(b"Content-Type: application/pkcs7-signature")] + signature
    boundary = message_from_bytes(other).get_boundary()
    mail = mail[: mail.rindex(b"--signed-")] + f"--{boundary}--\r\n".encode()
    reading = read_mail(mail, pki.store())
    assert ([verdict.code for verdict in reading.verdicts], reading.verified) == ([SignatureCode.BROKEN], False)


def test_a_certificate_that_has_expired_since_is_told_apart(pki: Pki) -> None:
    old = pki.issue(begin=TODAY - timedelta(days=700), end=TODAY - timedelta(days=300))
    mail = write_mail(replace(LETTER, date=TODAY - timedelta(days=400)), Protection(signer=old))
    (then,) = read_mail(mail, pki.store(), now=TODAY - timedelta(days=350)).verdicts
    (now,) = read_mail(mail, pki.store(), now=TODAY).verdicts
    assert (then.code, now.code) == (SignatureCode.VALID, SignatureCode.EXPIRED_SINCE)
    assert (then.is_verified, now.is_verified) == (True, True)
    assert "was valid when the mail was signed and expired on 2026-01-28" in now.sentence


@pytest.mark.parametrize(
    ("mail", "why"),
    [
        (b"From: a\r\nContent-Type: multipart/mixed\r\n\r\nx", "no boundary"),
        (b"From: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\nx", "delimiters"),
        (b"From: a\r\nContent-Type: application/pkcs7-mime\r\n\r\n", "is empty"),
        (b"From: a\r\nX: " + b"y" * 300_000 + b"\r\n\r\nx", "header of more than"),
        (b"From: a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n" * 1_100, "more than 1000"),
        (
            b"From: a\r\n"
            + b"".join(
                b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (depth, depth) for depth in range(20)
            ),
            "layers",
        ),
    ],
    ids=["no boundary", "no delimiter", "empty", "long header", "many parts", "many layers"],
)
def test_a_mail_that_cannot_be_read_is_refused_with_the_reason(pki: Pki, mail: bytes, why: str) -> None:
    with pytest.raises(MailRefused, match=why):
        read_mail(mail, pki.store())


def test_a_file_with_broken_base64_does_not_hide_the_rest(pki: Pki) -> None:
    file = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\nabcde"
    reading = read_mail(mixed(b"Content-Type: text/plain\r\n\r\nhello", file), pki.store())
    assert reading.text == "hello"
    assert reading.files[0].content is None
    assert "base64 of a part is broken" in str(reading.files[0].defect)


def test_a_large_attachment_is_read(pki: Pki) -> None:
    bob = pki.issue("bob@contoso.example")
    content = random.Random(1).randbytes(5_000_000)
    letter = replace(LETTER, attachments=(Attachment("film.bin", content),), html=None)
    mail = write_mail(letter, Protection(signer=pki.issue(), encrypt_to=[bob.certificate]))
    reading = read_mail(mail, pki.store(bob))
    assert (reading.verified, reading.files[0].content == content) == (True, True)


def test_mutilated_mail_is_read_or_refused_and_never_verified_wrongly(pki: Pki) -> None:
    alice, bob = pki.issue(), pki.issue("bob@contoso.example")
    small = replace(LETTER, attachments=LETTER.attachments[1:])
    signed = write_mail(small, Protection(signer=alice))
    both = write_mail(small, Protection(signer=alice, encrypt_to=[bob.certificate], cipher=ContentCipher.AES256_GCM))
    store, chance = pki.store(bob), random.Random(20261127)
    whole = {part.text for part in read_mail(signed, store).parts}
    verified = 0
    for _ in range(400):
        mail = bytearray(chance.choice((signed, both, mixed(entity_of(signed), PLAIN))))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(mail))
            match chance.randrange(3):
                case 0:
                    mail[at] = chance.randrange(256)
                case 1:
                    del mail[at : at + chance.randint(1, 60)]
                case _:
                    mail[at:at] = mail[: chance.randint(1, 200)]
        try:
            reading = read_mail(bytes(mail), store, now=TODAY)
        except MailRefused:
            continue
        reading_lines(reading, saved=())
        if reading.verified:
            verified += 1
            assert {part.text for part in reading.parts} == whole
    assert verified > 0, "no change left a signature whole, so nothing was shown"


@settings(max_examples=300, deadline=None)
@given(FIELDS)
def test_parameters_are_those_that_the_standard_library_reads(field: list[tuple[str, str, str, bool]]) -> None:
    text = "text/plain" + "".join(
        f'{mark}{name}="{value}"' if is_quoted else f"{mark}{name}={value}" for mark, name, value, is_quoted in field
    )
    entity = Entity(f"Content-Type: {text}\r\n\r\n".encode())
    message = Message(policy=compat32)
    message.set_raw("content-type", entity.field("content-type"))
    expected: dict[str, str] = {}
    for name, value in message.get_params([]):
        # As forms that are not plain are read: in damaged ones get_param would differ.
        with suppress(ValueError, LookupError, TypeError):
            # A plain value has lost its quotation marks already: those within it, as of `"<>"`, are its own.
            expected.setdefault(name.lower(), value if isinstance(value, str) else collapse_rfc2231_value(value))
    for name in ("name", "charset", "boundary", "a-b", "x"):
        assert entity._parameter("content-type", name) == expected.get(name, ""), text


@settings(max_examples=300, deadline=None)
@given(ADDRESSES, st.sampled_from([",", ", ", " ,"]))
def test_addresses_are_those_that_the_standard_library_reads(addresses: list[str], mark: str) -> None:
    text = mark.join(addresses)
    assert list(addresses_in(text)) == [address for _, address in getaddresses([text]) if address]
