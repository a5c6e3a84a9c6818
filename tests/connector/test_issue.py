"""The connector makes a certificate and the device opens it.

Holes and their filling: what is put in is what comes out, whatever the password looks like.
"""

from __future__ import annotations

import base64
import plistlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import pkcs7
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.connector.issue import NewKey, PkcsAnswer, PkcsOrder, issue_pkcs
from fauxtune.connector.keypool import KeyRing, KeySource
from fauxtune.connector.refusals import (
    AuthorityRefused,
    KeyNotExportable,
    KeyRefused,
    RecipientUnfit,
    SubjectRefused,
    TemplateRefused,
)
from fauxtune.connector.wrapping import BARE, Wrapping
from fauxtune.core.errors import ConnectorRefused, Invalid
from fauxtune.core.pki.issuance import issue_identity
from fauxtune.core.pki.names import email_name, parse_subject
from fauxtune.core.pki.pfx import read_pfx
from fauxtune.core.pki.template import BUILT_IN, CLIENT_AUTHENTICATION, Template
from fauxtune.operations.ca.issuance import Application
from tests.support.authorities import Authorities, rsa_key_of
from tests.support.certificates import certificate_request

TEMPLATES = {template.name: template for template in BUILT_IN}


@dataclass(frozen=True)
class Request:
    """One request: what the connector is asked for, and what the authority is."""

    order: PkcsOrder
    application: Application
    keys: KeySource
    password: str = field(default="geheim-1", repr=False)
    by_request: bool = False

    def by(self, template: Template) -> Request:
        order = replace(
            self.order, template=template.name, key_type=template.key_type, key_size=template.minimum_key_size
        )
        return replace(self, order=order, application=replace(self.application, template=template))

    def asking(self, **changes: Any) -> Request:
        return replace(self, application=replace(self.application, **changes))

    def issued(self) -> PkcsAnswer:
        return issue_pkcs(self.order, password=self.password, certify=self.certify, keys=self.keys)

    def certify(self, key: NewKey) -> Sequence[x509.Certificate]:
        """Ask the authority by a request, or by the key alone: it decides alike."""
        return self.application.certify(key.request()) if self.by_request else self.application.certify_key(key)


@pytest.fixture(scope="module")
def device(authorities: Authorities, rsa_keys: KeyRing) -> tuple[RSAPrivateKey, x509.Certificate]:
    """A device's key and its identity certificate."""
    key = rsa_keys.take()
    csr = certificate_request(key, "x")
    certificate = issue_identity(
        authority=authorities.devices,
        csr=csr,
        common_name="device-1",
        serial=7,
        not_before=authorities.now,
        not_after=authorities.end,
    )
    return key, certificate


@pytest.fixture(params=["by the key", "by a request"])
def request_(
    authorities: Authorities,
    device: tuple[RSAPrivateKey, x509.Certificate],
    rsa_keys: KeyRing,
    request: pytest.FixtureRequest,
) -> Request:
    template = TEMPLATES["SmimeBoth"]
    subject = parse_subject("CN=alice@contoso.example")
    order = PkcsOrder(
        subject=subject,
        template=template.name,
        key_type=template.key_type,
        key_size=template.minimum_key_size,
        recipient=device[1],
        friendly_name="Alice S/MIME",
    )
    application = Application(
        authority=authorities.issuing,
        template=template,
        subject=subject,
        alternative_names=(email_name("alice@contoso.example"),),
        serial=0x1234,
        not_before=authorities.now,
        not_after=authorities.end,
    )
    return Request(order, application, rsa_keys, by_request=request.param == "by a request")


ARRAY = Wrapping(
    plistlib.dumps([{"Password": "{{password:0}}", "PayloadContent": b"x"}]).replace(
        base64.b64encode(b"x"), b"{{pfx:0}}"
    ),
    xml=True,
)


@pytest.mark.parametrize("template", BUILT_IN, ids=lambda template: template.name)
def test_the_device_opens_what_the_connector_made(
    authorities: Authorities, device: tuple[RSAPrivateKey, x509.Certificate], request_: Request, template: Template
) -> None:
    answer = request_.by(template).issued()
    password = pkcs7.pkcs7_decrypt_der(answer.sealed, device[1], device[0], [])
    assert password == b"geheim-1"
    contents = read_pfx(answer.pfx, password)
    assert contents.certificate == answer.certificate
    assert contents.certificate.serial_number == 0x1234
    assert contents.name == "Alice S/MIME"
    assert contents.chain == (authorities.issuing.certificate,)
    assert isinstance(contents.key, ec.EllipticCurvePrivateKey) == (template.key_type == "EC")


def test_an_rsa_key_comes_from_the_source_and_an_ec_key_does_not(rsa_keys: KeyRing, request_: Request) -> None:
    key = rsa_keys.take()
    own = replace(request_, keys=KeyRing([key]))
    assert own.issued().certificate.public_key() == key.public_key()
    answers = [own.by(TEMPLATES["SmimeP256"]).issued() for _ in range(2)]
    assert answers[0].certificate.public_key() != answers[1].certificate.public_key()


def test_a_template_with_a_larger_key_gets_one(request_: Request) -> None:
    big = Template(name="Big", display_name="Big", minimum_key_size=3072)
    assert rsa_key_of(request_.by(big).issued().certificate).key_size == 3072


def test_a_profiles_extended_usages_and_old_ciphers_are_honoured(request_: Request) -> None:
    changed = request_.asking(extra_extended_key_usages=(CLIENT_AUTHENTICATION,))
    answer = replace(changed, order=replace(changed.order, legacy=True)).issued()
    usages = answer.certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert CLIENT_AUTHENTICATION in [oid.dotted_string for oid in usages]
    assert read_pfx(answer.pfx, b"geheim-1").certificate == answer.certificate


@pytest.mark.parametrize(
    ("template", "refusal"),
    [
        (replace(TEMPLATES["User"], connector_may_enroll=False), TemplateRefused),
        (replace(TEMPLATES["User"], subject_in_request=False), SubjectRefused),
        (replace(TEMPLATES["User"], exportable=False), KeyNotExportable),
    ],
    ids=["connectorMayEnroll", "subjectInRequest", "exportable"],
)
def test_a_template_that_does_not_let_the_connector_is_named(
    request_: Request, template: Template, refusal: type[TemplateRefused | SubjectRefused | KeyNotExportable]
) -> None:
    with pytest.raises(refusal, match="template User does not") as caught:
        request_.by(template).issued()
    assert caught.value.code == refusal.number


def test_the_authority_judges_the_key_and_not_the_one_who_asks(request_: Request) -> None:
    small = replace(TEMPLATES["User"], minimum_key_size=4096)
    with pytest.raises(KeyRefused, match="at least 4096 bits"):
        request_.asking(template=small).issued()
    with pytest.raises(KeyRefused, match="type EC"):
        request_.asking(template=TEMPLATES["SmimeP256"]).issued()


@pytest.mark.parametrize(
    "change",
    [{"subject": parse_subject(""), "alternative_names": ()}, {"serial": 0}],
    ids=["nameless", "serial"],
)
def test_what_the_authority_cannot_issue_is_refused_with_the_reason(request_: Request, change: dict[str, Any]) -> None:
    with pytest.raises(AuthorityRefused, match="template SmimeBoth: "):
        request_.asking(**change).issued()


def test_a_file_that_cannot_be_made_is_refused_with_the_reason(request_: Request) -> None:
    with pytest.raises(AuthorityRefused, match="template SmimeBoth: "):
        replace(request_, password="").issued()


def test_nothing_is_issued_for_a_device_that_cannot_read_it(authorities: Authorities, request_: Request) -> None:
    with pytest.raises(RecipientUnfit) as caught:
        replace(request_, order=replace(request_.order, recipient=authorities.issuing.certificate)).issued()
    assert isinstance(caught.value, ConnectorRefused)


def test_secrets_do_not_show(request_: Request) -> None:
    assert "geheim" not in repr(request_.issued())


def test_the_bare_password_is_any_bytes() -> None:
    assert BARE.filled([(b"file", b"\xff\x00&<")]) == b"\xff\x00&<"


@settings(deadline=None)
@given(
    st.text(
        st.characters(
            codec="utf-8",
            exclude_categories=("Cs", "Cc"),
            include_characters="\t\n\r",
            exclude_characters="\ufffe\uffff",
        )
    ),
    st.binary(),
)
def test_a_plist_gives_password_and_file_back(password: str, file: bytes) -> None:
    (payload,) = plistlib.loads(ARRAY.filled([(file, password.encode())]))
    assert payload == {"Password": password, "PayloadContent": file}


def test_a_password_that_looks_like_a_hole_stays_what_it_is() -> None:
    (payload,) = plistlib.loads(ARRAY.filled([(b"file", b"{{pfx:0}}")]))
    assert payload["Password"] == "{{pfx:0}}"


@pytest.mark.parametrize(
    ("password", "words"),
    [(b"\xff", "UTF-8"), (b"a\x00b", "control"), (b"\x1b", "control"), ("a\uffff".encode(), "control")],
)
def test_what_xml_cannot_carry_is_refused(password: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        ARRAY.filled([(b"file", password)])


def test_each_hole_has_its_own_file() -> None:
    two = Wrapping(b"{{password:1}} {{password:0}} {{pfx:1}}")
    assert two.filled([(b"a", b"first"), (b"b", b"second")]) == b"second first " + base64.b64encode(b"b")
