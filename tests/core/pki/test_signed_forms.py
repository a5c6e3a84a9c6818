"""Two readers of signed messages: what the quick one reads, asn1crypto reads in the same way."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.errors import Invalid
from fauxtune.core.pki import signed
from fauxtune.core.pki.cms import MALFORMED
from fauxtune.core.pki.der import LARGEST_MESSAGE, check_limits
from fauxtune.core.pki.signed_forms import SignedParts, usual_parts
from tests.core.pki.messages import self_signed, sign_as
from tests.support.authorities import Authorities

BODY = b"<plist><dict/></plist>"
_DETACHED = pkcs7.PKCS7Options.DetachedSignature


@pytest.fixture(scope="module")
def certificates(rsa_keys: KeyRing) -> Sequence[x509.Certificate]:
    return [self_signed(rsa_keys.take(), "device"), self_signed(rsa_keys.take(), "stranger")]


@pytest.fixture(scope="module")
def usual(rsa_keys: KeyRing, authorities: Authorities) -> list[bytes]:
    """Messages in the forms that clients send: of cryptography, of asn1crypto, and our own."""
    key, elliptic = rsa_keys.take(), ec.generate_private_key(ec.SECP256R1())
    certificate, own = self_signed(key, "device"), authorities.devices
    messages = []
    for signer, holder in ((key, certificate), (elliptic, self_signed(elliptic, "elliptic"))):
        for options in ([_DETACHED], [], [pkcs7.PKCS7Options.NoAttributes], [pkcs7.PKCS7Options.NoCapabilities]):
            for algorithm in (hashes.SHA256(), hashes.SHA384(), hashes.SHA512()):
                builder = pkcs7.PKCS7SignatureBuilder().set_data(BODY).add_signer(holder, signer, algorithm)
                messages.append(builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary, *options]))
    messages += [
        sign_as(None, certificate, key, body=BODY, signed_with=name) for name in ("sha1_rsa", "rsassa_pkcs1v15")
    ]
    messages.append(sign_as(BODY, certificate, key, certificates=[own.certificate, certificate]))
    messages.append(signed.sign(BODY * 20, certificate=own.certificate, key=own.key, chain=own.chain))
    return messages


def parts_of(data: bytes) -> SignedParts | None:
    """What the quick reader makes of bytes that are within the limits."""
    try:
        return usual_parts(check_limits(data, largest=LARGEST_MESSAGE))
    except ValueError:
        return None


def values(parts: SignedParts) -> tuple[object, ...]:
    """Everything in a message except by whom it is signed."""
    return (
        *(parts.certificates, parts.content, parts.attributes, parts.digest, parts.algorithm, parts.signature),
        parts.signed if parts.attributes else None,
    )


def signers(parts: SignedParts) -> list[bool | None]:
    """Which of its certificates is the signer's; None for one that cannot be read."""
    return [_is_signer(parts, certificate) for certificate in parts.certificates]


def _is_signer(parts: SignedParts, der: bytes) -> bool | None:
    try:
        return parts.is_signer(x509.load_der_x509_certificate(der))
    except MALFORMED:
        return None


def test_what_clients_send_is_read_without_asn1crypto(usual: list[bytes]) -> None:
    for message in usual:
        quick, slow = parts_of(message), signed.unusual_parts(message, largest=LARGEST_MESSAGE)
        assert quick is not None
        assert values(quick) == values(slow)
        assert signers(quick) == signers(slow)
        assert True in signers(quick)


def test_every_other_form_is_left_to_asn1crypto(rsa_keys: KeyRing) -> None:
    key = rsa_keys.take()
    certificate = self_signed(key, "device")
    by_pss = (
        pkcs7.PKCS7SignatureBuilder()
        .set_data(BODY)
        .add_signer(certificate, key, hashes.SHA256(), rsa_padding=PSS(MGF1(hashes.SHA256()), 32))
        .sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])
    )
    usual = cms.ContentInfo.load(sign_as(BODY, certificate, key))
    # BER: the outermost element without a length.
    (head, body) = (sign_as(BODY, certificate, key)[:4], sign_as(BODY, certificate, key)[4:])
    assert head[0] == 0x30
    without_length = b"\x30\x80" + body + b"\0\0"
    usual["content"]["signer_infos"][0]["unsigned_attrs"] = [{"type": "1.2.3.4", "values": []}]
    for message in (by_pss, without_length, usual.dump(force=True)):
        assert parts_of(message) is None
        assert signed.verify(message, BODY) == certificate


#: What is done to a message, where (a place modulo its length), and with what.
DAMAGE = st.tuples(
    st.sampled_from(["change", "change", "change", "cut", "put", "move"]),
    st.integers(0, 9_999),
    st.integers(0, 9_999),
    st.binary(min_size=1, max_size=8),
)


@given(which=st.integers(0, 9_999), damages=st.lists(DAMAGE, min_size=1, max_size=3))
@settings(max_examples=1500, deadline=None)
def test_both_readers_agree_on_damaged_messages(
    usual: list[bytes], which: int, damages: list[tuple[str, int, int, bytes]]
) -> None:
    damaged = bytearray(usual[which % len(usual)])
    for what, number, other, put in damages:
        place = number % len(damaged)
        match what:
            case "change":
                damaged[place] = other % 256
            case "cut":
                del damaged[place : place + 1 + other % 40]
            case "put":
                damaged[place:place] = put
            case _:
                damaged[place : place + 16] = damaged[other % len(damaged) :][:16]
        if not damaged:
            return
    agree(bytes(damaged))


@given(st.data())
@settings(max_examples=500, deadline=None)
def test_both_readers_agree_on_messages_whose_parts_were_replaced(usual: list[bytes], data: st.DataObject) -> None:
    """Damage within the lengths is mostly refused at once: here whole elements change, and the lengths are right."""
    whole = data.draw(st.sampled_from(usual))
    agree(replaced(whole, data))


def agree(message: bytes) -> None:
    """If the quick reader reads the message, asn1crypto reads the same; and both come to one verdict."""
    quick = parts_of(message)
    if quick is None:
        return
    slow = signed.unusual_parts(message, largest=LARGEST_MESSAGE)
    assert values(quick) == values(slow)
    assert signers(quick) == signers(slow)
    assert verdict(quick) == verdict(slow)


def verdict(parts: SignedParts) -> str:
    """What becomes of the message."""
    try:
        message = signed.message_of(parts)
        message.verify(BODY)
    except Invalid as error:
        return f"{type(error).__name__} {error}"
    except MALFORMED as error:
        return f"unreadable {error}"
    return f"signed by {message.certificate.serial_number}"


def replaced(element: bytes, data: st.DataObject) -> bytes:
    """The element with one part, at any depth, left out, doubled, emptied or of another tag."""
    tag, content = element[0], inside(element)
    parts = split(content) if tag & 0x20 else []
    if not parts or data.draw(st.integers(0, 6)) == 0:
        return other(tag, content, data)
    place = data.draw(st.integers(0, len(parts) - 1))
    return join(tag, b"".join([*parts[:place], replaced(parts[place], data), *parts[place + 1 :]]))


def other(tag: int, content: bytes, data: st.DataObject) -> bytes:
    match data.draw(st.sampled_from(["no", "two", "empty", "tag", "more", "long"])):
        case "no":
            return b""
        case "two":
            return join(tag, content) * 2
        case "empty":
            return join(tag, b"")
        case "tag":
            return join(
                data.draw(st.sampled_from([0x02, 0x04, 0x05, 0x06, 0x0C, 0x30, 0x31, 0xA0, 0xA1, 0x80])), content
            )
        case "more":
            return join(tag, content + data.draw(st.sampled_from([b"\x05\x00", b"\x02\x01\x01", b"\x30\x00", b"\x00"])))
        case _:
            return bytes([tag, 0x83]) + len(content).to_bytes(3, "big") + content


def inside(element: bytes) -> bytes:
    header = 2 if element[1] < 0x80 else 2 + element[1] - 0x80
    return element[header:]


def split(content: bytes) -> list[bytes]:
    parts = []
    while content:
        header = 2 if content[1] < 0x80 else 2 + content[1] - 0x80
        length = content[1] if content[1] < 0x80 else int.from_bytes(content[2:header], "big")
        parts.append(content[: header + length])
        content = content[header + length :]
    return parts


def join(tag: int, content: bytes) -> bytes:
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content
