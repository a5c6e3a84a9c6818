"""The connector makes a certificate and the device opens it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import pkcs7

from fauxtune.connector.issue import PkcsOrder, issue_pkcs
from fauxtune.connector.keypool import KeyRing
from fauxtune.connector.refusals import AuthorityRefused, RecipientUnfit, TemplateRefused
from fauxtune.core.errors import ConnectorRefused
from fauxtune.core.pki.issuance import issue_identity
from fauxtune.core.pki.names import email_name, parse_subject
from fauxtune.core.pki.pfx import read_pfx
from fauxtune.core.pki.template import BUILT_IN, CLIENT_AUTHENTICATION, Template

TEMPLATES = {template.name: template for template in BUILT_IN}


@pytest.fixture(scope="module")
def device(authorities, rsa_keys):
    """A device's key and its identity certificate."""
    key = rsa_keys.take()
    csr = x509.CertificateSigningRequestBuilder(parse_subject("CN=x")).sign(key, hashes.SHA256())
    certificate = issue_identity(
        authority=authorities.devices,
        csr=csr.public_bytes(serialization.Encoding.DER),
        common_name="device-1",
        serial=7,
        not_before=authorities.now,
        not_after=authorities.end,
    )
    return key, certificate


@pytest.fixture
def order(authorities, device) -> PkcsOrder:
    return PkcsOrder(
        subject=parse_subject("CN=alice@contoso.example"),
        alternative_names=(email_name("alice@contoso.example"),),
        template=TEMPLATES["SmimeBoth"],
        password="geheim-1",
        serial=0x1234,
        not_before=authorities.now,
        not_after=authorities.end,
        recipient=device[1],
        friendly_name="Alice S/MIME",
    )


@pytest.mark.parametrize("template", BUILT_IN, ids=lambda template: template.name)
def test_the_device_opens_what_the_connector_made(authorities, rsa_keys, device, order, template) -> None:
    answer = issue_pkcs(replace(order, template=template), authority=authorities.issuing, keys=rsa_keys)
    password = pkcs7.pkcs7_decrypt_der(answer.sealed_password, device[1], device[0], [])
    assert password == b"geheim-1"
    contents = read_pfx(answer.pfx, password)
    assert contents.certificate == answer.certificate
    assert contents.certificate.serial_number == 0x1234
    assert contents.name == "Alice S/MIME"
    assert contents.chain == (authorities.issuing.certificate,)
    assert isinstance(contents.key, ec.EllipticCurvePrivateKey) == (template.key_type == "EC")


def test_an_rsa_key_comes_from_the_source_and_an_ec_key_does_not(authorities, rsa_keys, order) -> None:
    key = rsa_keys.take()
    answer = issue_pkcs(order, authority=authorities.issuing, keys=KeyRing([key]))
    assert answer.certificate.public_key() == key.public_key()
    ec_order = replace(order, template=TEMPLATES["SmimeP256"])
    answers = [issue_pkcs(ec_order, authority=authorities.issuing, keys=KeyRing([key])) for _ in range(2)]
    assert answers[0].certificate.public_key() != answers[1].certificate.public_key()


def test_a_template_with_a_larger_key_gets_one(authorities, rsa_keys, order) -> None:
    big = Template(name="Big", display_name="Big", minimum_key_size=3072)
    answer = issue_pkcs(replace(order, template=big), authority=authorities.issuing, keys=rsa_keys)
    assert answer.certificate.public_key().key_size == 3072


def test_a_profiles_extended_usages_and_old_ciphers_are_honoured(authorities, rsa_keys, order) -> None:
    changed = replace(order, extra_extended_key_usages=(CLIENT_AUTHENTICATION,), legacy=True)
    answer = issue_pkcs(changed, authority=authorities.issuing, keys=rsa_keys)
    usages = answer.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert CLIENT_AUTHENTICATION in [oid.dotted_string for oid in usages]
    assert read_pfx(answer.pfx, b"geheim-1").certificate == answer.certificate


@pytest.mark.parametrize("change", [{"connector_may_enroll": False}, {"subject_in_request": False}])
def test_a_template_that_does_not_let_the_connector_is_named(authorities, rsa_keys, order, change) -> None:
    template = replace(TEMPLATES["User"], **change)
    with pytest.raises(TemplateRefused, match="template User does not") as caught:
        issue_pkcs(replace(order, template=template), authority=authorities.issuing, keys=rsa_keys)
    assert caught.value.code == 0x87D11001 - (1 << 32)


@pytest.mark.parametrize(
    "change",
    [{"subject": parse_subject(""), "alternative_names": ()}, {"serial": 0}, {"password": ""}],
    ids=["nameless", "serial", "password"],
)
def test_what_the_authority_cannot_issue_is_refused_with_the_reason(authorities, rsa_keys, order, change) -> None:
    with pytest.raises(AuthorityRefused, match="template SmimeBoth: "):
        issue_pkcs(replace(order, **change), authority=authorities.issuing, keys=rsa_keys)


def test_nothing_is_issued_for_a_device_that_cannot_read_it(authorities, rsa_keys, order) -> None:
    with pytest.raises(RecipientUnfit) as caught:
        issue_pkcs(
            replace(order, recipient=authorities.issuing.certificate), authority=authorities.issuing, keys=rsa_keys
        )
    assert isinstance(caught.value, ConnectorRefused)


def test_secrets_do_not_show(authorities, rsa_keys, order) -> None:
    answer = issue_pkcs(order, authority=authorities.issuing, keys=rsa_keys)
    assert "geheim" not in repr(order)
    assert "pfx" not in repr(answer)
