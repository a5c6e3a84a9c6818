"""A DigiCert CA: named by three values, reached with an RA certificate, with its own rules for names and validity."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography import x509

from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.states import Authority, Source
from fauxtune.core.profiles.family import AuthorityFacts, Profile, Recipient
from fauxtune.core.profiles.pkcs import FAMILY, digicert_names, digicert_subject
from fauxtune.operations.ca import counter, crl_and_ocsp, issuance
from fauxtune.operations.connectors import digicert
from fauxtune.operations.devices import actions as device_actions
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import certificates as queries
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.rows.certificates import IssuedCertificateRow
from tests.support.tenant import Contoso

OID = digicert.FIRST_PROFILE.name


@pytest.fixture
async def subscribed(contoso: Contoso) -> Contoso:
    """With a DigiCert CA, and the connector known to it."""
    await digicert.subscribe(contoso.emulator, contoso.tenant)
    (row,) = await contoso.look(connector_queries.connector_rows, contoso.tenant.id)
    await digicert.install(contoso.emulator, contoso.tenant, connector_id=row.id, csr=None)
    await contoso.switch(requireTrustedRoot=False)
    return contoso


async def profile(contoso: Contoso, *, owned: bool = False, **changes: Any) -> str:
    named = {
        "certificationAuthority": "pki-ws.symauth.com",
        "certificationAuthorityName": "Symantec",
        "certificateTemplateName": OID,
    }
    return await contoso.pkcs_profile(owned=owned, **{**named, **changes})


async def of_digicert(contoso: Contoso) -> list[IssuedCertificateRow]:
    issued: list[IssuedCertificateRow] = await contoso.look(
        queries.issued, contoso.tenant.id, authority_name="digicert"
    )
    return [certificate for certificate in issued if certificate.enrollment_id is not None]


async def events(contoso: Contoso) -> list[int]:
    connector_log = await contoso.look(connector_queries.connector_log, contoso.tenant.id)
    return [connector_event.event_id for connector_event in connector_log]


async def test_the_three_values_bring_a_certificate_of_digicerts_own_hierarchy(subscribed: Contoso) -> None:
    contoso = subscribed
    await profile(contoso)
    phone = await contoso.enroll("alice")
    await phone.settle()
    assert await phone.states() == {"pkcs": "installed"}
    (row,) = await of_digicert(contoso)
    certificate = x509.load_der_x509_certificate(row.certificate)
    assert "DigiCert" in certificate.issuer.rfc4514_string()
    points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert f"/pki/{contoso.tenant.name}/digicert/crl" in str(points)
    assert (await phone.item(Source.PKCS)).authority is Authority.DIGICERT
    assert await events(contoso) == [1032, 1050, 1102, 1100, 1000]
    crl = await contoso.do(crl_and_ocsp.current_crl, "digicert", keys=contoso.emulator.keys)
    root = await contoso.look(authority_queries.authorities_of, contoso.tenant.id)
    assert {"digicert", "digicert-root"} <= {authority.name for authority in root}
    assert x509.load_der_x509_crl(crl.der).issuer == certificate.issuer


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"certificationAuthority": "pki-ws.symauth.com/"}, "No certification authority"),
        ({"certificationAuthority": "pki.digicert.com"}, "No certification authority"),
        ({"certificationAuthorityName": "DigiCert"}, "No certification authority"),
        ({"certificationAuthorityName": "symantec"}, "No certification authority"),
        ({"certificateTemplateName": "SmimeSigning"}, "has no certificate template"),
        ({"certificateTemplateName": "2.16.840.1"}, "has no certificate template"),
    ],
)
async def test_any_of_the_three_values_wrong_and_nothing_is_issued(
    subscribed: Contoso, changes: dict[str, Any], words: str
) -> None:
    await profile(subscribed, **changes)
    phone = await subscribed.enroll("alice")
    await phone.settle()
    assert await phone.states() == {"pkcs": "failed"}
    problem = (await phone.item()).problem
    assert problem is not None
    assert words in problem.message
    assert await of_digicert(subscribed) == []


async def test_the_kinds_that_say_the_type_too_must_say_the_same(subscribed: Contoso) -> None:
    await profile(subscribed, owned=True, certificationAuthorityType="microsoft")
    phone = await subscribed.enroll("alice", mode="fully-managed")
    await phone.settle()
    problem = (await phone.item()).problem
    assert problem is not None
    assert "is a CA of the type digiCert" in problem.message
    await profile(subscribed, owned=True, certificationAuthorityType="digiCert")
    await phone.settle()
    assert sorted((row.state.value) for row in (await phone.ledger()).values()) == ["failed", "installed"]


async def test_without_an_ra_certificate_it_is_the_code_401_until_one_is_installed(subscribed: Contoso) -> None:
    contoso = subscribed
    await contoso.switch(edition="2020-04")
    connector_rows = await contoso.look(connector_queries.connector_rows, contoso.tenant.id)
    (row,) = [connector_row for connector_row in connector_rows if "pkcs" in connector_row.roles]
    assert row.ra_certificate is None, "the new program has none yet"
    await profile(contoso)
    phone = await contoso.enroll("alice")
    await phone.settle()
    assert await phone.states() == {"pkcs": "failed"}
    log = await contoso.look(connector_queries.connector_log, contoso.tenant.id, event_id=20102)
    assert [connector_event.diagnostic_code for connector_event in log] == ["0x00000401"]
    await digicert.install(contoso.emulator, contoso.tenant, connector_id=row.id, csr=None)
    await phone.settle()
    assert await phone.states() == {"pkcs": "installed"}


async def test_it_is_revoked_through_a_connector_that_has_an_ra_certificate(subscribed: Contoso) -> None:
    contoso = subscribed
    await profile(contoso, owned=True)
    phone = await contoso.enroll("alice", mode="fully-managed")
    await phone.settle()
    (row,) = await of_digicert(contoso)
    (connector,) = await contoso.look(connector_queries.connector_rows, contoso.tenant.id)
    await contoso.do(digicert.remove_ra, connector.id)
    await contoso.action(phone, device_actions.wipe)
    assert await contoso.certificate_status(row.serial) == "good"
    assert (await events(contoso))[-5:] == [3032, 3051, 3102, 3100, 3001]
    await digicert.install(contoso.emulator, contoso.tenant, connector_id=connector.id, csr=None)
    assert await contoso.certificate_status(row.serial) == "revoked"
    assert (await events(contoso))[-5:] == [3032, 3050, 3102, 3100, 3000]


@pytest.mark.both_databases
async def test_one_that_was_deleted_by_hand_comes_back_unchanged_without_a_request(subscribed: Contoso) -> None:
    contoso = subscribed
    await profile(contoso)
    phone = await contoso.enroll("alice")
    await phone.settle()
    before, told = dict(phone.holds), await events(contoso)
    phone.lose(*before)
    await phone.settle()
    assert phone.holds == before
    assert await events(contoso) == told
    assert len(await of_digicert(contoso)) == 1


async def test_its_certificate_profile_rules_the_validity(subscribed: Contoso) -> None:
    contoso = subscribed
    await profile(contoso, certificateValidityPeriodValue=10, certificateValidityPeriodScale="days")
    await contoso.do(issuance.change_template, "digicert", name=OID, changes={"validity": "P90D"})
    phone = await contoso.enroll("alice")
    await phone.settle()
    (row,) = await of_digicert(contoso)
    assert (row.not_after - contoso.clock.now()).days == 90


async def test_another_platform_than_windows_needs_its_root(subscribed: Contoso) -> None:
    contoso = subscribed
    await contoso.switch(requireTrustedRoot=True)
    await profile(contoso)
    phone = await contoso.enroll("alice")
    await phone.settle()
    problem = (await phone.item()).problem
    assert problem is not None
    assert "does not trust the root of 'Symantec'" in problem.message
    root = await contoso.root_text("digicert-root")
    await contoso.profile("androidWorkProfileTrustedRootCertificate", "All Staff", trustedRootCertificate=root)
    await phone.settle()
    assert await phone.states() == {"root": "installed", "pkcs": "installed"}


async def test_a_tenant_without_one_and_a_second_one_are_refused(contoso: Contoso) -> None:
    (row,) = await contoso.look(connector_queries.connector_rows, contoso.tenant.id)
    with pytest.raises(NotFound, match="no DigiCert CA"):
        await digicert.install(contoso.emulator, contoso.tenant, connector_id=row.id, csr=None)
    await digicert.subscribe(contoso.emulator, contoso.tenant)
    with pytest.raises(Conflict, match="has a DigiCert CA already"):
        await digicert.subscribe(contoso.emulator, contoso.tenant)
    with pytest.raises(Invalid, match="PKCS#10"):
        await digicert.install(contoso.emulator, contoso.tenant, connector_id=row.id, csr=b"nonsense")
    await contoso.do(counter.template_named, OID, authority_name="digicert")


# ---------------------------------------------------------------------------------------------------------------- names

VALUES = {"username": "alice@contoso.example", "emailaddress": "alice@mail.example", "userprincipalname": "a@u.example"}


@pytest.mark.parametrize("form", ["commonName", "commonNameIncludingEmail", "commonNameAsEmail"])
def test_three_subject_formats_are_taken(form: str) -> None:
    assert digicert_subject({"subjectNameFormat": form}, VALUES)


@pytest.mark.parametrize(
    "document",
    [
        {"subjectNameFormat": "commonNameAsIMEI"},
        {"subjectNameFormat": "custom", "subjectNameFormatString": "CN={{UserName}},O=Contoso"},
    ],
)
def test_other_subject_formats_are_refused(document: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="DigiCert's CA accepts the subject name formats"):
        digicert_subject(document, {**VALUES, "imeinumber": "1"})


def test_of_address_and_principal_name_the_missing_one_is_the_other_or_the_subjects() -> None:
    both = {"subjectAlternativeNameType": "emailAddress,userPrincipalName"}
    assert dict(digicert_names(both, VALUES, subject="CN=x")) == {
        "emailAddress": "alice@mail.example",
        "userPrincipalName": "a@u.example",
    }
    email = {"subjectAlternativeNameType": "emailAddress"}
    assert dict(digicert_names(email, VALUES, subject="CN=x"))["userPrincipalName"] == "alice@mail.example"
    upn = {"subjectAlternativeNameType": "userPrincipalName"}
    assert dict(digicert_names(upn, VALUES, subject="CN=x"))["emailAddress"] == "a@u.example"
    assert dict(digicert_names({}, VALUES, subject="CN=bob@contoso.example"))["emailAddress"] == "bob@contoso.example"
    with pytest.raises(Invalid, match="needs an e-mail address"):
        digicert_names({}, VALUES, subject="CN=bob")
    with pytest.raises(Invalid, match="accepts the alternative names"):
        digicert_names(
            {"customSubjectAlternativeNames": [{"sanType": "domainNameService", "name": "x"}]}, VALUES, subject="CN=x"
        )


@pytest.mark.parametrize(
    ("kind", "needs"),
    [("windows10PkcsCertificateProfile", None), ("iosPkcsCertificateProfile", "ab" * 32)],
)
def test_on_windows_no_trusted_root_is_asked_for(kind: str, needs: str | None) -> None:
    authority = AuthorityFacts(
        host="pki-ws.symauth.com", name="Symantec", root_sha256="ab" * 32, templates=(OID,), kind=Authority.DIGICERT
    )
    document = {
        "certificationAuthority": "pki-ws.symauth.com",
        "certificationAuthorityName": "Symantec",
        "certificateTemplateName": OID,
        "subjectNameFormat": "commonName",
    }
    profile = Profile(ProfileId("p"), kind, 1, document)
    (item,) = FAMILY.items(profile, Recipient(variables=VALUES, has_user=True, authorities=(authority,)))
    assert (item.problem, item.needs_root) == (None, needs)
    assert item.order is not None
    assert item.order.authority == "digicert"
