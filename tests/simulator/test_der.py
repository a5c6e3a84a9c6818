"""The reader of DER and BER under CMS: it agrees with asn1crypto, joins what BER cuts up, and stops at bounds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from asn1crypto import cms as asn1_cms
from asn1crypto import core
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune_sim.cms import der
from fauxtune_sim.cms.ciphers import ContentCipher
from fauxtune_sim.cms.envelope import RecipientOptions, encrypt, open_envelope
from fauxtune_sim.cms.messages import KeyAgreement, KeyTransport, read_envelope, read_signed
from fauxtune_sim.cms.signed import SigningOptions, sign, verify
from fauxtune_sim.errors import CmsRefused

if TYPE_CHECKING:
    from tests.simulator.conftest import Pki

SECRET = bytes(range(256)) * 20
WHEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def as_ber(encoding: bytes) -> bytes:
    """The same element without lengths, its octet strings in pieces of 100 bytes (X.690 8.1.3.6, 8.7.3)."""
    element = der.load(encoding)
    if element.tag == der.OCTET_STRING:
        content = element.content
        pieces = [content[at : at + 100] for at in range(0, len(content), 100)]
        inside = b"".join(core.OctetString(piece).dump() for piece in pieces)
        return bytes((der.OCTET_STRING | der.CONSTRUCTED, 0x80)) + inside + b"\0\0"
    if not element.tag & der.CONSTRUCTED:
        return encoding
    return bytes((element.tag, 0x80)) + b"".join(as_ber(child.encoding) for child in element.children()) + b"\0\0"


def with_outer_parts_as_ber(message: bytes, *, layers: int) -> bytes:
    """A message whose outermost elements have no lengths: what is signed inside keeps its bytes."""
    element = der.load(message)
    if not layers:
        return message
    inside = b"".join(
        with_outer_parts_as_ber(child.encoding, layers=layers - 1) if child.tag & der.CONSTRUCTED else child.encoding
        for child in element.children()
    )
    return bytes((element.tag, 0x80)) + inside + b"\0\0"


@settings(deadline=None)
@given(st.lists(st.integers(0, 1 << 40), max_size=8), st.integers(0, 2), st.integers(0, 39))
def test_object_identifiers_are_written_as_asn1crypto_writes_them(rest: list[int], first: int, second: int) -> None:
    text = ".".join(map(str, (first, second, *rest)))
    content = der.identifier(text)
    assert content == core.ObjectIdentifier(text).contents
    assert der.dotted(content) == text


@settings(deadline=None)
@given(st.recursive(st.binary(max_size=300), lambda inside: st.lists(inside, max_size=5)))
def test_lengths_come_back_after_they_were_taken_away(tree: Any) -> None:
    encoding = encoded(tree)
    rewritten = der.with_lengths(as_ber(encoding))
    assert contents(der.load(rewritten)) == tree


def encoded(tree: Any) -> bytes:
    if isinstance(tree, bytes):
        return bytes(core.OctetString(tree).dump())
    return bytes(core.SequenceOf([core.load(encoded(each)) for each in tree], spec=core.Any).dump())


def contents(element: der.Element) -> Any:
    if element.tag == der.SEQUENCE:
        return [contents(child) for child in element.children()]
    return element.octets()


@pytest.mark.parametrize("cipher", [ContentCipher.AES256_CBC, ContentCipher.AES256_GCM])
@pytest.mark.parametrize("options", [RecipientOptions(), RecipientOptions(oaep=True, by_key_identifier=True)])
def test_an_envelope_is_read_as_asn1crypto_reads_it(pki: Pki, cipher: ContentCipher, options: RecipientOptions) -> None:
    identities = [pki.issue(), pki.issue(key=ec.generate_private_key(ec.SECP256R1()))]
    data = encrypt(SECRET, [one.certificate for one in identities], cipher=cipher, options=options)
    ours, theirs = read_envelope(data), asn1_cms.ContentInfo.load(data)["content"]
    authenticated = cipher.is_authenticated
    info = theirs["auth_encrypted_content_info" if authenticated else "encrypted_content_info"]
    assert (ours.content, ours.tag) == (
        info["encrypted_content"].native,
        theirs["mac"].native if authenticated else None,
    )
    transport, agreement = ours.recipients
    assert isinstance(transport, KeyTransport)
    assert isinstance(agreement, KeyAgreement)
    first, second = (recipient_info.chosen for recipient_info in theirs["recipient_infos"])
    assert transport.encrypted_key == first["encrypted_key"].native
    assert agreement.keys[0][1] == second["recipient_encrypted_keys"][0]["encrypted_key"].native
    assert agreement.originator == second["originator"].chosen["public_key"].native
    for one in identities:
        assert open_envelope(as_ber(data), [one]).content == SECRET


@pytest.mark.parametrize("layers", range(1, 5))
def test_a_signature_in_ber_verifies(pki: Pki, layers: int) -> None:
    one = pki.issue()
    options = SigningOptions(detached=False)
    data = sign(SECRET, certificate=one.certificate, key=one.key, signing_time=WHEN, others=one.chain, options=options)
    signature = verify(with_outer_parts_as_ber(data, layers=layers))
    assert (signature.content, signature.signer, signature.signing_time) == (SECRET, one.certificate, WHEN)
    theirs = asn1_cms.ContentInfo.load(data)["content"]["certificates"]
    assert read_signed(data).certificates == tuple(their.chosen.dump() for their in theirs)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30",
        b"\x30\x80",
        b"\x30\x85\x01\x00\x00\x00\x00",
        b"\x3f\x81\x01\x00",
        b"\x30\x80" * 100_000,
        b"\x30\x84\x00\x06\x1a\x80" + b"\x05\x00" * 200_000,
        b"\x30\x84\x00\x20\x00\x0d\x06\x84\x00\x1f\xff\xff" + b"\xff" * 0x1FFFFF + b"\xa0\x02\x05\x00",
        b"\x04\x80\x04\x01a\x00\x00",
    ],
    ids=[
        "empty",
        "cut off",
        "no end",
        "length of five bytes",
        "large tag",
        "deep",
        "many",
        "long identifier",
        "no message",
    ],
)
def test_damaged_and_hostile_messages_are_refused(data: bytes) -> None:
    with pytest.raises(CmsRefused):
        read_envelope(data)
    with pytest.raises(CmsRefused):
        read_signed(data)


@pytest.mark.parametrize(
    ("encoding", "moment"),
    [
        (b"\x17\x0d491231235959Z", datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (b"\x17\x0d500101000000Z", datetime(1950, 1, 1, tzinfo=UTC)),
        (b"\x18\x0f20500101000000Z", datetime(2050, 1, 1, tzinfo=UTC)),
        (b"\x17\x0b4912312359Z", None),
        (b"\x17\x11491231235959+0100", None),
        (b"\x18\x0f20501301000000Z", None),
        (b"\x04\x0f20500101000000Z", None),
    ],
)
def test_times_are_in_utc_and_with_seconds(encoding: bytes, moment: datetime | None) -> None:
    element = der.load(encoding)
    if moment is not None:
        assert element.time() == moment
        return
    with pytest.raises(ValueError, match=r"time|month"):
        element.time()
