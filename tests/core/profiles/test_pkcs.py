"""PKCS profiles: the order for the connector, and the reasons why a profile has no order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import REMEDIATION_FAILED, Item
from fauxtune.core.model.tenants import Edition
from fauxtune.core.profiles.family import AuthorityFacts, Profile, Recipient
from fauxtune.core.profiles.pkcs import FAMILY
from fauxtune.core.profiles.variables import variables

ROOT = "ab" * 32
WORLD = Recipient(
    variables=variables(
        {"userPrincipalName": "alice@contoso.example", "mail": "alice@contoso.example"},
        {"managedDeviceId": "m1"},
        edition=Edition.CURRENT,
    ),
    has_user=True,
    authorities=(AuthorityFacts("ca.contoso.example", "Contoso Issuing CA", ROOT, ("SmimeSigning", "SmimeBoth")),),
)
DOCUMENT: dict[str, Any] = {
    "certificationAuthority": "ca.contoso.example",
    "certificationAuthorityName": "Contoso Issuing CA",
    "certificateTemplateName": "SmimeSigning",
    "subjectNameFormat": "commonName",
    "subjectNameFormatString": None,
    "subjectAlternativeNameType": "emailAddress",
}


def item(recipient: Recipient = WORLD, /, **changes: Any) -> Item:
    profile = Profile(ProfileId("p"), "androidWorkProfilePkcsCertificateProfile", 1, {**DOCUMENT, **changes}, "p_g")
    FAMILY.check(profile.document)
    (found,) = FAMILY.items(profile, recipient)
    assert (found.key, found.claims) == ("pkcs/p", (profile.claim,))
    return found


def problem(recipient: Recipient = WORLD, *, code: int = REMEDIATION_FAILED, **changes: Any) -> str:
    result = item(recipient, **changes)
    assert result.order is None
    assert result.problem is not None
    assert result.problem.code == code
    return result.problem.message


def names(**changes: Any) -> tuple[tuple[str, str], ...]:
    order = item(**changes).order
    assert order is not None
    return order.names


def test_a_profile_becomes_an_order() -> None:
    result = item()
    assert result.problem is None
    assert result.needs_root == ROOT
    assert result.order is not None
    assert result.order.template == "SmimeSigning"
    assert result.order.subject == "CN=alice"
    assert result.order.names == (("emailAddress", "alice@contoso.example"),)
    assert (result.order.days, result.order.renew_percent) == (None, 20)


def test_the_tenants_switch_takes_the_need_for_a_root_away() -> None:
    free = Recipient(variables=WORLD.variables, authorities=WORLD.authorities, require_trusted_root=False)
    assert item(free).needs_root is None


def test_authority_and_template_are_found_in_any_case_and_ordered_by_their_own_names() -> None:
    order = item(
        certificationAuthority="CA.CONTOSO.EXAMPLE",
        certificationAuthorityName="contoso issuing ca",
        certificateTemplateName="smimeboth",
    ).order
    assert order is not None
    assert (order.authority_host, order.authority_name, order.template) == (
        "ca.contoso.example",
        "Contoso Issuing CA",
        "SmimeBoth",
    )


@pytest.mark.parametrize(
    "changes", [{"certificationAuthority": "ca.fabrikam.example"}, {"certificationAuthorityName": "Fabrikam CA"}]
)
def test_an_unknown_authority_is_asked_for_as_the_profile_names_it(changes: dict[str, Any]) -> None:
    result = item(**changes)
    assert (result.problem, result.needs_root) == (None, None)
    assert result.order is not None
    assert result.order.authority is None
    assert next(iter(changes.values())) in (result.order.authority_host, result.order.authority_name)


@pytest.mark.parametrize("name", ["Smime", "S/MIME Signing"])
def test_an_unknown_template_is_asked_for_as_the_profile_names_it(name: str) -> None:
    result = item(certificateTemplateName=name)
    assert (result.problem, result.needs_root) == (None, ROOT)
    assert result.order is not None
    assert (result.order.authority, result.order.template) == ("issuing", name)


@pytest.mark.parametrize("kind", ["notConfigured", "microsoft", None])
def test_the_connectors_authority_is_one_of_microsofts(kind: str | None) -> None:
    assert item(certificationAuthorityType=kind).order is not None


def test_an_authority_of_digicert_cannot_be_reached() -> None:
    assert "digiCert" in problem(certificationAuthorityType="digiCert")


def test_a_missing_variable_fails_the_profile_and_is_named() -> None:
    assert "{{SerialNumber}}" in problem(subjectNameFormat="commonNameAsSerialNumber")
    without_mail = Recipient(variables={"username": "alice"}, authorities=WORLD.authorities)
    assert "{{EmailAddress}}" in problem(without_mail)


@pytest.mark.parametrize(
    ("flags", "kinds"),
    [
        ("emailAddress", ["emailAddress"]),
        ("userPrincipalName", ["userPrincipalName"]),
        ("emailAddress,userPrincipalName", ["emailAddress", "userPrincipalName"]),
        ("userPrincipalName, emailAddress", ["userPrincipalName", "emailAddress"]),
        ("none", []),
        (None, []),
    ],
)
def test_every_flag_of_the_alternative_name_gives_a_name(flags: str | None, kinds: list[str]) -> None:
    assert names(subjectAlternativeNameType=flags) == tuple((kind, "alice@contoso.example") for kind in kinds)


def test_custom_alternative_names_come_with_their_variables_filled_in_and_once_each() -> None:
    custom = [
        {"sanType": "domainNameService", "name": "{{DeviceId}}.contoso.example"},
        {"sanType": "universalResourceIdentifier", "name": "urn:device:{{DeviceId}}"},
        {"sanType": "emailAddress", "name": "{{EmailAddress}}"},
    ]
    assert names(customSubjectAlternativeNames=custom) == (
        ("emailAddress", "alice@contoso.example"),
        ("domainNameService", "m1.contoso.example"),
        ("universalResourceIdentifier", "urn:device:m1"),
    )


def test_a_uri_of_the_users_sid_gets_the_tag_of_the_strong_mapping() -> None:
    known = {**WORLD.variables, "onpremisessecurityidentifier": "S-1-5-21-1-2-3-500"}
    custom = [{"sanType": "universalResourceIdentifier", "name": "{{OnPremisesSecurityIdentifier}}"}]
    order = item(replace(WORLD, variables=known), customSubjectAlternativeNames=custom).order
    assert order is not None
    assert ("universalResourceIdentifier", "tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-500") in order.names
    assert "{{OnPremisesSecurityIdentifier}}" in problem(customSubjectAlternativeNames=custom)


def test_an_alternative_name_that_cannot_be_written_is_a_problem() -> None:
    assert "ümlaut" in problem(customSubjectAlternativeNames=[{"sanType": "emailAddress", "name": "ümlaut@x.example"}])


def test_a_custom_subject_is_taken_as_written() -> None:
    order = item(subjectNameFormat="custom", subjectNameFormatString="CN={{UserName}},OU=S/MIME,O=Contoso").order
    assert order is not None
    assert order.subject == "CN=alice,OU=S/MIME,O=Contoso"


@pytest.mark.parametrize("text", ["CN={{UserName}},BOGUS=1", "no name at all", "CN={{Nobody}}"])
def test_a_custom_subject_that_is_none_is_a_problem(text: str) -> None:
    assert problem(subjectNameFormat="custom", subjectNameFormatString=text)


@pytest.mark.parametrize(
    ("value", "scale", "days"),
    [(10, "days", 10), (6, "months", 180), (2, "years", 730), (1, None, 365), (None, "years", None)],
)
def test_the_validity_is_counted_in_days(value: int | None, scale: str | None, days: int | None) -> None:
    order = item(certificateValidityPeriodValue=value, certificateValidityPeriodScale=scale).order
    assert order is not None
    assert order.days == days


def test_extended_key_usages_are_ordered() -> None:
    usages = [{"name": "Client Authentication", "objectIdentifier": "1.3.6.1.5.5.7.3.2"}]
    order = item(extendedKeyUsages=usages).order
    assert order is not None
    assert order.extended_key_usages == ("1.3.6.1.5.5.7.3.2",)


@pytest.mark.parametrize("name", ["certificationAuthority", "certificationAuthorityName", "certificateTemplateName"])
@pytest.mark.parametrize("missing", [None, ""])
def test_a_profile_without_authority_or_template_is_refused_by_name(name: str, missing: str | None) -> None:
    with pytest.raises(Invalid, match=f"{name} is required") as caught:
        FAMILY.check({**DOCUMENT, name: missing})
    assert caught.value.target == name


def test_a_kind_without_a_custom_subject_works_by_the_other_formats() -> None:
    old = {name: value for name, value in DOCUMENT.items() if name != "subjectNameFormatString"}
    FAMILY.check(old)
    (found,) = FAMILY.items(Profile(ProfileId("p"), "androidPkcsCertificateProfile", 1, old, "p_g"), WORLD)
    assert found.order is not None
    assert found.order.subject == "CN=alice"
    with pytest.raises(Invalid, match="has no subjectNameFormatString") as caught:
        FAMILY.check({**old, "subjectNameFormat": "custom"})
    assert caught.value.target == "subjectNameFormat"
