"""Certificates by template, templates and their documents, device identities, and requests that are broken."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol, TypedDict, Unpack

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.errors import Invalid
from fauxtune.core.pki.authority import PrivateKey
from fauxtune.core.pki.issuance import issue, issue_identity, read_csr, request_key
from fauxtune.core.pki.names import email_name, parse_subject, subject_text
from fauxtune.core.pki.template import BUILT_IN, CLIENT_AUTHENTICATION, EMAIL_PROTECTION, KeyUsage, Template
from tests.support.authorities import Authorities

TEMPLATES = {template.name: template for template in BUILT_IN}
DER = serialization.Encoding.DER


def csr_for(key: PrivateKey, name: str = "phone") -> bytes:
    builder = x509.CertificateSigningRequestBuilder(parse_subject(f"CN={name}"))
    return builder.sign(key, hashes.SHA256()).public_bytes(DER)


class Changes(TypedDict, total=False):
    """The options of a certificate besides its template and key."""

    subject: x509.Name
    alternative_names: list[x509.GeneralName]
    serial: int
    not_before: datetime
    not_after: datetime
    extra_extended_key_usages: Sequence[str]


class Issued(Protocol):
    """A certificate of the issuing authority; a key of its own kind if none is given."""

    def __call__(
        self, template: Template, key: PrivateKey | None = None, **changes: Unpack[Changes]
    ) -> x509.Certificate: ...


@pytest.fixture
def issued(authorities: Authorities) -> Issued:
    def make(template: Template, key: PrivateKey | None = None, **changes: Unpack[Changes]) -> x509.Certificate:
        values: Changes = {
            "subject": parse_subject("CN=alice@contoso.example,E=alice@contoso.example"),
            "alternative_names": [email_name("alice@contoso.example")],
            "serial": 0xAB12,
            "not_before": authorities.now,
            "not_after": authorities.end,
        }
        values.update(changes)
        key = key or ec.generate_private_key(ec.SECP256R1())
        return issue(authority=authorities.issuing, public_key=key.public_key(), template=template, **values)

    return make


def usages(certificate: x509.Certificate) -> set[str]:
    value = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    return {name for name in names if getattr(value, name)}


@pytest.mark.parametrize("template", BUILT_IN, ids=lambda template: template.name)
def test_a_template_survives_its_document(template: Template) -> None:
    assert Template.from_document(template.document()) == template
    assert EMAIL_PROTECTION in template.extended_key_usages


def test_a_fresh_authority_offers_seven_templates() -> None:
    assert [template.name for template in BUILT_IN] == [
        "SmimeSigning",
        "SmimeEncryption",
        "SmimeBoth",
        "SmimeP256",
        "ExchangeSignatureOnly",
        "ExchangeUser",
        "User",
    ]


def test_a_document_has_the_words_of_the_wire() -> None:
    assert Template(name="X", display_name="x").document() == {
        "name": "X",
        "displayName": "x",
        "keyType": "RSA",
        "minimumKeySize": 2048,
        "keyUsage": ["digitalSignature", "keyEncipherment"],
        "extendedKeyUsages": [EMAIL_PROTECTION],
        "exportable": True,
        "subjectInRequest": True,
        "connectorMayEnroll": True,
        "connectorMayRevoke": True,
        "validity": "P365D",
    }


def test_only_the_name_must_be_there() -> None:
    assert Template.from_document({"name": "X"}) == Template(name="X", display_name="X")
    assert Template.from_document({"name": "E", "keyType": "EC"}).key_usage == ("digitalSignature", "keyAgreement")


@pytest.mark.parametrize(("text", "days"), [("P1Y", 365), ("P2W", 14), ("P30D", 30), ("PT48H", 2)])
def test_validity_is_an_iso_duration(text: str, days: int) -> None:
    assert Template.from_document({"name": "X", "validity": text}).validity == timedelta(days=days)


def test_odd_durations_survive() -> None:
    template = Template.from_document({"name": "X", "validity": "PT36H"})
    assert Template.from_document(template.document()) == template


@pytest.mark.parametrize(
    ("document", "target"),
    [
        ({}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": "X", "keyType": "DSA"}, "keyType"),
        ({"name": "X", "keyType": 5}, "keyType"),
        ({"name": "X", "minimumKeySize": 512}, "minimumKeySize"),
        ({"name": "X", "minimumKeySize": True}, "minimumKeySize"),
        ({"name": "X", "keyType": "EC", "minimumKeySize": 2048}, "minimumKeySize"),
        ({"name": "X", "keyUsage": ["keyCertSign"]}, "keyUsage"),
        ({"name": "X", "keyUsage": ["keyAgreement"]}, "keyUsage"),
        ({"name": "X", "keyType": "EC", "keyUsage": ["keyEncipherment"]}, "keyUsage"),
        ({"name": "X", "keyUsage": "digitalSignature"}, "keyUsage"),
        ({"name": "X", "extendedKeyUsages": ["smime"]}, "extendedKeyUsages"),
        ({"name": "X", "extendedKeyUsages": ["1.40.1"]}, "extendedKeyUsages"),
        ({"name": "X", "exportable": "yes"}, "exportable"),
        ({"name": "X", "validity": "P0D"}, "validity"),
        ({"name": "X", "validity": "-P1D"}, "validity"),
        ({"name": "X", "validity": "P99999999999D"}, "validity"),
        ({"name": "X", "validity": 365}, "validity"),
        ({"name": "X", "colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_in_a_document_is_named(document: dict[str, Any], target: str) -> None:
    with pytest.raises(Invalid) as caught:
        Template.from_document(document)
    assert caught.value.target == target


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SmimeSigning", {"digital_signature"}),
        ("SmimeEncryption", {"key_encipherment"}),
        ("SmimeBoth", {"digital_signature", "key_encipherment"}),
        ("SmimeP256", {"digital_signature", "key_agreement"}),
        ("ExchangeSignatureOnly", {"digital_signature"}),
        ("ExchangeUser", {"key_encipherment"}),
        ("User", {"digital_signature", "key_encipherment"}),
    ],
)
def test_usages_are_the_templates(issued: Issued, rsa_keys: KeyRing, name: str, expected: set[str]) -> None:
    template = TEMPLATES[name]
    certificate = issued(template, None if template.key_type == "EC" else rsa_keys.take())
    assert usages(certificate) == expected
    extended = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert tuple(oid.dotted_string for oid in extended) == template.extended_key_usages


def test_a_template_can_ask_for_proof_of_origin_and_no_built_in_one_does(issued: Issued) -> None:
    """Intune: "Configure and use PKCS certificates with Intune": on iOS and iPadOS it must be off."""
    template = replace(TEMPLATES["SmimeP256"], key_usage=(KeyUsage.DIGITAL_SIGNATURE, KeyUsage.NON_REPUDIATION))
    assert usages(issued(template)) == {"digital_signature", "content_commitment"}
    assert not any(KeyUsage.NON_REPUDIATION in each.key_usage for each in BUILT_IN)


def test_a_profile_adds_extended_usages_each_once(issued: Issued) -> None:
    certificate = issued(TEMPLATES["SmimeP256"], extra_extended_key_usages=(CLIENT_AUTHENTICATION, EMAIL_PROTECTION))
    extended = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [oid.dotted_string for oid in extended] == [EMAIL_PROTECTION, CLIENT_AUTHENTICATION]


def test_the_email_address_is_an_alternative_name_and_may_stand_in_the_subject(issued: Issued) -> None:
    certificate = issued(TEMPLATES["SmimeP256"])
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert extension.value.get_values_for_type(x509.RFC822Name) == ["alice@contoso.example"]
    assert not extension.critical
    assert "E=alice@contoso.example" in subject_text(certificate.subject)


def test_without_a_subject_the_alternative_name_is_critical(issued: Issued) -> None:
    certificate = issued(TEMPLATES["SmimeP256"], subject=parse_subject(""))
    assert certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical


def test_the_certificate_verifies_against_its_authority(issued: Issued, authorities: Authorities) -> None:
    certificate = issued(TEMPLATES["SmimeP256"])
    certificate.verify_directly_issued_by(authorities.issuing.certificate)
    assert certificate.serial_number == 0xAB12
    assert (certificate.not_valid_before_utc, certificate.not_valid_after_utc) == (authorities.now, authorities.end)


def test_a_certificate_may_lie_in_the_past(issued: Issued, authorities: Authorities) -> None:
    long_ago = authorities.now - timedelta(days=3000)
    certificate = issued(TEMPLATES["SmimeP256"], not_before=long_ago, not_after=long_ago + timedelta(days=1))
    assert certificate.not_valid_after_utc < authorities.now


def test_a_template_refuses_keys_that_are_too_small_or_of_another_type(issued: Issued, rsa_keys: KeyRing) -> None:
    with pytest.raises(Invalid, match="at least 3072 bits"):
        issued(Template(name="Big", display_name="Big", minimum_key_size=3072), rsa_keys.take())
    with pytest.raises(Invalid, match="of type RSA"):
        issued(TEMPLATES["User"])


@pytest.mark.parametrize(
    "change",
    [
        {"subject": parse_subject(""), "alternative_names": []},
        {"serial": -1},
        {"extra_extended_key_usages": ["x"]},
    ],
)
def test_impossible_certificates_are_invalid(issued: Issued, change: Changes) -> None:
    with pytest.raises(Invalid):
        issued(TEMPLATES["SmimeP256"], **change)


def test_an_identity_is_for_client_authentication_and_sealing(authorities: Authorities, rsa_keys: KeyRing) -> None:
    key = rsa_keys.take()
    certificate = issue_identity(
        authority=authorities.devices,
        csr=csr_for(key),
        common_name="device-1",
        serial=7,
        not_before=authorities.now,
        not_after=authorities.end,
    )
    certificate.verify_directly_issued_by(authorities.devices.certificate)
    assert subject_text(certificate.subject) == "CN=device-1"
    assert usages(certificate) == {"digital_signature", "key_encipherment"}
    extended = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [oid.dotted_string for oid in extended] == [CLIENT_AUTHENTICATION]
    assert certificate.public_key() == key.public_key()


@pytest.mark.parametrize("kind", ["ec", "rsa-1024"])
def test_an_identity_needs_an_rsa_key_of_2048_bits(authorities: Authorities, kind: str) -> None:
    key = (
        ec.generate_private_key(ec.SECP256R1())
        if kind == "ec"
        else rsa.generate_private_key(public_exponent=65537, key_size=1024)
    )
    with pytest.raises(Invalid, match="2048"):
        issue_identity(
            authority=authorities.devices,
            csr=csr_for(key),
            common_name="x",
            serial=7,
            not_before=authorities.now,
            not_after=authorities.end,
        )


def test_a_request_is_read_from_der_and_pem() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    der = csr_for(key)
    pem = x509.load_der_x509_csr(der).public_bytes(serialization.Encoding.PEM)
    assert read_csr(der) == read_csr(pem) == read_csr(b"\n" + pem)
    assert request_key(read_csr(der)) == key.public_key()


def test_a_request_signed_by_another_key_is_invalid() -> None:
    der = bytearray(csr_for(ec.generate_private_key(ec.SECP256R1()), "aaaa"))
    der[der.index(b"aaaa")] = ord("b")
    with pytest.raises(Invalid, match="not signed with its own key"):
        read_csr(bytes(der))


GENUINE = csr_for(ec.generate_private_key(ec.SECP256R1()))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, len(GENUINE) - 1), st.binary(max_size=3), st.booleans())
def test_a_damaged_request_is_invalid_at_worst(at: int, patch: bytes, cut: bool) -> None:
    data = GENUINE[:at] + patch + (b"" if cut else GENUINE[at + len(patch) :])
    with suppress(Invalid):
        request_key(read_csr(data))
