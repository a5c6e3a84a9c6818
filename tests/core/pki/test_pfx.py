"""PKCS#12 files: written, read, and damaged in every place."""

from __future__ import annotations

import hmac
from contextlib import suppress

import pytest
from asn1crypto import pkcs12
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs12 as writer
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.errors import Invalid, PfxPasswordWrong, PfxUnreadable, PfxWithoutKey
from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.issuance import issue
from fauxtune.core.pki.names import email_name, parse_subject, thumbprint
from fauxtune.core.pki.pbe import Budget, decrypt_rc2, pkcs12_key
from fauxtune.core.pki.pfx import check_pfx_structure, read_pfx, write_pfx
from fauxtune.core.pki.template import BUILT_IN, Template
from tests.support.authorities import Authorities
from tests.support.hostile_der import altered, identifier, of_the_year_0, tlv

Identities = dict[str, tuple[PrivateKey, x509.Certificate]]

TEMPLATES: dict[str, Template] = {template.key_type: template for template in reversed(BUILT_IN)}


@pytest.fixture(scope="module")
def identity(authorities: Authorities, rsa_keys: KeyRing) -> Identities:
    """One (key, certificate) each of EC and RSA."""

    def make(key: PrivateKey, serial: int) -> tuple[PrivateKey, x509.Certificate]:
        kind = "EC" if isinstance(key, ec.EllipticCurvePrivateKey) else "RSA"
        return key, issue(
            authority=authorities.issuing,
            public_key=key.public_key(),
            subject=parse_subject("CN=alice"),
            alternative_names=[email_name("alice@contoso.example")],
            template=TEMPLATES[kind],
            serial=serial,
            not_before=authorities.now,
            not_after=authorities.end,
        )

    return {"EC": make(ec.generate_private_key(ec.SECP256R1()), 1), "RSA": make(rsa_keys.take(), 2)}


def chain_of(authorities: Authorities) -> list[x509.Certificate]:
    return [authorities.issuing.certificate, authorities.root.certificate]


@pytest.fixture(scope="module")
def small(authorities: Authorities, identity: Identities) -> bytes:
    """A file that costs little to open: for fuzzing."""
    key, certificate = identity["EC"]
    return write_pfx(key=key, certificate=certificate, chain=[], password="pw", name="a", rounds=1)


@pytest.mark.parametrize("legacy", [False, True], ids=["aes", "3des"])
@pytest.mark.parametrize("kind", ["EC", "RSA"])
def test_what_is_written_is_read(authorities: Authorities, identity: Identities, kind: str, legacy: bool) -> None:
    key, certificate = identity[kind]
    data = write_pfx(
        key=key,
        certificate=certificate,
        chain=chain_of(authorities),
        password="Pass wörd €",
        name="Alice's",
        legacy=legacy,
    )
    contents = read_pfx(data, "Pass wörd €".encode())
    assert contents.key.private_numbers() == key.private_numbers()
    assert contents.certificate == certificate
    assert list(contents.chain) == chain_of(authorities)
    assert contents.name == "Alice's"
    assert "key=" not in repr(contents)


def test_a_written_file_is_aes_with_2048_rounds(identity: Identities) -> None:
    key, certificate = identity["EC"]
    data = write_pfx(key=key, certificate=certificate, chain=[], password="pw", name="a")
    parts = pkcs12.Pfx.load(data).authenticated_safe
    sealed = [part for part in parts if part["content_type"].native == "encrypted_data"]
    algorithm = sealed[0]["content"]["encrypted_content_info"]["content_encryption_algorithm"]
    assert algorithm["algorithm"].native == "pbes2"
    assert algorithm["parameters"]["encryption_scheme"]["algorithm"].native == "aes256_cbc"
    derivation = algorithm["parameters"]["key_derivation_func"]["parameters"]
    assert (derivation["iteration_count"].native, derivation["prf"]["algorithm"].native) == (2048, "sha256")


def test_others_can_open_what_is_written(identity: Identities) -> None:
    key, certificate = identity["EC"]
    for legacy in (False, True):
        data = write_pfx(key=key, certificate=certificate, chain=[], password="pw", name="a", legacy=legacy)
        opened = writer.load_pkcs12(data, b"pw").cert
        assert opened is not None
        assert opened.certificate == certificate


def test_a_password_sent_as_one_byte_for_each_character_opens(identity: Identities) -> None:
    key, certificate = identity["EC"]
    for legacy in (False, True):
        data = write_pfx(key=key, certificate=certificate, chain=[], password="wörd", name="a", legacy=legacy)
        assert read_pfx(data, "wörd".encode("latin-1")).certificate == certificate


@pytest.mark.parametrize("legacy", [False, True], ids=["aes", "3des"])
@pytest.mark.parametrize("password", [b"", b"wrong", b"pw ", b"\xff\xfe", b"\x00"])
def test_a_wrong_password_is_reported(identity: Identities, legacy: bool, password: bytes) -> None:
    key, certificate = identity["EC"]
    data = write_pfx(key=key, certificate=certificate, chain=[], password="pw", name="a", legacy=legacy)
    with pytest.raises(PfxPasswordWrong):
        read_pfx(data, password)


def test_a_file_without_mac_opens_too(small: bytes, identity: Identities) -> None:
    pfx = pkcs12.Pfx.load(small)
    bare = pkcs12.Pfx({"version": "v3", "auth_safe": pfx["auth_safe"]}).dump()
    assert read_pfx(bare, b"pw").certificate == identity["EC"][1]
    with pytest.raises(PfxPasswordWrong):
        read_pfx(bare, b"wrong")


def test_a_file_without_encryption_opens(identity: Identities) -> None:
    key, certificate = identity["EC"]
    data = writer.serialize_key_and_certificates(b"a", key, certificate, None, serialization.NoEncryption())
    assert read_pfx(data, b"").certificate == certificate


def test_of_several_certificates_the_one_with_the_key_is_the_identity(
    authorities: Authorities, identity: Identities
) -> None:
    key, certificate = identity["EC"]
    data = writer.serialize_key_and_certificates(
        b"a", key, None, [identity["RSA"][1], certificate], serialization.BestAvailableEncryption(b"pw")
    )
    contents = read_pfx(data, b"pw")
    assert contents.certificate == certificate
    assert contents.chain == (identity["RSA"][1],)


def test_of_two_certificates_for_one_key_the_thumbprint_chooses(authorities: Authorities, identity: Identities) -> None:
    key, first = identity["EC"]
    second = issue(
        authority=authorities.issuing,
        public_key=key.public_key(),
        subject=parse_subject("CN=renewed"),
        alternative_names=[],
        template=TEMPLATES["EC"],
        serial=3,
        not_before=authorities.now,
        not_after=authorities.end,
    )
    data = write_pfx(key=key, certificate=first, chain=[second], password="pw", name="a")
    assert read_pfx(data, b"pw").certificate == first
    assert read_pfx(data, b"pw", thumbprint=thumbprint(second).upper()).certificate == second
    assert read_pfx(data, b"pw", thumbprint="0" * 40).certificate == first


def test_a_file_without_a_matching_key_is_reported(identity: Identities) -> None:
    only_certificate = writer.serialize_key_and_certificates(
        b"a", None, identity["EC"][1], None, serialization.BestAvailableEncryption(b"pw")
    )
    with pytest.raises(PfxWithoutKey, match="no private key"):
        read_pfx(only_certificate, b"pw")
    other = writer.serialize_key_and_certificates(
        b"a", identity["EC"][0], None, [identity["RSA"][1]], serialization.BestAvailableEncryption(b"pw")
    )
    with pytest.raises(PfxWithoutKey, match="no certificate that belongs"):
        read_pfx(other, b"pw")


def test_a_file_cannot_ask_for_endless_work(identity: Identities, small: bytes) -> None:
    pfx = pkcs12.Pfx.load(small)
    pfx["mac_data"]["iterations"] = 2_000_000_000
    for read in (check_pfx_structure, lambda data: read_pfx(data, b"pw")):
        with pytest.raises(PfxUnreadable, match="rounds"):
            read(pfx.dump(force=True))
    with pytest.raises(ValueError, match="rounds"):
        Budget(10).spend(0)


def file_of(*bags: bytes, parts: int = 1) -> bytes:
    """A file with these bags in each of its parts, not encrypted; its MAC is right for the password "pw"."""
    data = bytes.fromhex("06092a864886f70d010701")
    content = tlv(0x30, tlv(0x30, data, tlv(0xA0, tlv(0x04, tlv(0x30, *bags)))) * parts)
    key = pkcs12_key(b"\0p\0w\0\0", b"salt", purpose=3, rounds=1, size=20, algorithm="sha1")
    digest = tlv(0x30, bytes.fromhex("300906052b0e03021a0500"), tlv(0x04, hmac.digest(key, content, "sha1")))
    mac = tlv(0x30, digest, tlv(0x04, b"salt"))
    return tlv(0x30, tlv(0x02, b"\3"), tlv(0x30, data, tlv(0xA0, tlv(0x04, content))), mac)


#: A bag of a kind that is nothing here.
_BAG = tlv(0x30, bytes.fromhex("060b2a864886f70d010c0a0105"), tlv(0xA0, tlv(0x30)))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (tlv(0x30, bytes(256 * 1024)), "256 KiB at most"),
        (tlv(0x30, tlv(0x02, b"\3"), tlv(0x30, identifier(100_000))), "object identifier of 100000 bytes"),
        (tlv(0x30, tlv(0x02, b"\3"), tlv(0x24, tlv(0x04) * 10_000)), "more than 2000 elements"),
    ],
    ids=["large", "identifier", "pieces"],
)
def test_an_import_is_refused_for_what_would_take_long_to_look_at(data: bytes, why: str) -> None:
    with pytest.raises(PfxUnreadable, match=why):
        check_pfx_structure(data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (file_of(tlv(0x30, identifier(160_000), tlv(0xA0, tlv(0x30)))), "object identifier of 160000 bytes"),
        (file_of(*[_BAG] * 101), "more than 100 keys"),
        (file_of(*[_BAG] * 50, parts=3), "more than 100 keys"),
        (file_of(parts=101), "more than 100 parts"),
    ],
    ids=["identifier", "bags", "bags of all parts", "parts"],
)
def test_the_limits_hold_for_the_inside_of_a_file_as_well(data: bytes, why: str) -> None:
    for read in (check_pfx_structure, lambda data: read_pfx(data, b"pw")):
        with pytest.raises(PfxUnreadable, match=why):
            read(data)


def test_a_file_with_a_broken_certificate_is_refused(identity: Identities) -> None:
    key, certificate = identity["RSA"]
    broken = altered(certificate, key, of_the_year_0)
    bag = tlv(0x30, bytes.fromhex("060a2a864886f70d01091601"), tlv(0xA0, tlv(0x04, broken)))
    data = file_of(tlv(0x30, bytes.fromhex("060b2a864886f70d010c0a0103"), tlv(0xA0, bag)))
    with pytest.raises(PfxUnreadable, match="a certificate in it is broken"):
        read_pfx(data, b"pw")


@pytest.mark.parametrize("cipher", ["060a2a864886f70d010c0106", "060a2a864886f70d010c0105", "060a2a864886f70d010c0103"])
def test_no_cipher_asks_for_endless_work(cipher: str) -> None:
    # RC2 with 40 and 128 bits, 3DES: a key that is hidden with two thousand million rounds.
    algorithm = tlv(0x30, bytes.fromhex(cipher), tlv(0x30, tlv(0x04, bytes(8)), tlv(0x02, bytes.fromhex("77359400"))))
    hidden = tlv(0x30, algorithm, tlv(0x04, bytes(64)))
    data = file_of(tlv(0x30, bytes.fromhex("060b2a864886f70d010c0a0102"), tlv(0xA0, hidden)))
    for read in (check_pfx_structure, lambda data: read_pfx(data, b"pw")):
        with pytest.raises(PfxUnreadable, match="2000000000 key derivation rounds"):
            read(data)


def test_a_budget_is_spent_by_the_whole_file() -> None:
    budget = Budget(100)
    assert budget.spend(20, each=4) == 20
    with pytest.raises(ValueError, match="rounds"):
        budget.spend(21)
    assert budget.spend(20) == 20


def test_rc2_matches_the_vectors_of_its_document() -> None:
    # RFC 2268 5: key, effective bits, plain, cipher.
    for key, bits, plain, cipher in (
        ("0000000000000000", 63, "0000000000000000", "ebb773f993278eff"),
        ("ffffffffffffffff", 64, "ffffffffffffffff", "278b27e42e2f0d49"),
        ("88", 64, "0000000000000000", "61a8a244adacccf0"),
        ("88bca90e90875a7f0f79c384627bafb2", 128, "0000000000000000", "2269552ab0f85ca6"),
    ):
        result = decrypt_rc2(bytes.fromhex(cipher), key=bytes.fromhex(key), bits=bits, iv=bytes(8))
        assert result.hex() == plain


def test_a_pfx_needs_a_password(identity: Identities) -> None:
    key, certificate = identity["EC"]
    with pytest.raises(Invalid):
        write_pfx(key=key, certificate=certificate, chain=[], password="", name="a")


def test_key_derivation_matches_a_published_vector() -> None:
    # From Bouncy Castle's and GNU TLS's tests of RFC 7292 B.2: password "smeg", key material of 3DES.
    key = pkcs12_key(
        "smeg".encode("utf-16-be") + b"\0\0",
        bytes.fromhex("0A58CF64530D823F"),
        purpose=1,
        rounds=1,
        size=24,
        algorithm="sha1",
    )
    assert key.hex() == "8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3"


def test_structure_is_checked_without_a_password(small: bytes) -> None:
    check_pfx_structure(small)
    for broken in (b"", b"AA==", b"\x00", b"\x30\x00", small[:-1], small + b"x", small[: len(small) // 2]):
        with pytest.raises(PfxUnreadable):
            check_pfx_structure(broken)


#: Where a file is damaged (a place modulo its length), and what stands there then.
PLACES, PATCHES = st.integers(0, 9_999), st.binary(max_size=4)


@settings(deadline=None, max_examples=300)
@given(place=PLACES, patch=PATCHES, cut=st.booleans())
def test_a_damaged_file_is_invalid_at_worst(small: bytes, place: int, patch: bytes, cut: bool) -> None:
    at = place % len(small)
    damaged = small[:at] + patch + (b"" if cut else small[at + len(patch) :])
    for read in (lambda: check_pfx_structure(damaged), lambda: read_pfx(damaged, b"pw")):
        with suppress(Invalid):
            read()


@pytest.fixture(scope="module")
def bare_contents(identity: Identities) -> list[bytes]:
    """What is in files without a MAC and without encryption: damage reaches its innermost parts."""
    contents = []
    for key, certificate in identity.values():
        whole = writer.serialize_key_and_certificates(b"a", key, certificate, None, serialization.NoEncryption())
        contents.append(pkcs12.Pfx.load(whole)["auth_safe"]["content"].native)
    return contents


# A damaged serial number may be zero or negative, of which cryptography only warns.
@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@settings(deadline=None, max_examples=300)
@given(which=st.integers(0, 1), place=PLACES, patch=PATCHES)
def test_a_damaged_file_without_mac_is_invalid_at_worst(
    bare_contents: list[bytes], which: int, place: int, patch: bytes
) -> None:
    content = bare_contents[which]
    at = place % len(content)
    damaged = content[:at] + patch + content[at + len(patch) :]
    bare = pkcs12.Pfx({"version": "v3", "auth_safe": {"content_type": "data", "content": damaged}}).dump()
    with suppress(Invalid):
        read_pfx(bare, b"")


@settings(deadline=None)
@given(data=st.binary(max_size=120), password=st.binary(max_size=8))
def test_garbage_is_invalid(data: bytes, password: bytes) -> None:
    with pytest.raises(Invalid):
        read_pfx(data, password)


@pytest.mark.parametrize(
    "mac", [hashes.SHA1(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512()], ids=lambda h: h.name
)
def test_macs_of_all_hashes_are_verified(identity: Identities, mac: hashes.HashAlgorithm) -> None:
    key, certificate = identity["EC"]
    protection = serialization.PrivateFormat.PKCS12.encryption_builder().hmac_hash(mac).build(b"pw")
    data = writer.serialize_key_and_certificates(b"a", key, certificate, None, protection)
    assert read_pfx(data, b"pw").certificate == certificate
    with pytest.raises(PfxPasswordWrong):
        read_pfx(data, b"wrong")


def test_a_file_in_pieces_of_indefinite_length_opens(small: bytes, identity: Identities) -> None:
    # BER, as browsers and old Windows write it: the protected content is in chunks of 200 octets.
    def piece(tag: int, body: bytes) -> bytes:
        return bytes([tag, 0x82]) + len(body).to_bytes(2) + body

    def open_ended(tag: int, body: bytes) -> bytes:
        return bytes([tag, 0x80]) + body + b"\0\0"

    pfx = pkcs12.Pfx.load(small)
    content = pfx["auth_safe"]["content"].native
    chunks = b"".join(piece(0x04, content[at : at + 200]) for at in range(0, len(content), 200))
    data_oid = bytes.fromhex("06092a864886f70d010701")
    safe = open_ended(0x30, data_oid + open_ended(0xA0, open_ended(0x24, chunks)))
    ber = open_ended(0x30, b"\x02\x01\x03" + safe + pfx["mac_data"].dump())
    check_pfx_structure(ber)
    assert read_pfx(ber, b"pw").certificate == identity["EC"][1]
